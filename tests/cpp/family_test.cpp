// Every storage agrees: numbers held in native integers of each size and in limbs obey the same arithmetic.
//
// Each operation is repeated on the same values in a format of 700 bits, whose limbs share no code with the native
// paths, or is held against a law of integers (division with remainder, de Morgan). Run under ASan and UBSan in CI.
#include <isobit/fixed.hpp>

#include <cstdint>
#include <type_traits>

#include "check.hpp"

using isobit::fixed;
using isobit::integer;
using Q = isobit::rounding_mode;
using O = isobit::overflow_mode;

namespace {

using wide = fixed<700, 350>;

check::random_bits next(20261124);

// A value of T, often at or beside a bound, zero, or a power of two.
template <class T>
T drawn() {
    T x = T::from_bits(0);
    const std::uint64_t kind = next() % 6;
    if (kind == 0) return x;
    if (kind < 3) {
        x.set(static_cast<int>(next() % T::width));
        return kind == 1 ? x : T(~x);
    }
    for (int i = 0; i < T::width; i += 32) {
        const int high = i + 31 < T::width ? i + 31 : T::width - 1;
        x.range(high, i) = static_cast<unsigned>(next());
    }
    return kind == 5 && T::width > 4 ? T(x >> static_cast<int>(next() % T::width)) : x;
}

template <class A, class B>
void same(const A& narrow, const B& expected, const char* what) {
    check::that(narrow == expected && wide(narrow) == wide(expected), what);
}

template <class A, class B>
void arithmetic(const A& a, const B& b) {
    const wide x = a, y = b;
    same(a + b, x + y, "+");
    same(a - b, x - y, "-");
    same(a * b, x * y, "*");
    same(-a, -x, "unary -");
    check::that((a < b) == (x < y) && (a <= b) == (x <= y) && (a == b) == (x == y), "< <= ==");
    check::that((a > b) == (x > y) && (a >= b) == (x >= y) && (a != b) == (x != y), "> >= !=");
    check::that((a < b) == ((a - b) < 0) && (a == b) == !(a - b), "order is the sign of the difference");
    same(a + b, (x & y) + (x | y), "a + b = (a & b) + (a | b)");
    same(a ^ b, (a | b) - (a & b), "a ^ b = (a | b) - (a & b)");
    check::that((a & b) == ~(~(x) | ~(y)), "de Morgan");
    check::that(A(-(-a)) == a && A(~~a) == a, "twice is the same");
}

// x op= y is x = x op y; but an integer adds only the whole part of a fixed-point y, as AMD's does.
template <class A, class B>
void compound(const A& a, const B& b) {
    A c = a;
    check::that((c += b) == A(wide(a) + wide(b)), "+=");
    c = a;
    check::that((c *= b) == A(wide(a) * wide(b)), "*=");
    c = a;
    check::that((c -= b) == A(wide(a) - wide(b)), "-=");
}
template <int W, bool S, int W2, int I2, bool S2, Q q, O o, int N>
void compound(const integer<W, S>& a, const fixed<W2, I2, S2, q, o, N>& b) {
    compound(a, b.to_ap_int_base());
}

// |a| - |q b| is less than one LSB of the quotient times |b|, and q has the sign of a / b.
template <class A, class B>
void division(const A& a, const B& b) {
    if (!b) return;
    const auto q = a / b;
    const wide x = a < 0 ? wide(-a) : wide(a), y = b < 0 ? wide(-b) : wide(b), z = q < 0 ? wide(-q) : wide(q);
    const auto lsb = std::remove_const_t<decltype(q)>::from_bits(1);
    check::that(z * y <= x && x < (z + wide(lsb)) * y, "/ truncates");
    check::that(!q || (q < 0) == ((a < 0) != (b < 0)), "/ has the sign of the quotient");
}

template <int W, bool S, int W2, bool S2>
void integers(const integer<W, S>& a, const integer<W2, S2>& b) {
    if (!b) return;
    const auto r = a % b;
    check::that((a / b) * b + r == a, "a = (a / b) b + a % b");
    check::that(!r || (r < 0) == (a < 0), "% takes the dividend's sign");
}
template <class A, class B>
void integers(const A&, const B&) {}

// A cast sees the value, not the storage it comes from.
template <class Target, class A>
void cast(const A& a) {
    check::that(Target(a).bits() == Target(wide(a)).bits(), "a cast depends on the value alone");
}
template <int W, int I, class A>
void casts(const A& a) {
    cast<fixed<W, I, true, Q::TRN, O::WRAP>>(a);
    cast<fixed<W, I, true, Q::RND_CONV, O::SAT>>(a);
    cast<fixed<W, I, false, Q::RND, O::SAT>>(a);
    cast<fixed<W, I, true, Q::RND_ZERO, O::SAT_SYM>>(a);
    cast<fixed<W, I, true, Q::RND_INF, O::WRAP, 1>>(a);
    cast<fixed<W, I, false, Q::TRN_ZERO, O::WRAP>>(a);
    cast<fixed<W, I, true, Q::RND_MIN_INF, O::WRAP_SM>>(a);
    cast<fixed<W, I, true, Q::TRN, O::SAT_ZERO>>(a);
}

template <class A>
void bits(const A& a) {
    using same_width = integer<A::width, false>;
    const same_width b = same_width::from_bits(a.bits());
    const int n = static_cast<int>(next() % (A::width + 2)), i = static_cast<int>(next() % A::width);
    check::that((a << n).bits() == (b << n).bits(), "<<");
    check::that((a >> n) == (A(a) << -n), "a negative amount reverses");
    check::that(integer<700>(integer<A::width, A::is_signed>::from_bits(a.bits()) >> n).bits() ==
                    (integer<700>(integer<A::width, A::is_signed>::from_bits(a.bits())) >> n).bits(),
                ">>");
    A c = a;
    c.reverse();
    check::that(c.bits() == same_width(b.range(0, A::width - 1)).bits(), "reverse is range(0, width - 1)");
    c.reverse();
    check::that(c.bits() == a.bits(), "reversed twice");
    c.lrotate(i);
    c.rrotate(i);
    check::that(c.bits() == a.bits(), "rotated there and back");
    c[i] = !a[i];
    check::that(c[i] != a[i] && (c.bits() ^ a.bits()) == (same_width(1) << i).bits(), "one bit written");
    c.range(A::width - 1, i) = a.range(A::width - 1, i);
    check::that(c.bits() == a.bits(), "a range written");
    check::that(a.xor_reduce() == (((a.range() >> 1).xor_reduce()) != a[0]), "xor_reduce");
    const integer<2 * A::width, false> joined = (b, b);
    check::that(joined.range(A::width - 1, 0) == b && joined.range(2 * A::width - 1, A::width) == b, "concatenation");
}

template <class A, class B>
void pair(int rounds) {
    for (int i = 0; i < rounds; ++i) {
        const A a = drawn<A>();
        const B b = drawn<B>();
        arithmetic(a, b);
        arithmetic(b, a);
        compound(a, b);
        compound(b, a);
        division(a, b);
        integers(a, b);
    }
}

template <class A>
void alone(int rounds) {
    for (int i = 0; i < rounds; ++i) {
        const A a = drawn<A>();
        casts<8, 3>(a);
        casts<32, 16>(a);
        casts<64, 40>(a);
        casts<128, 70>(a);
        bits(a);
        if (A::width <= 53) check::that(fixed<64, 40>(a.to_double()) == fixed<64, 40>(a), "through a double");
    }
}

}  // namespace

int main() {
    const int rounds = 40;
    pair<fixed<1, 1>, fixed<8, 3, false>>(rounds);
    pair<fixed<16, 6>, fixed<31, 12>>(rounds);
    pair<fixed<32, 16, false>, fixed<32, 10>>(rounds);
    pair<fixed<63, 31>, fixed<64, 32, false>>(rounds);
    pair<fixed<64, 20, false>, fixed<64, 40, false>>(rounds);
    pair<fixed<65, 30>, fixed<7, -2>>(rounds);
    pair<fixed<127, 60>, fixed<128, 64, false>>(rounds);
    pair<fixed<128, 60>, fixed<9, 14>>(rounds);
    pair<fixed<129, 64>, fixed<130, 66, false>>(rounds);
    pair<integer<8>, integer<33, false>>(rounds);
    pair<integer<32, false>, integer<32>>(rounds);
    pair<integer<64>, integer<64, false>>(rounds);
    pair<integer<128>, integer<100, false>>(rounds);
    pair<integer<129, false>, integer<200>>(rounds);
    pair<integer<12>, fixed<18, 6>>(rounds);
    alone<fixed<5, 2>>(rounds);
    alone<fixed<32, 9, false>>(rounds);
    alone<fixed<64, 33, false>>(rounds);
    alone<fixed<64, 20>>(rounds);
    alone<fixed<128, 50, false>>(rounds);
    alone<fixed<200, 90>>(rounds);
    return check::report("family_test");
}
