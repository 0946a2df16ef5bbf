// Every binary operator of a pair of types, every unary operator of a type, and the shifts.
#pragma once

#include "sink.hpp"
#include "values.hpp"

// An integer takes a fixed-point number's integer part; with I < 0 AMD's headers read uninitialised memory (B9).
template <class A, class B>
constexpr bool assigns() {
    if constexpr (About<A>::family == 'i' && About<B>::family == 'f') return B::iwidth >= 0;
    return true;
}

template <class A, class B>
void binary(Sink& sink, word seed = 0, int limit = 0) {
    constexpr char fa = About<A>::family, fb = About<B>::family;
    constexpr bool integers = fa != 'f' && fb != 'f';
    if (!sink.begin(name<A>() + " . " + name<B>())) return;
    for (const auto& pair : pairs_of(About<A>::width, About<B>::width, seed, limit)) {
        const A a = make<A>(pair.first);
        const B b = make<B>(pair.second);
        sink.operands(pair.first, pair.second);
        sink.put(0, "+", a + b);
        sink.put(1, "-", a - b);
        sink.put(2, "*", a * b);
        sink.put(3, "&", a & b);
        sink.put(4, "|", a | b);
        sink.put(5, "^", a ^ b);
        sink.put(6, "==", a == b);
        sink.put(7, "!=", a != b);
        sink.put(8, "<", a < b);
        sink.put(9, "<=", a <= b);
        sink.put(10, ">", a > b);
        sink.put(11, ">=", a >= b);
        const bool divide = !pair.second.zero();
        if (divide) sink.put(12, "/", a / b);
        if constexpr (integers) {
            if (divide) sink.put(13, "%", a % b);
        }
        if constexpr (fa != 'n' && assigns<A, B>()) {
            A t = a;
            sink.put(14, "+=", t += b);
            sink.put(15, "-=", (t = a) -= b);
            sink.put(16, "*=", (t = a) *= b);
            sink.put(17, "&=", (t = a) &= b);
            sink.put(18, "|=", (t = a) |= b);
            sink.put(19, "^=", (t = a) ^= b);
            if (divide && !(fa == 'i' && fb == 'f')) sink.put(20, "/=", (t = a) /= b);
            if constexpr (integers) {
                if (divide) sink.put(21, "%=", (t = a) %= b);
            }
        }
    }
}

// AMD's ++ and -- do not compile for formats whose LSB is above one.
template <class A>
constexpr bool steps() {
    if constexpr (About<A>::family == 'f') return A::iwidth <= A::width;
    return true;
}

template <class A>
void unary(Sink& sink, word seed = 0, int count = 200) {
    if (!sink.begin("unary " + name<A>())) return;
    for (const Raw& raw : values_of(About<A>::width, seed, count)) {
        A a = make<A>(raw);
        sink.operands(raw);
        sink.put(0, "-a", -a);
        sink.put(1, "~a", ~a);
        sink.put(2, "!a", !a);
        sink.put(3, "+a", +a);
        if constexpr (steps<A>()) {
            A t = a;
            sink.put(4, "++a", ++t);
            t = a;
            sink.put(5, "a++", t++);
            sink.put(6, "after a++", t);
            t = a;
            sink.put(7, "--a", --t);
            t = a;
            sink.put(8, "a--", t--);
            sink.put(9, "after a--", t);
        }
    }
}

// By amounts from -(W + 2) to W + 2, given as B; B unsigned: from 0.
template <class A, class B>
void shifts(Sink& sink, word seed = 0, int count = 30) {
    if (!sink.begin("shift " + name<A>() + " . " + name<B>())) return;
    const int width = About<A>::width, reach = width + 2;
    for (const Raw& raw : values_of(width, seed, count)) {
        A a = make<A>(raw);  // not const: a shift by a fixed-point number is offered on variables only
        for (int amount = -reach; amount <= reach; ++amount) {
            const B b = B(amount);
            if (static_cast<long long>(b) != amount) continue;  // not in the type
            Raw second;
            read(b, second);
            sink.operands(raw, second);
            sink.put(0, "<<", a << b);
            sink.put(1, ">>", a >> b);
            A t = a;
            sink.put(2, "<<=", t <<= b);
            t = a;
            sink.put(3, ">>=", t >>= b);
        }
    }
}

// Comparison with doubles and floats, for both families; arithmetic with them for integers.
template <class A, class B>
void floats(Sink& sink, word seed = 0, int count = 40) {
    if (!sink.begin("floating " + name<A>() + " . " + name<B>())) return;
    const B few[] = {B(0), B(-0.0), B(1), B(-1), B(0.5), B(-0.5), B(3.25), B(-7.75), B(1e-3), B(1e9), B(-1e30), B(0.1)};
    for (const Raw& raw : values_of(About<A>::width, seed, count)) {
        const A a = make<A>(raw);
        // AMD's wide integers tell another double (B18): the operands must not depend on it.
        const bool wide = About<A>::family == 'i' && About<A>::width > 64;
        const double own = wide ? 18446744073709551616. : a.to_double();
        for (int i = 0; i < 14; ++i) {
            const B b = i < 12 ? few[i] : static_cast<B>(i == 12 ? own : own * (1 + 1e-7));
            Raw second;
            read(b, second);
            sink.operands(raw, second);
            sink.put(0, "==", a == b);
            sink.put(1, "!=", a != b);
            sink.put(2, "<", a < b);
            sink.put(3, "<=", a <= b);
            sink.put(4, ">", a > b);
            sink.put(5, ">=", a >= b);
            sink.put(6, "b<a", b < a);
            sink.put(7, "b==a", b == a);
            sink.put(8, "b>=a", b >= a);
            if constexpr (About<A>::family == 'i') {
                sink.put(9, "+", a + b);
                sink.put(10, "b-a", b - a);
                sink.put(11, "*", a * b);
                if (b != B(0)) sink.put(12, "/", a / b);
            }
        }
    }
}
