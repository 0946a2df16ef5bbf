// What happens to values after a linear map, on tiles of vectors in registers; and how they are laid down.
#ifndef ISOBIT_HOST_BATCH_STEPS_HPP
#define ISOBIT_HOST_BATCH_STEPS_HPP

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
        if constexpr (sizeof(T) == 2) return of(v, how);  // nothing may be added to the largest
        const T below_half = static_cast<T>((T{1} << (how.shift - 1)) - 1);
        return (v + below_half + ((v >> how.shift) & 1)) >> how.shift;
    }
    template <class How>
    static ISOBIT_INLINE V down(V v, const How& how) {
        return v >> how.shift;
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

// -- tiles
// -------------------------------------------------------------------------------------------------------------

template <class T>
ISOBIT_INLINE vec<T> by_law(vec<T> v, const step& how, std::int64_t (*law)(std::int64_t, const step&)) {
    T values[vector_of<T>::lanes];
    store(values, v);
    for (T& value : values) value = static_cast<T>(law(static_cast<std::int64_t>(value), how));
    return load<vec<T>>(values);
}

// The entries of numbers, see step_kind::look_up.
template <class T>
ISOBIT_INLINE vec<T> looked_up(vec<T> v, const step& s) {
    const T low = constant<T>(s.low), high = constant<T>(s.high);
    const vec<T> inside = least(most(v, splat(low)), splat(high));
    if constexpr (std::is_same<T, float>::value || std::is_same<T, std::int32_t>::value) {
        const i32 places = convert<i32>(inside) - splat(s.low.i32);
        return (vec<T>)entries_at(static_cast<const float*>(s.a), places);  // bits, whichever they are
    } else {
        const T* entries = static_cast<const T*>(s.a);
        T found[vector_of<T>::lanes];
        store(found, inside);
        for (T& value : found) value = entries[static_cast<std::int64_t>(value) - s.low.i32];
        return load<vec<T>>(found);
    }
}

template <class T, int Rows, int Columns>
struct tile {
    vec<T> v[Rows][Columns];

    template <class F>
    ISOBIT_INLINE void each(const F& f) {
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c) v[r][c] = f(v[r][c], r);
    }
};

// Not inline: the registers that entries take are better not in the way of other steps.
template <class T, int Rows, int Columns>
__attribute__((noinline)) void look_up(tile<T, Rows, Columns>& values, const step& s) {
    if constexpr (sizeof(T) == 2) {
        // Number by number, as no instruction gathers int16; vectors are read again when all numbers are written, and
        // volatile keeps compilers from making vectors of four numbers of their own.
        constexpr int lanes = vector_of<T>::lanes, count = Rows * Columns * lanes;
        const vec<T> low = splat(constant<T>(s.low)), high = splat(constant<T>(s.high));
        const T* entries = static_cast<const T*>(s.a);
        std::uint16_t places[count];
        T found[count];
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c)
                store(places + (r * Columns + c) * lanes, least(most(values.v[r][c], low), high) - low);
        volatile T* const to = found;
        for (int i = 0; i < count; i += 4) {
            to[i] = entries[places[i]];
            to[i + 1] = entries[places[i + 1]];
            to[i + 2] = entries[places[i + 2]];
            to[i + 3] = entries[places[i + 3]];
        }
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c) values.v[r][c] = load<vec<T>>(found + (r * Columns + c) * lanes);
    } else {
        values.each([&](vec<T> v, int) { return looked_up<T>(v, s); });
    }
}

// The same of a copy: `values` stay in registers where this is not called.
template <class T, int Rows, int Columns>
ISOBIT_INLINE tile<T, Rows, Columns> looked_up_apart(tile<T, Rows, Columns> values, const step& s) {
    look_up(values, s);
    return values;
}

template <int Rows, int Columns, class How>
ISOBIT_INLINE void scale_floor(tile<std::int32_t, Rows, Columns>& values, const How& s, int first) {
    const float* a = static_cast<const float*>(s.a) + first;
    const std::int32_t* b = static_cast<const std::int32_t*>(s.b) + first;
    const floor_product multiply;
    for (int r = 0; r < Rows; ++r) {
        const f32 factor = splat(a[r]);
        // Modulo 2^32: together with the bias of the product it is in range again.
        const i32 summand =
            splat(static_cast<std::int32_t>(static_cast<std::uint32_t>(b[r]) - static_cast<std::uint32_t>(floor_bias)));
        for (int c = 0; c < Columns; ++c) values.v[r][c] = multiply(convert<f32>(values.v[r][c]), factor) + summand;
    }
}

// Takes the outputs first .. first + Rows - 1 through every step.
template <class T, int Rows, int Columns>
__attribute__((noinline)) void apply(tile<T, Rows, Columns>& values, const steps& all, int first, const program& p) {
    using V = vec<T>;
    for (const step *s = all.data, *end = all.data + all.count; s != end; ++s) {
        const V low = splat(constant<T>(s->low)), high = splat(constant<T>(s->high));
        const bool by_output = s->a != nullptr && s->kind != step_kind::look_up;
        const T* a = static_cast<const T*>(s->a) + (by_output ? first : 0);
        const T* b = static_cast<const T*>(s->b) + (s->b == nullptr ? 0 : first);
        switch (s->kind) {
            case step_kind::affine:
                for (int r = 0; r < Rows; ++r) {
                    const V factor = splat(a[r]), summand = splat(b[r]);
                    for (int c = 0; c < Columns; ++c) values.v[r][c] = values.v[r][c] * factor + summand;
                }
                break;
            case step_kind::scale_floor:
                if constexpr (std::is_same<T, std::int32_t>::value) scale_floor(values, *s, first);
                break;
            case step_kind::floor_clamp:
                values.each([&](V v, int) { return least(most(rounding_of<T>::down(v, *s), low), high); });
                break;
            case step_kind::round:
                if (s->rounding == TRN) {
                    values.each([&](V v, int) { return rounding_of<T>::down(v, *s); });
                } else {
                    values.each([&](V v, int) { return rounding_of<T>::of(v, *s); });
                }
                break;
            case step_kind::clamp: values.each([&](V v, int) { return least(most(v, low), high); }); break;
            case step_kind::wrap: values.each([&](V v, int) { return wrapping<T>::of(v, *s); }); break;
            case step_kind::zero: values.each([&](V v, int) { return ((v >= low) & (v <= high)) ? v : V{}; }); break;
            case step_kind::slopes:
                values.each([&](V v, int r) { return v > splat(a[r]) ? v * low : v * splat(b[r]); });
                break;
            case step_kind::at_least: values.each([&](V v, int r) { return v >= splat(a[r]) ? high : low; }); break;
            case step_kind::between: {
                const V middle = splat(constant<T>(s->middle));
                values.each([&](V v, int r) { return v > splat(a[r]) ? high : v > splat(b[r]) ? middle : low; });
                break;
            }
            case step_kind::round_any:
                if constexpr (is_floating<T>::value) {
                    values.each([&](V v, int) { return round_any(v, s->rounding); });
                }
                break;
            case step_kind::look_up: look_up(values, *s); break;
            case step_kind::law: values.each([&](V v, int) { return by_law<T>(v, *s, p.law); }); break;
        }
    }
}

// The same for few steps within a loop: clamps, wraps and roundings down stay in registers.
template <class T, int Rows, int Columns>
ISOBIT_INLINE void apply_in_loop(tile<T, Rows, Columns>& values, const steps& all, int first, const program& p) {
    if (all.count == 0) return;
    using V = vec<T>;
    const step& s = all.data[0];
    const V low = splat(constant<T>(s.low)), high = splat(constant<T>(s.high));
    if (all.count == 1 && s.kind == step_kind::clamp) {
        values.each([&](V v, int) { return least(most(v, low), high); });
    } else if (all.count == 1 && s.kind == step_kind::wrap) {
        values.each([&](V v, int) { return wrapping<T>::of(v, s); });
    } else if (all.count == 1 && s.kind == step_kind::floor_clamp) {
        values.each([&](V v, int) { return least(most(rounding_of<T>::down(v, s), low), high); });
    } else if (all.count == 1 && s.kind == step_kind::round && s.rounding == TRN) {
        values.each([&](V v, int) { return rounding_of<T>::down(v, s); });
    } else {
        apply(values, all, first, p);
    }
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
