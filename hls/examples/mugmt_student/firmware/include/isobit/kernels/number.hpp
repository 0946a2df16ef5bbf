// What a kernel asks of a compile-time number type, whichever family it comes from.
//
// AMD's types are described in amd.hpp, isobit's in isobit_numbers.hpp; kernels include neither.
#ifndef ISOBIT_KERNELS_NUMBER_HPP
#define ISOBIT_KERNELS_NUMBER_HPP

#include "../standard.hpp"

namespace isobit {
namespace kernels {

// Specialised per family:
//   static constexpr int width;                       total bits
//   static constexpr bool is_bit;                     ap_uint<1>: hls4ml's binary (XNOR) data and weights
//   template <int W, int I> using fixed;              signed fixed-point type of the same family
//   template <int W> using integer;                   signed ap_int of the same family
//   static T from_raw(long long raw);                 the number with the low `width` (<= 64) bits of raw
//   static T from_raw(const raw_words<N>& raw);       the same for any width
//   static unsigned long long word(const T&, int k);  bits 64 k and up of its raw integer, zero above the width
template <class T>
struct number;

// A raw integer that no native one holds: 64-bit words, the low one first.
template <int Words>
struct raw_words {
    unsigned long long word[Words];
};

// A power-of-two weight as hls4ml writes it: sign 1 is plus, `weight` the exponent.
template <class Sign, class Exponent>
struct exponential {
    Sign sign;
    Exponent weight;
};

// ceil(log2(n)), at least 1: nnet_helpers.h's ceillog2, which sizes the XNOR layer's result.
constexpr int ceil_log2(int n) { return n <= 2 ? 1 : 1 + ceil_log2((n + 1) / 2); }

}  // namespace kernels
}  // namespace isobit

#endif
