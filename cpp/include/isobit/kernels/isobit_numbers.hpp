// isobit::fixed as a kernel number.
#ifndef ISOBIT_KERNELS_ISOBIT_NUMBERS_HPP
#define ISOBIT_KERNELS_ISOBIT_NUMBERS_HPP

#include "../fixed.hpp"
#include "number.hpp"

namespace isobit {
namespace kernels {

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
struct number<isobit::fixed<W, I, S, Q, O, N>> {
    static constexpr int width = W;
    static constexpr bool is_bit = false;
    template <int W2, int I2>
    using fixed = isobit::fixed<W2, I2>;
    template <int W2>
    using integer = isobit::integer<W2>;
};

template <int W, bool S>
struct number<isobit::integer<W, S>> {
    static constexpr int width = W;
    static constexpr bool is_bit = W == 1 && !S;
    template <int W2, int I2>
    using fixed = isobit::fixed<W2, I2>;
    template <int W2>
    using integer = isobit::integer<W2>;
};

}  // namespace kernels
}  // namespace isobit

#endif
