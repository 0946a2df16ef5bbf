// The formats that exact operators give: AMD's growth rules (UG1399; RType in ap_fixed_base.h and ap_int_base.h of
// hls4ml's ap_types).
//
// Stated once, on `format`: fixed<> and integer<> take their template arguments from here, the run-time policies
// their plans. An operator on two ap_[u]int gives an ap_[u]int, any other an ap_[u]fixed.
#ifndef ISOBIT_GROWTH_HPP
#define ISOBIT_GROWTH_HPP

#include "format.hpp"

namespace isobit {
namespace growth {

constexpr int larger(int a, int b) { return a > b ? a : b; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

// Results carry the default modes: they are exact, so nothing is ever rounded into them by an operator.
constexpr format result(int integer, int fraction, bool is_signed, bool is_int) {
    return is_int ? integer_format(integer, is_signed) : fixed_format(integer + fraction, integer, is_signed);
}

constexpr format product(const format& a, const format& b) {
    return result(a.integer + b.integer, a.fraction() + b.fraction(), a.is_signed || b.is_signed, a.is_int && b.is_int);
}

// Integer bits that hold both operands: an unsigned one beside a signed one needs a bit more.
constexpr int common_integer(const format& a, const format& b) {
    return larger(a.integer + (b.is_signed && !a.is_signed ? 1 : 0), b.integer + (a.is_signed && !b.is_signed ? 1 : 0));
}

constexpr int common_fraction(const format& a, const format& b) { return larger(a.fraction(), b.fraction()); }

constexpr format sum(const format& a, const format& b) {
    return result(common_integer(a, b) + 1, common_fraction(a, b), a.is_signed || b.is_signed, a.is_int && b.is_int);
}

// A difference is always signed, even of two unsigned operands.
constexpr format difference(const format& a, const format& b) {
    return result(common_integer(a, b) + 1, common_fraction(a, b), true, a.is_int && b.is_int);
}

// -a. An ap_int counts as 0 - a with a zero of one unsigned bit.
constexpr format negation(const format& a) {
    return a.is_int ? difference(integer_format(1, false), a) : result(a.integer + 1, a.fraction(), true, false);
}

// & | ^, and the common format in which two values are compared.
constexpr format common(const format& a, const format& b) {
    return result(common_integer(a, b), common_fraction(a, b), a.is_signed || b.is_signed, a.is_int && b.is_int);
}

// The dividend moves up by the divisor's fraction, if that is positive; one bit more where the divisor has a sign.
constexpr format quotient(const format& a, const format& b) {
    return a.is_int && b.is_int
               ? integer_format(a.width + (b.is_signed ? 1 : 0), a.is_signed || b.is_signed)
               : fixed_format(a.width + larger(b.fraction(), 0) + (b.is_signed ? 1 : 0),
                              a.integer + b.fraction() + (b.is_signed ? 1 : 0), a.is_signed || b.is_signed);
}

// Of two ap_[u]int only; the sign is the dividend's.
constexpr format remainder(const format& a, const format& b) {
    return integer_format(smaller(a.width, b.width + (!b.is_signed && a.is_signed ? 1 : 0)), a.is_signed);
}

}  // namespace growth
}  // namespace isobit

#endif
