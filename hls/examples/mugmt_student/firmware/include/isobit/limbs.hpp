// limbs<K>: a two's complement integer of 64 K bits, for formats that no native integer holds.
//
// Everything is modulo 2^(64 K), as for a native unsigned integer; nothing is undefined, whatever the values. Signed
// and unsigned limbs differ in comparison, in >> and in how they widen, as native integers do.
#ifndef ISOBIT_LIMBS_HPP
#define ISOBIT_LIMBS_HPP

#include "standard.hpp"

#include <cstdint>
#include <type_traits>

#include "wide.hpp"

namespace isobit {

template <int K, bool Signed = true>
class limbs;

namespace detail {

// Native integers, __int128 included, which std::is_integral leaves out under a strict -std.
template <class T>
struct is_native : std::integral_constant<bool, std::is_integral<T>::value || std::is_same<T, int128>::value ||
                                                    std::is_same<T, uint128>::value> {};

template <class T>
using if_native = typename std::enable_if<is_native<T>::value, int>::type;

}  // namespace detail

template <int K, bool Signed>
class limbs {
    static_assert(K >= 1, "isobit::limbs: at least one word");

public:
    using word = std::uint64_t;
    static constexpr int count = K;
    static constexpr int bits = 64 * K;

    limbs() = default;

    template <class T, detail::if_native<T> = 0>
    constexpr limbs(T value) : word_{} {
        const word fill = value < T(0) ? ~word{0} : word{0};
        word_[0] = static_cast<word>(value);
        if (K > 1) word_[K > 1 ? 1 : 0] = sizeof(T) > 8 ? static_cast<word>(static_cast<uint128>(value) >> 64) : fill;
        for (int i = 2; i < K; ++i) word_[i] = fill;
    }

    // Sign-extends a signed source, drops high words that do not fit.
    template <int K2, bool S2>
    constexpr explicit limbs(const limbs<K2, S2>& source) : word_{} {
        const word fill = source.fill();
        for (int i = 0; i < K; ++i) word_[i] = i < K2 ? source.get(i) : fill;
    }

    // The low bits, as conversion between native integers gives them.
    template <class T, detail::if_native<T> = 0>
    constexpr explicit operator T() const {
        return sizeof(T) > 8 ? static_cast<T>(static_cast<uint128>(get(0)) |
                                              static_cast<uint128>(K > 1 ? get(K > 1) : fill()) << 64)
                             : static_cast<T>(get(0));
    }

    constexpr word get(int index) const { return word_[index]; }
    constexpr void set(int index, word value) { word_[index] = value; }
    constexpr bool negative() const { return Signed && (word_[K - 1] >> 63) != 0; }
    constexpr word fill() const { return negative() ? ~word{0} : word{0}; }
    constexpr bool zero() const {
        for (int i = 0; i < K; ++i) {
            if (word_[i] != 0) return false;
        }
        return true;
    }

    // Number of bits up to and including the highest one that is set.
    constexpr int used_bits() const {
        for (int i = K - 1; i >= 0; --i) {
            if (word_[i] != 0) return 64 * (i + 1) - __builtin_clzll(word_[i]);
        }
        return 0;
    }

    friend constexpr limbs operator+(const limbs& a, const limbs& b) {
        limbs r{};
        word carry = 0;
        for (int i = 0; i < K; ++i) {
            const word sum = a.word_[i] + b.word_[i];
            r.word_[i] = sum + carry;
            carry = static_cast<word>(sum < a.word_[i]) | static_cast<word>(r.word_[i] < sum);
        }
        return r;
    }
    friend constexpr limbs operator-(const limbs& a, const limbs& b) { return a + ~b + limbs(1); }
    friend constexpr limbs operator-(const limbs& a) { return ~a + limbs(1); }

    friend constexpr limbs operator*(const limbs& a, const limbs& b) {
        limbs r{};
        for (int i = 0; i < K; ++i) {
            word carry = 0;
            for (int j = 0; i + j < K; ++j) {
                const uint128 t = static_cast<uint128>(a.word_[i]) * b.word_[j] + r.word_[i + j] + carry;
                r.word_[i + j] = static_cast<word>(t);
                carry = static_cast<word>(t >> 64);
            }
        }
        return r;
    }

    friend constexpr limbs operator~(const limbs& a) {
        limbs r{};
        for (int i = 0; i < K; ++i) r.word_[i] = ~a.word_[i];
        return r;
    }
    friend constexpr limbs operator&(const limbs& a, const limbs& b) {
        limbs r{};
        for (int i = 0; i < K; ++i) r.word_[i] = a.word_[i] & b.word_[i];
        return r;
    }
    friend constexpr limbs operator|(const limbs& a, const limbs& b) {
        limbs r{};
        for (int i = 0; i < K; ++i) r.word_[i] = a.word_[i] | b.word_[i];
        return r;
    }
    friend constexpr limbs operator^(const limbs& a, const limbs& b) {
        limbs r{};
        for (int i = 0; i < K; ++i) r.word_[i] = a.word_[i] ^ b.word_[i];
        return r;
    }

    // Shifts take any amount >= 0.
    friend constexpr limbs operator<<(const limbs& a, int amount) {
        limbs r{};
        const int words = amount / 64, rest = amount % 64;
        for (int i = K - 1; i >= words; --i) {
            r.word_[i] = a.word_[i - words] << rest;
            if (rest != 0 && i > words) r.word_[i] |= a.word_[i - words - 1] >> (64 - rest);
        }
        return r;
    }
    friend constexpr limbs operator>>(const limbs& a, int amount) {
        limbs r{};
        const word fill = a.fill();
        const int words = amount / 64, rest = amount % 64;
        for (int i = 0; i < K; ++i) {
            const word low = i < K - words ? a.word_[i + words] : fill;
            const word high = i + 1 < K - words ? a.word_[i + words + 1] : fill;
            r.word_[i] = rest == 0 ? low : low >> rest | high << (64 - rest);
        }
        return r;
    }

    friend constexpr bool operator==(const limbs& a, const limbs& b) {
        for (int i = 0; i < K; ++i) {
            if (a.word_[i] != b.word_[i]) return false;
        }
        return true;
    }
    friend constexpr bool operator!=(const limbs& a, const limbs& b) { return !(a == b); }
    friend constexpr bool operator<(const limbs& a, const limbs& b) {
        if (a.negative() != b.negative()) return a.negative();
        for (int i = K - 1; i >= 0; --i) {
            if (a.word_[i] != b.word_[i]) return a.word_[i] < b.word_[i];
        }
        return false;
    }
    friend constexpr bool operator>(const limbs& a, const limbs& b) { return b < a; }
    friend constexpr bool operator<=(const limbs& a, const limbs& b) { return !(b < a); }
    friend constexpr bool operator>=(const limbs& a, const limbs& b) { return !(a < b); }

private:
    word word_[K];
};

template <int K, bool Signed>
constexpr int limbs<K, Signed>::count;
template <int K, bool Signed>
constexpr int limbs<K, Signed>::bits;

template <int K>
struct integer_traits<limbs<K, true>> {
    using unsigned_type = limbs<K, false>;
    static constexpr int bits = 64 * K;
};

}  // namespace isobit

#endif
