// To and from native types: initialisation, arguments, results, casts, enumerations, mathematics.
#pragma once

#include "show.hpp"

namespace conversions_idioms {

IDIOM(natives_from_integers) {
    ap_uint<8> x = 200;
    ap_int<8> y = -100;
    int a = x, b = y;
    char c = y;
    unsigned char uc = x;
    long l = y;
    bool bb = x;
    short s(x);
    unsigned u = y;
    float f = y;
    double d(x);
    long long ll = y;
    unsigned long long ull = y;
    SHOW(a);
    SHOW(b);
    SHOW((int)c);
    SHOW((int)uc);
    SHOW(l);
    SHOW(bb);
    SHOW(s);
    SHOW(u);
    SHOW(f);
    SHOW(d);
    SHOW(ll);
    SHOW(ull);
    int64_t q = y;
    uint8_t q8 = x;
    SHOW(q);
    SHOW((int)q8);
}

IDIOM(natives_from_fixed) {
    ap_fixed<8, 4> x = -2.75;
    int a = x;
    char c = x;
    unsigned u = x;
    double d = x;
    float f = x;
    bool b = x;
    long l = x;
    unsigned long long ull = x;
    SHOW(a);
    SHOW((int)c);
    SHOW(u);
    SHOW(d);
    SHOW(f);
    SHOW(b);
    SHOW(l);
    SHOW(ull);
    a = (int)x;
    SHOW(a);
    a = int(x * 2);
    SHOW(a);
    SHOW((unsigned char)x);
    SHOW((short)x);
    ap_fixed<8, -2> t = 0.1;
    SHOW((bool)t);
    SHOW((int)t);
    if (t) SHOW("t");
    if (!t) SHOW("nt");
    SHOW(t && true);
}

namespace of_arguments {
int f(int a) { return a + 1; }
double g(double x) { return x * 2; }
void h(ap_uint<4> v) { SHOW(v); }
void k(const ap_fixed<8, 4>& v) { SHOW(v); }
bool m(bool b) { return b; }
ap_uint<5> r(int i) { return i; }
int q(ap_int<5> x) { return x; }
ap_fixed<8, 4> z(double d) { return d; }

IDIOM(arguments) {
    ap_uint<8> x = 5;
    SHOW(f(x));
    SHOW(g(x));
    h(7);
    h(x);
    h(x + 1);
    k(1.5);
    k(x);
    k(3);
    SHOW(m(x));
    SHOW(r(37));
    SHOW(q(-1));
    SHOW(z(1.3));
    ap_fixed<8, 4> y = 2.5;
    SHOW(f(y));
    SHOW(g(y));
    h(y);
    SHOW(m(y));
    SHOW(f(x[0]));
    SHOW(f(x(3, 0)));
    h(x(3, 0));
    h(x[2]);
    k(x[2]);
    SHOW(m(x[1]));
}
}  // namespace of_arguments

namespace of_returned_values {
ap_uint<1> c(ap_int<4> a) { return a > 0; }
bool d(ap_uint<8> a) { return a[3]; }
bool e(ap_uint<8> a) { return a; }
int g(ap_fixed<8, 4> f) { return f; }
ap_int<9> h(ap_uint<8> a) { return -a; }
ap_uint<4> i(ap_uint<8> a) { return a(7, 4); }
ap_uint<16> j(ap_uint<8> a) { return (a, a); }

IDIOM(returned_values) {
    SHOW(c(3));
    SHOW(d(8));
    SHOW(e(8));
    SHOW(g(2.5));
    SHOW(h(5));
    SHOW(i(0xA5));
    SHOW(j(0xA5));
}
}  // namespace of_returned_values

IDIOM(wide_to_bool) {
    ap_uint<128> x = 1;
    x <<= 100;
    bool b = x;
    SHOW(b);
    if (x)
        SHOW("t");
    else
        SHOW("f");
    SHOW(!x);
    SHOW((bool)x);
    SHOW(x && true);
    SHOW(x == 0);
}

IDIOM(braces) {
    ap_int<8> x = 1;
    int y{x};
    SHOW(y);
    int a[] = {x, x};
    SHOW(a[1]);
    std::array<int, 2> q{x, x};
    SHOW(q[0]);
    short s{x};
    SHOW(s);
}

IDIOM(casts_of_views) {
    ap_uint<8> x = 0xA5;
    SHOW((int)x[0]);
    SHOW((double)x(3, 0));
    SHOW(int(x(7, 4)));
    SHOW(bool(x(3, 0)));
    SHOW(ap_uint<8>(x(3, 0)));
    SHOW((ap_fixed<8, 4>)x[0]);
    SHOW((ap_fixed<8, 6>(x(3, 0))));
    unsigned char c = x(7, 0);
    SHOW((int)c);
    SHOW((float)x(3, 0));
    SHOW((ap_int<4>)x(3, 0));
    ap_uint<16> y(x(3, 0));
    SHOW(y);
    ap_uint<16> z = ap_uint<16>((x, x));
    SHOW(z);
    SHOW((unsigned)x(7, 4) + 1);
}

namespace of_enumerators_and_back {
enum E { A, B, C };

IDIOM(enumerators_and_back) {
    ap_uint<2> x = 2;
    E e = (E)(int)x;
    SHOW(e);
    E g = static_cast<E>(x.to_int());
    SHOW(g);
    x = e;
    SHOW(x);
    if (x != B) SHOW("ne");
    E arr[3] = {C, B, A};
    x = arr[0];
    SHOW(x);
}
}  // namespace of_enumerators_and_back

namespace of_enumeration_classes {
enum class E : unsigned { A, B, C };

IDIOM(enumeration_classes) {
    ap_uint<2> x = 2;
    E e = static_cast<E>(x.to_uint());
    SHOW((e == E::C));
    x = (unsigned)e;
    SHOW(x);
    x = static_cast<int>(E::B);
    SHOW(x);
}
}  // namespace of_enumeration_classes

IDIOM(long_double) {
    ap_uint<8> x = 3;
    long double l = x;
    SHOW((double)l);
    ap_fixed<8, 4> f = 1.5;
    l = f;
    SHOW((double)l);
    SHOW(f == 1.5L);
}

IDIOM(native_128_bits) {
    ap_int<100> x = -3;
    __int128 i = x;
    SHOW((long long)i);
}

IDIOM(standard_mathematics) {
    ap_uint<8> x = 3;
    SHOW(x * x * x);
    SHOW(std::pow((double)x, 2));
    SHOW(std::floor(x.to_double() / 2));
    SHOW(std::log2(x.to_int()));
    ap_fixed<16, 8> f = 2.5;
    SHOW(std::sqrt(f.to_double()));
    SHOW(std::sqrt((float)f));
    SHOW(std::exp((double)f));
    SHOW(std::round((double)f));
}

namespace of_arguments_of_real_functions {
double sq(double v) { return v * v; }
float sf(float v) { return v * v; }

IDIOM(arguments_of_real_functions) {
    ap_fixed<16, 8> f = 2.5;
    SHOW(sq(f));
    SHOW(sf(f));
    ap_int<8> i = 3;
    SHOW(sq(i));
    SHOW(sf(i));
    SHOW(sq(i[0]));
    SHOW(sq(i(1, 0)));
}
}  // namespace of_arguments_of_real_functions

IDIOM(std_abs) {
    ap_int<8> x = -5;
    SHOW_TYPED(std::abs(x));
}

IDIOM(unqualified_abs) {
    ap_int<8> x = -5;
    SHOW_TYPED(abs(x));
}

}  // namespace conversions_idioms
