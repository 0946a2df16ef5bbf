// Operators with native operands: the value and the type of the result.
#pragma once

#include "show.hpp"

namespace natives_idioms {

namespace of_unscoped_enumerators {
enum E : unsigned char { A = 3, B };
enum C { X = 1, Y };

IDIOM(unscoped_enumerators) {
    ap_uint<4> s = A;
    SHOW_TYPED(s + A);
    SHOW_TYPED(s & B);
    SHOW_TYPED(s * Y);
    SHOW(s == A);
    SHOW(s < B);
    ap_fixed<8, 4> f = A;
    SHOW_TYPED(f + A);
    SHOW(f == A);
}
}  // namespace of_unscoped_enumerators

IDIOM(integral_constants) {
    ap_uint<8> x = 5;
    std::integral_constant<int, 3> c;
    SHOW_TYPED(x + c);
    SHOW(x == c);
}

IDIOM(shifts_of_natives) {
    ap_uint<4> x = 3;
    SHOW_TYPED(1 << x);
    SHOW_TYPED(256 >> x);
    int i = 1;
    i <<= x;
    SHOW(i);
    i += x;
    SHOW(i);
    i *= x;
    SHOW(i);
    i |= x;
    SHOW(i);
}

IDIOM(comparison_with_natives) {
    ap_fixed<8, 4> f = 2.5;
    SHOW(f > 2);
    SHOW(f >= 2.5);
    SHOW(f < 3.0f);
    SHOW(f == 2.5);
    SHOW(2 < f);
    SHOW(2.5 == f);
    SHOW(f != 0);
    SHOW(f > ap_int<4>(2));
    SHOW(f < true);
    SHOW(f > -1);
    SHOW(f < 3u);
    SHOW(f < 3LL);
    SHOW(f == f);
    SHOW(f > 'a');
    ap_uint<8> x = 255;
    SHOW(x == 255);
    SHOW(x == -1);
    SHOW(x > -1);
    SHOW(x < 256);
    SHOW(x == 255u);
    SHOW(x == 255.0);
    SHOW(x == 0xFFull);
    SHOW((ap_int<8>(-1) == 255));
    SHOW(ap_int<8>(-1) < 0u);
}

IDIOM(shifts_by_natives) {
    ap_uint<8> x = 0xA5;
    int n = 3;
    unsigned u = 3;
    short sh = 2;
    long l = 1;
    ap_uint<3> a = 2;
    ap_int<4> b = -2;
    SHOW_TYPED(x << n);
    SHOW_TYPED(x >> u);
    SHOW_TYPED(x << sh);
    SHOW_TYPED(x >> l);
    SHOW_TYPED(x << a);
    SHOW_TYPED(x >> b);
    SHOW_TYPED(x << -1);
    SHOW_TYPED(x >> 9);
    SHOW_TYPED(x << true);
    x <<= a;
    SHOW(x);
    x >>= 1;
    SHOW(x);
    x >>= b;
    SHOW(x);
    ap_int<8> y = -100;
    SHOW_TYPED(y >> 2);
    SHOW_TYPED(y >> 20);
    SHOW_TYPED(y << 1);
    x <<= x(1, 0);
    SHOW(x);
}

IDIOM(unary_operators) {
    ap_uint<8> x = 0;
    SHOW_TYPED(~x);
    SHOW_TYPED(-x);
    SHOW_TYPED(+x);
    SHOW_TYPED(!x);
    ap_int<8> y = -128;
    SHOW_TYPED(-y);
    SHOW_TYPED(~y);
    SHOW_TYPED(x--);
    SHOW_TYPED(--x);
    SHOW_TYPED(x++);
    ap_uint<1> o = 1;
    SHOW_TYPED(~o);
    SHOW_TYPED(-o);
    SHOW_TYPED(!o);
    SHOW(o + o);
}

IDIOM(numbers_beside_reals) {
    ap_int<8> x = 5;
    SHOW_TYPED(x * 0.5);
    SHOW_TYPED(x * 0.5f);
    SHOW_TYPED(2.0 / x);
    SHOW_TYPED(x + 1.5f);
    float f = x;
    SHOW(f);
    double d = x;
    SHOW(d);
    SHOW_TYPED(x - 0.25);
    SHOW(x > 4.5);
}

IDIOM(compound_assignment) {
    ap_int<8> x = 100;
    x += 100;
    SHOW(x);
    x *= 3;
    SHOW(x);
    x /= 2;
    SHOW(x);
    x %= 7;
    SHOW(x);
    x |= 0x50;
    SHOW(x);
    x ^= 1;
    SHOW(x);
    x &= 0xF;
    SHOW(x);
    x -= 200;
    SHOW(x);
    x += ap_fixed<8, 4>(1.75);
    SHOW(x);
    x += (long long)1e12;
    SHOW(x);
    ap_fixed<8, 4, AP_RND, AP_SAT> f = 1;
    f += 1;
    SHOW(f);
    f *= 3;
    SHOW(f);
    f -= ap_int<4>(1);
    SHOW(f);
    f /= 2;
    SHOW(f);
    f += 100;
    SHOW(f);
    f |= 1;
    SHOW(f);
}

namespace of_shifts_in_templates {
template <class T, class U>
auto sh(T a, U b) -> decltype(a << b) {
    return a << b;
}

IDIOM(shifts_in_templates) {
    ap_fixed<8, 4> f = 1.5;
    ap_int<8> i = 3;
    SHOW_TYPED(sh(f, 2));
    SHOW_TYPED(sh(f, 2u));
    SHOW_TYPED(sh(i, 2));
    SHOW_TYPED(sh(i, i));
    SHOW_TYPED(sh(i, ap_uint<2>(1)));
    SHOW(sh(1, i));
    SHOW_TYPED(sh(3, ap_uint<2>(1)));
    SHOW_TYPED(sh((long)3, ap_uint<2>(1)));
    SHOW_TYPED(sh((unsigned char)3, ap_uint<2>(1)));
    SHOW_TYPED(256 >> i);
    SHOW_TYPED(true << i);
}
}  // namespace of_shifts_in_templates

IDIOM(compound_shifts_of_natives) {
    int a = 1;
    ap_uint<3> s = 4;
    a <<= s;
    SHOW(a);
    unsigned long long b = 1;
    b <<= s;
    SHOW(b);
    a = a >> s;
    SHOW(a);
    SHOW(0xFF >> s);
    SHOW((1 << s) - 1);
    SHOW(~(1 << s));
}

IDIOM(results_in_natives) {
    ap_uint<8> x = 5;
    int a = 10 - x;
    SHOW(a);
    a = x - 10;
    SHOW(a);
    a = 3 * x + 1;
    SHOW(a);
    unsigned u = x * x;
    SHOW(u);
    a = (x + 1) / 2;
    SHOW(a);
    double d = x / 2;
    SHOW(d);
    d = x * 0.1;
    SHOW(d);
    d = (double)x / 3;
    SHOW(d);
    float f = x + 0.5f;
    SHOW(f);
    d = 1.0 / x;
    SHOW(d);
    d = x;
    d = d + x;
    SHOW(d);
    d = x - 1.5;
    SHOW(d);
    d = 2.0 * x;
    SHOW(d);
    SHOW(d > x);
    SHOW(d == x);
    SHOW(x < 2.5f);
}

IDIOM(fixed_beside_reals) {
    ap_fixed<16, 8> f = 1.5;
    SHOW(f < 1.6);
    SHOW(1.4f < f);
    SHOW(f == 1.5f);
    double d = f;
    SHOW(d * f.to_double());
    d = (double)f * 2;
    SHOW(d);
    SHOW(f > 1);
    SHOW(f >= 1u);
    SHOW(f != 1L);
    f = d;
    SHOW(f);
    f = 1.7f;
    SHOW(f);
    f = 3;
    SHOW(f);
    f = -3;
    SHOW(f);
    f = true;
    SHOW(f);
    f = 'a';
    SHOW(f);
}

IDIOM(literals) {
    ap_uint<8> x = 0xFF;
    SHOW(x == 255);
    SHOW(x == 0b11111111);
    SHOW(x == '\xff');
    SHOW(x + 'a');
    SHOW_TYPED(x + 1u);
    SHOW_TYPED(x + 1L);
    SHOW_TYPED(x + 1ull);
    SHOW_TYPED(x + short(1));
    SHOW_TYPED(x * (signed char)-1);
    SHOW_TYPED(x + true);
    x = 'a';
    SHOW(x);
    ap_int<70> w = 1ull << 63;
    SHOW(w);
    w = -1ll;
    SHOW(w);
    ap_uint<70> uw = -1;
    SHOW(uw);
    ap_fixed<70, 60> fw = -1ll;
    SHOW(fw);
    fw = 1e15;
    SHOW(fw);
    ap_fixed<70, 60> g = 0xFFFFFFFFFFFFFFFFull;
    SHOW(g);
}

namespace of_constants_of_a_class {
struct C {
    static const int n = 4;
    static const unsigned m = 3;
    enum { K = 2 };
};

IDIOM(constants_of_a_class) {
    ap_int<8> x = 3;
    SHOW_TYPED(x * C::n);
    SHOW_TYPED(x + C::m);
    SHOW_TYPED(x << C::K);
    SHOW_TYPED(x + C::K);
    SHOW(x < C::n);
    SHOW(x == C::K);
}
}  // namespace of_constants_of_a_class

}  // namespace natives_idioms
