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

template <class M>
ISOBIT_INLINE void count(const task& t, std::int32_t vector, M holds) {
    char* at = statistic(t, vector);
    store(at, load<M>(at) - holds);
}

// One output's vectors of events.
template <class T, int Columns>
struct strip {
    using V = vec<T>;
    using M = mask_of<T>;
    V v[Columns];

    template <class F>
    ISOBIT_INLINE void each(const F& f) {
        for (int c = 0; c < Columns; ++c) v[c] = f(v[c]);
    }

    // A step whose changes are counted, if it is watched: what overflow does, or rounding to numbers that stay fractions.
    template <class F>
    ISOBIT_INLINE void watched(const task& t, const step& s, int row, const F& f) {
        if (s.watch < 0) return each(f);
        M changed{};
        for (int c = 0; c < Columns; ++c) {
            const V now = f(v[c]);
            changed += now != v[c];
            v[c] = now;
        }
        count(t, s.watch + row, changed);
    }

    template <class F>
    ISOBIT_INLINE void round(const task& t, const step& s, int row, const F& f) {
        if constexpr (is_floating<T>::value) {
            watched(t, s, row, f);
        } else {
            if (s.watch >= 0) {
                const V dropped = splat(static_cast<T>((std::int64_t{1} << s.shift) - 1));
                M lossy{};
                for (int c = 0; c < Columns; ++c) lossy += (v[c] & dropped) != 0;
                count(t, s.watch + row, lossy);
            }
            each(f);
        }
    }

    ISOBIT_INLINE void observe(const task& t, const step& s, int row) const {
        char* at = statistic(t, s.watch + 2 * row);
        V low = load<V>(at), high = load<V>(at + vector_bytes);
        for (int c = 0; c < Columns; ++c) {
            low = least(low, v[c]);
            high = most(high, v[c]);
        }
        store(at, low);
        store(at + vector_bytes, high);
    }

    // A product is whole if rounding it down and rounding its negative down are the same but for the sign.
    ISOBIT_INLINE void scale_floor(const task& t, const step& s, int row) {
        const float a = static_cast<const float*>(s.a)[row];
        const i32 summand = splat(static_cast<const std::int32_t*>(s.b)[row]), bias = splat(floor_bias);
        i32 lossy{};
        for (int c = 0; c < Columns; ++c) {
            const f32 x = convert<f32>(v[c]);
            const i32 down = multiply_floor(x, splat(a)) - bias;
            if (s.watch >= 0) lossy += down + (multiply_floor(x, splat(-a)) - bias);
            v[c] = down + summand;
        }
        if (s.watch >= 0) count(t, s.watch + row, lossy);
    }

    ISOBIT_INLINE void take(const task& t, const step& s, int row) {
        const V low = splat(constant<T>(s.low)), high = splat(constant<T>(s.high));
        const T a = s.a == nullptr ? T{} : static_cast<const T*>(s.a)[row];
        const T b = s.b == nullptr ? T{} : static_cast<const T*>(s.b)[row];
        switch (s.kind) {
            case step_kind::observe: observe(t, s, row); break;
            case step_kind::affine: each([&](V x) { return x * a + b; }); break;
            case step_kind::round:
                if (s.rounding == TRN) {
                    round(t, s, row, [&](V x) { return rounding_of<T>::down(x, s); });
                } else {
                    round(t, s, row, [&](V x) { return rounding_of<T>::of(x, s); });
                }
                break;
            case step_kind::clamp: watched(t, s, row, [&](V x) { return least(most(x, low), high); }); break;
            case step_kind::wrap: watched(t, s, row, [&](V x) { return wrapping<T>::of(x, s); }); break;
            case step_kind::zero: watched(t, s, row, [&](V x) { return (x >= low) & (x <= high) ? x : V{}; }); break;
            case step_kind::law: watched(t, s, row, [&](V x) { return by_law<T>(x, s, t.p.law); }); break;
            case step_kind::leaky: each([&](V x) { return x > 0 ? x * low : x * high; }); break;
            case step_kind::at_least: each([&](V x) { return x >= splat(a) ? high : low; }); break;
            case step_kind::between: {
                const V middle = splat(constant<T>(s.middle));
                each([&](V x) { return x > splat(a) ? high : x > splat(b) ? middle : low; });
                break;
            }
            default: break;  // scale_floor is apart, since its factors are float32; no others in observed stages
        }
    }
};

// Any steps and targets, with statistics.
template <class T>
struct observed_finish {
    template <int Rows, int Columns>
    static __attribute__((noinline)) void of(const task& t, tile<T, Rows, Columns>& values, int first, int event) {
        const step* const end = t.s.finish.data + t.s.finish.count;
        for (int r = 0; r < Rows; ++r) {
            strip<T, Columns> row;
            for (int c = 0; c < Columns; ++c) row.v[c] = values.v[r][c];
            for (const step* s = t.s.finish.data; s != end; ++s) {
                if constexpr (std::is_same<T, std::int32_t>::value) {
                    if (s->kind == step_kind::scale_floor) {
                        row.scale_floor(t, *s, first + r);
                        continue;
                    }
                }
                row.take(t, *s, first + r);
            }
            for (int c = 0; c < Columns; ++c) values.v[r][c] = row.v[c];
        }
        lay(values, t.s.result, t.s.outputs, first, event, t.workspace);
    }
};

// -- overflows of an accumulator -----------------------------------------------------------------------------------------

struct nothing {};

template <class V>
ISOBIT_INLINE bool any(V v) {
    std::uint64_t words[sizeof(V) / 8], all = 0;
    std::memcpy(words, &v, sizeof words);
    for (const std::uint64_t word : words) all |= word;
    return all != 0;
}

// Sums in the hardware's order. `start` is that of the accumulator in any case.
//
// Quick check: as long as no sum leaves the accumulator's range, sums that nobody wraps or clamps are the same. Counted from
// the smallest number of the range, a sum within it has no bit beyond its width, and the first sum beyond it has the next
// bit set: the sum before was within, and the product is of the accumulator's format. So the bits of all sums together
// tell whether an event overflows; only then it is counted how often.
template <class T, bool Floor>
struct counting {
    static constexpr int events = vector_of<T>::lanes;
    using V = vec<T>;
    using weight = typename std::conditional<Floor, float, T>::type;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>(inputs); }

    template <int Rows, class>
    static inline void run(const task& t, const weight* weights, int first) {
        for (int event = 0; event < block; event += events) {
            if (t.s.count.check >= 0 && !leaves<Rows>(t, weights, first, event)) continue;
            count_all<Rows>(t, weights, first, event);
        }
    }

private:
    template <int Rows>
    static ISOBIT_INLINE bool leaves(const task& t, const weight* w, int first, int event) {
        V sum[Rows], seen[Rows];
        const T lowest = constant<T>(t.s.offset);
        for (int r = 0; r < Rows; ++r) {
            sum[r] = splat(static_cast<T>(t.start<T>()[first + r] - lowest));
            seen[r] = V{};
        }
        for (int k = 0; k < t.s.inputs; ++k) {
            const char* x = t.source() + place(sizeof(weight), t.s.order[k], event);
            if constexpr (Floor) {
                // floor_bias has no bit below 2^22; the check looks at one of those.
                const f32 data = load<f32>(x);
                for (int r = 0; r < Rows; ++r) sum[r] += multiply_floor(data, splat(w[r]));
            } else {
                tile<T, Rows, 1> term = product_of<Rows>(t, load<V>(x), w, first);
                for (int r = 0; r < Rows; ++r) sum[r] += term.v[r][0];
            }
            for (int r = 0; r < Rows; ++r) seen[r] |= sum[r];
            w += Rows;
        }
        V all = seen[0];
        for (int r = 1; r < Rows; ++r) all |= seen[r];
        return any(all & splat(static_cast<T>(T{1} << t.s.count.check)));
    }

    template <int Rows>
    static ISOBIT_INLINE tile<T, Rows, 1> product_of(const task& t, V data, const T* w, int first) {
        tile<T, Rows, 1> term;
        for (int r = 0; r < Rows; ++r) term.v[r][0] = data * w[r];
        apply_in_loop(term, t.s.term, first, t.p);
        return term;
    }

    template <int Rows>
    static __attribute__((noinline)) void count_all(const task& t, const weight* w, int first, int event) {
        tile<T, Rows, 1> sum;
        V seen[Rows], times[Rows];
        for (int r = 0; r < Rows; ++r) {
            sum.v[r][0] = splat(t.start<T>()[first + r]);
            seen[r] = times[r] = V{};
        }
        const auto fold = [&](tile<T, Rows, 1>& values) {
            const tile<T, Rows, 1> before = values;
            apply_in_loop(values, t.s.sum, first, t.p);
            for (int r = 0; r < Rows; ++r) {
                const V outside = values.v[r][0] != before.v[r][0];
                seen[r] |= outside;
                times[r] -= outside;
            }
        };
        for (int k = 0; k < t.s.inputs; ++k) {
            const char* x = t.source() + place(sizeof(weight), t.s.order[k], event);
            tile<T, Rows, 1> term;
            if constexpr (Floor) {
                const f32 data = load<f32>(x);
                for (int r = 0; r < Rows; ++r) term.v[r][0] = multiply_floor(data, splat(w[r])) - floor_bias;
            } else {
                term = product_of<Rows>(t, load<V>(x), w, first);
            }
            if (t.s.count.terms != 0) fold(term);
            for (int r = 0; r < Rows; ++r) sum.v[r][0] += term.v[r][0];
            fold(sum);
            w += Rows;
        }
        for (int r = 0; r < Rows; ++r) {
            const std::int32_t vector = t.s.count.watch + 2 * (first + r);
            count(t, vector, seen[r]);
            count(t, vector + 1, V{} - times[r]);
        }
    }
};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
