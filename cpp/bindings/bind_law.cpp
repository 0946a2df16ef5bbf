// _core.cast: the law on an array.
#include <isobit/host/caster.hpp>
#include <isobit/host/parallel.hpp>

#include "bindings.hpp"
#include "raw_array.hpp"

namespace isobit {
namespace bindings {

namespace {

py::array cast(const py::array& raw, const format& source, const format& target, int threads) {
    const raw_input input(raw, "raw", source);
    raw_output output(input.shape(), target);
    host::integer_choice choice;
    host::caster<int128>::plan(choice, source, target, "the cast");
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const host::caster<integer> apply(source, target);
            host::parallel_for(input.size(), threads, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) output.store(i, apply(input.load<integer>(i)));
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_law(py::module_& module) {
    module.def("cast", &cast, py::arg("raw"), py::arg("source"), py::arg("target"), py::arg("threads") = 1,
               "Raw values of `source` assigned to variables of `target`; equal formats copy bits. Any shape.");
}

}  // namespace bindings
}  // namespace isobit
