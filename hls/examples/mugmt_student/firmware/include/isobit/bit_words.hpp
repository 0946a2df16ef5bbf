// Single bits of unsigned integers: native ones by shifts, limbs by the word that holds the bit.
//
// Indices are within the integer; callers check them.
#ifndef ISOBIT_BIT_WORDS_HPP
#define ISOBIT_BIT_WORDS_HPP

#include <cstdint>

#include "limbs.hpp"

namespace isobit {
namespace detail {

template <class Bits>
constexpr bool get_bit(const Bits& v, int index) {
    return ((v >> index) & 1) != 0;
}
template <int K>
constexpr bool get_bit(const limbs<K, false>& v, int index) {
    return (v.get(index / 64) >> (index % 64) & 1) != 0;
}

template <class Bits>
constexpr Bits with_bit(const Bits& v, int index, bool value) {
    const Bits one = static_cast<Bits>(Bits{1} << index);
    return static_cast<Bits>(value ? v | one : v & static_cast<Bits>(~one));
}
template <int K>
constexpr limbs<K, false> with_bit(const limbs<K, false>& v, int index, bool value) {
    limbs<K, false> result = v;
    const std::uint64_t one = std::uint64_t{1} << (index % 64);
    result.set(index / 64, value ? v.get(index / 64) | one : v.get(index / 64) & ~one);
    return result;
}

constexpr bool odd(std::uint32_t v) { return __builtin_parity(v) != 0; }
constexpr bool odd(std::uint64_t v) { return __builtin_parityll(v) != 0; }
constexpr bool odd(uint128 v) { return odd(static_cast<std::uint64_t>(v ^ v >> 64)); }
template <int K>
constexpr bool odd(const limbs<K, false>& v) {
    std::uint64_t all = 0;
    for (int i = 0; i < K; ++i) all ^= v.get(i);
    return odd(all);
}

// Number of bits up to and including the highest one that is set.
constexpr int used(std::uint32_t v) { return v == 0 ? 0 : 32 - __builtin_clz(v); }
constexpr int used(std::uint64_t v) { return v == 0 ? 0 : 64 - __builtin_clzll(v); }
constexpr int used(uint128 v) {
    const std::uint64_t high = static_cast<std::uint64_t>(v >> 64);
    return high != 0 ? 64 + used(high) : used(static_cast<std::uint64_t>(v));
}
template <int K>
constexpr int used(const limbs<K, false>& v) {
    return v.used_bits();
}

// The low `length` bits of v in reverse order.
template <class Bits>
constexpr Bits reversed(const Bits& v, int length) {
    Bits result{};
    for (int i = 0; i < length; ++i) {
        if (get_bit(v, i)) result = with_bit(result, length - 1 - i, true);
    }
    return result;
}

// Ones in the low `length` bits, length >= 0.
template <class Bits>
constexpr Bits low_ones(int length) {
    return length <= 0 ? Bits{0} : static_cast<Bits>(static_cast<Bits>((Bits{1} << (length - 1)) << 1) - 1);
}

}  // namespace detail
}  // namespace isobit

#endif
