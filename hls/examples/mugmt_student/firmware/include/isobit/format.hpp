// A fixed-point format known at run time: the parameters of ap_[u]fixed<W,I,Q,O,N> or ap_[u]int<W>.
#ifndef ISOBIT_FORMAT_HPP
#define ISOBIT_FORMAT_HPP

#include "modes.hpp"

namespace isobit {

// A value is raw * 2^-fraction(). `integer` counts the sign bit and may be negative or above `width`.
// An ap_[u]int (is_int) has integer == width; assigning a fixed-point value to it truncates toward zero and wraps
// (UG1399: -1.5 becomes -1), so its modes are always TRN_ZERO and WRAP: build it with integer_format().
struct format {
    int width;
    int integer;
    bool is_signed;
    rounding_mode rounding;
    overflow_mode overflow;
    int saturation_bits;
    bool is_int;

    constexpr int fraction() const { return width - integer; }

    // Bits a signed integer needs to hold every raw value.
    constexpr int signed_bits() const { return width + (is_signed ? 0 : 1); }
};

constexpr format fixed_format(int width, int integer, bool is_signed, rounding_mode rounding = rounding_mode::TRN,
                              overflow_mode overflow = overflow_mode::WRAP, int saturation_bits = 0) {
    return format{width, integer, is_signed, rounding, overflow, saturation_bits, false};
}

constexpr format integer_format(int width, bool is_signed) {
    return format{width, width, is_signed, rounding_mode::TRN_ZERO, overflow_mode::WRAP, 0, true};
}

// The same C++ type, modes included: a copy between such formats is a copy of bits, without any law.
constexpr bool operator==(const format& a, const format& b) {
    return a.width == b.width && a.integer == b.integer && a.is_signed == b.is_signed && a.rounding == b.rounding &&
           a.overflow == b.overflow && a.saturation_bits == b.saturation_bits && a.is_int == b.is_int;
}

constexpr bool operator!=(const format& a, const format& b) { return !(a == b); }

// ap_uint<1>, the type hls4ml gives binary (XNOR) data and weights; its kernels treat it specially.
constexpr bool is_bit(const format& f) { return f.is_int && f.width == 1 && !f.is_signed; }

}  // namespace isobit

#endif
