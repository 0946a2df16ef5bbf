// Overflows of an accumulator, counted product by product and sum by sum in the hardware's order (profiling).
#ifndef ISOBIT_HOST_BATCH_COUNTING_HPP
#define ISOBIT_HOST_BATCH_COUNTING_HPP

#include <limits>

#include "observe.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

template <class V>
ISOBIT_INLINE bool any(V v) {
    std::uint64_t words[sizeof(V) / 8], all = 0;
    std::memcpy(words, &v, sizeof words);
    for (const std::uint64_t word : words) all |= word;
    return all != 0;
}

template <class M>
ISOBIT_INLINE void count(const task& t, std::int32_t vector, M holds) {
    char* at = statistic(t, vector);
    store(at, load<M>(at) - holds);
}

// Sums in the hardware's order. `start` is that of the accumulator in any case.
//
// Quick check: as long as no sum leaves the accumulator's range, sums that nobody wraps or clamps are the same. Counted
// from the smallest number of the range, a sum within it has no bit beyond its width, and the first sum beyond it has
// the next bit set: the sum before was within, and the product is of the accumulator's format. So the bits of all sums
// together tell whether an event overflows; only then it is counted how often.
template <class T, bool Floor, class Data>
struct counting {
    static constexpr int columns = 2;
    static constexpr int lanes = vector_of<T>::lanes;
    static constexpr int events = columns * lanes;
    using V = vec<T>;
    using weight = typename std::conditional<Floor, float, T>::type;

    static inline void run(const task& t) {
        float largest[block / events];
        const counted& how = t.s.count;
        if (how.measures != nullptr) measure(t, largest);
        const auto* w = static_cast<const weight*>(t.s.weights);
        int number = 0;
        for (int first = 0, rows = 0; first < t.s.outputs; first += rows, ++number) {
            const float* limit = how.measures == nullptr ? nullptr : how.limits + number;
            const int left = t.s.outputs - first;
            rows = left >= tile_rows ? tile_rows : left >= 2 ? 2 : 1;
            if (rows == tile_rows) {
                run_tile<tile_rows>(t, w, first, largest, limit);
            } else if (rows == 2) {
                run_tile<2>(t, w, first, largest, limit);
            } else {
                run_tile<1>(t, w, first, largest, limit);
            }
            w += rows * t.s.inputs;
        }
    }

private:
    // Data as the lane multiplies it: float32, which may lie as int16, or its own numbers.
    static ISOBIT_INLINE vec<weight> read(const char* x, int c) {
        const char* at = x + static_cast<std::size_t>(c) * lanes * sizeof(Data);
        if constexpr (std::is_same<Data, std::int16_t>::value) {
            return convert<f32>(convert<i32>(load<typename vector_of<std::int16_t, vector_bytes / 2>::type>(at)));
        } else {
            return load<vec<weight>>(at);
        }
    }

    static ISOBIT_INLINE f32 magnitude(f32 v) { return (f32)((i32)v & 0x7fffffff); }

    // The largest sum of measured magnitudes of every tile of events; without end if one alone exceeds 1.
    static inline void measure(const task& t, float* largest) {
        if constexpr (sizeof(T) == 4) {
            for (int event = 0; event < block; event += events) {
                f32 sum[columns], peak{};
                for (int c = 0; c < columns; ++c) sum[c] = f32{};
                const char* x = t.source() + place(sizeof(Data), 0, event);
                for (int k = 0; k < t.s.inputs; ++k) {
                    const f32 measure = splat(t.s.count.measures[k]);
                    for (int c = 0; c < columns; ++c) {
                        const f32 size = magnitude(convert<f32>(read(x, c))) * measure;
                        sum[c] += size;
                        peak = most(peak, size);
                    }
                    x += place(sizeof(Data), 1, 0);
                }
                float sums[columns * lanes], peaks[lanes];
                for (int c = 0; c < columns; ++c) store(sums + c * lanes, sum[c]);
                store(peaks, peak);
                float& found = largest[event / events] = 0;
                for (const float value : sums) found = value > found ? value : found;
                for (const float value : peaks) found = value > 1 ? std::numeric_limits<float>::infinity() : found;
            }
        } else {
            for (int i = 0; i < block / events; ++i) largest[i] = std::numeric_limits<float>::infinity();
        }
    }

    template <int Rows>
    static inline void run_tile(const task& t, const weight* weights, int first, const float* largest,
                                const float* limit) {
        for (int event = 0; event < block; event += events) {
            if (limit != nullptr && largest[event / events] <= *limit) continue;
            // Products that may overflow by themselves do so only beyond the measures, which end the check, too.
            const bool products =
                t.s.count.terms != 0 &&
                (limit == nullptr || largest[event / events] == std::numeric_limits<float>::infinity());
            if (t.s.count.check >= 0 && !products && !leaves<Rows>(t, weights, first, event)) continue;
            for (int c = 0; c < columns; ++c) count_all<Rows>(t, weights, first, event + c * lanes);
        }
    }

    // Whether any sum of the tile leaves the range.
    template <int Rows>
    static ISOBIT_INLINE bool leaves(const task& t, const weight* w, int first, int event) {
        V sum[Rows][columns], seen[columns];
        const T lowest = constant<T>(t.s.offset);
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < columns; ++c) sum[r][c] = splat(static_cast<T>(t.start<T>()[first + r] - lowest));
        for (int c = 0; c < columns; ++c) seen[c] = V{};
        [[maybe_unused]] const floor_product multiply;
        const char* const source = t.source() + place(sizeof(Data), 0, event);
        for (int k = 0; k < t.s.inputs; ++k) {
            const char* x = source + place(sizeof(Data), t.s.order[k], 0);
            if constexpr (Floor) {
                // floor_bias has no bit below 2^22; the check looks at one of those.
                f32 data[columns];
                for (int c = 0; c < columns; ++c) data[c] = read(x, c);
                for (int r = 0; r < Rows; ++r) {
                    const f32 factor = splat(w[r]);
                    for (int c = 0; c < columns; ++c) {
                        sum[r][c] += multiply(data[c], factor);
                        seen[c] |= sum[r][c];
                    }
                }
            } else {
                for (int c = 0; c < columns; ++c) {
                    const auto term = product_of<Rows>(t, read(x, c), w, first);
                    for (int r = 0; r < Rows; ++r) {
                        sum[r][c] += term.v[r][0];
                        seen[c] |= sum[r][c];
                    }
                }
            }
            w += Rows;
        }
        V all = seen[0];
        for (int c = 1; c < columns; ++c) all |= seen[c];
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
        [[maybe_unused]] const floor_product multiply;
        for (int k = 0; k < t.s.inputs; ++k) {
            const char* x = t.source() + place(sizeof(Data), t.s.order[k], event);
            tile<T, Rows, 1> term;
            if constexpr (Floor) {
                const f32 data = read(x, 0);
                for (int r = 0; r < Rows; ++r) term.v[r][0] = multiply(data, splat(w[r])) - floor_bias;
            } else {
                term = product_of<Rows>(t, read(x, 0), w, first);
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
