// Texts, printf, string streams, std::to_string and hls::stream.
#pragma once

#include "show.hpp"

namespace text_and_streams_idioms {

IDIOM(to_string_of_8_bits) {
    ap_uint<8> x = 5;
    SHOW(std::to_string(x));
}

IDIOM(to_string_of_16_bits) {
    ap_int<16> x = -5;
    SHOW(std::to_string(x));
}

IDIOM(to_string_of_40_bits) {
    ap_int<40> x = -5;
    SHOW(std::to_string(x));
}

IDIOM(printf_of_integers) {
    ap_uint<8> x = 200;
    printf("%d %u %lld %f\n", (int)x, (unsigned)x, (long long)x, (double)x);
    printf("%d %s\n", x.to_int(), x.to_string(16).c_str());
    printf("%s %s\n", x.to_string(10).c_str(), x.to_string(AP_HEX).c_str());
}

namespace of_streams_of_structs {
struct S {
    ap_uint<8> a;
    ap_fixed<8, 4> b;
    bool last;
};

IDIOM(streams_of_structs) {
    hls::stream<S> s("x");
    S v;
    v.a = 1;
    v.b = 2.5;
    v.last = true;
    s.write(v);
    s << v;
    S w = s.read();
    SHOW(w.a);
    SHOW(w.b);
    s >> w;
    SHOW(s.empty());
    SHOW(w.last);
    SHOW(s.size());
    hls::stream<ap_uint<8>> q;
    q.write(300);
    q << 7;
    SHOW(q.read());
    int i = q.read();
    SHOW(i);
    SHOW(q.full());
    ap_uint<8> z = 9;
    SHOW(q.read_nb(z));
    SHOW(q.write_nb(4));
    q.read(z);
    SHOW(z);
    static hls::stream<ap_uint<8>> arr[3];
    arr[1] << 5;
    SHOW(arr[1].read());
    S t = {3, 1.5, false};
    SHOW(t.b);
    s.write({1, 2, false});
    SHOW(s.read().b);
}
}  // namespace of_streams_of_structs

IDIOM(names_of_streams) {
    std::string nm = "n";
    hls::stream<int> s(nm);
    hls::stream<int> t("lit");
    s << 1;
    t << s.read();
    SHOW(t.read());
}

IDIOM(texts) {
    ap_int<16> a("1f", 16);
    SHOW(a);
    ap_uint<8> b("0b101");
    SHOW(b);
    ap_int<128> c("-170141183460469231731687303715884105728", 10);
    SHOW(c);
    ap_uint<16> d("0xff");
    SHOW(d);
    ap_fixed<16, 8> e("1.5");
    SHOW(e);
    SHOW(a.to_string(2));
    SHOW(a.to_string(8));
    SHOW(a.to_string(10));
    SHOW(a.to_string(16));
    ap_int<8> n = -5;
    SHOW(n.to_string(10));
    SHOW(n.to_string(16));
    SHOW(n.to_string(2));
    SHOW(n.to_string(16, false));
    SHOW(n.to_string(16, true));
    SHOW(e.to_string(10));
    SHOW(e.to_string(16));
    std::stringstream ss;
    ss << a << " " << e;
    int q;
    double z;
    ss >> q >> z;
    SHOW(q);
    SHOW(z);
    std::stringstream s2("42 1.25");
    ap_int<8> r;
    ap_fixed<8, 4> t;
    s2 >> r >> t;
    SHOW(r);
    SHOW(t);
    std::cout << std::setw(8) << a << "|" << std::hex << a << std::dec << "\n";
    std::cout << std::fixed << std::setprecision(3) << e << "\n";
}

IDIOM(read_from_text) {
    std::stringstream s("12 -7 0x1F 3.75 -0.5");
    ap_int<8> a, b;
    s >> a >> b;
    SHOW(a);
    SHOW(b);
}

IDIOM(printf_of_results) {
    ap_uint<8> x = 7;
    printf("%d\n", (x + 1).to_int());
    printf("%d\n", int(x + 1));
    printf("%5.2f\n", ap_fixed<8, 4>(1.5).to_double());
    printf("%s\n", (x + 1).to_string(2).c_str());
    printf("%llu\n", (x + 1).to_uint64());
    printf("%d\n", (bool)x[0]);
    printf("%x\n", (unsigned)x(3, 0));
}

IDIOM(strings_to_numbers) {
    ap_int<12> v(std::stoi("-100"));
    SHOW(v);
    std::string s = "0x7f";
    ap_uint<8> u(s.c_str());
    SHOW(u);
    u = ap_uint<8>("11", 2);
    SHOW(u);
    u = "12";
    SHOW(u);
}

IDIOM(string_streams) {
    ap_uint<8> x = 5;
    std::ostringstream o;
    o << x << ',' << x[0] << ',' << x(2, 0) << ',' << ap_fixed<8, 4>(1.5);
    SHOW(o.str());
}

IDIOM(to_string_of_natives) {
    ap_fixed<8, 4> f = 1.5;
    SHOW(std::to_string(f.to_double()));
    SHOW(std::to_string(f.to_int()));
}

}  // namespace text_and_streams_idioms
