// isobit::fixed as a kernel number.
#ifndef ISOBIT_KERNELS_ISOBIT_NUMBERS_HPP
#define ISOBIT_KERNELS_ISOBIT_NUMBERS_HPP

#include "../numbers.hpp"
#include "number.hpp"

namespace isobit {
namespace kernels {

template <class T, int Width>
struct isobit_number {
    static constexpr int width = Width;
    template <int W2, int I2>
    using fixed = isobit::fixed<W2, I2>;
    template <int W2>
    using integer = isobit::integer<W2>;

    static T from_raw(long long raw) { return T::from_bits(raw); }
    template <int Words>
    static T from_raw(const raw_words<Words>& raw) {
        T x{};
        for (int k = 0; k < Words; ++k) x.range(high(k), 64 * k) = isobit::integer<64, false>(raw.word[k]);
        return x;
    }
    static unsigned long long word(const T& x, int k) { return x.range(high(k), 64 * k).to_uint64(); }

private:
    static constexpr int high(int k) { return 64 * k + 63 < Width ? 64 * k + 63 : Width - 1; }
};

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
struct number<isobit::fixed<W, I, S, Q, O, N>> : isobit_number<isobit::fixed<W, I, S, Q, O, N>, W> {
    static constexpr bool is_bit = false;
};

template <int W, bool S>
struct number<isobit::integer<W, S>> : isobit_number<isobit::integer<W, S>, W> {
    static constexpr bool is_bit = W == 1 && !S;
};

}  // namespace kernels
}  // namespace isobit

#endif
