// Values to get right, one line each: what a user may look up in a table, computed by the headers under test.
//
//   check(line, value, wanted)            AMD's headers and isobit's must both give `wanted`
//   differs(name, line, value, amd, ours) a known defect of AMD's headers: they give `amd`, isobit gives `ours`
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>

#include "raw.hpp"

inline void check(const char* line, double value, double wanted) {
    std::printf("%s\t%.17g\t%.17g\t%.17g\t\n", line, value, wanted, wanted);
}
inline void check(const char* line, const std::string& value, const std::string& wanted) {
    std::printf("%s\t%s\t%s\t%s\t\n", line, value.c_str(), wanted.c_str(), wanted.c_str());
}
inline void differs(const char* name, const char* line, double value, double amd, double ours) {
    std::printf("%s\t%.17g\t%.17g\t%.17g\t%s\n", line, value, amd, ours, name);
}

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using F = ap_fixed<W, I, Q, O, N>;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using U = ap_ufixed<W, I, Q, O, N>;

template <ap_q_mode Q>
void ties(const char* mode, int a, int b, int c, int d) {
    typedef F<6, 6, Q> T;
    check((std::string(mode) + " -1.5").c_str(), T(-1.5).to_double(), a);
    check((std::string(mode) + " -0.5").c_str(), T(-0.5).to_double(), b);
    check((std::string(mode) + " 0.5").c_str(), T(0.5).to_double(), c);
    check((std::string(mode) + " 1.5").c_str(), T(1.5).to_double(), d);
    typedef F<8, 7> S;  // the same from a fixed-point number
    check((std::string(mode) + " fixed -1.5").c_str(), T(S(-1.5)).to_double(), a);
    check((std::string(mode) + " fixed 1.5").c_str(), T(S(1.5)).to_double(), d);
}

inline void rounding() {
    ties<AP_RND>("RND", -1, 0, 1, 2);
    ties<AP_RND_ZERO>("RND_ZERO", -1, 0, 0, 1);
    ties<AP_RND_MIN_INF>("RND_MIN_INF", -2, -1, 0, 1);
    ties<AP_RND_INF>("RND_INF", -2, -1, 1, 2);
    ties<AP_RND_CONV>("RND_CONV", -2, 0, 0, 2);
    check("RND_CONV to even at the LSB .25", F<6, 5, AP_RND_CONV>(.25).to_double(), 0);
    check("RND_CONV to even at the LSB .75", F<6, 5, AP_RND_CONV>(.75).to_double(), 1);
    check("RND_CONV to even at the LSB 1.25", F<6, 5, AP_RND_CONV>(1.25).to_double(), 1);
    check("-1e-300 TRN", F<8, 4>(-1e-300).to_double(), -1. / 16);
    check("-1e-300 RND", F<8, 4, AP_RND>(-1e-300).to_double(), 0);
    check("-1.5 to ap_int", ap_int<8>(F<8, 4>(-1.5)).to_int(), -1);
    check("-1.5 to F<8,8>", F<8, 8>(F<8, 4>(-1.5)).to_double(), -2);
}

template <int N>
void wraps(double nine, double minus_nine) {
    check("WRAP 9", F<4, 4, AP_TRN, AP_WRAP, N>(9).to_double(), nine);
    check("WRAP -9", F<4, 4, AP_TRN, AP_WRAP, N>(-9).to_double(), minus_nine);
}
template <int N>
void mirrors(double nine, double twelve, double minus_twelve) {
    check("WRAP_SM 9", F<4, 4, AP_TRN, AP_WRAP_SM, N>(9).to_double(), nine);
    check("WRAP_SM 12", F<4, 4, AP_TRN, AP_WRAP_SM, N>(12).to_double(), twelve);
    check("WRAP_SM -12", F<4, 4, AP_TRN, AP_WRAP_SM, N>(-12).to_double(), minus_twelve);
}

inline void overflow() {
    check("1.9375 RND WRAP", F<4, 2, AP_RND>(1.9375).to_double(), -2);
    check("1.9375 RND SAT", F<4, 2, AP_RND, AP_SAT>(1.9375).to_double(), 1.75);
    check("1.9375 RND SAT_ZERO", F<4, 2, AP_RND, AP_SAT_ZERO>(1.9375).to_double(), 0);
    typedef F<4, 4, AP_TRN, AP_SAT_SYM> S;
    check("SAT_SYM -8", S(-8).to_double(), -7);
    S raw = 0;
    raw.range() = ap_uint<4>(8);
    check("SAT_SYM raw write", raw.to_double(), -8);
    const S copy = raw;
    check("SAT_SYM same-type copy", copy.to_double(), -8);
    check("F<1,1>(1)", F<1, 1>(1).to_double(), -1);
    wraps<0>(-7, 7);
    wraps<1>(1, -1);
    wraps<2>(5, -5);
    wraps<3>(7, -7);
    mirrors<0>(6, 3, -5);
    mirrors<1>(6, 3, -5);
    mirrors<2>(6, 4, -5);
    mirrors<3>(6, 7, -8);
    check("U WRAP N=2 18", U<4, 4, AP_TRN, AP_WRAP, 2>(18).to_double(), 14);
    check("U WRAP N=2 -3 (B2)", U<4, 4, AP_TRN, AP_WRAP, 2>(-3).to_double(), 13);
    check("7.5 RND WRAP_SM (B3)", F<4, 4, AP_RND, AP_WRAP_SM>(7.5).to_double(), 7);
    check("SAT_SYM one bit (B4)", F<1, 1, AP_TRN, AP_SAT_SYM>(-1).to_double(), -1);
    check("B1: more bits dropped than there are", F<4, 4, AP_RND, AP_SAT>(F<3, -5>(-0.005)).to_double(), 0);
}

inline void points() {
    check("F<4,6>(10)", F<4, 6>(10).to_double(), 8);
    check("F<4,6,RND>(10)", F<4, 6, AP_RND>(10).to_double(), 12);
    check("F<4,6>(-1)", F<4, 6>(-1).to_double(), -4);
    check("F<4,6,TRN_ZERO>(-1)", F<4, 6, AP_TRN_ZERO>(-1).to_double(), 0);
    check("F<4,-2>(.25)", F<4, -2>(.25).to_double(), 0);
    check("F<4,-2,SAT>(.25)", F<4, -2, AP_TRN, AP_SAT>(.25).to_double(), .109375);
    check("UG1399 1/256", F<1, -7>(1. / 256).to_double(), -1. / 256);
}

inline void growth() {
    const F<8, 4> f = 1;
    const F<8, 4> three = 3;
    const U<4, 4> u = 3;
    check("U - U", name<decltype(u - u)>(), "fixed<5,5,s,5,3,0>");
    check("F + U", name<decltype(F<4, 4>(1) + u)>(), "fixed<6,6,s,5,3,0>");
    check("F / F", name<decltype(f / three)>(), "fixed<13,9,s,5,3,0>");
    check("1 / 3", (f / three).to_double(), .3125);
    check("-1 / 3 toward zero", (F<8, 4>(-1) / three).to_double(), -.3125);
    check("F + int", name<decltype(f + 1)>(), "fixed<37,33,s,5,3,0>");
    check("F * int", name<decltype(f * 1)>(), "fixed<40,36,s,5,3,0>");
    check("-F", name<decltype(-f)>(), "fixed<9,5,s,5,3,0>");
    F<8, 4, AP_TRN, AP_SAT> d = -8;
    d = -d;
    check("d = -d, SAT", d.to_double(), 7.9375);
    check("% takes the dividend's sign", (ap_int<8>(-7) % ap_int<8>(3)).to_int(), -1);
    check("% takes the dividend's sign", (ap_int<8>(7) % ap_int<8>(-3)).to_int(), 1);
}

inline void shifts() {
    const F<4, 4, AP_TRN, AP_SAT> top = 7;
    check("7 << 1", (top << 1).to_double(), -2);
    const F<5, 4, AP_TRN, AP_SAT> half = 7.5;
    check("7.5 << 1", (half << 1).to_double(), -1);
    check("keeps the type", name<decltype(half << 1)>(), "fixed<5,4,s,5,0,0>");
    check(">> by W", (F<4, 4>(-8) >> 4).to_double(), -1);
    check(">> by more", (F<4, 4>(-8) >> 40).to_double(), -1);
    check("<< by W", (F<4, 4>(-8) << 4).to_double(), 0);
    check("unsigned >> by W", (U<4, 4>(8) >> 4).to_double(), 0);
    check("<< -1", (F<4, 4>(4) << -1).to_double(), 2);
    check(">> -1", (F<4, 4>(2) >> -1).to_double(), 4);
    check("ap_int << -1", (ap_int<4>(4) << -1).to_int(), 2);
}

// Whether an expression compiles.
template <class A, class B>
auto modulo(const A& a, const B& b) -> decltype(a % b, true) {
    return true;
}
inline bool modulo(...) { return false; }
template <class A, class B>
auto sum(const A& a, const B& b) -> decltype(a + b, true) {
    return true;
}
inline bool sum(...) { return false; }

inline void not_offered() {
    const F<8, 4> f = 1;
    check("int % int is offered", modulo(ap_int<8>(1), ap_int<8>(1)), 1);
    check("fixed % fixed is not (B12)", modulo(f, f), 0);
    check("fixed + fixed is offered", sum(f, f), 1);
    check("fixed + double is not (B12)", sum(f, 1.0), 0);
    check("int + double is offered", sum(ap_int<8>(1), 1.0), 1);
}

inline void others() {
    F<64, 2> near = 0;
    near.range() = ~ap_uint<64>(0) >> 2;  // 1 - 2^-62
    check("== with a double rounds first", near == 1.0, 1);
    ap_uint<8> bits = 0x16;
    check("range(hi,lo)", ap_uint<8>(bits.range(5, 1)).to_int(), 0x0b);
    check("range(lo,hi) reverses", ap_uint<8>(bits.range(1, 5)).to_int(), 0x1a);
    const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
    check("inf SAT (B11)", F<8, 4, AP_TRN, AP_SAT>(infinity).to_double(), 7.9375);
    check("-inf SAT (B11)", F<8, 4, AP_TRN, AP_SAT>(-infinity).to_double(), -8);
    check("inf WRAP (B11)", F<8, 4>(infinity).to_double(), 0);
    check("nan SAT (B11)", F<8, 4, AP_TRN, AP_SAT>(nan).to_double(), 7.9375);
    check("nan WRAP (B11)", F<8, 4>(nan).to_double(), 0);
    check("ap_int of I = 0 (B13)", ap_int<4>(F<4, 0>(-.25)).to_int(), -1);
    check("ap_int of -0.25 (B15)", ap_int<8>(-0.25).to_int(), 1);
}

inline void defects() {
    differs("B5", "F<32,16>(-1) < U<32,16>(1)", F<32, 16>(-1) < U<32, 16>(1), 0, 1);
    differs("B6", "-128 / -1", (F<8, 8>(-128) / F<8, 8>(-1)).to_double(), -128, 128);
    differs("B7", "u16 341 / s8 -1", (ap_uint<16>(341) / ap_int<8>(-1)).to_int(), 0, -341);
    differs("B7", "u8 100 % s8 -7", (ap_uint<8>(100) % ap_int<8>(-7)).to_int(), 100, 2);
    F<3, 2, AP_TRN, AP_SAT_SYM> lowest = 0;
    lowest.range() = ap_uint<3>(4);
    differs("B16", "SAT_SYM lowest == -2", F<4, 2>(-2) == lowest, 0, 1);
    differs("B17", "xor_reduce of -1, 5 bits", ap_int<5>(-1).xor_reduce(), 0, 1);
    differs("B17", "nand_reduce of 1, 70 bits", ap_int<70>(1).nand_reduce(), 0, 1);
    ap_int<5> five = 7;
    differs("B17", "or_reduce of range(2,2)", five.range(2, 2).or_reduce(), 0, 1);
    differs("B18", "double of 2^64", ap_uint<70>(ap_uint<70>(1) << 64).to_double(), 0, 18446744073709551616.);
    differs("B18", "bool of 2^64", ap_uint<70>(ap_uint<70>(1) << 64).to_bool(), 0, 1);
    ap_int<70> wide = -2;
    differs("B19", "lrotate(1) of -2, 70 bits", wide.lrotate(1) == -3, 0, 1);
    ap_uint<5> part = 0;
    part.range(0, 0) |= ap_uint<5>(5);
    differs("B20", "range(0,0) |= 5", part.to_int(), 5, 1);
}
