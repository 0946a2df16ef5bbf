// Quotient and remainder of integers, rounded toward zero as in C, for native integers and for limbs.
//
// A divisor of zero traps, as a native division does (and as the open headers do): see divided_by_zero.
#ifndef ISOBIT_DIVIDE_HPP
#define ISOBIT_DIVIDE_HPP

#include "limbs.hpp"

namespace isobit {
namespace detail {

// Ends the program like the hardware's own division by zero; inside a constant expression it does not compile.
[[noreturn]] inline void divided_by_zero() { __builtin_trap(); }

template <class Int>
struct quotient_remainder {
    Int quotient, remainder;
};

// Unsigned long division in base 2^32 (Knuth, The Art of Computer Programming 4.3.1, algorithm D).
template <int K>
constexpr quotient_remainder<limbs<K, false>> divide_unsigned(const limbs<K, false>& a, const limbs<K, false>& b) {
    using number = limbs<K, false>;
    using word = std::uint64_t;
    if (b.zero()) divided_by_zero();
    if (a < b) return {number(0), a};

    const int divisor_bits = b.used_bits();
    const int digits = (divisor_bits + 31) / 32;
    const int scale = 32 * digits - divisor_bits;  // moves the divisor's top bit to the top of its top digit
    const number divisor = b << scale;
    word v[2 * K]{}, u[2 * K + 1]{}, q[2 * K]{};
    for (int i = 0; i < 2 * K; ++i) v[i] = divisor.get(i / 2) >> (i % 2 * 32) & 0xffffffffu;
    const number dividend = a << scale;
    for (int i = 0; i < 2 * K; ++i) u[i] = dividend.get(i / 2) >> (i % 2 * 32) & 0xffffffffu;
    u[2 * K] = scale == 0 ? 0 : a.get(K - 1) >> (64 - scale);

    if (digits == 1) {
        word rest = u[2 * K];
        for (int j = 2 * K - 1; j >= 0; --j) {
            const word t = rest << 32 | u[j];
            q[j] = t / v[0];
            rest = t % v[0];
            u[j] = 0;
        }
        u[0] = rest;
        u[2 * K] = 0;
    } else {
        for (int j = 2 * K - digits; j >= 0; --j) {
            const word top = u[j + digits] << 32 | u[j + digits - 1];
            word estimate = top / v[digits - 1], rest = top % v[digits - 1];
            while (estimate >> 32 != 0 || estimate * v[digits - 2] > (rest << 32 | u[j + digits - 2])) {
                --estimate;
                rest += v[digits - 1];
                if (rest >> 32 != 0) break;
            }
            word carry = 0, borrow = 0;
            for (int i = 0; i < digits; ++i) {
                const word product = estimate * v[i] + carry;
                carry = product >> 32;
                const word difference = u[i + j] - (product & 0xffffffffu) - borrow;
                u[i + j] = difference & 0xffffffffu;
                borrow = difference >> 63;
            }
            const word difference = u[j + digits] - carry - borrow;
            u[j + digits] = difference & 0xffffffffu;
            if (difference >> 63 != 0) {  // the estimate was one too large
                --estimate;
                carry = 0;
                for (int i = 0; i < digits; ++i) {
                    const word sum = u[i + j] + v[i] + carry;
                    u[i + j] = sum & 0xffffffffu;
                    carry = sum >> 32;
                }
                u[j + digits] = (u[j + digits] + carry) & 0xffffffffu;
            }
            q[j] = estimate;
        }
    }
    number quotient(0), remainder(0);
    for (int i = 0; i < K; ++i) {
        quotient.set(i, q[2 * i] | q[2 * i + 1] << 32);
        remainder.set(i, u[2 * i] | u[2 * i + 1] << 32);
    }
    return {quotient, remainder >> scale};
}

template <class Int>
struct division {
    static constexpr quotient_remainder<Int> of(Int a, Int b) {
        if (b == 0) divided_by_zero();
        if (b == -1) return {as_signed<Int>(unsigned_of<Int>{0} - static_cast<unsigned_of<Int>>(a)), Int{0}};
        return {static_cast<Int>(a / b), static_cast<Int>(a % b)};
    }
};

template <int K>
struct division<limbs<K, true>> {
    using number = limbs<K, true>;
    static constexpr quotient_remainder<number> of(const number& a, const number& b) {
        using magnitude = limbs<K, false>;
        const auto r = divide_unsigned(magnitude(a < 0 ? -a : a), magnitude(b < 0 ? -b : b));
        const number quotient(r.quotient), remainder(r.remainder);
        return {(a < 0) != (b < 0) ? -quotient : quotient, a < 0 ? -remainder : remainder};
    }
};

}  // namespace detail

namespace words {

template <class Int>
constexpr Int quotient(const Int& a, const Int& b) {
    return detail::division<Int>::of(a, b).quotient;
}

template <class Int>
constexpr Int remainder(const Int& a, const Int& b) {
    return detail::division<Int>::of(a, b).remainder;
}

}  // namespace words

}  // namespace isobit

#endif
