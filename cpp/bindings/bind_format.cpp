// Modes (from modes.def) and the run-time Format.
#include <pybind11/operators.h>
#include <isobit/format.hpp>
#include <isobit/host/integer_choice.hpp>

#include <string>

#include "bindings.hpp"

namespace isobit {
namespace bindings {

namespace py = pybind11;

namespace {

// Fractions of any hls4ml model are tiny beside this; it keeps every sum of formats far from the limits of int.
constexpr int max_integer = 1 << 20;

template <class Entries>
std::string allowed(const Entries& entries) {
    std::string text;
    for (const mode_entry& entry : entries) {
        text += (text.empty() ? "" : ", ") + std::string(entry.name) + " = " + std::to_string(entry.value);
    }
    return text;
}

void refuse(const std::string& what, int value, const std::string& allowed_values) {
    throw py::value_error("Format: " + what + " " + std::to_string(value) +
                          " is not allowed; allowed: " + allowed_values);
}

format make_format(int width, int integer, bool is_signed, int rounding, int overflow, int saturation_bits,
                   bool is_int) {
    if (width < 1 || width > host::widest) refuse("width", width, "1 to " + std::to_string(host::widest));
    if (integer < -max_integer || integer > max_integer) {
        refuse("integer", integer, std::to_string(-max_integer) + " to " + std::to_string(max_integer));
    }
    if (!is_rounding_mode(rounding)) refuse("rounding", rounding, allowed(rounding_mode_list));
    if (!is_overflow_mode(overflow)) refuse("overflow", overflow, allowed(overflow_mode_list));
    if (saturation_bits < 0 || saturation_bits > width) {
        refuse("saturation_bits", saturation_bits, "0 to the width, " + std::to_string(width));
    }
    if (is_int) {
        if (integer != width) refuse("integer", integer, "the width, " + std::to_string(width) + ", as is_int is set");
        return integer_format(width, is_signed);
    }
    const auto mode = static_cast<overflow_mode>(overflow);
    if (mode == overflow_mode::WRAP_SM && !is_signed) refuse("overflow", overflow, "anything but WRAP_SM if unsigned");
    return fixed_format(width, integer, is_signed, static_cast<rounding_mode>(rounding), mode, saturation_bits);
}

template <std::size_t Count>
py::dict by_name(const mode_entry (&entries)[Count]) {
    py::dict values;
    for (const mode_entry& entry : entries) values[entry.name] = entry.value;
    return values;
}

template <std::size_t Count>
void add_rules(py::dict& rules, const mode_entry (&entries)[Count]) {
    for (const mode_entry& entry : entries) rules[entry.name] = entry.rule;
}

template <std::size_t Count>
const char* name_of(const mode_entry (&entries)[Count], int value) {
    for (const mode_entry& entry : entries) {
        if (entry.value == value) return entry.name;
    }
    return "?";
}

std::string text_of(const format& f) {
    if (f.is_int) return std::string(f.is_signed ? "ap_int<" : "ap_uint<") + std::to_string(f.width) + ">";
    return std::string(f.is_signed ? "ap_fixed<" : "ap_ufixed<") + std::to_string(f.width) + "," +
           std::to_string(f.integer) + ",AP_" + name_of(rounding_mode_list, static_cast<int>(f.rounding)) + ",AP_" +
           name_of(overflow_mode_list, static_cast<int>(f.overflow)) + "," + std::to_string(f.saturation_bits) + ">";
}

}  // namespace

void bind_format(py::module_& module) {
    module.attr("ROUNDING_MODES") = by_name(rounding_mode_list);
    module.attr("OVERFLOW_MODES") = by_name(overflow_mode_list);
    py::dict rules;
    add_rules(rules, rounding_mode_list);
    add_rules(rules, overflow_mode_list);
    module.attr("MODE_RULES") = rules;
    module.attr("MAX_WIDTH") = host::widest;

    py::class_<format>(module, "Format",
                       "Fixed-point format: ap_[u]fixed<width, integer, ...>, or ap_[u]int if is_int.")
        .def(py::init(&make_format), py::arg("width"), py::arg("integer"), py::arg("signed") = true,
             py::arg("rounding") = static_cast<int>(rounding_mode::TRN),
             py::arg("overflow") = static_cast<int>(overflow_mode::WRAP), py::arg("saturation_bits") = 0,
             py::arg("is_int") = false)
        .def_readonly("width", &format::width)
        .def_readonly("integer", &format::integer)
        .def_property_readonly("fraction", &format::fraction)
        .def_readonly("signed", &format::is_signed)
        .def_property_readonly("rounding", [](const format& f) { return static_cast<int>(f.rounding); })
        .def_property_readonly("overflow", [](const format& f) { return static_cast<int>(f.overflow); })
        .def_readonly("saturation_bits", &format::saturation_bits)
        .def_readonly("is_int", &format::is_int)
        .def(py::self == py::self)
        .def(py::self != py::self)
        .def("__hash__",
             [](const format& f) {
                 return py::hash(py::make_tuple(f.width, f.integer, f.is_signed, static_cast<int>(f.rounding),
                                                static_cast<int>(f.overflow), f.saturation_bits, f.is_int));
             })
        .def("__repr__", [](const format& f) { return "Format(" + text_of(f) + ")"; });
}

}  // namespace bindings
}  // namespace isobit
