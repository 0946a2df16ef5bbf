// Stages that also take statistics of the values in their registers: ranges, rounding loss, overflow (profiling).
#ifndef ISOBIT_HOST_BATCH_OBSERVE_HPP
#define ISOBIT_HOST_BATCH_OBSERVE_HPP

#include "finish.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// What a comparison of vectors gives: -1 where it holds, so that subtracting counts.
template <class T>
using mask_of = decltype(vec<T>{} != vec<T>{});

ISOBIT_INLINE char* statistic(const task& t, std::int32_t vector) {
    return t.workspace + t.p.statistics + static_cast<std::size_t>(vector) * vector_bytes;
}

// What a step needs, in the lane's numbers. Values of its own: no store into the workspace can change them.
template <class T>
struct own_step {
    bool here;
    bool is_signed;
    std::int32_t rounding, shift, width, watch;
    const std::int32_t* fraction;
    T low, middle, high;
    const void* a;
    const void* b;

    explicit ISOBIT_INLINE own_step(const step* s) : here(s != nullptr) {
        if (!here) return;
        is_signed = s->is_signed != 0;
        rounding = s->rounding;
        shift = s->shift;
        width = s->width;
        watch = s->watch;
        fraction = s->fraction;
        low = constant<T>(s->low);
        middle = constant<T>(s->middle);
        high = constant<T>(s->high);
        a = s->a;
        b = s->b;
    }
};

// Statistics of a step about some rows, on the stack from the first tile to the last: how often something was the case.
template <class T, int Rows>
struct counter {
    mask_of<T> times[Rows];
    char* at;

    ISOBIT_INLINE counter(const task& t, bool here, std::int32_t watch, int first)
        : at(here && watch >= 0 ? statistic(t, watch + first) : nullptr) {
        for (int r = 0; r < Rows; ++r) times[r] = mask_of<T>{};
    }

    // Processors compare for equality alone: the others are counted.
    ISOBIT_INLINE void add_others(int r, mask_of<T> equal, int columns) {
        times[r] += equal + static_cast<typename std::decay<decltype(equal[0])>::type>(columns);
    }

    ISOBIT_INLINE void leave() {
        if (at == nullptr) return;
        for (int r = 0; r < Rows; ++r) {
            char* to = at + r * vector_bytes;
            store(to, load<mask_of<T>>(to) + times[r]);
        }
    }
};

// The smallest and the largest values.
template <class T, int Rows>
struct extent {
    vec<T> low[Rows], high[Rows];
    char* at;

    ISOBIT_INLINE extent(const task& t, const step* s, int first)
        : at(s == nullptr ? nullptr : statistic(t, s->watch + 2 * first)) {
        if (at == nullptr) return;
        for (int r = 0; r < Rows; ++r) {
            low[r] = load<vec<T>>(at + 2 * r * vector_bytes);
            high[r] = load<vec<T>>(at + (2 * r + 1) * vector_bytes);
        }
    }

    template <int Columns>
    ISOBIT_INLINE void see(const tile<T, Rows, Columns>& values) {
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c) {
                low[r] = least(low[r], values.v[r][c]);
                high[r] = most(high[r], values.v[r][c]);
            }
    }

    ISOBIT_INLINE void leave() {
        if (at == nullptr) return;
        for (int r = 0; r < Rows; ++r) {
            store(at + 2 * r * vector_bytes, low[r]);
            store(at + (2 * r + 1) * vector_bytes, high[r]);
        }
    }
};

// -- watched steps
// -----------------------------------------------------------------------------------------------------

// What overflow does, or rounding of fractions: a change is counted.
template <class T, int Rows, int Columns, class F>
ISOBIT_INLINE void watched(tile<T, Rows, Columns>& values, counter<T, Rows>& count, const F& f) {
    if (count.at == nullptr) return values.each([&](vec<T> v, int) { return f(v); });
    for (int r = 0; r < Rows; ++r) {
        mask_of<T> same{};
        for (int c = 0; c < Columns; ++c) {
            const vec<T> now = f(values.v[r][c]);
            same += now == values.v[r][c];
            values.v[r][c] = now;
        }
        count.add_others(r, same, Columns);
    }
}

// `dropped(r)`: the bits that are zero where nothing is lost.
template <class T, int Rows, int Columns, class F>
ISOBIT_INLINE void count_fractions(const tile<T, Rows, Columns>& values, counter<T, Rows>& count, const F& dropped) {
    for (int r = 0; r < Rows; ++r) {
        const vec<T> bits = splat(dropped(r));
        mask_of<T> whole{};
        for (int c = 0; c < Columns; ++c) whole += (values.v[r][c] & bits) == 0;
        count.add_others(r, whole, Columns);
    }
}

template <class T, int Rows, int Columns, class How, class F>
ISOBIT_INLINE void watched_round(tile<T, Rows, Columns>& values, counter<T, Rows>& count, const How& how, const F& f) {
    if constexpr (is_floating<T>::value) {
        watched(values, count, f);
    } else {
        if (count.at != nullptr) {
            const T dropped = static_cast<T>((std::int64_t{1} << how.shift) - 1);
            count_fractions(values, count, [&](int) { return dropped; });
        }
        values.each([&](vec<T> v, int) { return f(v); });
    }
}

template <int Rows, int Columns, class How>
ISOBIT_INLINE void watched_scale_floor(tile<std::int32_t, Rows, Columns>& values, counter<std::int32_t, Rows>& count,
                                       const How& how, int first) {
    if (count.at != nullptr) count_fractions(values, count, [&](int r) { return how.fraction[first + r]; });
    scale_floor(values, how, first);
}

template <class T, int Rows, int Columns, class How>
ISOBIT_INLINE void watched_clamp(tile<T, Rows, Columns>& values, counter<T, Rows>& count, const How& how) {
    const vec<T> low = splat(constant<T>(how.low)), high = splat(constant<T>(how.high));
    watched(values, count, [&](vec<T> v) { return least(most(v, low), high); });
}

template <class T, int Rows, int Columns, class How>
ISOBIT_INLINE void affine(tile<T, Rows, Columns>& values, const How& how, int first) {
    const T* a = static_cast<const T*>(how.a) + first;
    const T* b = static_cast<const T*>(how.b) + first;
    values.each([&](vec<T> v, int r) { return v * a[r] + b[r]; });
}

// Any step, on one row: the code is large, and few stages need it.
template <class T, int Columns>
ISOBIT_INLINE void take(const task& t, tile<T, 1, Columns>& values, const step& s, int first) {
    using V = vec<T>;
    if (s.kind == step_kind::observe) {
        extent<T, 1> seen(t, &s, first);
        seen.see(values);
        return seen.leave();
    }
    counter<T, 1> count(t, true, s.watch, first);
    const V low = splat(constant<T>(s.low)), high = splat(constant<T>(s.high));
    const T* a = static_cast<const T*>(s.a) + (s.a == nullptr ? 0 : first);
    const T* b = static_cast<const T*>(s.b) + (s.b == nullptr ? 0 : first);
    switch (s.kind) {
        case step_kind::affine: affine(values, s, first); break;
        case step_kind::scale_floor:
            if constexpr (std::is_same<T, std::int32_t>::value) watched_scale_floor(values, count, s, first);
            break;
        case step_kind::round: watched_round(values, count, s, [&](V v) { return rounding_of<T>::of(v, s); }); break;
        case step_kind::clamp: watched_clamp(values, count, s); break;
        case step_kind::wrap: watched(values, count, [&](V v) { return wrapping<T>::of(v, s); }); break;
        case step_kind::zero: watched(values, count, [&](V v) { return (v >= low) & (v <= high) ? v : V{}; }); break;
        case step_kind::law: watched(values, count, [&](V v) { return by_law<T>(v, s, t.p.law); }); break;
        case step_kind::slopes:
            values.each([&](V v, int r) { return v > splat(a[r]) ? v * low : v * splat(b[r]); });
            break;
        case step_kind::at_least: values.each([&](V v, int r) { return v >= splat(a[r]) ? high : low; }); break;
        case step_kind::between: {
            const V middle = splat(constant<T>(s.middle));
            values.each([&](V v, int r) { return v > splat(a[r]) ? high : v > splat(b[r]) ? middle : low; });
            break;
        }
        default: break;  // no others in observed stages
    }
    count.leave();
}

template <class T, int Columns>
__attribute__((noinline)) void take_row(const task& t, vec<T>* row, int first) {
    tile<T, 1, Columns> values;
    for (int c = 0; c < Columns; ++c) values.v[0][c] = row[c];
    const step* const end = t.s.finish.data + t.s.finish.count;
    for (const step* s = t.s.finish.data; s != end; ++s) take(t, values, *s, first);
    for (int c = 0; c < Columns; ++c) row[c] = values.v[0][c];
}

template <class T, int Rows, int Columns>
ISOBIT_INLINE void take_all(const task& t, tile<T, Rows, Columns>& values, int first, int event) {
    for (int r = 0; r < Rows; ++r) take_row<T, Columns>(t, values.v[r], first + r);
    lay_any(values, t.s.result, t.s.outputs, first, event, t.workspace);
}

// Whole tiles: the usual steps in registers.
template <class T>
class watched_rows {
public:
    __attribute__((noinline)) watched_rows(const task& t, int first) : watched_rows(t, first, usual(t)) {}
    watched_rows(const watched_rows&) = delete;
    watched_rows& operator=(const watched_rows&) = delete;

    template <int Columns>
    __attribute__((noinline)) void of(tile<T, tile_rows, Columns>& values, int event) {
        take_here(values, event);
    }

    template <int Columns>
    ISOBIT_INLINE void take_here(tile<T, tile_rows, Columns>& values, int event) {
        if (!usual_) return take_all(t_, values, first_, event);
        using V = vec<T>;
        stay_in_memory();
        if (first_wrap_.here) values.each([&](V v, int) { return wrapping<T>::of(v, first_wrap_); });
        if (seen_.at != nullptr) seen_.see(values);
        if (affine_.here) affine(values, affine_, first_);
        if constexpr (std::is_same<T, std::int32_t>::value) {
            if (scale_floor_.here) watched_scale_floor(values, scaled_, scale_floor_, first_);
        }
        if (first_clamp_.here) watched_clamp(values, first_clamped_, first_clamp_);
        if (round_.here) {
            if (round_.rounding == TRN) {
                watched_round(values, rounded_, round_, [&](V v) { return rounding_of<T>::down(v, round_); });
            } else {
                watched_round(values, rounded_, round_, [&](V v) { return rounding_of<T>::to_even(v, round_); });
            }
        }
        if (wrap_.here) watched(values, wrapped_, [&](V v) { return wrapping<T>::of(v, wrap_); });
        if (seen_wrapped_.at != nullptr) seen_wrapped_.see(values);
        if (clamp_.here) watched_clamp(values, clamped_, clamp_);
        stay_in_memory();
        lay_usual(values, t_.s.result, t_.s.outputs, first_, event, t_.workspace);
    }

    __attribute__((noinline)) ~watched_rows() {
        seen_.leave();
        scaled_.leave();
        first_clamped_.leave();
        rounded_.leave();
        wrapped_.leave();
        seen_wrapped_.leave();
        clamped_.leave();
    }

private:
    // Between tiles the registers are for the sums.
    ISOBIT_INLINE void stay_in_memory() { __asm__ volatile("" : "+m"(*this)); }

    static ISOBIT_INLINE usual_observed_steps usual(const task& t) {
        return t.s.usual_observed == nullptr ? usual_observed_steps{} : *t.s.usual_observed;
    }

    ISOBIT_INLINE watched_rows(const task& t, int first, const usual_observed_steps& u)
        : t_(t),
          first_(first),
          usual_(t.s.usual_observed != nullptr),
          first_wrap_(u.first_wrap),
          affine_(u.affine),
          scale_floor_(u.scale_floor),
          first_clamp_(u.first_clamp),
          round_(u.round),
          wrap_(u.wrap),
          clamp_(u.clamp),
          seen_(t, u.observe, first),
          seen_wrapped_(t, u.observe_wrapped, first),
          scaled_(t, scale_floor_.here, scale_floor_.watch, first),
          first_clamped_(t, first_clamp_.here, first_clamp_.watch, first),
          rounded_(t, round_.here, round_.watch, first),
          wrapped_(t, wrap_.here, wrap_.watch, first),
          clamped_(t, clamp_.here, clamp_.watch, first) {}

    const task& t_;
    int first_;
    bool usual_;
    own_step<T> first_wrap_, affine_, scale_floor_, first_clamp_, round_, wrap_, clamp_;
    extent<T, tile_rows> seen_, seen_wrapped_;
    counter<T, tile_rows> scaled_, first_clamped_, rounded_, wrapped_, clamped_;
};

// The same within the loop of a map: faster, and more code.
template <class T>
struct inlined_rows : watched_rows<T> {
    using watched_rows<T>::watched_rows;

    template <int Columns>
    ISOBIT_INLINE void of(tile<T, tile_rows, Columns>& values, int event) {
        this->take_here(values, event);
    }
};

// The rows that are left over, one by one.
template <class T, int Rows>
struct single_rows {
    const task& t;
    const int first;

    template <int Columns>
    ISOBIT_INLINE void of(tile<T, Rows, Columns>& values, int event) const {
        take_all(t, values, first, event);
    }
};

// Steps and targets with statistics; `Inlined` for the maps that most networks have.
template <class T, bool Inlined>
struct observed_finish {
    using whole_rows = typename std::conditional<Inlined, inlined_rows<T>, watched_rows<T>>::type;

    template <int Rows>
    using rows = typename std::conditional<Rows == tile_rows, whole_rows, single_rows<T, Rows>>::type;
};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
