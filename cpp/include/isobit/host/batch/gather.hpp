// A map without a matrix: few numbers of any rows for each output, combined.
#ifndef ISOBIT_HOST_BATCH_GATHER_HPP
#define ISOBIT_HOST_BATCH_GATHER_HPP

#include "maps.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

template <class T>
struct gathering {
    static constexpr int columns = elementwise<T>::columns;
    static constexpr int events = elementwise<T>::events;
    using weight = T;
    static std::size_t depth(int) { return 0; }

    template <int Rows>
    using values = tile<T, Rows, columns>;

    template <int Rows, class Finish>
    static ISOBIT_INLINE void run(const task& t, const T*, int first) {
        const gathered& g = t.s.gather;
        typename Finish::template rows<Rows> finish{t, first};
        for (int event = 0; event < block; event += events) {
            if constexpr (std::is_same<T, std::int32_t>::value) {
                if (t.s.multiply == product::dot16) {
                    values<Rows> total =
                        g.combine == combination::dot ? dots16<Rows>(t, first, event) : sums16<Rows>(t, first, event);
                    finish.of(total, event);
                    continue;
                }
            } else if constexpr (std::is_same<T, std::int16_t>::value) {
                if (t.s.multiply == product::mulhi16) {
                    values<Rows> product = upper_product<Rows>(t, first, event);
                    finish.of(product, event);
                    continue;
                }
            }
            values<Rows> sum =
                g.combine == combination::dot ? dots<Rows>(t, first, event) : turn<Rows>(t, 0, first, event);
            if (t.s.sum.count != 0 && g.combine == combination::sum) apply_in_loop(sum, t.s.sum, first, t.p);
            const int turns = g.combine == combination::dot ? 0 : g.count;
            for (int k = 1; k < turns; ++k) {
                const values<Rows> next = turn<Rows>(t, k, first, event);
                switch (g.combine) {
                    case combination::sum:
                        join(sum, next, [](vec<T> a, vec<T> b) { return a + b; });
                        apply_in_loop(sum, t.s.sum, first, t.p);
                        break;
                    case combination::product: join(sum, next, [](vec<T> a, vec<T> b) { return a * b; }); break;
                    case combination::least: join(sum, next, [](vec<T> a, vec<T> b) { return least(a, b); }); break;
                    default: join(sum, next, [](vec<T> a, vec<T> b) { return most(a, b); }); break;
                }
            }
            finish.of(sum, event);
        }
    }

private:
    // The sum of products of neighbouring turns, which have neither factors nor the constant.
    template <int Rows>
    static ISOBIT_INLINE values<Rows> dots(const task& t, int first, int event) {
        const char* const from = t.workspace + place(sizeof(T), 0, event);
        values<Rows> sum{};
        const std::int64_t* a = t.s.gather.rows + first;
        for (int k = 0; k < t.s.gather.count; k += 2, a += 2 * t.s.outputs) {
            const std::int64_t* const b = a + t.s.outputs;
            for (int r = 0; r < Rows; ++r)
                for (int c = 0; c < columns; ++c)
                    sum.v[r][c] +=
                        load<vec<T>>(from + a[r] + c * vector_bytes) * load<vec<T>>(from + b[r] + c * vector_bytes);
        }
        return sum;
    }

    // The same of int16, two products at a time; columns are the two halves of a vector.
    template <int Rows>
    static ISOBIT_INLINE values<Rows> dots16(const task& t, int first, int event) {
        static_assert(!std::is_same<T, std::int32_t>::value || columns == 2, "a vector of int16 is two of int32");
        const char* const from = t.workspace + place(2, 0, event);
        const std::ptrdiff_t outputs = t.s.outputs;
        const std::int64_t* row = t.s.gather.rows + first;
        paired sum[Rows] = {};
        int k = 0;
        for (; k + 4 <= t.s.gather.count; k += 4, row += 4 * outputs)
            for (int r = 0; r < Rows; ++r) {
                const std::int64_t* const at = row + r;
                const paired a = pairs_of(load<i16>(from + at[0]), load<i16>(from + at[2 * outputs]));
                const paired b = pairs_of(load<i16>(from + at[outputs]), load<i16>(from + at[3 * outputs]));
                sum[r].low = dot_add(sum[r].low, a.low, b.low);
                sum[r].high = dot_add(sum[r].high, a.high, b.high);
            }
        if (k < t.s.gather.count)
            for (int r = 0; r < Rows; ++r) {
                const paired a = pairs_of(load<i16>(from + row[r]), i16{});
                const paired b = pairs_of(load<i16>(from + row[r + outputs]), i16{});
                sum[r].low = dot_add(sum[r].low, a.low, b.low);
                sum[r].high = dot_add(sum[r].high, a.high, b.high);
            }
        return in_columns(sum);
    }

    // The sum of int16 times their factors, two at a time.
    template <int Rows>
    static ISOBIT_INLINE values<Rows> sums16(const task& t, int first, int event) {
        const char* const from = t.workspace + place(2, 0, event);
        const std::ptrdiff_t outputs = t.s.outputs;
        const std::int64_t* row = t.s.gather.rows + first;
        const std::int32_t* factor = static_cast<const std::int32_t*>(t.s.gather.factors);
        if (factor != nullptr) factor += first;
        paired sum[Rows] = {};
        for (int k = 0; k < t.s.gather.count; k += 2, row += 2 * outputs) {
            const bool both = k + 1 < t.s.gather.count;
            for (int r = 0; r < Rows; ++r) {
                const i16 one = row[r] < 0 ? i16{} : load<i16>(from + row[r]);
                const i16 two = !both || row[r + outputs] < 0 ? i16{} : load<i16>(from + row[r + outputs]);
                i32 factors = splat<std::int32_t>(0x10001);
                if (factor != nullptr) factors = splat((factor[r] & 0xffff) | ((both ? factor[r + outputs] : 0) << 16));
                const paired data = pairs_of(one, two);
                sum[r].low = dot_add(sum[r].low, data.low, factors);
                sum[r].high = dot_add(sum[r].high, data.high, factors);
            }
            if (factor != nullptr) factor += 2 * outputs;
        }
        return in_columns(sum);
    }

    template <int Rows>
    static ISOBIT_INLINE values<Rows> in_columns(const paired (&sum)[Rows]) {
        values<Rows> found;
        for (int r = 0; r < Rows; ++r) {
            const paired halves = ordered(sum[r]);
            found.v[r][0] = (vec<T>)halves.low;
            found.v[r][1] = (vec<T>)halves.high;
        }
        return found;
    }

    // The upper half of each product of two numbers.
    template <int Rows>
    static ISOBIT_INLINE values<Rows> upper_product(const task& t, int first, int event) {
        const gathered& g = t.s.gather;
        const char* const from = t.workspace + place(2, 0, event);
        const std::int64_t *const a = g.rows + first, *const b = a + t.s.outputs;
        values<Rows> found;
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < columns; ++c) {
                const i16 one = load<i16>(from + a[r] + c * vector_bytes) << g.raised[0];
                const i16 two = load<i16>(from + b[r] + c * vector_bytes) << g.raised[1];
                found.v[r][c] = (vec<T>)multiply_high(one, two);
            }
        return found;
    }

    // The numbers of one turn, times its factors.
    template <int Rows>
    static ISOBIT_INLINE values<Rows> turn(const task& t, int k, int first, int event) {
        const gathered& g = t.s.gather;
        const std::int64_t* rows = g.rows + static_cast<std::ptrdiff_t>(k) * t.s.outputs + first;
        const T* factors = static_cast<const T*>(g.factors);
        if (factors != nullptr) factors += static_cast<std::ptrdiff_t>(k) * t.s.outputs + first;
        values<Rows> found;
        for (int r = 0; r < Rows; ++r) {
            if (rows[r] < 0) {
                for (int c = 0; c < columns; ++c) found.v[r][c] = splat(constant<T>(g.fill));
                continue;
            }
            const char* x = t.workspace + rows[r] + place(sizeof(T), 0, event);
            for (int c = 0; c < columns; ++c) found.v[r][c] = load<vec<T>>(x + c * vector_bytes);
            if (factors == nullptr) continue;
            for (int c = 0; c < columns; ++c) found.v[r][c] = found.v[r][c] * splat(factors[r]);
        }
        return found;
    }

    template <int Rows, class F>
    static ISOBIT_INLINE void join(values<Rows>& a, const values<Rows>& b, const F& f) {
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < columns; ++c) a.v[r][c] = f(a.v[r][c], b.v[r][c]);
    }
};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
