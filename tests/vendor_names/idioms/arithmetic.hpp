// Widths at the ends: one bit, 256 bits, integer bits below zero or above the width; saturation; quotients.
#pragma once

#include "show.hpp"

namespace arithmetic_idioms {

IDIOM(wide_integers) {
    ap_uint<256> w = 0;
    for (int i = 0; i < 8; i++) w(32 * i + 31, 32 * i) = i * 0x01010101u;
    SHOW(w);
    SHOW(w(63, 32));
    SHOW(w(200, 100));
    ap_uint<64> a = w(127, 64);
    SHOW(a);
    w >>= 100;
    SHOW(w);
    SHOW(w * w);
    SHOW((w + 1) / 3);
    SHOW(w % 1000003);
    ap_int<129> n = -1;
    SHOW(n);
    SHOW(n * n);
    SHOW(-n);
    SHOW(n >> 5);
    SHOW(n << 128);
    SHOW(n < 0);
    ap_int<65> m = -5;
    SHOW(m / 2);
    SHOW(m % 3);
    SHOW(m.to_int());
    SHOW(m.to_int64());
    ap_uint<127> e = -1;
    SHOW(e);
    SHOW(e + 1);
    ap_uint<128> e8 = -1;
    SHOW(e8);
    SHOW_TYPED(e8 + 1);
    ap_int<128> d8 = e8;
    SHOW(d8);
    SHOW(d8 == -1);
    SHOW(e8 > 0);
    SHOW(e8 == ap_uint<129>(e8));
    w = ap_uint<256>("0x123456789abcdef0123456789abcdef", 16);
    SHOW(w.to_string(16));
    ap_uint<65> x65 = 1;
    x65 <<= 64;
    SHOW(x65);
    x65 -= 1;
    SHOW(x65);
    SHOW(x65[64]);
}

IDIOM(one_bit) {
    ap_int<1> a = 1, b = 0;
    SHOW(a);
    SHOW_TYPED(a + a);
    SHOW_TYPED(a * a);
    SHOW_TYPED(-a);
    SHOW_TYPED(~a);
    SHOW(a == 1);
    SHOW(a == -1);
    SHOW(a > b);
    SHOW_TYPED(a & 1);
    SHOW_TYPED(a ^ b);
    SHOW_TYPED(a << 1);
    SHOW_TYPED(a >> 1);
    SHOW(a / a);
    ap_uint<1> u = 3;
    SHOW(u);
    SHOW_TYPED(u + u);
    u++;
    SHOW(u);
    u--;
    SHOW(u);
    SHOW_TYPED(u && 1);
    u = !u;
    SHOW(u);
    u = ~u;
    SHOW(u);
    SHOW_TYPED(u ? 1 : 2);
    ap_fixed<1, 1> f = -1;
    SHOW(f);
    SHOW_TYPED(f * f);
    ap_ufixed<1, 0> g = 0.5;
    SHOW(g);
    SHOW_TYPED(g * g);
    SHOW_TYPED(g / g);
    u ^= 1;
    SHOW(u);
    u = u ^ 1;
    SHOW(u);
    SHOW(a.to_int());
    SHOW((int)a);
    SHOW(a ? "y" : "n");
}

IDIOM(negative_integer_bits) {
    ap_fixed<8, -2> f = 0.1;
    SHOW(f);
    SHOW_TYPED(f * f);
    SHOW_TYPED(f + 1);
    SHOW_TYPED(f / f);
    SHOW(f.to_int());
    ap_ufixed<4, 8> g = 200;
    SHOW(g);
    SHOW_TYPED(g + 1);
    SHOW_TYPED(g * g);
    SHOW_TYPED(g / 3);
    SHOW_TYPED(g >> 1);
    SHOW_TYPED(g << 1);
    SHOW(g.to_int());
    ap_int<8> i = g;
    SHOW(i);
    SHOW((int)g);
    ap_fixed<4, 8> h = -77;
    SHOW(h);
    SHOW(h(3, 0) == 0xB);
    SHOW(h == -80);
    SHOW_TYPED(-h);
    SHOW_TYPED(g + f);
    SHOW_TYPED(g * f);
    SHOW(g > f);
    f = -0.1;
    SHOW_TYPED(f * 2);
    SHOW_TYPED(f >> 1);
    f += 0;
    SHOW(f);
    f++;
    SHOW(f);
}

IDIOM(wrapped_angles) {
    ap_int<10> a = 500;
    ap_int<10> b = 100;
    ap_int<10> c = a + b;
    SHOW(c);
    ap_int<11> d = a - b;
    if (d > 512) d -= 1024;
    SHOW(d);
    ap_uint<9> u = d < 0 ? ap_uint<9>(-d) : ap_uint<9>(d);
    SHOW(u);
    int z = (a + b) % 512;
    SHOW(z);
    SHOW((a + b) * 3 / 2 - 1);
    SHOW(-a / 3);
    SHOW(a % 7);
    SHOW(-a % 7);
    SHOW(a / b);
    SHOW(1000 / a);
    SHOW(1000 % a);
    SHOW(1000 - a);
    SHOW(5 * a);
    SHOW(100u / b);
    SHOW(-1000 / a);
    SHOW(-1000 / ap_uint<8>(7));
    SHOW(-1000 % ap_uint<8>(7));
}

IDIOM(saturating_accumulator) {
    ap_fixed<8, 4, AP_TRN, AP_SAT> a = 7;
    for (int i = 0; i < 4; i++) a += ap_fixed<8, 4>(1.5);
    SHOW(a);
    a = -8;
    a = -a;
    SHOW(a);
    a -= 20;
    SHOW(a);
    a = a * a;
    SHOW(a);
    a = a >> 1;
    SHOW(a);
    a <<= 2;
    SHOW(a);
    ap_ufixed<8, 4, AP_RND, AP_SAT> u = -1;
    SHOW(u);
    u = 3.99;
    SHOW(u);
    u = u - ap_ufixed<8, 4>(5);
    SHOW(u);
    a = ap_int<8>(100);
    SHOW(a);
    a = u(7, 0);
    SHOW(a);
}

IDIOM(mixed_signs) {
    ap_int<8> a = -5;
    ap_uint<8> b = 5;
    SHOW(a < b);
    SHOW(a + b);
    SHOW(a * b);
    SHOW(a - b);
    SHOW(a / b);
    SHOW(b / ap_uint<4>(2));
    SHOW(a > b);
    SHOW(a == b);
    SHOW(-a == b);
    SHOW(a + 5);
    SHOW(a + 5u);
    SHOW_TYPED(a + 5u);
    SHOW_TYPED(a * b);
    SHOW_TYPED(a & b);
    SHOW_TYPED(a | b);
    SHOW(a < 5u);
    SHOW(a == -5);
    SHOW(a < -4);
    SHOW(b > -1);
}

IDIOM(integers_and_fixed_in_turn) {
    ap_int<8> a = 5;
    ap_fixed<8, 4> f = 2.75;
    a += f;
    SHOW(a);
    a *= f;
    SHOW(a);
    a = a * f;
    SHOW(a);
    a -= f;
    SHOW(a);
    f += a;
    SHOW(f);
    f *= a;
    SHOW(f);
    f /= 2;
    SHOW(f);
    f = 7 / f;
    SHOW(f);
    f = f / 3;
    SHOW(f);
    a /= f;
    SHOW(a);
    a = f + 1 == 3 ? 1 : 2;
    SHOW(a);
}

IDIOM(quotients) {
    ap_fixed<16, 8> a = 10.5, b = 3.25;
    SHOW_TYPED(a / b);
    SHOW_TYPED(a / 3);
    SHOW_TYPED(a / ap_uint<4>(3));
    ap_fixed<16, 8> c = a / b;
    SHOW(c);
    ap_ufixed<16, 8> u = 10.5;
    SHOW_TYPED(u / b);
    SHOW_TYPED(b / u);
    SHOW_TYPED(-a / b);
    SHOW_TYPED(1 / a);
    c = 1 / a;
    SHOW(c);
    c = ap_fixed<16, 8>(1) / a;
    SHOW(c);
    SHOW_TYPED(ap_int<8>(7) / a);
}

IDIOM(masks) {
    int n = 5;
    ap_uint<16> m = (1 << n) - 1;
    SHOW(m);
    ap_uint<64> M = (ap_uint<64>(1) << 40) - 1;
    SHOW(M);
    SHOW((ap_uint<64>)(1ULL << 40));
    SHOW((ap_uint<8>(1) << 7) >> 7);
    ap_uint<8> k = (ap_uint<8>(1) << 8);
    SHOW(k);
    SHOW(ap_uint<8>(0xFF) << 4);
    SHOW((ap_uint<12>)(ap_uint<8>(0xFF)) << 4);
}

IDIOM(automatic_types) {
    ap_fixed<8, 4, AP_RND, AP_SAT> a = 1.5;
    auto p = a * a;
    p = p + 1;
    SHOW_TYPED(p);
    auto q = a >> 1;
    q = 100;
    SHOW_TYPED(q);
    auto u = a << 1;
    SHOW_TYPED(u);
    ap_int<4> i = 3;
    auto s = i + i;
    s = s * 4;
    SHOW_TYPED(s);
    auto sh = i << 1;
    SHOW_TYPED(sh);
    auto n = -i;
    SHOW_TYPED(n);
    auto r = a(3, 0);
    SHOW(r == 8);
    auto bb = i[0];
    i = 0;
    SHOW(bb);
}

IDIOM(members_of_a_format) {
    typedef ap_fixed<16, 6, AP_RND, AP_SAT> F;
    SHOW(F::width);
    SHOW(F::iwidth);
    SHOW((int)F::qmode);
    SHOW((int)F::omode);
    SHOW(ap_int<7>::width);
    SHOW(ap_uint<9>::width);
    F f = 1;
    SHOW(f.length());
    SHOW(f.wl());
    SHOW(f.iwl());
    SHOW((int)f.q_mode());
    SHOW_TYPED(f + f);
    SHOW_TYPED(f * f);
    SHOW_TYPED(f >> 1);
    SHOW_TYPED(f << 2);
    SHOW_TYPED(f - 1);
    SHOW_TYPED(f / f);
    SHOW_TYPED(f & f);
    SHOW_TYPED(~f);
    SHOW_TYPED(-f);
    SHOW_TYPED(f++);
    SHOW_TYPED(f += f);
    SHOW_TYPED(+f);
}

IDIOM(conversions_by_name) {
    typedef ap_fixed<16, 6, AP_RND, AP_SAT, 0> F;
    F f = 1.25;
    SHOW(f.to_string(10));
    SHOW(f.to_string());
    SHOW(f.to_double());
    SHOW(f.to_float());
    SHOW(f.to_int());
    SHOW(f.to_ap_int_base());
    SHOW(f.to_uint64());
    SHOW(f.is_zero());
    SHOW(f.is_neg());
    SHOW(f.get_bit(0));
}

}  // namespace arithmetic_idioms
