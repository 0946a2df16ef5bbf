// ap_float<M, E, E0> under the name of the open header that hls4ml ships: a sign, a mantissa of M bits and an exponent
// of E bits with offset E0, filled from a fixed-point number and multiplied with one.
//
// A number is mantissa * 2^(exponent + E0), with a hidden one before the mantissa except at the least exponent, whose
// numbers have the next exponent's weight. The open header's steps are followed bit for bit, losses included: a number
// shifts in its own format, and so loses low bits, before the mantissa is rounded; anything but a fixed-point number
// passes through ap_fixed<32, 16> first.
#ifndef ISOBIT_VENDOR_NAMES_AP_FLOAT_H
#define ISOBIT_VENDOR_NAMES_AP_FLOAT_H

#include <isobit/standard.hpp>

#include <istream>
#include <ostream>

#include "ap_fixed.h"
#include "ap_int.h"

namespace isobit {
namespace host {
namespace detail {

// Bits of an unsigned integer below n, at least one.
constexpr int index_bits(int n) { return n <= 2 ? 1 : 1 + index_bits((n + 1) / 2); }

// The exponent of the highest one of a number without sign; of the lowest bit for zero. Held as the open header holds
// it: the index in 6 bits, the exponent in as many as its range seems to need.
template <int W, int I>
ap_int_base<index_bits(I > W - I + 1 ? I : W - I + 1) + (W - I > 0 ? 1 : 0), (W - I > 0)> leading_exponent(
    const ap_ufixed<W, I>& x) {
    int index = W - 1;
    while (index > 0 && !static_cast<bool>(x[index])) --index;
    const ap_int<6> held = index;
    return held - (W - I);
}

}  // namespace detail
}  // namespace host
}  // namespace isobit

template <int M, int E, int E0 = 0>
struct ap_float {
    static constexpr int least = -(1 << (E - 1));
    static constexpr int most = (1 << (E - 1)) - 1;

    typedef ap_ufixed<M, 0, AP_RND_CONV, AP_SAT> mantissa_t;
    typedef ap_fixed<E, E, AP_TRN, AP_SAT> exponent_t;
    typedef ap_fixed<M + (1 << E) + 1, 1 + (1 << (E - 1)) + E0> fixed_t;

    bool is_negative;
    mantissa_t mantissa;
    exponent_t exponent;

    ap_float() = default;
    ap_float(mantissa_t mantissa_value, exponent_t exponent_value)
        : is_negative(false), mantissa(mantissa_value), exponent(exponent_value) {}
    template <class T>
    ap_float(T value) {
        *this = ap_fixed<32, 16>(value);
    }

    template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
    ap_float& operator=(const ap_fixed_base<W, I, S, Q, O, N>& value) {
        is_negative = value < 0;
        ap_ufixed<W - (S ? 1 : 0), I - (S ? 1 : 0)> size;
        if (is_negative) {
            size = ap_fixed_base<W, I, false, Q, O, N>(-value);
        } else {
            size = value;
        }
        exponent = isobit::host::detail::leading_exponent(size) - E0;
        ap_ufixed<M + 1, 1, AP_RND_CONV, AP_SAT> scaled;
        if (exponent != least) {
            scaled = (size >> (ap_int<E>(exponent) + E0)) - 1;
        } else {
            scaled = size >> (ap_int<E>(exponent + 1) + E0);
        }
        // Rounded up to the next power of two, or the least exponent's number was a normal one.
        if (scaled >= 1 && exponent != most) {
            exponent = exponent + 1;
            scaled = 0;
        }
        mantissa = scaled;
        return *this;
    }

    fixed_t to_ap_fixed() const {
        ap_ufixed<M + (1 << E), (1 << (E - 1))> magnitude = significand();
        magnitude = magnitude << shift();
        ap_ufixed<M + (1 << E), (1 << (E - 1)) + E0> result;
        result.range() = magnitude.range();
        if (is_negative) return -result;
        return result;
    }
    double to_float() const { return to_ap_fixed().to_float(); }
    operator float() const { return static_cast<float>(to_float()); }
    operator double() const { return to_float(); }

    template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
    ap_fixed<M + (1 << E) - 1 + W + (S ? 0 : 1), (1 << (E - 1)) + E0 + I + (S ? 0 : 1)> operator*(
        const ap_fixed_base<W, I, S, Q, O, N>& other) const {
        const ap_ufixed<M + 1, 1> plain = significand();
        ap_ufixed<M + 1, 1 + E0> offset;
        offset.range() = plain.range();
        ap_fixed<M + 1 + W + (1 << E) + (S ? 0 : 1), (1 << (E - 1)) + E0 + I + (S ? 0 : 1)> product = offset * other;
        if (is_negative) product = -product;
        product <<= shift();
        return product;
    }

private:
    // With its hidden one.
    ap_ufixed<M + 1, 1> significand() const {
        ap_ufixed<M + 1, 1> result = mantissa;
        if (exponent != least) result = mantissa + 1;
        return result;
    }
    int shift() const { return exponent == least ? least + 1 : static_cast<int>(exponent); }
};

template <int M, int E, int E0>
constexpr int ap_float<M, E, E0>::least;
template <int M, int E, int E0>
constexpr int ap_float<M, E, E0>::most;

template <int M, int E, int E0, int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
auto operator*(const ap_fixed_base<W, I, S, Q, O, N>& a, const ap_float<M, E, E0>& b) -> decltype(b * a) {
    return b * a;
}

template <int M, int E, int E0>
std::ostream& operator<<(std::ostream& out, const ap_float<M, E, E0>& x) {
    return out << x.to_float();
}
template <int M, int E, int E0>
std::istream& operator>>(std::istream& in, ap_float<M, E, E0>& x) {
    float value = 0;
    if (in >> value) x = value;
    return in;
}

#endif
