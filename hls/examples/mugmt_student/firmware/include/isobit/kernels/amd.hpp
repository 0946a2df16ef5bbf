// AMD's ap_[u]fixed and ap_[u]int as kernel numbers. Include ap_fixed.h and ap_int.h first: under Vitis they are the
// tool's own, on a host hls4ml's open copies.
#ifndef ISOBIT_KERNELS_AMD_HPP
#define ISOBIT_KERNELS_AMD_HPP

#include "number.hpp"

namespace isobit {
namespace kernels {

template <class T, int Width, bool IsBit>
struct amd_number {
    static constexpr int width = Width;
    static constexpr bool is_bit = IsBit;
    template <int W, int I>
    using fixed = ap_fixed<W, I>;
    template <int W>
    using integer = ap_int<W>;

    static T from_raw(long long raw) {
        T x;
        x.range(Width - 1, 0) = ap_uint<64>(static_cast<unsigned long long>(raw));
        return x;
    }
    template <int Words>
    static T from_raw(const raw_words<Words>& raw) {
        T x;
        for (int k = 0; k < Words; ++k) x.range(high(k), 64 * k) = ap_uint<64>(raw.word[k]);
        return x;
    }
    static unsigned long long word(const T& x, int k) { return x.range(high(k), 64 * k).to_uint64(); }

private:
    static constexpr int high(int k) { return 64 * k + 63 < Width ? 64 * k + 63 : Width - 1; }
};

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct number<ap_fixed<W, I, Q, O, N>> : amd_number<ap_fixed<W, I, Q, O, N>, W, false> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct number<ap_ufixed<W, I, Q, O, N>> : amd_number<ap_ufixed<W, I, Q, O, N>, W, false> {};
template <int W>
struct number<ap_int<W>> : amd_number<ap_int<W>, W, false> {};
template <int W>
struct number<ap_uint<W>> : amd_number<ap_uint<W>, W, W == 1> {};

}  // namespace kernels
}  // namespace isobit

#endif
