// _core.pooling: windows over sets and images at run-time formats.
#include <isobit/host/parallel.hpp>
#include <isobit/host/pooling.hpp>

#include "bindings.hpp"

namespace isobit {
namespace bindings {

namespace {

using table = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

py::array pooling(const py::array& raw, const table& windows, const table& divisors, const std::string& function,
                  const std::string& order, const format& data, const format& accum, const format& result, int channels,
                  int threads) {
    const host::pool_function chosen = host::pool_function_of(function);
    const host::pool_formats formats{data, accum, result, host::pool_order_of(order)};
    host::integer_choice choice;
    host::dynamic_pool_arith<int128>::plan(choice, formats);

    const raw_input input(raw, "raw", data);
    if (input.shape().size() != 2 || channels < 1 || input.shape()[1] % channels != 0 || input.shape()[1] > INT_MAX) {
        throw py::value_error("raw: the shape must be (n, positions * " + std::to_string(channels) + "), not " +
                              shape_text(input.shape()));
    }
    if (windows.ndim() != 2 || windows.shape(0) < 1 || windows.shape(1) < 1 || divisors.ndim() != 1 ||
        divisors.shape(0) != windows.shape(0) || windows.shape(0) * channels > INT_MAX) {
        throw py::value_error("windows and divisors: the shapes must be (w, k) and (w,)");
    }
    const py::ssize_t events = input.shape()[0], positions = input.shape()[1] / channels;
    for (py::ssize_t i = 0; i < windows.size(); ++i) {
        const std::int64_t p = windows.data()[i];
        if (p < -1 || p >= positions || (p < 0 && formats.order == host::pool_order::tree))
            throw py::value_error("windows: position " + std::to_string(p) + " is not one of the " +
                                  std::to_string(positions) + " of the input");
    }
    for (py::ssize_t i = 0; i < divisors.size(); ++i)
        if (divisors.data()[i] < 1 || divisors.data()[i] > INT_MAX)
            throw py::value_error("divisors must be positive, not " + std::to_string(divisors.data()[i]));
    const host::pool_shape shape(windows.data(), divisors.data(), static_cast<int>(windows.shape(0)),
                                 static_cast<int>(windows.shape(1)), channels);
    const auto inputs = static_cast<std::size_t>(input.shape()[1]);
    const auto outputs = static_cast<std::size_t>(windows.shape(0) * channels);
    raw_output output({events, static_cast<py::ssize_t>(outputs)}, result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const host::dynamic_pool_arith<integer> arith(formats);
            host::parallel_for(static_cast<std::size_t>(events), threads, [&](std::size_t begin, std::size_t end) {
                std::vector<integer> x(inputs), y(outputs), values(static_cast<std::size_t>(shape.window_size()));
                for (std::size_t event = begin; event < end; ++event) {
                    for (std::size_t i = 0; i < inputs; ++i) x[i] = input.load<integer>(event * inputs + i);
                    host::run_pooling(chosen, formats.order, arith, shape, x.data(), y.data(), values.data());
                    for (std::size_t j = 0; j < outputs; ++j) output.store(event * outputs + j, y[j]);
                }
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_sets(py::module_& module) {
    module.def("pooling", &pooling, py::arg("raw"), py::arg("windows"), py::arg("divisors"), py::kw_only(),
               py::arg("function"), py::arg("order"), py::arg("data"), py::arg("accum"), py::arg("result"),
               py::arg("channels"), py::arg("threads") = 1,
               "Maximum or average over windows: raw (n, positions * channels) to (n, w * channels).\n\n"
               "`windows` (w, k) are positions, -1 for padding; `divisors` (w,) what an average divides by.");
}

}  // namespace bindings
}  // namespace isobit
