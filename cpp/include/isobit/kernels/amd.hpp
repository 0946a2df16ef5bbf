// AMD's ap_[u]fixed and ap_[u]int as kernel numbers. Include ap_fixed.h and ap_int.h first: under Vitis they are the
// tool's own, on a host hls4ml's open copies.
#ifndef ISOBIT_KERNELS_AMD_HPP
#define ISOBIT_KERNELS_AMD_HPP

#include "number.hpp"

namespace isobit {
namespace kernels {

template <int Width, bool IsBit>
struct amd_number {
    static constexpr int width = Width;
    static constexpr bool is_bit = IsBit;
    template <int W, int I>
    using fixed = ap_fixed<W, I>;
    template <int W>
    using integer = ap_int<W>;
};

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct number<ap_fixed<W, I, Q, O, N>> : amd_number<W, false> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct number<ap_ufixed<W, I, Q, O, N>> : amd_number<W, false> {};
template <int W>
struct number<ap_int<W>> : amd_number<W, false> {};
template <int W>
struct number<ap_uint<W>> : amd_number<W, W == 1> {};

}  // namespace kernels
}  // namespace isobit

#endif
