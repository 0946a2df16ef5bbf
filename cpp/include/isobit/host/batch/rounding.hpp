// Rounding and overflow of vectors: what a cast does to numbers in a lane's arithmetic.
#ifndef ISOBIT_HOST_BATCH_ROUNDING_HPP
#define ISOBIT_HOST_BATCH_ROUNDING_HPP

#include <type_traits>

#include "program.hpp"
#include "vectors.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// Numbers of isobit::rounding_mode (modes.def).
enum : std::int32_t { RND, RND_ZERO, RND_MIN_INF, RND_INF, RND_CONV, TRN, TRN_ZERO };

template <class T>
ISOBIT_INLINE T constant(const constants& c);
template <>
ISOBIT_INLINE double constant<double>(const constants& c) {
    return c.f64;
}
template <>
ISOBIT_INLINE float constant<float>(const constants& c) {
    return c.f32;
}
template <>
ISOBIT_INLINE std::int16_t constant<std::int16_t>(const constants& c) {
    return c.i16;
}
template <>
ISOBIT_INLINE std::int32_t constant<std::int32_t>(const constants& c) {
    return c.i32;
}
template <>
ISOBIT_INLINE std::int64_t constant<std::int64_t>(const constants& c) {
    return c.i64;
}

// Of steps that hold the lane's numbers themselves.
template <class T>
ISOBIT_INLINE T constant(T value) {
    return value;
}

template <class T>
struct is_floating {
    static constexpr bool value = static_cast<T>(0.5) != 0;
};

// -- the rounding modes
// ------------------------------------------------------------------------------------------------

template <class T>
struct rounding_of {  // integers
    using V = vec<T>;
    template <class How>
    static ISOBIT_INLINE V of(V v, const How& how) {
        const int shift = how.shift;
        const V down = v >> shift, rest = v - (down << shift);
        const V half = splat(static_cast<T>(std::int64_t{1} << (shift - 1)));
        // A comparison gives -1 where it holds.
        switch (how.rounding) {
            case TRN: return down;
            case RND: return down - (rest >= half);
            case TRN_ZERO: return down - ((v < 0) & (rest != 0));
            case RND_ZERO: return down - ((rest > half) | ((rest == half) & (v < 0)));
            case RND_MIN_INF: return down - (rest > half);
            case RND_INF: return down - ((rest > half) | ((rest == half) & (v >= 0)));
            default: return down - ((rest > half) | ((rest == half) & ((down & 1) != 0)));
        }
    }
    template <class How>
    static ISOBIT_INLINE V to_even(V v, const How& how) {
        if constexpr (sizeof(T) == 2) {
            return of(v, how);  // nothing may be added to the largest
        } else {
            const T below_half = static_cast<T>((T{1} << (how.shift - 1)) - 1);
            return (v + below_half + ((v >> how.shift) & 1)) >> how.shift;
        }
    }
    template <class How>
    static ISOBIT_INLINE V down(V v, const How& how) {
        return v >> how.shift;
    }
    // RND, where half may be added, or (int16) not.
    template <class How>
    static ISOBIT_INLINE V half_up(V v, const How& how) {
        if constexpr (sizeof(T) == 2) {
            return (v >> how.shift) + ((v >> (how.shift - 1)) & 1);
        } else {
            return (v + static_cast<T>(T{1} << (how.shift - 1))) >> how.shift;
        }
    }
};

template <class T>
struct floating_rounding {
    using V = vec<T>;
    template <class How>
    static ISOBIT_INLINE V of(V v, const How& how) {
        const T half = static_cast<T>(0.5);
        switch (how.rounding) {
            case TRN: return floor(v);
            case RND: return floor(v + half);
            case TRN_ZERO: return truncate(v);
            case RND_ZERO: return v < 0 ? floor(v + half) : ceil(v - half);
            case RND_MIN_INF: return ceil(v - half);
            case RND_INF: return v < 0 ? ceil(v - half) : floor(v + half);
            default: return nearest(v);
        }
    }
    template <class How>
    static ISOBIT_INLINE V down(V v, const How&) {
        return floor(v);
    }
    template <class How>
    static ISOBIT_INLINE V to_even(V v, const How&) {
        return nearest(v);
    }
    template <class How>
    static ISOBIT_INLINE V half_up(V v, const How&) {
        return floor(v + static_cast<T>(0.5));
    }
};
// Numbers with any significand: adding half could round. What truncation drops is exact.
template <class V>
ISOBIT_INLINE V round_any(V v, std::int32_t rounding) {
    if (rounding == TRN) return floor(v);
    const V whole = truncate(v);
    if (rounding == TRN_ZERO) return whole;
    if (rounding == RND_CONV) return nearest(v);
    const V rest = v - whole, away = v < 0 ? V{} - 1 : V{} + 1;
    const V size = rest < 0 ? -rest : rest;
    const V beyond = size > 0.5f ? away : V{};
    switch (rounding) {
        case RND: return whole + (((size == 0.5f) & (v > 0)) ? away : beyond);
        case RND_ZERO: return whole + beyond;
        case RND_MIN_INF: return whole + (((size == 0.5f) & (v < 0)) ? away : beyond);
        default: return whole + (size == 0.5f ? away : beyond);
    }
}

template <>
struct rounding_of<double> : floating_rounding<double> {};
template <>
struct rounding_of<float> : floating_rounding<float> {};

// -- the overflow modes
// ------------------------------------------------------------------------------------------------

template <class T>
struct wrapping {  // integers: the low bits, read as a number of the format
    template <class How>
    static ISOBIT_INLINE vec<T> of(vec<T> v, const How& how) {
        typedef typename vector_of<typename std::make_unsigned<T>::type>::type U;
        const int unused = static_cast<int>(8 * sizeof(T)) - how.width;
        return how.is_signed ? v << unused >> unused : (vec<T>)((U)(v << unused) >> unused);
    }
};
template <class T>
struct floating_wrapping {  // low: the smallest value of the format, middle: 2^width, high: 2^-width
    template <class How>
    static ISOBIT_INLINE vec<T> of(vec<T> v, const How& how) {
        const T low = constant<T>(how.low), span = constant<T>(how.middle), per_span = constant<T>(how.high);
        return v - floor((v - low) * per_span) * span;
    }
};
template <>
struct wrapping<double> : floating_wrapping<double> {};
template <>
struct wrapping<float> : floating_wrapping<float> {};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
