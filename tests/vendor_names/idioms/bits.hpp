// Bit references: operators, shifts, comparison, assignment. They count as bool.
#pragma once

#include "show.hpp"

namespace bits_idioms {

IDIOM(operators_of_bits) {
    ap_uint<8> x = 0xA5, y = 0x0F;
    SHOW_TYPED(x[0] ^ y[0]);
    SHOW_TYPED(x[0] & y[0]);
    SHOW_TYPED(x[0] | x[1]);
    SHOW_TYPED(x[0] + x[1]);
    SHOW_TYPED(x[0] & 1);
    SHOW_TYPED(x[0] ^ 1);
    SHOW_TYPED(!x[0]);
    SHOW_TYPED(~x[0]);
    SHOW(x[0] == y[0]);
    SHOW(x[0] != y[4]);
    SHOW(x[0] == 1);
    SHOW(x[0] && y[0]);
    SHOW_TYPED(x[0] * 3);
}

IDIOM(bits_of_a_constant) {
    const ap_uint<8> x = 0xA5;
    SHOW_TYPED(x[0]);
    SHOW_TYPED(x[0] + x[1]);
    SHOW_TYPED(x[0] & x[1]);
}

IDIOM(shifted_bits) {
    ap_uint<8> x = 0xA5;
    int r = x[0] << 3;
    SHOW(r);
    ap_uint<8> y = (x[0] << 7) | (x[2] << 5);
    SHOW(y);
    SHOW_TYPED((x[7] ^ x[6]) << 3);
    SHOW_TYPED(x[0] << 3);
    SHOW_TYPED((x[0] + x[2]) << 4);
    SHOW_TYPED(~(x[0] ^ x[1]));
    SHOW_TYPED(-x[0]);
    SHOW_TYPED(x[0] - x[1]);
    SHOW_TYPED(x[1] - x[0]);
}

IDIOM(bits_summed_up_shifted) {
    ap_uint<16> acc = 0;
    ap_uint<8> x = 0xA5;
    for (int i = 0; i < 8; i++) acc += x[i] << i;
    SHOW(acc);
    ap_uint<16> b = 0;
    for (int i = 0; i < 8; i++) b |= x[i] << (2 * i);
    SHOW(b);
}

IDIOM(bits_beside_numbers) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 5;
    SHOW_TYPED(f * x[0]);
    SHOW_TYPED(x[0] * f);
    SHOW_TYPED(f + x[0]);
    SHOW_TYPED(x + x[0]);
    SHOW_TYPED(x * x[0]);
    SHOW_TYPED(x[0] * x);
    SHOW_TYPED(x << x[0]);
    SHOW_TYPED(f[3] ^ f[2]);
    SHOW_TYPED(f[3] << 2);
    SHOW_TYPED(f[3] + 1);
    SHOW_TYPED(x[0] + f[3]);
    SHOW_TYPED(x[0] ^ f[3]);
}

IDIOM(compared_bits) {
    ap_uint<8> x = 5;
    SHOW((x[0] > (x[1] == 1)));
    SHOW(x[0] < 1);
    SHOW(x[0] == true);
    SHOW(x[0] + 1 == 2);
    SHOW(x[2] * 2.5);
    double d = x[0];
    SHOW(d);
    SHOW(x[0] / 2.0);
}

IDIOM(bits_beside_reals) {
    ap_uint<8> x = 5;
    SHOW(x[2] * 2.5);
    SHOW(x[0] ? "a" : "b");
    SHOW(1.5 * x[0]);
}

IDIOM(population_count) {
    ap_uint<8> x = 0xB7;
    int n = 0;
    for (int i = 0; i < 8; i++) n += x[i];
    SHOW(n);
    ap_uint<4> c = 0;
    for (int i = 0; i < 8; i++) c += x[i];
    SHOW(c);
    ap_uint<4> e = x[0] + x[1] + x[2] + x[3] + x[4];
    SHOW(e);
    SHOW_TYPED(x[0] + x[1] + x[2]);
}

IDIOM(members_that_set_and_test) {
    ap_uint<8> x = 0;
    x.set_bit(3, true);
    SHOW(x);
    x.set(0);
    SHOW(x);
    x.set(1, true);
    x.clear(0);
    SHOW(x);
    x.invert(7);
    SHOW(x);
    SHOW(x.test(3));
    SHOW(x.get_bit(3));
    x.bit(2) = 1;
    SHOW(x);
    x.reverse();
    SHOW(x);
    x.lrotate(3);
    SHOW(x);
    x.rrotate(2);
    SHOW(x);
    x.b_not();
    SHOW(x);
    SHOW(x.countLeadingZeros());
    SHOW(x.and_reduce());
    SHOW(x.or_reduce());
    SHOW(x.xor_reduce());
    SHOW(x.length());
    SHOW(x.sign());
    SHOW(x.iszero());
}

IDIOM(bits_assigned_from_anything) {
    ap_uint<8> x = 0;
    ap_uint<1> b = 1;
    x[3] = b;
    SHOW(x);
    x[2] = x[3];
    SHOW(x);
    x[1] = (b == 1);
    x[0] = ap_int<4>(2);
    SHOW(x);
    x[7] = 5;
    SHOW(x);
    x[6] = x[5] = true;
    SHOW(x);
    x[ap_uint<3>(4)] = 1;
    SHOW(x);
    x[2] = ~x[2];
    SHOW(x);
    x[3] = !x[3];
    SHOW(x);
    x[2] = x[0] ^ b;
    SHOW(x);
    bool t = x[7];
    SHOW(t);
    ap_uint<1> q = x[7];
    SHOW(q);
    auto z = x[7];
    SHOW(z);
}

namespace of_views_by_value {
template <class R>
void setb(R r) {
    r = 1;
}
void t(ap_uint<8>& x, int i, bool v) { x[i] = v; }

IDIOM(views_by_value) {
    ap_uint<8> x = 0;
    setb(x[3]);
    SHOW(x);
    setb(x(7, 6));
    SHOW(x);
    t(x, 0, 1);
    SHOW(x);
    auto r = x(7, 4);
    r = 3;
    SHOW(x);
    auto b = x[7];
    b = 1;
    SHOW(x);
    bool q = b;
    SHOW(q);
    auto&& rr = x(3, 0);
    rr = rr + 1;
    SHOW(x);
}
}  // namespace of_views_by_value

IDIOM(bits_and_ranges_of_constants) {
    const ap_uint<8> c = 7;
    const ap_uint<8>* p = &c;
    SHOW((*p)[0]);
    SHOW(p->range(2, 0));
    SHOW((*p)(2, 0) == 7);
    SHOW(p->to_int());
    SHOW(c(1, 0));
    SHOW(c.get_bit(1));
    const ap_fixed<8, 4> f = 1.5;
    SHOW(f[3]);
    SHOW(f(7, 0) == 24);
    SHOW(f.range(3, 0) == 8);
    ap_uint<8> a[3] = {1, 2, 3};
    ap_uint<8>* q = a;
    SHOW(*q++);
    SHOW(*++q);
    SHOW(q - a);
    (*q)(3, 0) = 0xF;
    SHOW(a[2]);
    const ap_uint<8>(&ra)[3] = a;
    SHOW(ra[1][1]);
}

IDIOM(bit_of_a_vector_of_bool) {
    std::vector<bool> b(2, true);
    ap_uint<8> x = 250;
    SHOW_TYPED(x + b[0]);
    SHOW(bool(b[1]) == x[1]);
}

}  // namespace bits_idioms
