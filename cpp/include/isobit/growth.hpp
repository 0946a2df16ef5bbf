// The formats that exact operators give: AMD's growth rules (UG1399; ap_fixed_base.h, RType in hls4ml's ap_types).
//
// Stated once, on `format`: fixed<> takes its template arguments from here and the run-time policies their plans.
#ifndef ISOBIT_GROWTH_HPP
#define ISOBIT_GROWTH_HPP

#include "format.hpp"

namespace isobit {
namespace growth {

constexpr int larger(int a, int b) { return a > b ? a : b; }

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

constexpr format negation(const format& a) { return result(a.integer + 1, a.fraction(), true, a.is_int); }

// The common format in which two values are compared.
constexpr format comparison(const format& a, const format& b) {
    return result(common_integer(a, b), common_fraction(a, b), a.is_signed || b.is_signed, a.is_int && b.is_int);
}

}  // namespace growth
}  // namespace isobit

#endif
