// (x, y) of numbers, ranges, bits, conditions and native integers; as a value and as a target.
#pragma once

#include "show.hpp"

namespace concatenation_idioms {

IDIOM(numbers_beside_natives) {
    ap_uint<8> x = 0xAB, y = 0x12;
    ap_uint<40> r;
    r = (x, 5);
    SHOW(r);
    r = (5, x);
    SHOW(r);
    ap_uint<16> s = (x, (unsigned char)7);
    SHOW(s);
    ap_uint<9> t = (x, true);
    SHOW(t);
    t = (true, x);
    SHOW(t);
    SHOW((x, y));
}

IDIOM(ranges_beside_natives) {
    ap_uint<8> x = 0xAB;
    ap_uint<40> r = (x(3, 0), (char)1);
    SHOW(r);
    r = (x[3], (char)1);
    SHOW(r);
    r = ((x, x), (unsigned char)3);
    SHOW(r);
}

IDIOM(concatenation_as_target) {
    ap_uint<1> c;
    ap_uint<8> s;
    ap_uint<8> a = 200, b = 100;
    (c, s) = a + b;
    SHOW(c);
    SHOW(s);
    ap_uint<4> h, l;
    (h, l) = s;
    SHOW(h);
    SHOW(l);
    (h, l) = (l, h);
    SHOW(h);
    (a(3, 0), b(7, 4)) = 0x5C;
    SHOW(a);
    SHOW(b);
    (a[0], b) = 0x1FF;
    SHOW(a);
    SHOW(b);
    ap_uint<4> m;
    (h, m, l) = 0x123;
    SHOW(h);
    SHOW(m);
    SHOW(l);
    (a, b) = 0;
    SHOW(a);
    (c, s) = -1;
    SHOW(s);
}

IDIOM(operators_of_concatenations) {
    ap_uint<8> a = 200, b = 100;
    SHOW((a, b) == 51300);
    SHOW_TYPED((a, b) + 1);
    ap_uint<16> r = (a, b);
    SHOW(r);
    r = (a(3, 0), b) + 1;
    SHOW(r);
    SHOW(((a, b) >> 4));
    SHOW(((a, b), a));
    SHOW_TYPED((a, b) << 2);
    SHOW_TYPED((a, b) & 0xFF);
    SHOW_TYPED((a, b) ^ (b, a));
    SHOW((a, b) > (b, a));
    SHOW((a, b).length());
    int i = (a, b);
    SHOW(i);
}

IDIOM(concatenated_temporaries) {
    ap_uint<8> a = 0x12;
    ap_uint<16> r = (ap_uint<8>(a + 1), a);
    SHOW(r);
    r = (ap_uint<4>(3), ap_uint<4>(5), a);
    SHOW(r);
    r = (a >> 1, a);
    SHOW(r);
}

IDIOM(concatenated_ranges_of_fixed) {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> a = 3;
    ap_uint<16> r = (f(3, 0), f(7, 4));
    SHOW(r);
    r = (a, f(7, 0));
    SHOW(r);
}

IDIOM(concatenated_bits) {
    ap_uint<8> a = 3;
    ap_uint<4> r = (a[0], a[1], a[2], a[3]);
    SHOW(r);
    r = (a[3], a(2, 0));
    SHOW(r);
    ap_uint<2> z = (a[0], a[7]);
    SHOW(z);
    ap_uint<12> q = (a(3, 0), a);
    SHOW(q);
    const ap_uint<8> c = 5;
    q = (c, a(3, 0));
    SHOW(q);
    q = (c(3, 0), c(7, 4), c(3, 0));
    SHOW(q);
}

IDIOM(concatenated_bits_of_constants) {
    const ap_uint<8> c = 5;
    ap_uint<4> q = (c[0], c[1]);
    SHOW(q);
    ap_uint<12> z = (c, c[0]);
    SHOW(z);
    z = (c[0], c);
    SHOW(z);
}

IDIOM(concatenated_conditions) {
    ap_uint<8> c = 5;
    ap_uint<12> z = (c, c > 3);
    SHOW(z);
    z = (c == 5, c);
    SHOW(z);
    z = (c[0] & c[1], c);
    SHOW(z);
}

IDIOM(printed_concatenations) {
    ap_uint<8> a = 200, b = 100;
    std::cout << (a, b) << "\n";
    SHOW(a(3, 0));
    std::cout << std::hex << a << " " << (a, b) << "\n" << std::dec;
    ap_fixed<8, 4> f = 1.5;
    SHOW(f[3]);
    SHOW(f.range());
}

IDIOM(casts_of_concatenations) {
    ap_uint<8> x = 0xA5;
    ap_fixed<20, 18> f = (x, x);
    SHOW(f);
    int i = (x, x);
    SHOW(i);
    ap_int<16> s = (x, x);
    SHOW(s);
    unsigned long long u = (x, x);
    SHOW(u);
    double d = (int)(x, x);
    SHOW(d);
}

IDIOM(printed_wide_concatenation) {
    ap_uint<100> x = 1;
    x <<= 99;
    SHOW((x, x));
}

}  // namespace concatenation_idioms
