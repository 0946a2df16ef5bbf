// Weights at the border: plain raw integers, or hls4ml's power-of-two weights coded as 2 * exponent + sign.
#ifndef ISOBIT_BINDINGS_WEIGHT_INPUT_HPP
#define ISOBIT_BINDINGS_WEIGHT_INPUT_HPP

#include <isobit/host/product.hpp>

#include "raw_array.hpp"

namespace isobit {
namespace bindings {

// For weight_exponential `f` is the exponent's format; the code has one bit more, so its limbs begin one bit earlier.
inline raw_input weight_input(const py::array& weights, const char* name, host::product_kind product, const format& f) {
    if (product != host::product_kind::weight_exponential) return raw_input(weights, name, f);
    const raw_range range = raw_range::of_exponential(f);
    return raw_input(weights, name, range.high > INT64_MAX, range);
}

}  // namespace bindings
}  // namespace isobit

#endif
