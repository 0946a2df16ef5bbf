// Between binary floating point and raw integers: exact taking apart, one correct rounding when putting together.
#ifndef ISOBIT_FLOATING_HPP
#define ISOBIT_FLOATING_HPP

#include <cstdint>
#include <cstring>

#include "bit_words.hpp"
#include "law.hpp"
#include "storage.hpp"

namespace isobit {
namespace detail {

#if defined(__has_builtin)
#if __has_builtin(__builtin_bit_cast)
#define ISOBIT_BIT_CAST_IS_CONSTEXPR
#endif
#endif

#ifdef ISOBIT_BIT_CAST_IS_CONSTEXPR
constexpr std::uint64_t bits_of(double value) { return __builtin_bit_cast(std::uint64_t, value); }
#else
inline std::uint64_t bits_of(double value) {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
#endif
#undef ISOBIT_BIT_CAST_IS_CONSTEXPR

// mantissa * 2^exponent. Infinity is 2^1024 and NaN 1.m * 2^1024, as the open headers read them (docs/semantics.md,
// B11); subnormals are what they are (B14).
struct real {
    std::int64_t mantissa;
    int exponent;
};

constexpr real taken_apart(double value) {
    const std::uint64_t bits = bits_of(value);
    const int field = static_cast<int>(bits >> 52 & 0x7ff);
    const std::int64_t fraction = static_cast<std::int64_t>(bits & 0xfffffffffffffu);
    const std::int64_t magnitude = field == 0 ? fraction : fraction | std::int64_t{1} << 52;
    return {bits >> 63 != 0 ? -magnitude : magnitude, (field == 0 ? 1 : field) - 1075};
}

// 2^n for |n| <= 1023.
constexpr double power_of_two(int n) {
    double result = 1.0, factor = n < 0 ? 0.5 : 2.0;
    for (int left = n < 0 ? -n : n; left != 0; left >>= 1) {
        if (left & 1) result *= factor;
        if (left > 1) factor *= factor;
    }
    return result;
}

// raw * 2^-fraction to the nearest number of Precision bits with exponents from Lowest (ties to even), as a double.
template <int Precision, int Lowest, class Int>
constexpr double to_nearest(const Int& raw, int fraction) {
    if (raw == 0) return 0.0;
    const Int magnitude = raw < 0 ? static_cast<Int>(-raw) : raw;
    const int n = used(static_cast<unsigned_of<Int>>(magnitude)), exponent = n - 1 - fraction;
    if (exponent > 1100) return (raw < 0 ? -1.0 : 1.0) * __builtin_huge_val();
    if (exponent < Lowest - Precision) return raw < 0 ? -0.0 : 0.0;
    const int precision = exponent < Lowest ? Precision - (Lowest - exponent) : Precision;
    const int drop = n - precision;
    const Int kept = drop > 0 ? law::round_shift(magnitude, drop, rounding_mode::RND_CONV) : magnitude;
    const int scale = (drop > 0 ? drop : 0) - fraction;
    // In two steps: 2^scale alone may lie outside a double's range.
    const double value = static_cast<double>(static_cast<std::int64_t>(kept));
    const int half = scale / 2;
    const double result = value * power_of_two(half) * power_of_two(scale - half);
    return raw < 0 ? -result : result;
}

// raw * 2^-Fraction for a format of Width bits. Up to 53 bits a double holds the integer and scaling is exact.
template <int Width, int Fraction, class Int>
constexpr double to_double(const Int& raw) {
    constexpr bool direct = Width <= 53 && Fraction <= 1000 && Fraction >= -900;
    using wide = compute_t<Width <= 53 ? 63 : Width + 2>;
    constexpr double scale = power_of_two(direct ? -Fraction : 0);
    return direct ? static_cast<double>(static_cast<std::int64_t>(raw)) * scale
                  : to_nearest<53, -1022>(static_cast<wide>(raw), Fraction);
}

template <int Width, int Fraction, class Int>
constexpr float to_float(const Int& raw) {
    using wide = compute_t<Width <= 53 ? 63 : Width + 2>;
    return static_cast<float>(Width <= 53 ? to_double<Width, Fraction>(raw)
                                          : to_nearest<24, -126>(static_cast<wide>(raw), Fraction));
}

}  // namespace detail
}  // namespace isobit

#endif
