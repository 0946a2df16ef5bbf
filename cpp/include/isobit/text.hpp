#ifndef ISOBIT_TEXT_HPP
#define ISOBIT_TEXT_HPP
#include <istream>
#include <ostream>
#include "fixed.hpp"
namespace isobit {
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
std::istream& operator>>(std::istream& in, fixed<W, I, S, Q, O, N>& x) {
    double value = 0;
    in >> value;
    x = fixed<W, I, S, Q, O, N>(value);
    return in;
}
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
std::ostream& operator<<(std::ostream& out, const fixed<W, I, S, Q, O, N>& x) {
    return out << x.to_double();
}
template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const integer<W, S>& x) {
    return out << x.to_int64();
}
template <int W, bool S>
std::istream& operator>>(std::istream& in, integer<W, S>& x) {
    long long v = 0;
    in >> v;
    x = v;
    return in;
}
}  // namespace isobit
#endif
