// switch, loops, conditions, ?:, and native accumulators that take numbers up.
#pragma once

#include "show.hpp"

namespace control_flow_idioms {

namespace of_switch_over_enumerators {
enum C { X = 1, Y, Z };

IDIOM(switch_over_enumerators) {
    ap_uint<2> s = Y;
    switch (s) {
        case X: SHOW("X"); break;
        case Y: SHOW("Y"); break;
        default: SHOW("d");
    }
}
}  // namespace of_switch_over_enumerators

IDIOM(switch_over_numbers) {
    ap_uint<2> s = 1;
    switch (s) {
        case 0: SHOW(0); break;
        case 1: SHOW(1);
    }
    ap_int<40> l = 3;
    switch (l) {
        case 3: SHOW(3);
    }
}

IDIOM(switch_over_views) {
    ap_uint<4> s = 5;
    switch (s(1, 0)) {
        case 1: SHOW(1); break;
        default: SHOW(9);
    }
    switch (s[0]) {
        case 1: SHOW(1);
    }
}

IDIOM(loops_over_numbers) {
    int s = 0;
    for (ap_int<5> i = 7; i >= 0; i--) s += i;
    SHOW(s);
    for (ap_uint<4> i = 0; i < 10; ++i) s += i;
    SHOW(s);
}

IDIOM(two_counters) {
    int s = 0;
    for (ap_uint<4> i = 0, j = 9; i < j; ++i, --j) s += (int)(i * j);
    SHOW(s);
}

IDIOM(two_counters_postfix) {
    int s = 0;
    ap_uint<4> i, j;
    for (i = 0, j = 9; i < j; i++, j--) s += (int)i;
    SHOW(s);
}

IDIOM(loops_and_conditions) {
    ap_uint<4> i = 0;
    while (i < 15) {
        if (i == 7) break;
        i++;
    }
    SHOW(i);
    do {
        i--;
    } while (i);
    SHOW(i);
    SHOW(!i);
    if (i || i == 0) SHOW("a");
    bool b = i || false;
    SHOW(b);
    ap_uint<1> v = 1, r = 0;
    if (v && !r) SHOW("vr");
    v = v && r;
    SHOW(v);
    v = v | r;
    SHOW(v);
    r = v ^ 1;
    SHOW(r);
    v = (i == 0);
    SHOW(v);
    if (v == 1) SHOW(1);
    if (v == true) SHOW(2);
    r = !v;
    SHOW(r);
    v = true;
    bool q = v;
    SHOW(q);
    ap_uint<1> w = i > 3 ? 1 : 0;
    SHOW(w);
    SHOW(v ? 1 : 0);
    SHOW(v & r);
}

IDIOM(chained_assignment) {
    ap_uint<8> x, y, z;
    x = y = z = 0;
    SHOW(x);
    x = y = 5;
    SHOW(x + y);
    ap_fixed<8, 4> f, g;
    f = g = 1.5;
    SHOW(f);
    f = x = 3;
    SHOW(f);
    x = f = 2.75;
    SHOW(x);
    (x = 3) += 4;
    SHOW(x);
    (x += 1) *= 2;
    SHOW(x);
}

IDIOM(conditional_operator) {
    ap_uint<8> x = 3, y = 4;
    SHOW_TYPED(true ? x : y);
    SHOW_TYPED(x > y ? x : y);
    bool b = true;
    ap_int<9> m = b ? ap_int<9>(x - y) : ap_int<9>(0);
    SHOW(m);
}

IDIOM(conditional_operator_of_bits) {
    ap_uint<8> x = 3;
    SHOW_TYPED(true ? x[0] : false);
    SHOW_TYPED(true ? x[0] : x[1]);
}

IDIOM(conditional_operator_of_fixed) {
    ap_fixed<16, 8> a = 2.5, b = 1;
    ap_fixed<16, 8> m = a < b ? a : b;
    SHOW(m);
    m = a < 0 ? (ap_fixed<16, 8>)-a : a;
    SHOW(m);
    m = a > b ? (ap_fixed<16, 8>)(a - b) : (ap_fixed<16, 8>)(b - a);
    SHOW(m);
}

IDIOM(native_accumulators) {
    ap_int<8> x = 5;
    int i = 1;
    i += x;
    SHOW(i);
    i -= x;
    i *= x;
    SHOW(i);
    i <<= x;
    SHOW(i);
    i |= x;
    SHOW(i);
    i &= x;
    SHOW(i);
    i ^= x;
    SHOW(i);
    unsigned u = 3;
    u += x;
    SHOW(u);
    long l = 1;
    l += x;
    SHOW(l);
    short s = 1;
    s += x;
    SHOW(s);
    i %= x;
    SHOW(i);
}

IDIOM(real_accumulators) {
    ap_uint<8> x = 5;
    int i = 1;
    i += x;
    SHOW(i);
    double d = 1;
    d += x;
    SHOW(d);
    d *= x;
    SHOW(d);
    float f = 2;
    f *= x;
    SHOW(f);
    f -= x;
    SHOW(f);
}

IDIOM(accumulators_of_views) {
    ap_uint<8> x = 5;
    int i = 1;
    i += x[0];
    SHOW(i);
    i <<= x[2];
    SHOW(i);
    i += x(2, 0);
    SHOW(i);
    i |= x(2, 0);
    SHOW(i);
    double d = 0;
    d += x(2, 0);
    SHOW(d);
}

}  // namespace control_flow_idioms
