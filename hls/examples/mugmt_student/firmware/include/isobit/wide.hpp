// The integers the law is written over, and what it needs to know of each: native ones here, wider ones in limbs.hpp.
//
// std::numeric_limits and std::make_unsigned do not know __int128 under a strict -std=c++14, hence traits of our own.
#ifndef ISOBIT_WIDE_HPP
#define ISOBIT_WIDE_HPP

#include "standard.hpp"

#include <cstdint>

namespace isobit {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

template <class Int>
struct integer_traits;

template <>
struct integer_traits<std::int32_t> {
    using unsigned_type = std::uint32_t;
    static constexpr int bits = 32;
};

template <>
struct integer_traits<std::int64_t> {
    using unsigned_type = std::uint64_t;
    static constexpr int bits = 64;
};

template <>
struct integer_traits<int128> {
    using unsigned_type = uint128;
    static constexpr int bits = 128;
};

template <class Int>
using unsigned_of = typename integer_traits<Int>::unsigned_type;

// Functions live in a namespace of their own, which isobit sees but argument-dependent lookup does not: a user's own
// shift_left(ap_int, int) must not meet this one.
namespace words {

// Two's complement reinterpretation. The result for values above the signed maximum is implementation-defined until
// C++20; GCC and Clang (Vitis HLS included) document it as modulo 2^bits, which is what is wanted.
template <class Int>
constexpr Int as_signed(unsigned_of<Int> bits) {
    return static_cast<Int>(bits);
}

// v * 2^shift modulo 2^bits, for every shift >= 0: never the undefined shift of a negative or by too much.
template <class Int>
constexpr Int shift_left(Int v, int shift) {
    return shift >= integer_traits<Int>::bits
               ? Int{0}
               : as_signed<Int>(static_cast<unsigned_of<Int>>(static_cast<unsigned_of<Int>>(v) << shift));
}

// floor(v / 2^shift) for every shift >= 0.
template <class Int>
constexpr Int shift_right(Int v, int shift) {
    return shift >= integer_traits<Int>::bits ? (v < 0 ? Int{-1} : Int{0}) : static_cast<Int>(v >> shift);
}

// Bit `index` of the infinite two's complement of v, index >= 0.
template <class Int>
constexpr bool bit_of(Int v, int index) {
    return (shift_right(v, index) & 1) != 0;
}

}  // namespace words
using namespace words;

}  // namespace isobit

#endif
