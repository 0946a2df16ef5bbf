// The block's number types from isobit: for a host, fast and without any vendor header.
#ifndef ISOBIT_HLS_NUMBERS_HPP
#define ISOBIT_HLS_NUMBERS_HPP

#include <isobit/fixed.hpp>
#include <isobit/kernels/isobit_numbers.hpp>

namespace numbers {

template <int W, int I>
using fixed = isobit::fixed<W, I>;
template <int W, int I>
using saturated = isobit::fixed<W, I, true, isobit::rounding_mode::RND_CONV, isobit::overflow_mode::SAT>;
template <int W, int I>
using unsigned_saturated = isobit::fixed<W, I, false, isobit::rounding_mode::RND_CONV, isobit::overflow_mode::SAT>;

// Bits in and out, for the constants and the test bench.
template <class T>
T from_raw(long long raw) {
    return T::from_raw(raw);
}
template <class T>
long long bits_of(const T& value) {
    return static_cast<long long>(static_cast<unsigned long long>(value.raw()) & (~0ULL >> (64 - T::width)));
}

}  // namespace numbers

#endif
