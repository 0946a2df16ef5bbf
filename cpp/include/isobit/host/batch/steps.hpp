// What happens to values after a linear map, on tiles of vectors in registers; and how they are laid down.
#ifndef ISOBIT_HOST_BATCH_STEPS_HPP
#define ISOBIT_HOST_BATCH_STEPS_HPP

#include <type_traits>

#include "pairs.hpp"
#include "rounding.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

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

template <class T, int Rows, int Columns, class How>
ISOBIT_INLINE void fit(tile<T, Rows, Columns>& values, const How& s, int first) {
    const T* a = static_cast<const T*>(s.a) + first;
    const T* b = static_cast<const T*>(s.b) + first;
    const T* c = static_cast<const T*>(s.c) + first;
    const T* d = static_cast<const T*>(s.d) + first;
    for (int r = 0; r < Rows; ++r) {
        const vec<T> factor = splat(a[r]), summand = splat(b[r]), last = splat(d[r]);
        const int drop = c[r];
        for (int k = 0; k < Columns; ++k) values.v[r][k] = ((values.v[r][k] * factor + summand) >> drop) + last;
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
            case step_kind::fit:
                if constexpr (std::is_same<T, std::int32_t>::value || std::is_same<T, std::int16_t>::value) {
                    fit(values, *s, first);
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
