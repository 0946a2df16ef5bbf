// A user's templates: deduced widths and modes, kernels, using namespace std.
#pragma once

#include "show.hpp"

namespace user_templates_idioms {

namespace of_using_namespace_std {
using namespace std;

IDIOM(using_namespace_std) {
    ap_uint<8> x = 7, y = 9;
    SHOW(max(x, y));
    SHOW(min(x, y));
    swap(x, y);
    SHOW(x);
    ap_fixed<8, 4> f = -1.5;
    SHOW(max(f, ap_fixed<8, 4>(0)));
}
}  // namespace of_using_namespace_std

namespace of_names_beside_std {
using namespace std;
template <class T>
T plus_one(T a) {
    return a + 1;
}
struct plus_t {};
int fold(int a) { return a; }
int both(ap_uint<8> a, int b) { return a + b; }

IDIOM(names_beside_std) {
    ap_uint<8> x = 7;
    SHOW(plus_one(x));
    SHOW(fold(x));
    SHOW(both(x, 3));
}
}  // namespace of_names_beside_std

namespace of_deduced_parameters {
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
int f(ap_fixed<W, I, Q, O, N> x) {
    return W * 100 + I;
}
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
int f(ap_ufixed<W, I, Q, O, N> x) {
    return -W;
}
template <int W>
int f(ap_int<W>) {
    return W;
}
template <int W>
int f(ap_uint<W>) {
    return -W;
}
template <class T>
struct tr {
    static const int v = 0;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct tr<ap_fixed<W, I, Q, O, N>> {
    static const int v = W;
};
template <int W>
struct tr<ap_uint<W>> {
    static const int v = -W;
};
template <ap_q_mode Q>
int m() {
    return Q;
}
template <ap_q_mode Q, ap_o_mode O>
struct S {
    ap_fixed<8, 4, Q, O> x;
};

IDIOM(deduced_parameters) {
    ap_fixed<9, 4, AP_RND> a = 1;
    SHOW(f(a));
    ap_ufixed<9, 4> b = 1;
    SHOW(f(b));
    ap_int<3> c = 1;
    SHOW(f(c));
    ap_uint<5> d = 1;
    SHOW(f(d));
    SHOW((tr<ap_fixed<7, 2>>::v + 0));
    SHOW(tr<ap_uint<7>>::v + 0);
    SHOW((m<AP_RND>()));
    S<AP_RND, AP_SAT> s;
    s.x = 7.97;
    SHOW(s.x);
    SHOW((m<AP_TRN>()));
}
}  // namespace of_deduced_parameters

namespace of_deduced_from_expressions {
template <int W>
int f(ap_int<W>) {
    return W;
}
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
int g(ap_fixed<W, I, Q, O, N> x) {
    return W * 100 + I;
}

IDIOM(deduced_from_expressions) {
    ap_int<3> a = 1;
    SHOW(f(a + a));
    SHOW(f(a * a));
    ap_fixed<8, 4> x = 1;
    SHOW(g(x * x));
    SHOW(g(x + 1));
}
}  // namespace of_deduced_from_expressions

IDIOM(declared_types) {
    ap_fixed<8, 4> a = 1.5;
    ap_int<4> b = 2;
    decltype(a * b) c = a * b;
    SHOW(c);
    decltype(a + b) d = c;
    SHOW(d);
    const decltype(a)& e = a;
    SHOW(e);
}

namespace of_dot_product {
template <class T, class A, int N>
void dot(const T a[N], const T b[N], A& r) {
    A acc = 0;
    for (int i = 0; i < N; i++) {
        acc += a[i] * b[i];
    }
    r = acc;
}

IDIOM(dot_product) {
    typedef ap_fixed<8, 4, AP_RND_CONV, AP_SAT> T;
    T a[4] = {1.5, -2.25, 3.0625, 7.9}, b[4] = {0.5, 1, -1, 2};
    ap_fixed<18, 8> r;
    dot<T, ap_fixed<18, 8>, 4>(a, b, r);
    SHOW(r);
    ap_int<9> ri;
    dot<T, ap_int<9>, 4>(a, b, ri);
    SHOW(ri);
}
}  // namespace of_dot_product

namespace of_rectifier {
template <class I, class O>
O relu(I x) {
    return x > 0 ? (O)x : (O)0;
}

IDIOM(rectifier) {
    ap_fixed<16, 6> x = -3.3;
    SHOW((relu<ap_fixed<16, 6>, ap_ufixed<8, 4, AP_RND, AP_SAT>>(x)));
    x = 3.3;
    SHOW((relu<ap_fixed<16, 6>, ap_ufixed<8, 4, AP_RND, AP_SAT>>(x)));
    ap_uint<10> idx = (ap_uint<10>)(x * 64);
    SHOW(idx);
    int i = (x * 16).to_int();
    SHOW(i);
    ap_uint<6> top = x.range(15, 10);
    SHOW(top);
}
}  // namespace of_rectifier

IDIOM(generic_lambda) {
    auto f = [](auto a, auto b) { return a * b + a; };
    ap_int<4> a = 3;
    ap_fixed<6, 3> b = 1.5;
    SHOW_TYPED(f(a, a));
    SHOW_TYPED(f(a, b));
    SHOW_TYPED(f(b, 2));
    SHOW_TYPED(f(2, a));
}

namespace of_references_to_bases {
void f(ap_uint<8>& x) { x += 1; }
void g(ap_int_base<8, false>& x) { x += 1; }
template <int W, bool S>
int h(const ap_int_base<W, S>& x) {
    return W;
}
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
int h(const ap_fixed_base<W, I, S, Q, O, N>& x) {
    return W * 100 + I;
}

IDIOM(references_to_bases) {
    ap_uint<8> x = 255;
    f(x);
    SHOW(x);
    g(x);
    SHOW(x);
    SHOW(h(x));
    SHOW(h(x + 1));
    ap_fixed<8, 4> y = 1;
    SHOW(h(y));
    SHOW(h(y * y));
}
}  // namespace of_references_to_bases

namespace of_saturated_sum {
template <class T>
T sat_add(T a, T b) {
    ap_int<T::width + 1> s = a + b;
    T hi = ~(T(1) << (T::width - 1));
    T lo = T(1) << (T::width - 1);
    if (s > hi) return hi;
    if (s < lo) return lo;
    return s;
}

IDIOM(saturated_sum) {
    SHOW(sat_add(ap_int<8>(100), ap_int<8>(100)));
    SHOW(sat_add(ap_int<8>(-100), ap_int<8>(-100)));
    SHOW(sat_add(ap_int<8>(3), ap_int<8>(4)));
}
}  // namespace of_saturated_sum

}  // namespace user_templates_idioms
