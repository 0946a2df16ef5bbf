// Concatenation (a, b), read and written: numbers, bits and ranges of both families, and chains of them.
#pragma once

#include "sink.hpp"
#include "values.hpp"

template <class A, class B>
void concat(Sink& sink, word seed = 0, int limit = 200) {
    if (!sink.begin("concat " + name<A>() + " . " + name<B>())) return;
    const int wide = A::width + B::width;
    Random random(seed + 99);
    for (const auto& pair : pairs_of(A::width, B::width, seed, limit)) {
        A a = make<A>(pair.first);
        B b = make<B>(pair.second);
        sink.operands(pair.first, pair.second);
        sink.put(0, "(a,b)", ap_uint<wide>((a, b)));
        sink.put(1, "(b,a)", ap_uint<wide>((b, a)));
        sink.put(2, "(a,b,a)", ap_uint<wide + A::width>((a, b, a)));
        sink.put(3, "signed", ap_int<wide + 3>((a, b)));
        sink.put(4, "a.concat(b)", ap_uint<wide>(a.concat(b)));
        sink.put(5, "length", (a, b).length());
        sink.put(6, "(a,b[0])", ap_uint<A::width + 1>((a, b[0])));
        sink.put(7, "(a[0],b)", ap_uint<B::width + 1>((a[0], b)));
        sink.put(8, "(a[0],b[0])", ap_uint<2>((a[0], b[0])));
        sink.put(9, "(a.range,b)", ap_uint<wide>((a.range(A::width - 1, A::width / 2), b)));
        sink.put(10, "(a,b.range)", ap_uint<wide>((a, b.range(B::width / 2, 0))));
        sink.put(11, "(range,range)", ap_uint<wide>((a.range(A::width / 2, 0), b.range(B::width - 1, 0))));
        sink.put(12, "(a,b)+a", (a, b) + a);
        sink.put(13, "(a,b)==(b,a)", (a, b) == (b, a));
        sink.put(14, "fixed", ap_fixed<wide + 4, 5>((a, b)));
        Raw bits = random_raw(random, wide);
        const ap_uint<wide> value = make<ap_uint<wide>>(bits);
        A s = a;
        B t = b;
        (s, t) = value;
        sink.put(15, "(s,t)=v: s", s);
        sink.put(16, "(s,t)=v: t", t);
        (s, t) = static_cast<int>(bits.w[0]);
        sink.put(17, "(s,t)=int: s", s);
        sink.put(18, "(s,t)=int: t", t);
        (t, s) = (a, b);
        sink.put(19, "(t,s)=(a,b): s", s);
        sink.put(20, "(t,s)=(a,b): t", t);
        s = a;
        t = b;
        (s[0], t) = ap_uint<B::width + 1>(value);
        sink.put(21, "(s[0],t)=v: s", s);
        sink.put(22, "(s[0],t)=v: t", t);
        s = a;
        (s.range(A::width - 1, A::width / 2), t) = value;
        sink.put(23, "(s.range,t)=v: s", s);
        sink.put(24, "(s.range,t)=v: t", t);
        s = a;
        s = (b, a);
        sink.put(25, "s=(b,a)", s);
    }
}

// Ranges and bits of fixed-point numbers beside integers.
template <class F, class B>
void fixed_concat(Sink& sink, word seed = 0, int limit = 200) {
    if (!sink.begin("fixed concat " + name<F>() + " . " + name<B>())) return;
    const int wide = F::width + B::width;
    Random random(seed + 98);
    for (const auto& pair : pairs_of(F::width, B::width, seed, limit)) {
        F f = make<F>(pair.first);
        B b = make<B>(pair.second);
        sink.operands(pair.first, pair.second);
        sink.put(0, "(b,f.range())", ap_uint<wide>((b, f.range())));
        sink.put(1, "(b.range(),f.range())", ap_uint<wide>((b.range(), f.range())));
        sink.put(2, "(f[0],f[1])", ap_uint<2>((f[0], f[F::width - 1])));
        sink.put(3, "(b,f[0])", ap_uint<B::width + 1>((b, f[0])));
        sink.put(4, "(f.range,f.range)",
                 ap_uint<wide + F::width>((f.range(F::width - 1, 0), f.range(F::width / 2, 0))));
        const Raw bits = random_raw(random, wide);
        const ap_uint<wide> value = make<ap_uint<wide>>(bits);
        F g = f;
        B t = b;
        (t, g.range()) = value;
        sink.put(5, "(t,g.range())=v: g", g);
        sink.put(6, "(t,g.range())=v: t", t);
        sink.put(7, "F(range)", F(f.range(F::width - 1, F::width / 2)));
        sink.put(8, "F(bit)", F(f[0]));
        sink.put(9, "ap_int<8>(range)", ap_int<8>(f.range()));
        g.range() = b;
        sink.put(10, "g.range()=b", g);
        g = f;
        g[0] = b[0];
        sink.put(11, "g[0]=b[0]", g);
        t.range() = f.range();
        sink.put(12, "t.range()=f.range()", t);
    }
}
