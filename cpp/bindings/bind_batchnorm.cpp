// _core.normalize and _core.threshold: batch normalisation, alone or merged with a binary or ternary tanh.
#include <pybind11/stl.h>
#include <isobit/host/batchnorm.hpp>
#include <isobit/kernels/threshold.hpp>

#include <optional>

#include "bindings.hpp"
#include "elementwise.hpp"
#include "weight_input.hpp"

namespace isobit {
namespace bindings {

namespace {

py::array normalize(const py::array& raw, const py::array& scale, const py::array& bias, const format& data,
                    const format& scale_format, const format& bias_format, const format& result,
                    const std::string& product, int threads) {
    const host::affine_formats formats{data, scale_format, bias_format, result, host::product_of(product)};
    host::integer_choice choice;
    host::dynamic_affine_arith<int128>::plan(choice, formats);
    const raw_input input(raw, "raw", data);
    const raw_input scales = weight_input(scale, "scale", formats.product, scale_format);
    const raw_input biases(bias, "bias", bias_format);
    const batch events(input);
    const kernels::vector_shape shape = events.shape(scales, "scale");
    biases.require_shape(scales.shape(), "that of scale");
    raw_output output(input.shape(), result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> s = scales.load_all<integer>(), b = biases.load_all<integer>();
            const host::dynamic_affine_arith<integer> arith(formats);
            for_each_event<integer>(input, output, events, threads, [&](const integer* x, integer* y) {
                kernels::normalize(arith, shape, x, s.data(), b.data(), y);
            });
        });
    }
    return output.array();
}

py::array threshold(const py::array& raw, const py::array& threshold, const std::optional<py::array>& threshold_low,
                    const format& data, int threads) {
    const raw_input input(raw, "raw", data);
    const raw_input high(threshold, "threshold", data);
    const batch events(input);
    const kernels::vector_shape shape = events.shape(high, "threshold");
    const bool ternary = threshold_low.has_value();
    const raw_input low(ternary ? *threshold_low : threshold, "threshold_low", data);
    low.require_shape(high.shape(), "that of threshold");
    raw_output output(input.shape(), ternary ? integer_format(2, true) : integer_format(1, false));
    host::integer_choice choice;
    choice.need(data, "the data");
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> h = high.load_all<integer>(), l = low.load_all<integer>();
            for_each_event<integer>(input, output, events, threads, [&](const integer* x, integer* y) {
                if (ternary) {
                    kernels::threshold_ternary(shape, x, h.data(), l.data(), y);
                } else {
                    kernels::threshold_binary(shape, x, h.data(), y);
                }
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_batchnorm(py::module_& module) {
    module.def(
        "normalize", &normalize, py::arg("raw"), py::arg("scale"), py::arg("bias"), py::kw_only(), py::arg("data"),
        py::arg("scale_format"), py::arg("bias_format"), py::arg("result"), py::arg("product") = "mult",
        py::arg("threads") = 1,
        "x * scale + bias, exact, then one cast. raw (n, ...); scale and bias (k,), repeated over the last axis.");
    module.def("threshold", &threshold, py::arg("raw"), py::arg("threshold"), py::arg("threshold_low") = py::none(),
               py::kw_only(), py::arg("data"), py::arg("threads") = 1,
               "Merged batch normalisation and tanh. Binary: x >= threshold as an ap_uint<1>. With threshold_low\n"
               "ternary, an ap_int<2>: 1 where x > threshold, otherwise -1 where x <= threshold_low, otherwise 0.\n"
               "Thresholds (k,) are of the data's format.");
}

}  // namespace bindings
}  // namespace isobit
