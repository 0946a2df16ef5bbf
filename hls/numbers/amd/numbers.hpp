// The block's number types from AMD: for Vitis HLS, and for a host with the open ap_types headers.
//
// Which family a build uses is decided by its include path (hls/numbers/amd or hls/numbers/isobit), not by an #ifdef.
#ifndef ISOBIT_HLS_NUMBERS_HPP
#define ISOBIT_HLS_NUMBERS_HPP

#include <ap_fixed.h>
#include <ap_int.h>

#include <isobit/kernels/amd.hpp>

namespace numbers {

template <int W, int I>
using fixed = ap_fixed<W, I>;
template <int W, int I>
using saturated = ap_fixed<W, I, AP_RND_CONV, AP_SAT>;
template <int W, int I>
using unsigned_saturated = ap_ufixed<W, I, AP_RND_CONV, AP_SAT>;

// Bits in and out, for the constants and the test bench.
template <class T>
T from_raw(long long raw) {
    T value;
    value.range(T::width - 1, 0) = raw;
    return value;
}
template <class T>
long long bits_of(const T& value) {
    return static_cast<long long>(ap_uint<T::width>(value.range(T::width - 1, 0)).to_uint64());
}

}  // namespace numbers

#endif
