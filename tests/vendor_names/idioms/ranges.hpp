// Ranges of integers and of fixed-point numbers: operators, printing, assignment from everything.
#pragma once

#include "show.hpp"

namespace ranges_idioms {

IDIOM(operators_of_ranges) {
    ap_uint<8> x = 0xA5, y = 0x0F;
    SHOW_TYPED(x(3, 0) + y(3, 0));
    SHOW_TYPED(x(3, 0) + 1);
    SHOW_TYPED(x(7, 4) & y(7, 4));
    SHOW_TYPED(x(7, 4) * 2);
    SHOW(x(3, 0) == y(3, 0));
    SHOW(x(7, 4) == 10);
    SHOW(x(3, 0) < y(3, 0));
    SHOW(x(3, 0) < 3);
    SHOW_TYPED(x(3, 0) << 1);
    SHOW_TYPED(x(7, 4) >> 1);
    SHOW_TYPED(x(7, 4) - y(3, 0));
    SHOW_TYPED(x(7, 4) / y(3, 0));
    SHOW_TYPED(x(7, 4) % 3);
}

IDIOM(complement_of_a_range) {
    ap_uint<8> x = 0xA5;
    SHOW_TYPED(~x(3, 0));
}

IDIOM(signs_of_a_range) {
    ap_uint<8> x = 0xA5;
    SHOW_TYPED(-x(3, 0));
    SHOW_TYPED(+x(3, 0));
    SHOW(!x(3, 0));
}

IDIOM(ranges_as_conditions) {
    ap_uint<8> x = 0xA5;
    if (x(3, 0)) SHOW("t");
    bool b = x(6, 6);
    SHOW(b);
    SHOW(x(3, 0) && x(6, 6));
    int i = x(3, 0);
    SHOW(i);
}

IDIOM(printed_ranges) {
    ap_uint<128> x = 1;
    x <<= 100;
    SHOW(x(127, 0));
    SHOW(x(120, 90));
    ap_uint<8> y = 0xA5;
    std::cout << std::hex << y(7, 4) << " " << y << " " << y[0] << std::dec << "\n";
    SHOW((y, x));
}

IDIOM(ranges_of_fixed) {
    ap_fixed<16, 8> f = 1.5, g;
    ap_uint<16> u = f.range();
    SHOW(u);
    g.range() = u;
    SHOW(g);
    g(15, 8) = f(7, 0);
    SHOW(g);
    g[15] = 1;
    SHOW(g);
    SHOW(f(7, 0));
    f(7, 0) = ap_fixed<8, 4>(3.5);
    SHOW(f);
    f.range(3, 0) = 5;
    SHOW(f);
}

IDIOM(shifted_ranges) {
    ap_uint<16> x = 0xABCD;
    SHOW_TYPED(x(3, 0) << 8);
    SHOW_TYPED(x(7, 4) << 4 | x(3, 0));
    ap_uint<16> y = x(3, 0) << 12;
    SHOW(y);
    SHOW_TYPED(x(3, 0) + x(7, 4));
    SHOW_TYPED(x(3, 0) * x(7, 4));
    SHOW_TYPED(-(x(3, 0) + 1));
    SHOW_TYPED(x(15, 8) ^ 0xFF);
    SHOW_TYPED(~(x(15, 8) ^ 0));
    SHOW_TYPED(x(3, 0) << x(1, 0));
    SHOW_TYPED(2 * x(3, 0));
    SHOW_TYPED(x(3, 0) & 0xFF);
    SHOW_TYPED(x(15, 12) - x(11, 8));
}

IDIOM(ranges_beside_numbers) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 0x53;
    SHOW_TYPED(x(3, 0) * x);
    SHOW_TYPED(x - x(3, 0));
    SHOW(x == x(7, 0));
}

IDIOM(range_of_fixed_plus_one) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 0x53;
    SHOW_TYPED(f(3, 0) + 1);
}

IDIOM(ranges_of_fixed_compared) {
    ap_fixed<8, 4> f = 1.5;
    SHOW(f(7, 0) == 24);
    SHOW(f(7, 0) != f(6, 0));
    ap_uint<8> u = f(7, 0) ^ f(7, 0);
    SHOW(u);
}

IDIOM(ranges_of_fixed_with_integers) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 0x53;
    ap_uint<8> u = f(7, 0) & x;
    SHOW(u);
    u = x | f(3, 0);
    SHOW(u);
    u = f(7, 4) << 2;
    SHOW(u);
}

IDIOM(ranges_assigned_from_numbers) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<16> w = 0;
    ap_int<8> i = -3;
    f(7, 0) = i;
    SHOW(f);
    f(7, 0) = w;
    SHOW(f);
    f(7, 0) = 0x18;
    SHOW(f);
    f(3, 0) = 0x1F;
    SHOW(f);
    w(7, 0) = f;
    SHOW(w);
    w(7, 0) = ap_fixed<8, 4>(-1.5);
    SHOW(w);
    w(15, 8) = f(7, 0);
    SHOW(w);
    w = f(7, 0);
    SHOW(w);
    w.range(7, 0) = ap_ufixed<8, 4>(2.75);
    SHOW(w);
    f.range() = ap_fixed<8, 6>(2.75);
    SHOW(f);
    f.range(7, 4) = ap_ufixed<4, 2>(2.75);
    SHOW(f);
    f.range(7, 0) = 2.75;
    SHOW(f);
}

IDIOM(range_assigned_from_double) {
    ap_uint<16> w = 0;
    w(7, 0) = 2.75;
    SHOW(w);
}

IDIOM(ranges_assigned_from_negatives) {
    ap_uint<16> w = 0;
    w(7, 0) = -1;
    SHOW(w);
    w(11, 4) = ap_int<4>(-2);
    SHOW(w);
    w(3, 0) = (long long)-1;
    SHOW(w);
    w(15, 12) = true;
    SHOW(w);
    w(0, 0) = 6;
    SHOW(w);
    w(3, 3) = 1;
    SHOW(w);
}

IDIOM(ranges_of_temporaries) {
    SHOW((ap_uint<8>(5) + ap_uint<8>(6))(3, 0));
    SHOW((ap_uint<8>(5) + 1)[0]);
    ap_uint<8> x = 5;
    SHOW((x + x).range(2, 1));
    SHOW((x * x).length());
    SHOW((x + 1).to_int());
    SHOW((x >> 1).to_string(10));
    SHOW((~x)(3, 0));
    SHOW((-x).to_int());
    SHOW((x(3, 0)).to_int());
    SHOW(x(3, 0).length());
    SHOW(x(3, 0).or_reduce());
    SHOW(x(2, 0).and_reduce());
    SHOW(x[0].to_bool());
}

IDIOM(assignment_through_a_temporary) {
    ap_uint<8> x = 5;
    (x + 1)(3, 0) = 3;
    ap_uint<8>(4) = x;
    SHOW(x);
}

IDIOM(swapped_bytes) {
    ap_uint<32> x = 0x12345678;
    ap_uint<32> y = (x(7, 0), x(15, 8), x(23, 16), x(31, 24));
    SHOW(y);
    SHOW(y.to_string(16));
    x(7, 0) = x(31, 24);
    SHOW(x);
    y.range(15, 0) = y.range(31, 16);
    SHOW(y);
}

IDIOM(printed_wide_numbers) {
    ap_uint<100> x = 1;
    x <<= 99;
    SHOW(x);
    SHOW(x(99, 0));
    SHOW(x(99, 30));
}

}  // namespace ranges_idioms
