// Unsigned integers of any length, with the few operations that text needs: words, least significant first, and no
// zero word on top (zero has no words).
//
// This and the other functions of text are templates of nothing, so that a program that writes no number does not
// compile what writes one.
#ifndef ISOBIT_HOST_MAGNITUDE_HPP
#define ISOBIT_HOST_MAGNITUDE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../wide.hpp"

namespace isobit {
namespace host {

using magnitude = std::vector<std::uint64_t>;

template <class = void>
void trim(magnitude& m) {
    while (!m.empty() && m.back() == 0) m.pop_back();
}

// m * factor + addend.
template <class = void>
void multiply_add(magnitude& m, std::uint64_t factor, std::uint64_t addend) {
    uint128 carry = addend;
    for (std::uint64_t& word : m) {
        carry += static_cast<uint128>(word) * factor;
        word = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    if (carry != 0) m.push_back(static_cast<std::uint64_t>(carry));
    trim(m);
}

// m becomes floor(m / divisor); returns the remainder.
template <class = void>
std::uint64_t divide(magnitude& m, std::uint64_t divisor) {
    uint128 rest = 0;
    for (std::size_t i = m.size(); i-- > 0;) {
        rest = rest << 64 | m[i];
        m[i] = static_cast<std::uint64_t>(rest / divisor);
        rest %= divisor;
    }
    trim(m);
    return static_cast<std::uint64_t>(rest);
}

// m * 2^bits, bits >= 0.
template <class = void>
void shift_up(magnitude& m, std::int64_t bits) {
    if (m.empty()) return;
    const auto rest = static_cast<unsigned>(bits % 64);
    if (rest != 0) multiply_add(m, std::uint64_t{1} << rest, 0);
    m.insert(m.begin(), static_cast<std::size_t>(bits / 64), 0);
}

// m becomes floor(m / 2^bits), bits >= 0; returns whether a one was dropped.
template <class = void>
bool shift_down(magnitude& m, std::int64_t bits) {
    const auto words = static_cast<std::size_t>(bits / 64);
    bool dropped = false;
    for (std::size_t i = 0; i < words && i < m.size(); ++i) dropped = dropped || m[i] != 0;
    m.erase(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(words < m.size() ? words : m.size()));
    const auto rest = static_cast<unsigned>(bits % 64);
    if (rest != 0) dropped = divide(m, std::uint64_t{1} << rest) != 0 || dropped;
    return dropped;
}

// m modulo 2^bits, bits >= 0; returns whether a one was dropped.
template <class = void>
bool keep_low(magnitude& m, std::int64_t bits) {
    const auto words = static_cast<std::size_t>(bits / 64);
    if (m.size() <= words) return false;
    const std::uint64_t mask = (std::uint64_t{1} << (bits % 64)) - 1;
    bool dropped = (m[words] & ~mask) != 0;
    for (std::size_t i = words + 1; i < m.size(); ++i) dropped = dropped || m[i] != 0;
    m[words] &= mask;
    m.resize(words + 1);
    trim(m);
    return dropped;
}

template <class = void>
std::int64_t bit_length(const magnitude& m) {
    if (m.empty()) return 0;
    std::int64_t bits = static_cast<std::int64_t>(m.size() - 1) * 64;
    for (std::uint64_t top = m.back(); top != 0; top >>= 1) ++bits;
    return bits;
}

// The `length` bits of m from `low` on, length 1 to 64.
template <class = void>
std::uint64_t bits_at(const magnitude& m, std::int64_t low, int length) {
    const auto word = static_cast<std::size_t>(low / 64);
    const auto offset = static_cast<unsigned>(low % 64);
    uint128 window = word < m.size() ? m[word] : 0;
    if (word + 1 < m.size()) window |= static_cast<uint128>(m[word + 1]) << 64;
    const uint128 mask = (uint128{1} << length) - 1;
    return static_cast<std::uint64_t>(window >> offset & mask);
}

// |v| of a two's complement number.
template <class = void>
magnitude absolute(const std::uint64_t* words, int count, bool negative) {
    magnitude m(words, words + count);
    if (negative) {
        bool carry = true;
        for (std::uint64_t& word : m) {
            word = ~word + (carry ? 1 : 0);
            carry = carry && word == 0;
        }
    }
    trim(m);
    return m;
}

}  // namespace host
}  // namespace isobit

#endif
