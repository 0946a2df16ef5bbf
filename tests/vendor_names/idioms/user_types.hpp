// Types that derive from numbers, hold them, or convert to a native number beside them.
#pragma once

#include "show.hpp"

namespace user_types_idioms {

namespace of_derived_integer {
struct my : ap_uint<8> {
    my() {}
    my(int v) : ap_uint<8>(v) {}
};

IDIOM(derived_integer) {
    my a(200), b(100);
    SHOW_TYPED(a + b);
    SHOW_TYPED(a - b);
    SHOW_TYPED(a * b);
    SHOW_TYPED(a & b);
    SHOW_TYPED(a >> 1);
    SHOW_TYPED(~a);
    SHOW_TYPED(-a);
    SHOW(a > b);
    SHOW(a == b);
    SHOW(a < 3);
}
}  // namespace of_derived_integer

namespace of_derived_integer_compound {
struct my : ap_uint<8> {
    my() {}
    my(int v) : ap_uint<8>(v) {}
};

IDIOM(derived_integer_compound) {
    my a(200), b(100);
    a += b;
    SHOW(a);
    a += 1;
    SHOW(a);
    a <<= 1;
    SHOW(a);
    a++;
    SHOW(a);
}
}  // namespace of_derived_integer_compound

namespace of_derived_fixed {
struct my : ap_fixed<8, 4> {
    my() {}
    my(double v) : ap_fixed<8, 4>(v) {}
};

IDIOM(derived_fixed) {
    my a(2.5), b(1.25);
    SHOW_TYPED(a + b);
    SHOW_TYPED(a * b);
    SHOW(a > b);
    SHOW_TYPED(-a);
    SHOW_TYPED(a >> 1);
}
}  // namespace of_derived_fixed

namespace of_inherited_constructors {
struct my : ap_uint<8> {
    using ap_uint<8>::ap_uint;
};

IDIOM(inherited_constructors) {
    my a(200);
    SHOW(a.to_int());
    SHOW(a);
}
}  // namespace of_inherited_constructors

namespace of_convertible_struct {
struct threshold {
    operator int() const { return 300; }
};

IDIOM(convertible_struct) {
    threshold w;
    ap_uint<8> x = 250;
    SHOW_TYPED(x + w);
    SHOW_TYPED(x * w);
    SHOW_TYPED(x - w);
    SHOW_TYPED(w - x);
    x += w;
    SHOW(x);
    ap_int<8> y = -5;
    SHOW_TYPED(y + w);
    SHOW_TYPED(y * w);
    SHOW(y < w);
    SHOW(x == w);
}
}  // namespace of_convertible_struct

namespace of_members_in_products {
template <int W>
struct cplx {
    ap_int<W> re, im;
    cplx(ap_int<W> r = 0, ap_int<W> i = 0) : re(r), im(i) {}
    cplx<2 * W + 1> operator*(const cplx& o) const {
        return cplx<2 * W + 1>(re * o.re - im * o.im, re * o.im + im * o.re);
    }
};

IDIOM(members_in_products) {
    cplx<8> a(3, -4), b(1, 2);
    auto c = a * b;
    SHOW(c.re);
    SHOW(c.im);
    SHOW_TYPED(c.re);
}
}  // namespace of_members_in_products

namespace of_constants_as_members {
struct S {
    static const ap_uint<4> k;
    const ap_fixed<8, 4> f;
    S() : f(1.5) {}
};
const ap_uint<4> S::k = 9;

IDIOM(constants_as_members) {
    S s;
    SHOW(s.f);
    SHOW(S::k + 1);
    SHOW(s.f * s.f);
    ap_uint<4> a = S::k;
    SHOW(a[3]);
}
}  // namespace of_constants_as_members

IDIOM(complex_numbers) {
    std::complex<ap_fixed<16, 8>> a(1.5, 2.5), b(1, -1);
    SHOW((a + b).real());
    SHOW((a * b).real());
    SHOW((a * b).imag());
}

namespace of_template_template_argument {
template <template <int> class T>
int f() {
    return T<7>::width;
}

IDIOM(template_template_argument) {
    SHOW(f<ap_int>());
    SHOW(f<ap_uint>());
}
}  // namespace of_template_template_argument

}  // namespace user_types_idioms
