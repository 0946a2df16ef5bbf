// hls:: mathematics for C simulation: of the ap_ types, as the open hls_math.h computes it (the C library's function of
// the value as a double, then the type's own constructor), and of C++'s floating-point types (the C library's).
//
// What needs no real function (floor, ceil, trunc, round, abs, min, max) is exact at every width.
#ifndef ISOBIT_HOST_MATH_HPP
#define ISOBIT_HOST_MATH_HPP

#include "../standard.hpp"

#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <utility>

namespace isobit {
namespace host {
namespace math {

namespace detail {

// A number of AMD's kind: it says its format and its value.
template <class T, class = void>
struct is_number : std::false_type {};
template <class T>
struct is_number<T, decltype(static_cast<void>(std::declval<const T&>().to_double() + T::width + T::iwidth))>
    : std::true_type {};

template <class T>
using if_number = typename std::enable_if<is_number<T>::value, int>::type;
template <class T>
using if_native = typename std::enable_if<std::is_arithmetic<T>::value, int>::type;

}  // namespace detail

#define ISOBIT_UNARY(name)                       \
    template <class T, detail::if_number<T> = 0> \
    T name(const T& x) {                         \
        return T(std::name(x.to_double()));      \
    }                                            \
    template <class T, detail::if_native<T> = 0> \
    auto name(T x) -> decltype(std::name(x)) {   \
        return std::name(x);                     \
    }
ISOBIT_UNARY(exp)
ISOBIT_UNARY(exp2)
ISOBIT_UNARY(expm1)
ISOBIT_UNARY(log)
ISOBIT_UNARY(log2)
ISOBIT_UNARY(log10)
ISOBIT_UNARY(log1p)
ISOBIT_UNARY(sqrt)
ISOBIT_UNARY(cbrt)
ISOBIT_UNARY(sin)
ISOBIT_UNARY(cos)
ISOBIT_UNARY(tan)
ISOBIT_UNARY(asin)
ISOBIT_UNARY(acos)
ISOBIT_UNARY(atan)
ISOBIT_UNARY(sinh)
ISOBIT_UNARY(cosh)
ISOBIT_UNARY(tanh)
ISOBIT_UNARY(asinh)
ISOBIT_UNARY(acosh)
ISOBIT_UNARY(atanh)
ISOBIT_UNARY(erf)
#undef ISOBIT_UNARY

#define ISOBIT_BINARY(name)                                                         \
    template <class T, detail::if_number<T> = 0>                                    \
    T name(const T& x, const T& y) {                                                \
        return T(std::name(x.to_double(), y.to_double()));                          \
    }                                                                               \
    template <class T, class U, detail::if_native<T> = 0, detail::if_native<U> = 0> \
    auto name(T x, U y) -> decltype(std::name(x, y)) {                              \
        return std::name(x, y);                                                     \
    }
ISOBIT_BINARY(atan2)
ISOBIT_BINARY(pow)
ISOBIT_BINARY(hypot)
ISOBIT_BINARY(fmod)
ISOBIT_BINARY(copysign)
#undef ISOBIT_BINARY

// Of C++'s types only: the C library's, unchanged.
#define ISOBIT_NATIVE(name)                      \
    template <class T, detail::if_native<T> = 0> \
    auto name(T x) -> decltype(std::name(x)) {   \
        return std::name(x);                     \
    }
ISOBIT_NATIVE(floor)
ISOBIT_NATIVE(ceil)
ISOBIT_NATIVE(trunc)
ISOBIT_NATIVE(round)
ISOBIT_NATIVE(rint)
ISOBIT_NATIVE(isnan)
ISOBIT_NATIVE(isinf)
ISOBIT_NATIVE(isfinite)
ISOBIT_NATIVE(signbit)
#undef ISOBIT_NATIVE
template <class T, detail::if_native<T> = 0>
auto fmax(T x, T y) -> decltype(std::fmax(x, y)) {
    return std::fmax(x, y);
}
template <class T, detail::if_native<T> = 0>
auto fmin(T x, T y) -> decltype(std::fmin(x, y)) {
    return std::fmin(x, y);
}

// 1 / x and 1 / sqrt(x).
template <class T, detail::if_number<T> = 0>
T recip(const T& x) {
    return T(1.0 / x.to_double());
}
template <class T, detail::if_number<T> = 0>
T rsqrt(const T& x) {
    return T(1.0 / std::sqrt(x.to_double()));
}
template <class T, typename std::enable_if<std::is_floating_point<T>::value, int>::type = 0>
T recip(T x) {
    return T(1) / x;
}
template <class T, typename std::enable_if<std::is_floating_point<T>::value, int>::type = 0>
T rsqrt(T x) {
    return T(1) / std::sqrt(x);
}

template <class T>
void sincos(const T& x, T* sine, T* cosine) {
    *sine = math::sin(x);
    *cosine = math::cos(x);
}

// The integers next to a number, in its own type: where it cannot hold one, its overflow mode decides.
template <class T, detail::if_number<T> = 0>
T floor(const T& x) {
    constexpr int fraction = T::width - T::iwidth;
    if (fraction <= 0) return x;
    if (T::iwidth <= 0) return x < 0 ? T(-1) : T(0);
    return (x >> fraction) << fraction;
}
template <class T, detail::if_number<T> = 0>
T ceil(const T& x) {
    constexpr int fraction = T::width - T::iwidth;
    if (fraction <= 0) return x;
    if (T::iwidth <= 0) return x > 0 ? T(1) : T(0);
    const T down = (x >> fraction) << fraction;
    return down == x ? x : T(down + 1);
}
template <class T, detail::if_number<T> = 0>
T trunc(const T& x) {
    return x < 0 ? math::ceil(x) : math::floor(x);
}
// Ties away from zero.
template <class T, detail::if_number<T> = 0>
T round(const T& x) {
    constexpr int fraction = T::width - T::iwidth;
    if (fraction <= 0) return x;
    if (T::iwidth < 0) return T(0);  // below one half
    if (x < 0) {
        const auto m = -x;
        return T(-(math::floor(m) + static_cast<int>(static_cast<bool>(m[fraction - 1]))));
    }
    if (T::iwidth == 0) return T(static_cast<int>(static_cast<bool>(x[fraction - 1])));
    return T(math::floor(x) + static_cast<int>(static_cast<bool>(x[fraction - 1])));
}

template <class T, detail::if_number<T> = 0>
bool isnan(const T&) {
    return false;
}
template <class T, detail::if_number<T> = 0>
bool isinf(const T&) {
    return false;
}
template <class T, detail::if_number<T> = 0>
bool isfinite(const T&) {
    return true;
}
template <class T, detail::if_number<T> = 0>
bool signbit(const T& x) {
    return x < 0;
}

// Back in the type of x: what does not fit there (minus the minimum) overflows as the type does.
template <class T, detail::if_number<T> = 0>
T abs(const T& x) {
    return x < 0 ? T(-x) : x;
}
template <class T, detail::if_native<T> = 0>
T abs(T x) {
    return static_cast<T>(std::abs(x));
}
template <class T>
T fabs(const T& x) {
    return math::abs(x);
}

template <class T>
T max(const T& x, const T& y) {
    return x < y ? y : x;
}
template <class T>
T min(const T& x, const T& y) {
    return y < x ? y : x;
}
template <class T, detail::if_number<T> = 0>
T fmax(const T& x, const T& y) {
    return math::max(x, y);
}
template <class T, detail::if_number<T> = 0>
T fmin(const T& x, const T& y) {
    return math::min(x, y);
}

}  // namespace math
}  // namespace host
}  // namespace isobit

#endif
