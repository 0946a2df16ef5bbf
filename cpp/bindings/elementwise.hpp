// What the elementwise bindings share: the shape of a batch, and events over threads.
#ifndef ISOBIT_BINDINGS_ELEMENTWISE_HPP
#define ISOBIT_BINDINGS_ELEMENTWISE_HPP

#include <isobit/host/integer_choice.hpp>
#include <isobit/host/parallel.hpp>
#include <isobit/kernels/shape.hpp>

#include <climits>

#include "raw_array.hpp"

namespace isobit {
namespace bindings {

// Events of a batch: the first axis; all others are one event's values, in C order.
struct batch {
    std::size_t events, size;

    explicit batch(const raw_input& input) {
        if (input.shape().empty()) throw py::value_error("raw: the shape must be (n, ...), not ()");
        events = static_cast<std::size_t>(input.shape()[0]);
        size = 1;
        for (std::size_t axis = 1; axis < input.shape().size(); ++axis) {
            size *= static_cast<std::size_t>(input.shape()[axis]);
        }
        if (size < 1 || size > INT_MAX) {
            throw py::value_error("raw: an event must have 1 to 2^31 - 1 values; the shape is " +
                                  shape_text(input.shape()));
        }
    }

    // The shape in which `values` (scales, thresholds, ...) repeat cyclically over an event's values.
    kernels::vector_shape shape(const raw_input& values, const char* name) const {
        const std::size_t count = values.size();
        if (values.shape().size() != 1 || count < 1 || size % count != 0) {
            throw py::value_error(std::string(name) + ": the shape must be (k,) with k a divisor of the " +
                                  std::to_string(size) + " values of an event, not " + shape_text(values.shape()));
        }
        return kernels::vector_shape(static_cast<int>(size), static_cast<int>(count));
    }
};

// Calls kernel(x, y) with one event's raw inputs and results, without the GIL held.
template <class Int, class Kernel>
void for_each_event(const raw_input& input, raw_output& output, const batch& events, int threads,
                    const Kernel& kernel) {
    host::parallel_for(events.events, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<Int> x(events.size), y(events.size);
        for (std::size_t event = begin; event < end; ++event) {
            const std::size_t first = event * events.size;
            for (std::size_t i = 0; i < events.size; ++i) x[i] = input.load<Int>(first + i);
            kernel(x.data(), y.data());
            for (std::size_t i = 0; i < events.size; ++i) output.store(first + i, y[i]);
        }
    });
}

}  // namespace bindings
}  // namespace isobit

#endif
