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
