// _core.dense: the dense kernels at run-time formats.
#include <isobit/host/dense.hpp>
#include <isobit/host/parallel.hpp>

#include <climits>

#include "bindings.hpp"
#include "weight_input.hpp"

namespace isobit {
namespace bindings {

namespace {

kernels::dense_shape checked_shape(int n_in, int n_out, int reuse_factor) {
    if (n_in < 1 || n_out < 1 || reuse_factor < 1) {
        throw py::value_error("dense: n_in, n_out and reuse_factor must be positive, not " + std::to_string(n_in) +
                              ", " + std::to_string(n_out) + ", " + std::to_string(reuse_factor));
    }
    // The kernels index weights by int, at most one reuse factor past the last.
    if (static_cast<long long>(n_in) * n_out + reuse_factor > INT_MAX) {
        throw py::value_error("dense: n_in * n_out + reuse_factor must fit in an int");
    }
    return kernels::dense_shape(n_in, n_out, reuse_factor);
}

py::array dense(const py::array& raw, const py::array& weights, const py::array& biases, const format& data,
                const format& weight, const format& bias, const format& accum, const format& result, int n_in,
                int n_out, const std::string& product, const std::string& kernel, int reuse_factor, int threads) {
    const kernels::dense_shape shape = checked_shape(n_in, n_out, reuse_factor);
    const host::dense_kernel chosen = host::dense_kernel_of(kernel, shape);
    const host::dense_formats formats{data, weight, bias, accum, result, host::product_of(product)};
    host::integer_choice choice;
    host::dynamic_dense_arith<int128>::plan(choice, formats, n_in);

    const raw_input input(raw, "raw", data);
    if (input.shape().size() != 2)
        throw py::value_error("raw: the shape must be (n, n_in), not " + shape_text(input.shape()));
    const py::ssize_t events = input.shape()[0];
    input.require_shape({events, n_in}, "n, n_in");
    const raw_input weight_values = weight_input(weights, "weights", formats.product, weight);
    weight_values.require_shape({py::ssize_t{n_in} * n_out}, "n_in * n_out, flat, in the kernel's layout");
    const raw_input bias_values(biases, "biases", bias);
    bias_values.require_shape({n_out}, "n_out");
    raw_output output({events, n_out}, result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> w = weight_values.load_all<integer>(), b = bias_values.load_all<integer>();
            const auto inputs = static_cast<std::size_t>(n_in), outputs = static_cast<std::size_t>(n_out);
            host::parallel_for(static_cast<std::size_t>(events), threads, [&](std::size_t begin, std::size_t end) {
                host::dense_layer<integer> layer(formats, shape, chosen);
                std::vector<integer> x(inputs), y(outputs);
                for (std::size_t event = begin; event < end; ++event) {
                    for (std::size_t i = 0; i < inputs; ++i) x[i] = input.load<integer>(event * inputs + i);
                    layer.run(x.data(), w.data(), b.data(), y.data());
                    for (std::size_t j = 0; j < outputs; ++j) output.store(event * outputs + j, y[j]);
                }
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_dense(py::module_& module) {
    module.def("dense", &dense, py::arg("raw"), py::arg("weights"), py::arg("biases"), py::kw_only(), py::arg("data"),
               py::arg("weight"), py::arg("bias"), py::arg("accum"), py::arg("result"), py::arg("n_in"),
               py::arg("n_out"), py::arg("product") = "mult", py::arg("kernel") = "latency",
               py::arg("reuse_factor") = 1, py::arg("threads") = 1,
               "Dense layer in the hardware's order: raw (n, n_in) to (n, n_out).\n\n"
               "`weights` are flat in the layout that hls4ml's kernel reads: [n_in][n_out] for 'latency', transposed\n"
               "[n_out][n_in] for the resource kernels; for product 'weight_exponential' each is 2 * exponent + sign\n"
               "(sign 1 is plus) and `weight` is the exponent's ap_[u]int.");
}

}  // namespace bindings
}  // namespace isobit
