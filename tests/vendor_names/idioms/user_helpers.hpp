// A user's templates whose names isobit uses inside: the call finds the user's.
#pragma once

#include "show.hpp"

namespace user_helpers_idioms {

namespace of_shift_left_of_a_user {
template <class T>
T shift_left(const T& x, int n) {
    return x << n;
}
template <class T>
T shift_right(const T& x, int n) {
    return x >> n;
}

IDIOM(shift_left_of_a_user) {
    ap_uint<8> x = 3;
    SHOW(shift_left(x, 2));
    SHOW(shift_right(x, 1));
}
}  // namespace of_shift_left_of_a_user

namespace of_quotient_of_a_user {
template <class T>
T quotient(const T& a, const T& b) {
    return a / b;
}
template <class T>
T remainder(const T& a, const T& b) {
    return a % b;
}

IDIOM(quotient_of_a_user) {
    ap_uint<8> a = 7, b = 2;
    SHOW(quotient(a, b));
    SHOW(remainder(a, b));
}
}  // namespace of_quotient_of_a_user

namespace of_reversed_of_a_user {
template <class T>
T reversed(const T& a, int n) {
    T r = 0;
    for (int i = 0; i < n; i++) r[i] = a[n - 1 - i];
    return r;
}
template <class T>
bool parity(const T& a, int n) {
    return a.xor_reduce();
}

IDIOM(reversed_of_a_user) {
    ap_uint<8> a = 7;
    SHOW(reversed(a, 8));
    SHOW(parity(a, 8));
}
}  // namespace of_reversed_of_a_user

namespace of_distance_of_a_user {
template <class T>
T distance(T a, T b) {
    return a > b ? T(a - b) : T(b - a);
}
template <class T>
int used_bits(const T& a) {
    return a.length();
}
template <class T>
int places(const T&) {
    return 1;
}
template <class T>
double to_double(const T& x) {
    return x.to_double();
}

IDIOM(distance_of_a_user) {
    ap_uint<8> a = 7, b = 3;
    SHOW(distance(a, b));
    SHOW(used_bits(a));
    SHOW(places(a));
    SHOW(to_double(a));
}
}  // namespace of_distance_of_a_user

namespace of_bit_of_a_user {
template <class S, class T>
void put(S& s, const T& x, bool n) {
    s << x;
}
template <class T>
T bit_of(const T& x, int i) {
    return (x >> i) & 1;
}
template <class T>
T fold(const T& x) {
    return x;
}

IDIOM(bit_of_a_user) {
    ap_uint<8> a = 7;
    put(std::cout, a, false);
    std::cout << '\n';
    SHOW(bit_of(a, 1));
    SHOW(fold(a));
}
}  // namespace of_bit_of_a_user

// More names that isobit uses inside, in templates that take any type.
namespace of_helpers_of_a_user {
template <class T>
ap_int<T::width> as_signed(const T& x) {
    return x;
}
template <class T>
T aligned(const T& x, int n) {
    return x << n;
}
template <class T>
T stored(const T& x) {
    return x;
}
template <class A, class B>
auto calculated(const A& a, const B& b) -> decltype(a * b) {
    return a * b;
}
template <class T>
ap_uint<T::width> viewed(T x) {
    return x(T::width - 1, 0);
}
template <class T>
T round_shift(const T& x, int n) {
    return (x + (1 << (n - 1))) >> n;
}
template <class T>
T overflow(const T& x) {
    return x;
}
template <class T>
bool negative(const T& x) {
    return x < 0;
}
template <class T>
T magnitude(const T& x) {
    return negative(x) ? T(-x) : x;
}
template <class T>
T multiply(const T& a, const T& b) {
    return a * b;
}
template <class T>
int compare(const T& a, const T& b) {
    return a < b ? -1 : a == b ? 0 : 1;
}

IDIOM(helpers_of_a_user) {
    ap_uint<8> x = 200;
    ap_fixed<8, 4> f = -1.5;
    SHOW_TYPED(as_signed(x));
    SHOW(aligned(x, 1));
    SHOW(stored(f));
    SHOW_TYPED(calculated(x, f));
    SHOW(viewed(f));
    SHOW(round_shift(x, 3));
    SHOW(overflow(x));
    SHOW(negative(f));
    SHOW(magnitude(f));
    SHOW(multiply(f, f));
    SHOW(compare(f, f));
    SHOW(compare(x, ap_uint<8>(3)));
}
}  // namespace of_helpers_of_a_user

}  // namespace user_helpers_idioms
