// _core.table_activation, and the values of every table before they are rounded.
#include <pybind11/stl.h>
#include <isobit/host/table.hpp>
#include <isobit/host/table_values.hpp>

#include <algorithm>
#include <climits>
#include <optional>

#include <isobit/host/parallel.hpp>

#include "bindings.hpp"
#include "raw_array.hpp"

namespace isobit {
namespace bindings {

namespace {

// Values at a time: they stay in the cache, whatever the size of an event.
constexpr std::size_t block = 1024;

py::array table_activation(const py::array& raw, const py::array& table, const std::string& name, const format& data,
                           const format& table_format, const format& result, const std::optional<py::array>& factor,
                           const std::optional<format>& factor_format, int threads) {
    const host::table_name& what = host::table_activation_of(name);
    const bool scaled = what.kind != host::table_kind::centred;
    if (scaled != factor.has_value() || scaled != factor_format.has_value()) {
        throw py::value_error("table activation '" + name + "' takes " + (scaled ? "" : "no ") +
                              "factor and factor_format");
    }
    const host::table_formats formats{data, table_format, factor_format.value_or(data), result};
    const raw_input input(raw, "raw", data), entries(table, "table", table_format);
    if (entries.shape().size() != 1 || entries.size() < 1 || entries.size() > INT_MAX) {
        throw py::value_error("table: the shape must be (entries,), not " + shape_text(entries.shape()));
    }
    int128 constant = 0;
    if (scaled) {
        const raw_input one(*factor, "factor", *factor_format);
        if (one.size() != 1) {
            throw py::value_error("factor: one value is needed, not shape " + shape_text(one.shape()));
        }
        constant = one.load<int128>(0);
    }
    const int count = static_cast<int>(entries.size());
    host::integer_choice choice;
    host::dynamic_table_arith<int128>::plan(choice, formats, what, count);
    raw_output output(input.shape(), result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const auto known = static_cast<integer>(constant);
            const host::dynamic_table_arith<integer> arith(formats, what, count, known);
            const std::vector<integer> made = arith.entries(entries.load_all<integer>());
            host::parallel_for(input.size(), threads, [&](std::size_t begin, std::size_t end) {
                std::vector<integer> x(block), y(block);
                for (std::size_t first = begin; first < end; first += block) {
                    const std::size_t values = std::min(block, end - first);
                    for (std::size_t i = 0; i < values; ++i) x[i] = input.load<integer>(first + i);
                    const kernels::vector_shape shape(static_cast<int>(values), static_cast<int>(values));
                    host::run_table_activation<integer>(formats, what, known, shape, x.data(), made, y.data());
                    for (std::size_t i = 0; i < values; ++i) output.store(first + i, y[i]);
                }
            });
        });
    }
    return output.array();
}

// The values of `count` entries, each from value(index).
template <class Value>
py::array_t<double> made_of(int count, const Value& value) {
    if (count < 1) throw py::value_error("a table has one entry at least, not " + std::to_string(count));
    py::array_t<double> values(count);
    double* at = values.mutable_data();
    for (int i = 0; i < count; ++i) at[i] = static_cast<double>(value(i));
    return values;
}

py::array_t<double> table_values(const std::string& function, int entries) {
    if (function == "legacy_inverse") {
        return made_of(entries, [&](int i) { return host::legacy_inverse(i, entries); });
    }
    const host::table_function& chosen = host::table_function_of(function);
    return made_of(entries, [&](int i) { return chosen.value(i, entries); });
}

// A float holds an index of up to 24 bits, and a number that these integer bits give.
host::addressing addressing_of(int integer, bool is_signed, int bits) {
    if (bits < 1 || bits > 24) throw py::value_error("index bits must be 1 to 24, not " + std::to_string(bits));
    if (integer > 120 || integer - bits < -120) {
        throw py::value_error("the integer bits of a number that addresses a table must be " +
                              std::to_string(bits - 120) + " to 120, not " + std::to_string(integer));
    }
    return {integer, is_signed};
}

py::array_t<double> softmax_exponentials(int integer, bool is_signed, int bits, float scale, bool distances) {
    const host::addressing by = addressing_of(integer, is_signed, bits);
    return made_of(1 << bits, [&](int i) { return host::softmax_exponential(by, i, bits, scale, distances); });
}

py::array_t<double> softmax_inverses(int integer, bool is_signed, int bits) {
    const host::addressing by = addressing_of(integer, is_signed, bits);
    return made_of(1 << bits, [&](int i) { return host::softmax_inverse(by, i, bits); });
}

}  // namespace

void bind_table(py::module_& module) {
    module.def("table_activation", &table_activation, py::arg("raw"), py::arg("table"), py::arg("name"), py::kw_only(),
               py::arg("data"), py::arg("table_format"), py::arg("result"), py::arg("factor") = py::none(),
               py::arg("factor_format") = py::none(), py::arg("threads") = 1,
               "Activation by table on raw (n, ...). table (entries,); `factor` is elu's alpha or selu's lambda.");
    py::list names;
    for (const host::table_name& entry : host::table_names) names.append(entry.name);
    module.attr("TABLE_ACTIVATIONS") = py::tuple(names);
    module.def("table_values", &table_values, py::arg("function"), py::arg("entries"),
               "The values of a table before they are rounded, (entries,): by the C library, in float as hls4ml's.");
    module.def(
        "softmax_exponentials", &softmax_exponentials, py::arg("integer"), py::arg("is_signed"), py::arg("bits"),
        py::arg("scale"), py::arg("distances"),
        "exp(scale * x) of every x that the top bits of a format give, (2^bits,); exp(-scale * x) of distances.\n"
        "Infinite where float overflows.");
    module.def("softmax_inverses", &softmax_inverses, py::arg("integer"), py::arg("is_signed"), py::arg("bits"),
               "1 / x of every x that the top bits of a format give, (2^bits,); infinite for 0.");
}

}  // namespace bindings
}  // namespace isobit
