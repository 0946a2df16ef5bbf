// Comparison of numbers, views, native integers and floating point: by value, whatever the two formats.
//
// The open headers compare mixed signs wrongly for many formats (docs/semantics.md, B5, B16); these do not. A double is
// compared with the number rounded to a double, as there.
#ifndef ISOBIT_COMPARISON_HPP
#define ISOBIT_COMPARISON_HPP

#include "operators.hpp"

namespace isobit {
namespace detail {

template <class A, class B>
using if_number_and_real = typename std::enable_if<is_number<A>::value && std::is_floating_point<B>::value, int>::type;

}  // namespace detail

#define ISOBIT_COMPARISON(symbol)                                                                                  \
    template <class A, class B, detail::if_operands<A, B> = 0>                                                     \
    constexpr bool operator symbol(A a, B b) {                                                                     \
        using common = detail::outcome_t<detail::both, A, B>;                                                      \
        return detail::aligned<common>(detail::as_number(a)) symbol detail::aligned<common>(detail::as_number(b)); \
    }                                                                                                              \
    template <class A, class B, detail::if_number_and_real<A, B> = 0>                                              \
    constexpr bool operator symbol(A a, B b) {                                                                     \
        return a.to_double() symbol static_cast<double>(b);                                                        \
    }                                                                                                              \
    template <class A, class B, detail::if_number_and_real<B, A> = 0>                                              \
    constexpr bool operator symbol(A a, B b) {                                                                     \
        return static_cast<double>(a) symbol b.to_double();                                                        \
    }
ISOBIT_COMPARISON(==)
ISOBIT_COMPARISON(!=)
ISOBIT_COMPARISON(<)
ISOBIT_COMPARISON(<=)
ISOBIT_COMPARISON(>)
ISOBIT_COMPARISON(>=)
#undef ISOBIT_COMPARISON

}  // namespace isobit

#endif
