// What may stand beside a fixed<> or integer<> in an expression, and the number that it counts as.
#ifndef ISOBIT_OPERAND_HPP
#define ISOBIT_OPERAND_HPP

#include <climits>
#include <type_traits>
#include <utility>

#include "format.hpp"
#include "fwd.hpp"

namespace isobit {
namespace detail {

// operand<T>::type is the number, ::ours whether T is of this library. Primary template: nothing to do with us.
template <class T, class = void>
struct operand {
    static constexpr bool valid = false, ours = false;
};

template <class Number, bool Ours>
struct operand_as {
    static constexpr bool valid = true, ours = Ours;
    using type = Number;
};

// The number that a user's class derives from; void for any other type.
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
fixed<W, I, S, Q, O, N> base_of(const fixed<W, I, S, Q, O, N>*);
template <int W, bool S>
integer<W, S> base_of(const integer<W, S>*);
void base_of(...);

template <class T, bool = std::is_class<T>::value>
struct number_base {
    using type = void;
};
template <class T>
struct number_base<T, true> {
    using type = decltype(detail::base_of(static_cast<const T*>(nullptr)));
};
template <class T>
using number_base_t = typename number_base<T>::type;

template <class T>
struct operand<T, typename std::enable_if<!std::is_void<number_base_t<T>>::value &&
                                          !std::is_same<number_base_t<T>, T>::value>::type>
    : operand_as<number_base_t<T>, true> {};

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
struct operand<fixed<W, I, S, Q, O, N>> : operand_as<fixed<W, I, S, Q, O, N>, true> {};
template <int W, bool S>
struct operand<integer<W, S>> : operand_as<integer<W, S>, true> {};
// A bit beside a number is an ap_uint<1>; beside a bit or a native integer it is a bool, as C++ promotes it.
template <class Owner>
struct operand<bit_ref<Owner>> : operand_as<integer<1, false>, false> {};
template <class Owner>
struct operand<range_ref<Owner>> : operand_as<integer<range_ref<Owner>::width, false>, true> {};
template <class A, class B>
struct operand<concat_ref<A, B>> : operand_as<integer<concat_ref<A, B>::width, false>, true> {};

template <class T>
using native_number = integer<std::is_same<T, bool>::value ? 1 : int(sizeof(T) * CHAR_BIT), std::is_signed<T>::value>;

#define ISOBIT_OPERAND(T) \
    template <>           \
    struct operand<T> : operand_as<native_number<T>, false> {};
ISOBIT_NATIVE_INTEGERS(ISOBIT_OPERAND)
#undef ISOBIT_OPERAND

// An unscoped enumeration counts as what it promotes to.
template <class T>
struct operand<T, typename std::enable_if<std::is_enum<T>::value && std::is_convertible<T, int>::value>::type>
    : operand_as<native_number<decltype(+T())>, false> {};

// A class that promotes to a native integer (std::integral_constant, say) counts as what it promotes to.
template <class T>
struct is_view : std::false_type {};
template <class Owner>
struct is_view<bit_ref<Owner>> : std::true_type {};
template <class Owner>
struct is_view<range_ref<Owner>> : std::true_type {};
template <class A, class B>
struct is_view<concat_ref<A, B>> : std::true_type {};

template <class T>
auto promoted(int) -> decltype(+std::declval<const T&>());
template <class T>
void promoted(...);
template <class T, bool = std::is_class<T>::value && std::is_void<number_base_t<T>>::value && !is_view<T>::value>
struct promotes_to {
    using type = void;
};
template <class T>
struct promotes_to<T, true> {
    using type = decltype(detail::promoted<T>(0));
};

template <class T>
struct operand<T, typename std::enable_if<std::is_integral<typename promotes_to<T>::type>::value>::type>
    : operand_as<native_number<typename promotes_to<T>::type>, false> {};

template <class T>
using number_of = typename operand<T>::type;

template <class T>
using if_viewable = typename std::enable_if<operand<T>::valid, int>::type;
template <class T>
using if_source = typename std::enable_if<operand<T>::valid || std::is_floating_point<T>::value, int>::type;
template <class T>
using if_ours = typename std::enable_if<operand<T>::ours, int>::type;
template <class A, class B>
using if_operands =
    typename std::enable_if<operand<A>::valid && operand<B>::valid && (operand<A>::ours || operand<B>::ours),
                            int>::type;

template <class T>
struct is_number : std::integral_constant<bool, !std::is_void<number_base_t<T>>::value> {};

template <class T>
struct is_integer : std::false_type {};
template <int W, bool S>
struct is_integer<integer<W, S>> : std::true_type {};

template <class A, class B>
using if_assignable = typename std::enable_if<is_number<A>::value && operand<B>::valid, int>::type;

// fixed<> and integer<> whose parameters come from a format of growth.hpp.
template <int W, int I, bool S, bool IsInt>
struct number_with {
    using type = fixed<W, I, S>;
};
template <int W, int I, bool S>
struct number_with<W, I, S, true> {
    using type = integer<W, S>;
};

template <class T>
constexpr number_of<T> as_number(const T& x) {
    return number_of<T>(x);
}

}  // namespace detail
}  // namespace isobit

#endif
