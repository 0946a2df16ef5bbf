// The linear maps of a block: register tiles of tile_rows outputs by some vectors of events.
#ifndef ISOBIT_HOST_BATCH_MAPS_HPP
#define ISOBIT_HOST_BATCH_MAPS_HPP

#include "finish.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// The rows that a map multiplies, one after another: neighbours, or those of a window (`order`).
template <bool Window>
class rows_of {
public:
    ISOBIT_INLINE rows_of(const task& t, std::size_t bytes, int event)
        : row_(t.source() + place(bytes, 0, event)), order_(t.s.order), bytes_(place(bytes, 1, 0)) {}

    ISOBIT_INLINE const char* next() {
        if constexpr (Window) {
            return row_ + static_cast<std::size_t>(*order_++) * bytes_;
        } else {
            const char* const row = row_;
            row_ += bytes_;
            return row;
        }
    }

private:
    const char* row_;
    const std::int32_t* order_;
    std::size_t bytes_;
};

// -- one multiplication for each number
// --------------------------------------------------------------------------------

template <class T, bool Window = false>
struct plain {
    static constexpr int columns = 3;
    static constexpr int events = columns * vector_of<T>::lanes;
    using weight = T;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>(inputs); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const T* weights, int first) {
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<T, Rows, columns> sum;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c) sum.v[r][c] = splat(t.start<T>()[first + r]);
            rows_of<Window> rows(t, sizeof(T), event);
            const T* w = weights;
            for (int k = 0; k < t.s.inputs; ++k) {
                const char* const x = rows.next();
                vec<T> data[columns];
                for (int c = 0; c < columns; ++c) data[c] = load<vec<T>>(x + c * vector_bytes);
                for (int r = 0; r < Rows; ++r) {
                    const vec<T> factor = splat(w[r]);
                    for (int c = 0; c < columns; ++c) sum.v[r][c] += factor * data[c];
                }
                w += Rows;
            }
            finish.of(sum, event);
        }
    }
};

// -- integer dot products
// ----------------------------------------------------------------------------------------------

// Accumulators of int32 in the stage's lane; more vectors where that is wider.
template <class T, int Rows, int Columns>
struct widened {
    static constexpr int parts = vector_of<std::int32_t>::lanes / vector_of<T>::lanes;

    static ISOBIT_INLINE tile<T, Rows, Columns * parts> of(const tile<std::int32_t, Rows, Columns>& sum) {
        tile<T, Rows, Columns * parts> wide;
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c) {
                if constexpr (parts == 1) {
                    wide.v[r][c] = convert<vec<T>>(sum.v[r][c]);
                } else {
                    i32_half half[2];
                    std::memcpy(half, &sum.v[r][c], sizeof half);
                    wide.v[r][2 * c] = convert<vec<T>>(half[0]);
                    wide.v[r][2 * c + 1] = convert<vec<T>>(half[1]);
                }
            }
        return wide;
    }
};

template <class T, bool Window = false>
struct dot16 {
    static constexpr int columns = 2;
    static constexpr int events = columns * vector_of<std::int32_t>::lanes;
    using weight = std::int32_t;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>((inputs + 1) / 2); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const std::int32_t* weights, int first) {
        const int pairs = (t.s.inputs + 1) / 2;
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<std::int32_t, Rows, columns> sum;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c) sum.v[r][c] = splat(t.start<std::int32_t>()[first + r]);
            rows_of<Window> rows(t, 4, event);
            const std::int32_t* w = weights;
            ISOBIT_UNROLL_TWICE
            for (int k = 0; k < pairs; ++k) {
                const char* const x = rows.next();
                i32 data[columns];
                for (int c = 0; c < columns; ++c) data[c] = load<i32>(x + c * vector_bytes);
                for (int r = 0; r < Rows; ++r) {
                    const i32 factor = splat(w[r]);
                    for (int c = 0; c < columns; ++c) sum.v[r][c] = dot_add(sum.v[r][c], data[c], factor);
                }
                w += Rows;
            }
            auto wide = widened<T, Rows, columns>::of(sum);
            finish.of(wide, event);
        }
    }
};

template <class T>
struct dot16_split {
    static constexpr int columns = 1;
    static constexpr int events = vector_of<std::int32_t>::lanes;
    using weight = std::int32_t;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>((inputs + 1) / 2); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const std::int32_t* weights, int first) {
        const int pairs = (t.s.inputs + 1) / 2;
        const std::size_t to_high = place(4, pairs, 0);
        const vec<T> factor_high = splat(static_cast<T>(std::int64_t{1} << t.s.split));
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<std::int32_t, Rows, 1> low, high;
            for (int r = 0; r < Rows; ++r) {
                low.v[r][0] = splat(t.start<std::int32_t>()[first + r]);
                high.v[r][0] = i32{};
            }
            const char* x = t.source() + place(4, 0, event);
            const std::int32_t* w = weights;
            for (int k = 0; k < pairs; ++k) {
                const i32 low_data = load<i32>(x), high_data = load<i32>(x + to_high);
                for (int r = 0; r < Rows; ++r) {
                    const i32 factor = splat(w[r]);
                    low.v[r][0] = dot_add(low.v[r][0], low_data, factor);
                    high.v[r][0] = dot_add(high.v[r][0], high_data, factor);
                }
                w += Rows;
                x += place(4, 1, 0);
            }
            auto sum = widened<T, Rows, 1>::of(low);
            const auto top = widened<T, Rows, 1>::of(high);
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < widened<T, Rows, 1>::parts; ++c) sum.v[r][c] += top.v[r][c] * factor_high;
            finish.of(sum, event);
        }
    }
};

// -- products that are rounded down, each by itself
// ---------------------------------------------------------------------

template <class T, bool Window = false>
struct floor32 {
    static constexpr int columns = 2;
    static constexpr int events = columns * vector_of<float>::lanes;
    using weight = float;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>(inputs); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const float* weights, int first) {
        // Modulo 2^32, as the sums.
        const auto biases = static_cast<std::uint32_t>(t.s.inputs) * static_cast<std::uint32_t>(floor_bias);
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<std::int32_t, Rows, columns> sum;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c)
                    sum.v[r][c] = splat(static_cast<std::int32_t>(
                        static_cast<std::uint32_t>(t.start<std::int32_t>()[first + r]) - biases));
            const floor_product multiply;
            rows_of<Window> rows(t, 4, event);
            const float* w = weights;
            ISOBIT_UNROLL_TWICE
            for (int k = 0; k < t.s.inputs; ++k) {
                const char* const x = rows.next();
                f32 data[columns];
                for (int c = 0; c < columns; ++c) data[c] = load<f32>(x + c * vector_bytes);
                for (int r = 0; r < Rows; ++r) {
                    const f32 factor = splat(w[r]);
                    for (int c = 0; c < columns; ++c) sum.v[r][c] += multiply(data[c], factor);
                }
                w += Rows;
            }
            auto wide = widened<T, Rows, columns>::of(sum);
            finish.of(wide, event);
        }
    }
};

template <bool Window = false>
struct mulhi16 {
    static constexpr int lanes = vector_of<std::int16_t>::lanes;
    static constexpr int columns = block % (2 * lanes) == 0 ? 2 : 3;
    static constexpr int events = columns * lanes;
    using weight = std::int32_t;  // twice the same int16: a broadcast of 32 bits is a plain load
    static std::size_t depth(int inputs) { return static_cast<std::size_t>(inputs); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const std::int32_t* weights, int first) {
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<std::int16_t, Rows, columns> sum;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c) sum.v[r][c] = splat(t.start<std::int16_t>()[first + r]);
            rows_of<Window> rows(t, 2, event);
            const std::int32_t* w = weights;
            ISOBIT_UNROLL_TWICE
            for (int k = 0; k < t.s.inputs; ++k) {
                const char* const x = rows.next();
                i16 data[columns];
                for (int c = 0; c < columns; ++c) data[c] = load<i16>(x + c * vector_bytes);
                for (int r = 0; r < Rows; ++r) {
                    const i16 factor = (i16)splat(w[r]);
                    for (int c = 0; c < columns; ++c) sum.v[r][c] += multiply_high(data[c], factor);
                }
                w += Rows;
            }
            for (int r = 0; r < Rows; ++r) {
                const std::int32_t* places = t.s.whole.places + first + r;
                for (std::int32_t i = places[0]; i < places[1]; ++i) {
                    const std::int32_t input = t.s.whole.inputs[i];
                    const char* data = t.source() + place(2, Window ? t.s.order[input] : input, event);
                    const i16 factor = splat(t.s.whole.weights[i]);
                    for (int c = 0; c < columns; ++c) sum.v[r][c] += load<i16>(data + c * vector_bytes) * factor;
                }
            }
            finish.of(sum, event);
        }
    }
};

// -- each product and each sum through steps of its own, in the hardware's order
// -----------------------------------------

template <class T>
struct sequential {
    static constexpr int columns = 2;
    static constexpr int events = columns * vector_of<T>::lanes;
    using weight = T;
    static std::size_t depth(int inputs) { return static_cast<std::size_t>(inputs); }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const T* weights, int first) {
        const vec<T> offset = splat(constant<T>(t.s.offset));
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<T, Rows, columns> sum;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c) sum.v[r][c] = splat(t.start<T>()[first + r]);
            const T* w = weights;
            for (int k = 0; k < t.s.inputs; ++k) {
                const char* x = t.source() + place(sizeof(T), t.s.order[k], event);
                tile<T, Rows, columns> term;
                for (int c = 0; c < columns; ++c) {
                    const vec<T> data = load<vec<T>>(x + c * vector_bytes);
                    for (int r = 0; r < Rows; ++r) term.v[r][c] = data * w[r] + offset;
                }
                apply_in_loop(term, t.s.term, first, t.p);
                for (int r = 0; r < Rows; ++r)
                    for (int c = 0; c < columns; ++c) sum.v[r][c] += term.v[r][c];
                apply_in_loop(sum, t.s.sum, first, t.p);
                w += Rows;
            }
            finish.of(sum, event);
        }
    }
};

// -- no sums
// -----------------------------------------------------------------------------------------------------------

template <class T>
struct elementwise {
    static constexpr int columns = block % (2 * vector_of<T>::lanes) == 0 ? 2 : 3;
    static constexpr int events = columns * vector_of<T>::lanes;
    using weight = T;
    static std::size_t depth(int) { return 1; }

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const T*, int first) {
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            tile<T, Rows, columns> values;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c) {
                    const char* x = t.source() + place(sizeof(T), first + r, event);
                    values.v[r][c] = load<vec<T>>(x + c * vector_bytes);
                }
            finish.of(values, event);
        }
    }
};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
