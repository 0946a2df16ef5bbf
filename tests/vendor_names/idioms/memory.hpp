// volatile, unions, memcpy, reinterpret_cast and sizes.
#pragma once

#include "show.hpp"

namespace memory_idioms {

IDIOM(volatile_number) {
    volatile ap_uint<8> v;
    v = ap_uint<8>(3);
    ap_uint<8> a = v;
    SHOW(a);
}

IDIOM(volatile_fixed) {
    volatile ap_fixed<8, 4> v;
    v = ap_fixed<8, 4>(1.5);
    ap_fixed<8, 4> a = v;
    SHOW(a);
}

IDIOM(volatile_from_int) {
    volatile ap_uint<8> v;
    v = 3;
    ap_uint<8> a = v;
    SHOW(a);
}

IDIOM(volatile_fixed_from_double) {
    volatile ap_fixed<8, 4> v;
    v = 1.5;
    ap_fixed<8, 4> a = v;
    SHOW(a);
}

IDIOM(volatile_other_width) {
    volatile ap_uint<8> v;
    ap_int<12> q = 5;
    v = q;
    v = v;
    ap_uint<8> a;
    a = v;
    SHOW(a);
}

IDIOM(volatile_to_volatile) {
    volatile ap_uint<8> v, u;
    v = ap_uint<8>(7);
    u = v;
    ap_uint<8> a = u;
    SHOW(a);
}

IDIOM(bits_of_a_float) {
    float f = 1.5;
    ap_uint<32> u;
    uint32_t r;
    memcpy(&r, &f, 4);
    u = r;
    SHOW(u);
    union {
        float f;
        uint32_t i;
    } c;
    c.f = 2.5;
    ap_uint<32> w = c.i;
    SHOW(w(30, 23));
    c.i = w;
    SHOW(c.f);
}

IDIOM(fields_of_a_float) {
    float f = -3.75f;
    union {
        float f;
        unsigned u;
    } c;
    c.f = f;
    ap_uint<32> w = c.u;
    ap_uint<1> s = w[31];
    ap_uint<8> e = w(30, 23);
    ap_uint<24> m = (ap_uint<1>(1), w(22, 0));
    int ex = e - 127;
    SHOW(s);
    SHOW(ex);
    SHOW(m);
    double v = m.to_double() / (1 << 23);
    SHOW(v);
    SHOW((s ? -1 : 1) * v);
}

IDIOM(copied_memory) {
    ap_uint<8> a[4];
    memset(a, 0, sizeof(a));
    SHOW(a[2]);
    ap_uint<32> b[2];
    uint32_t src[2] = {7, 0x80000000u};
    memcpy(b, src, 8);
    SHOW(b[1]);
    ap_int<16> c[2];
    int16_t cs[2] = {-3, 4};
    memcpy(c, cs, 4);
    SHOW(c[0]);
    ap_uint<512> big;
    unsigned char by[64];
    for (int i = 0; i < 64; i++) by[i] = i;
    memcpy(&big, by, 64);
    SHOW(big(15, 0));
    SHOW(big(511, 496));
}

IDIOM(reinterpreted_memory) {
    uint16_t src[2] = {0x1234, 0x5678};
    ap_uint<16>* p = reinterpret_cast<ap_uint<16>*>(src);
    SHOW(p[1]);
    ap_fixed<16, 8>* f = (ap_fixed<16, 8>*)src;
    SHOW(f[0]);
}

IDIOM(sizes_in_structs) {
    SHOW(sizeof(ap_uint<1>));
    SHOW(sizeof(ap_uint<9>));
    SHOW(sizeof(ap_uint<24>));
    SHOW(sizeof(ap_uint<33>));
    SHOW(sizeof(ap_uint<65>));
    SHOW(sizeof(ap_uint<128>));
    SHOW(sizeof(ap_uint<129>));
    SHOW(sizeof(ap_uint<512>));
    SHOW(sizeof(ap_fixed<18, 6>));
    SHOW(sizeof(ap_int<1024>));
    struct Q {
        ap_uint<8> a;
        ap_uint<72> b;
    };
    SHOW(sizeof(Q));
    SHOW(alignof(ap_uint<128>));
}

}  // namespace memory_idioms
