// IEEE half precision (binary16) in software: 11 significant bits, exponents -14 to 15, ties to even.
//
// Each operation is the float operation rounded once more: float has more than twice the bits and two, so that rounding
// twice gives the correctly rounded result for + - * /.
#ifndef ISOBIT_HOST_HALF_HPP
#define ISOBIT_HOST_HALF_HPP

#include "../standard.hpp"

#include <cmath>
#include <cstdint>
#include <istream>
#include <ostream>
#include <type_traits>

#include "../fixed_class.hpp"

namespace isobit {
namespace host {

class half {
    template <class T>
    using if_arithmetic = typename std::enable_if<std::is_arithmetic<T>::value, int>::type;

public:
    half() = default;  // uninitialised, as a native float
    template <class T, if_arithmetic<T> = 0>
    half(T value) : bits_(nearest(static_cast<double>(value))) {}
    // Of an ap_ number that a double holds exactly.
    template <class T, int = T::iwidth>
    explicit half(const T& value) : bits_(nearest(value.to_double())) {
        static_assert(T::width <= 53, "half: from numbers of at most 53 bits, wider ones would be rounded twice");
    }

    static half from_bits(std::uint16_t bits) {
        half result;
        result.bits_ = bits;
        return result;
    }
    std::uint16_t get_bits() const { return bits_; }
    void set_bits(std::uint16_t bits) { bits_ = bits; }

    operator float() const {
        const int exponent = bits_ >> 10 & 31, mantissa = bits_ & 1023;
        const float size = exponent == 31  ? (mantissa == 0 ? HUGE_VALF : std::nanf(""))
                           : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                           : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
        return (bits_ & 0x8000) != 0 ? -size : size;
    }

    half operator-() const { return from_bits(static_cast<std::uint16_t>(bits_ ^ 0x8000)); }
    half operator+() const { return *this; }

// With an integer a half is meant, with a float or double the wider type.
#define ISOBIT_HALF_OPERATOR(op, assign)                                                                         \
    friend half operator op(half a, half b) { return half(float(a) op float(b)); }                               \
    template <class T, if_arithmetic<T> = 0>                                                                     \
    friend auto operator op(half a, T b)->typename std::conditional<std::is_integral<T>::value, half, T>::type { \
        using result = typename std::conditional<std::is_integral<T>::value, half, T>::type;                     \
        return static_cast<result>(a) op static_cast<result>(b);                                                 \
    }                                                                                                            \
    template <class T, if_arithmetic<T> = 0>                                                                     \
    friend auto operator op(T a, half b)->typename std::conditional<std::is_integral<T>::value, half, T>::type { \
        using result = typename std::conditional<std::is_integral<T>::value, half, T>::type;                     \
        return static_cast<result>(a) op static_cast<result>(b);                                                 \
    }                                                                                                            \
    template <class T>                                                                                           \
    half& operator assign(const T & other) {                                                                     \
        return *this = half(*this op other);                                                                     \
    }
    ISOBIT_HALF_OPERATOR(+, +=)
    ISOBIT_HALF_OPERATOR(-, -=)
    ISOBIT_HALF_OPERATOR(*, *=)
    ISOBIT_HALF_OPERATOR(/, /=)
#undef ISOBIT_HALF_OPERATOR

    friend std::ostream& operator<<(std::ostream& out, half x) { return out << float(x); }
    friend std::istream& operator>>(std::istream& in, half& x) {
        double value = 0;
        if (in >> value) x = half(value);
        return in;
    }

private:
    static std::uint16_t nearest(double value) {
        const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
        const double size = std::fabs(value);
        if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00);
        if (size == 0) return sign;
        if (size >= 65520) return static_cast<std::uint16_t>(sign | 0x7c00);  // half an ulp above the largest
        int exponent = 0;
        std::frexp(size, &exponent);
        exponent = exponent - 1 < -14 ? -14 : exponent - 1;
        const double scaled = std::ldexp(size, 10 - exponent);  // in ulps: exact
        double ulps = std::floor(scaled);
        const double rest = scaled - ulps;
        if (rest > 0.5 || (rest == 0.5 && std::fmod(ulps, 2) != 0)) ulps += 1;
        // The hidden one, and a carry into the next binade, count up the exponent by themselves.
        return static_cast<std::uint16_t>(sign + ((exponent + 14) << 10) + static_cast<int>(ulps));
    }

    std::uint16_t bits_;
};

}  // namespace host

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
fixed<W, I, S, Q, O, N>::fixed(const host::half& value) : fixed(static_cast<float>(value)) {}
template <int W, bool S>
integer<W, S>::integer(const host::half& value) : integer(static_cast<float>(value)) {}

}  // namespace isobit

#endif
