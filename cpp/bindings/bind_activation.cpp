// _core.activation: the elementwise activations that need no table.
#include <pybind11/stl.h>
#include <isobit/host/activation.hpp>

#include <optional>

#include "bindings.hpp"
#include "elementwise.hpp"

namespace isobit {
namespace bindings {

namespace {

// One raw parameter: a 0-d or 1-element array (or a number) of its format.
struct parameter {
    int128 raw = 0;
    format type;

    parameter(const std::string& activation, const char* name, bool wanted, const std::optional<py::array>& value,
              const std::optional<format>& value_format, const format& unused)
        : type(unused) {
        if (wanted != value.has_value() || wanted != value_format.has_value()) {
            throw py::value_error("activation '" + activation + "' takes " + (wanted ? "" : "no ") + name + " and " +
                                  name + "_format");
        }
        if (!wanted) return;
        type = *value_format;
        const raw_input input(*value, name, type);
        if (input.size() != 1)
            throw py::value_error(std::string(name) + ": one value is needed, not shape " + shape_text(input.shape()));
        raw = input.load<int128>(0);
    }
};

py::array activation(const py::array& raw, const std::string& name, const format& data, const format& result,
                     const std::optional<py::array>& param, const std::optional<format>& param_format,
                     const std::optional<py::array>& shift, const std::optional<format>& shift_format, int threads) {
    const host::activation_name& chosen = host::activation_of(name);
    const parameter slope(name, "param", chosen.parameters >= 1, param, param_format, data);
    const parameter offset(name, "shift", chosen.parameters >= 2, shift, shift_format, data);
    const host::activation_formats formats{data, slope.type, offset.type, result};
    host::integer_choice choice;
    host::dynamic_activation_arith<int128>::plan(choice, formats, chosen.kind);
    const raw_input input(raw, "raw", data);
    const batch events(input);
    const kernels::vector_shape shape(static_cast<int>(events.size), static_cast<int>(events.size));
    raw_output output(input.shape(), result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            for_each_event<integer>(input, output, events, threads, [&](const integer* x, integer* y) {
                host::run_activation<integer>(chosen.kind, formats, shape, x, static_cast<integer>(slope.raw),
                                              static_cast<integer>(offset.raw), y);
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_activation(py::module_& module) {
    module.def("activation", &activation, py::arg("raw"), py::arg("name"), py::kw_only(), py::arg("data"),
               py::arg("result"), py::arg("param") = py::none(), py::arg("param_format") = py::none(),
               py::arg("shift") = py::none(), py::arg("shift_format") = py::none(), py::arg("threads") = 1,
               "Elementwise activation on raw (n, ...). `param` is leaky_relu's alpha or the slope of hard_sigmoid\n"
               "and hard_tanh, `shift` the latter two's constant: raw values of their formats.");
    py::list names;
    for (const host::activation_name& entry : host::activation_names) names.append(entry.name);
    module.attr("ACTIVATIONS") = py::tuple(names);
}

}  // namespace bindings
}  // namespace isobit
