// Operators and casts beside Algorithmic C's (ac_fixed.h, ac_int.h as hls4ml ships them).
#pragma once

#include "against.hpp"

#include <ac_fixed.h>
#include <ac_int.h>

// Results are compared as numbers of one family: type (width, integer bits, sign) and bits.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
std::string plain(const ap_fixed_base<W, I, S, Q, O, N>*) {
    return std::to_string(W) + "," + std::to_string(I) + (S ? ",s" : ",u");
}
template <int W, bool S>
std::string plain(const ap_int_base<W, S>*) {
    return std::to_string(W) + "," + std::to_string(W) + (S ? ",s" : ",u");
}
template <int W, int I, bool S, ac_q_mode Q, ac_o_mode O>
std::string plain(const ac_fixed<W, I, S, Q, O>*) {
    return std::to_string(W) + "," + std::to_string(I) + (S ? ",s" : ",u");
}
template <int W, bool S>
std::string plain(const ac_int<W, S>*) {
    return std::to_string(W) + "," + std::to_string(W) + (S ? ",s" : ",u");
}
inline std::string plain(const bool*) { return "bool"; }

template <int W, class T>
void read_bits(const T& x, Raw& out) {
    out.words = words_of(W);
    for (int i = 0; i < out.words; ++i)
        for (int bit = 64 * i; bit < W && bit < 64 * (i + 1); ++bit)
            out.w[i] = (out.w[i] & ~(word(1) << bit % 64)) | word(x.template slc<1>(bit).to_int() & 1) << bit % 64;
}
template <int W, int I, bool S, ac_q_mode Q, ac_o_mode O>
void read(const ac_fixed<W, I, S, Q, O>& x, Raw& out) {
    read_bits<W>(x, out);
}
template <int W, bool S>
void read(const ac_int<W, S>& x, Raw& out) {
    read_bits<W>(x, out);
}

template <class T, int W>
T make_ac(const Raw& raw) {
    T x = 0;
    for (int bit = 0; bit < W; ++bit) x.set_slc(bit, ac_int<1, false>(int(raw.w[bit / 64] >> bit % 64 & 1)));
    return x;
}

template <class T, class U>
void same(Tally& tally, const char* operation, const T& ours, const U& theirs) {
    Raw a, b;
    read(ours, a);
    read(theirs, b);
    tally.compare(operation, plain(static_cast<const T*>(nullptr)), a, plain(static_cast<const U*>(nullptr)), b);
}

template <class A, class AcA, class B, class AcB>
void operators_ac(Tally& tally, word seed = 0, int limit = 0) {
    tally.types(name<A>() + " . " + name<B>());
    for (const auto& pair : pairs_of(A::width, B::width, seed, limit)) {
        const A a = make<A>(pair.first);
        const B b = make<B>(pair.second);
        const AcA x = make_ac<AcA, A::width>(pair.first);
        const AcB y = make_ac<AcB, B::width>(pair.second);
        tally.operands(pair.first, pair.second);
        same(tally, "+", a + b, x + y);
        same(tally, "-", a - b, x - y);
        same(tally, "*", a * b, x * y);
        same(tally, "&", a & b, x & y);
        same(tally, "|", a | b, x | y);
        same(tally, "^", a ^ b, x ^ y);
        same(tally, "==", a == b, x == y);
        same(tally, "!=", a != b, x != y);
        same(tally, "<", a < b, x < y);
        same(tally, "<=", a <= b, x <= y);
        same(tally, ">", a > b, x > y);
        same(tally, ">=", a >= b, x >= y);
        same(tally, "-a", -a, -x);
        same(tally, "~a", ~a, ~x);
        if (pair.second.zero()) continue;
        same(tally, "/", a / b, x / y);
        if constexpr (About<A>::family == 'i' && About<B>::family == 'i') same(tally, "%", a % b, x % y);
    }
}

template <class S, class AcS, class T, class AcT>
void cast_ac(Tally& tally, word seed = 0, int count = 60) {
    tally.types(name<S>() + " -> " + name<T>());
    Raw none;
    for (const Raw& raw : values_of(S::width, seed, count)) {
        tally.operands(raw, none);
        const T t = make<S>(raw);
        const AcT u = make_ac<AcS, S::width>(raw);
        same(tally, "=", t, u);
    }
}
