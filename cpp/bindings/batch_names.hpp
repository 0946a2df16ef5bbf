// The words of isobit._core.BatchProgram, and the sizes of what they name.
#ifndef ISOBIT_BINDINGS_BATCH_NAMES_HPP
#define ISOBIT_BINDINGS_BATCH_NAMES_HPP

#include <isobit/host/batch/program.hpp>

#include <cstddef>
#include <map>
#include <string>

#include <pybind11/pybind11.h>

namespace isobit {
namespace bindings {

namespace py = pybind11;
namespace batch = host::batch;

template <class E>
E named(const std::map<std::string, E>& names, const std::string& name, const char* what) {
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    std::string all;
    for (const auto& entry : names) all += (all.empty() ? "" : ", ") + entry.first;
    throw py::value_error(std::string(what) + " '" + name + "' is unknown; known: " + all);
}

inline const std::map<std::string, batch::lane> lanes{{"f32", batch::lane::f32},
                                                      {"f64", batch::lane::f64},
                                                      {"i16", batch::lane::i16},
                                                      {"i32", batch::lane::i32},
                                                      {"i64", batch::lane::i64}};
inline const std::map<std::string, batch::product> products{
    {"f32", batch::product::f32},         {"f64", batch::product::f64},
    {"i32", batch::product::i32},         {"i64", batch::product::i64},
    {"dot16", batch::product::dot16},     {"dot16_split", batch::product::dot16_split},
    {"floor32", batch::product::floor32}, {"mulhi16", batch::product::mulhi16},
    {"floor16", batch::product::floor16}};
inline const std::map<std::string, batch::form> forms{{"f32", batch::form::f32},
                                                      {"f64", batch::form::f64},
                                                      {"i32", batch::form::i32},
                                                      {"i16", batch::form::i16},
                                                      {"i64", batch::form::i64},
                                                      {"i16_pairs", batch::form::i16_pairs},
                                                      {"i16_split", batch::form::i16_split}};
inline const std::map<std::string, batch::combination> combinations{{"sum", batch::combination::sum},
                                                                    {"product", batch::combination::product},
                                                                    {"least", batch::combination::least},
                                                                    {"most", batch::combination::most},
                                                                    {"dot", batch::combination::dot}};
inline const std::map<std::string, batch::step_kind> kinds{
    {"affine", batch::step_kind::affine},   {"scale_floor", batch::step_kind::scale_floor},
    {"round", batch::step_kind::round},     {"clamp", batch::step_kind::clamp},
    {"wrap", batch::step_kind::wrap},       {"zero", batch::step_kind::zero},
    {"slopes", batch::step_kind::slopes},   {"at_least", batch::step_kind::at_least},
    {"between", batch::step_kind::between}, {"round_any", batch::step_kind::round_any},
    {"fit", batch::step_kind::fit},         {"look_up", batch::step_kind::look_up},
    {"law", batch::step_kind::law},         {"observe", batch::step_kind::observe}};

inline std::size_t bytes_of(batch::lane lane) {
    if (lane == batch::lane::i16) return 2;
    return lane == batch::lane::f32 || lane == batch::lane::i32 ? 4 : 8;
}

inline bool is_dot16(batch::product p) { return p == batch::product::dot16 || p == batch::product::dot16_split; }

inline bool floors(batch::product multiply) {
    return multiply == batch::product::floor16 || multiply == batch::product::floor32;
}

// How a map that multiplies reads its data, `natural` being the form of its lane.
inline batch::form form_read(batch::product multiply, batch::form natural) {
    switch (multiply) {
        case batch::product::dot16: return batch::form::i16_pairs;
        case batch::product::dot16_split: return batch::form::i16_split;
        case batch::product::floor32: return batch::form::f32;
        case batch::product::floor16: return batch::form::i16;
        default: return natural;
    }
}

// Bytes that a tensor takes in a form.
inline std::size_t extent(batch::form form, int features) {
    const auto rows = static_cast<std::size_t>(features), pairs = static_cast<std::size_t>(features + 1) / 2;
    switch (form) {
        case batch::form::f64:
        case batch::form::i64: return 8 * rows * batch::block;
        case batch::form::i16: return 2 * rows * batch::block;
        case batch::form::i16_pairs: return 4 * pairs * batch::block;
        case batch::form::i16_split: return 8 * pairs * batch::block;
        default: return 4 * rows * batch::block;
    }
}

}  // namespace bindings
}  // namespace isobit

#endif
