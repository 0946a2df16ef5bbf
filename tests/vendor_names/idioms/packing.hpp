// Words packed and unpacked as trigger firmware does it, checksums, codes.
#pragma once

#include "show.hpp"

namespace packing_idioms {

IDIOM(packed_words) {
    ap_uint<64> w = 0;
    ap_fixed<8, 4> v[8];
    for (int i = 0; i < 8; i++) {
        v[i] = i * 0.5 - 1;
        w.range(8 * i + 7, 8 * i) = v[i].range();
    }
    SHOW(w);
    ap_fixed<8, 4> q[8];
    for (int i = 0; i < 8; i++) {
        ap_uint<3> k = i;
        q[i].range(7, 0) = w(8 * i + 7, 8 * i);
        SHOW(q[i]);
    }
    ap_uint<6> hi = 15, lo = 8;
    SHOW(w(hi, lo));
    SHOW(w.range(hi, lo));
    SHOW(w[lo]);
    w(hi, lo) = 0xAA;
    SHOW(w);
    w[hi] = 0;
    SHOW(w);
}

namespace of_packed_candidate {
typedef ap_ufixed<14, 12, AP_TRN, AP_SAT> pt_t;
typedef ap_int<10> eta_t;
struct P1 {
    pt_t hwPt;
    eta_t hwEta;
    ap_int<11> hwPhi;
    ap_uint<3> hwId;
    static const int BITWIDTH = 14 + 10 + 11 + 3;
    template <typename U>
    static void pack_into(U const& src, ap_uint<64>& d, unsigned& s) {
        const unsigned w = U::width;
        d(s + w - 1, s) = src(w - 1, 0);
        s += w;
    }
    template <typename U>
    static void unpack_from(ap_uint<64> const& d, U& dst, unsigned& s) {
        const unsigned w = U::width;
        dst(w - 1, 0) = d(s + w - 1, s);
        s += w;
    }
    ap_uint<64> pack() const {
        ap_uint<64> r = 0;
        unsigned s = 0;
        pack_into(hwPt, r, s);
        pack_into(hwEta, r, s);
        pack_into(hwPhi, r, s);
        pack_into(hwId, r, s);
        return r;
    }
    static P1 unpack(const ap_uint<64>& d) {
        P1 p;
        unsigned s = 0;
        unpack_from(d, p.hwPt, s);
        unpack_from(d, p.hwEta, s);
        unpack_from(d, p.hwPhi, s);
        unpack_from(d, p.hwId, s);
        return p;
    }
    bool operator==(const P1& o) const { return hwPt == o.hwPt && hwEta == o.hwEta; }
};

IDIOM(packed_candidate) {
    P1 p;
    p.hwPt = 25.25;
    p.hwEta = -100;
    p.hwPhi = 512;
    p.hwId = 5;
    ap_uint<64> w = p.pack();
    SHOW(w);
    P1 q = P1::unpack(w);
    SHOW(q.hwPt);
    SHOW(q.hwEta);
    SHOW(q.hwPhi);
    SHOW(q.hwId);
    SHOW(p == q);
    SHOW(q.hwPt.to_float());
    SHOW(q.hwEta.to_int());
    ap_int<12> dphi = p.hwPhi - q.hwPhi;
    SHOW(dphi);
    ap_int<11> deta = p.hwEta - ap_int<10>(50);
    ap_uint<22> dr2 = deta * deta + dphi * dphi;
    SHOW(dr2);
    int d2 = deta * deta;
    SHOW(d2);
    SHOW(float(q.hwPt) * 0.5f);
    SHOW(int(p.hwPt));
    SHOW(std::abs(int(p.hwEta)));
    SHOW(deta < 0 ? ap_int<11>(-deta) : deta);
}
}  // namespace of_packed_candidate

IDIOM(checksum_and_shift_registers) {
    ap_uint<32> crc = -1;
    unsigned char data[] = "123456789";
    for (int i = 0; i < 9; i++) {
        for (int b = 0; b < 8; b++) {
            ap_uint<1> bit = ((data[i] >> b) & 1) ^ crc[0];
            crc >>= 1;
            if (bit) crc ^= 0xEDB88320;
        }
    }
    crc = ~crc;
    SHOW(crc);
    ap_uint<16> l = 0xACE1;
    for (int i = 0; i < 20; i++) {
        ap_uint<1> bit = l[0] ^ l[2] ^ l[3] ^ l[5];
        l = (l >> 1) | ((ap_uint<16>)bit << 15);
    }
    SHOW(l);
    ap_uint<16> m = 0xACE1;
    for (int i = 0; i < 20; i++) {
        bool bit = m[0] ^ m[2] ^ m[3] ^ m[5];
        m = (m >> 1);
        m[15] = bit;
    }
    SHOW(m);
    ap_uint<16> n = 0xACE1;
    for (int i = 0; i < 20; i++) {
        n = (n >> 1) | ((n[0] ^ n[2] ^ n[3] ^ n[5]) << 15);
    }
    SHOW(n);
}

IDIOM(gray_code_and_reversal) {
    ap_uint<8> x = 0xB7;
    ap_uint<8> g = x ^ (x >> 1);
    SHOW(g);
    ap_uint<8> b = g;
    for (int i = 6; i >= 0; i--) b[i] = b[i + 1] ^ g[i];
    SHOW(b);
    ap_uint<8> r;
    for (int i = 0; i < 8; i++) r[i] = x[7 - i];
    SHOW(r);
    SHOW(x(0, 7));
    x(0, 7) = 0x0F;
    SHOW(x);
}

IDIOM(one_hot_and_priority) {
    ap_uint<16> v = 0x0140;
    int pos = -1;
    for (int i = 15; i >= 0; i--)
        if (v[i]) {
            pos = i;
            break;
        }
    SHOW(pos);
    SHOW(v & -v);
    SHOW(v & (v - 1));
    SHOW((v & (v - 1)) == 0);
    SHOW(ap_uint<16>(v & -v));
    SHOW(v & ~v);
    SHOW(~v);
    SHOW((~v) & 0xFF);
    SHOW(v != 0);
    SHOW(!v);
}

}  // namespace packing_idioms
