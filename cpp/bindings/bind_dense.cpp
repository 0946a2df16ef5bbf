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

// Indices of stored weights; `bound` is one past the greatest.
std::vector<int> indices_of(const py::object& given, const char* name, std::size_t size, int bound) {
    if (given.is_none()) throw py::value_error(std::string(name) + ": kernel 'compressed' needs one for each weight");
    const auto array = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>::ensure(given);
    if (!array || array.ndim() != 1 || static_cast<std::size_t>(array.size()) != size) {
        throw py::value_error(std::string(name) + ": expected " + std::to_string(size) +
                              " indices, one for each weight");
    }
    std::vector<int> indices(size);
    for (std::size_t i = 0; i < size; ++i) {
        const std::int64_t index = array.data()[i];
        if (index < 0 || index >= bound) {
            throw py::value_error(std::string(name) + "[" + std::to_string(i) + "] is " + std::to_string(index) +
                                  "; allowed: 0 to " + std::to_string(bound - 1));
        }
        indices[i] = static_cast<int>(index);
    }
    return indices;
}

// Which weights the kernel reads; refuses what does not belong to it.
host::dense_pattern pattern_of(host::dense_kernel kernel, const kernels::dense_shape& shape, std::size_t weights,
                               const py::object& kept, const py::object& rows, const py::object& columns) {
    host::dense_pattern pattern;
    if (kernel == host::dense_kernel::resource_unrolled) {
        using flags = py::array_t<bool, py::array::c_style | py::array::forcecast>;
        const flags array = kept.is_none() ? flags() : flags::ensure(kept);
        if (!array || array.ndim() != 1 || array.size() != kernels::weight_count(shape)) {
            throw py::value_error("kept: kernel 'resource_unrolled' needs one bool for each weight, flat");
        }
        pattern.kept.assign(array.data(), array.data() + array.size());
    } else if (!kept.is_none()) {
        throw py::value_error("kept belongs to kernel 'resource_unrolled' alone");
    }
    if (kernel == host::dense_kernel::compressed) {
        pattern.rows = indices_of(rows, "rows", weights, shape.n_in());
        pattern.columns = indices_of(columns, "columns", weights, shape.n_out());
        if (!kernels::legal_compressed(kernels::compressed_shape(shape, static_cast<int>(weights)))) {
            throw py::value_error("weights: kernel 'compressed' needs a positive multiple of the reuse factor " +
                                  std::to_string(shape.reuse_factor()) + " of them, not " + std::to_string(weights));
        }
    } else if (!rows.is_none() || !columns.is_none()) {
        throw py::value_error("rows and columns belong to kernel 'compressed' alone");
    }
    return pattern;
}

py::object legal_reuse_factors(const py::array_t<int>& n_in, const py::array_t<int>& n_out,
                               const py::array_t<int>& factors) {
    return py::vectorize([](int in, int out, int factor) {
        return in > 0 && out > 0 && kernels::legal_reuse_factor(in, out, factor);
    })(n_in, n_out, factors);
}

py::array dense(const py::array& raw, const py::array& weights, const py::array& biases, const format& data,
                const format& weight, const format& bias, const format& accum, const format& result, int n_in,
                int n_out, const std::string& product, const std::string& kernel, int reuse_factor, int threads,
                const py::object& kept, const py::object& rows, const py::object& columns) {
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
    const bool compressed = chosen == host::dense_kernel::compressed;
    if (!compressed || weight_values.shape().size() != 1) {
        weight_values.require_shape({py::ssize_t{n_in} * n_out}, "n_in * n_out, flat, in the kernel's layout");
    }
    const host::dense_pattern pattern = pattern_of(chosen, shape, weight_values.size(), kept, rows, columns);
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
                host::dense_layer<integer> layer(formats, shape, chosen, pattern);
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
    module.def(
        "dense", &dense, py::arg("raw"), py::arg("weights"), py::arg("biases"), py::kw_only(), py::arg("data"),
        py::arg("weight"), py::arg("bias"), py::arg("accum"), py::arg("result"), py::arg("n_in"), py::arg("n_out"),
        py::arg("product") = "mult", py::arg("kernel") = "latency", py::arg("reuse_factor") = 1, py::arg("threads") = 1,
        py::arg("kept") = py::none(), py::arg("rows") = py::none(), py::arg("columns") = py::none(),
        "Dense layer in the hardware's order: raw (n, n_in) to (n, n_out).\n\n"
        "`weights` are flat in the layout that hls4ml's kernel reads: [n_in][n_out] for 'latency', transposed\n"
        "[n_out][n_in] for the resource kernels; for product 'weight_exponential' each is 2 * exponent + sign\n"
        "(sign 1 is plus) and `weight` is the exponent's ap_[u]int.\n\n"
        "'resource_unrolled' reads the weights where `kept` is true; 'compressed' takes only the stored weights,\n"
        "neuron by neuron, with their inputs in `rows` and their neurons in `columns`.");
    module.def("legal_reuse_factors", &legal_reuse_factors, py::arg("n_in"), py::arg("n_out"), py::arg("factors"),
               "Whether the kernels' rule allows reuse factors at a shape, elementwise: bool, arguments broadcast.");
}

}  // namespace bindings
}  // namespace isobit
