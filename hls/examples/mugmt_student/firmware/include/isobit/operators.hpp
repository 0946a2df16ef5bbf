// Arithmetic and bitwise operators of the number family: between numbers, their views and native integers.
//
// Results are exact in the types of growth.hpp (AMD's, UG1399). Division truncates toward zero, % takes the dividend's
// sign, x / 0 traps. Where the open headers' operators are wrong (docs/semantics.md: B6 to B8, B21 to B25), these are
// right.
#ifndef ISOBIT_OPERATORS_HPP
#define ISOBIT_OPERATORS_HPP

#include "divide.hpp"
#include "fixed_class.hpp"
#include "growth.hpp"
#include "integer_class.hpp"
#include "operand.hpp"

namespace isobit {
namespace detail {

// What a result is computed in: it fits, so signed ones cannot overflow and unsigned ones are right modulo 2^bits.
template <class Result>
using arithmetic_t = either<Result::is_signed, register_t<Result::width>, unsigned_of<register_t<Result::width>>>;

// x as it is, and as a multiple of the result's LSB.
template <class Result, class X>
constexpr arithmetic_t<Result> unscaled(const X& x) {
    return static_cast<arithmetic_t<Result>>(static_cast<register_t<Result::width>>(x.storage()));
}
template <class Result, class X>
constexpr arithmetic_t<Result> aligned(const X& x) {
    constexpr int left = Result::type().fraction() - X::type().fraction();
    return static_cast<arithmetic_t<Result>>(shift_left(static_cast<register_t<Result::width>>(x.storage()), left));
}

// A result that fits. Where its storage is narrower than its register, its bits are extended from its width all the
// same: GCC 12 would otherwise multiply in 16 bits and load 8-bit operands into half a register, which makes every
// product wait for the last one (jet_mlp: half the speed).
template <class R>
constexpr typename R::storage_type stored(const arithmetic_t<R>& value) {
    return R::width <= 16 ? fold<R::width, R::is_signed>(value) : static_cast<typename R::storage_type>(value);
}

#define ISOBIT_OPERATION(name, rule, operand_as, symbol)                                            \
    struct name {                                                                                   \
        static constexpr format of(const format& a, const format& b) { return growth::rule(a, b); } \
        template <class R, class A, class B>                                                        \
        static constexpr typename R::storage_type apply(const A& a, const B& b) {                   \
            return stored<R>(operand_as<R>(a) symbol operand_as<R>(b));                             \
        }                                                                                           \
    };
ISOBIT_OPERATION(times, product, unscaled, *)
ISOBIT_OPERATION(plus, sum, aligned, +)
ISOBIT_OPERATION(minus, difference, aligned, -)
ISOBIT_OPERATION(both, common, aligned, &)
ISOBIT_OPERATION(any, common, aligned, |)
ISOBIT_OPERATION(differing, common, aligned, ^)
#undef ISOBIT_OPERATION

struct over {
    static constexpr format of(const format& a, const format& b) { return growth::quotient(a, b); }
    template <class R, class A, class B>
    static constexpr typename R::storage_type apply(const A& a, const B& b) {
        constexpr int up = max_of(B::type().fraction(), 0);
        using wide = compute_t<max_of(A::type().signed_bits() + up, B::type().signed_bits()) + 1>;
        return fold<R::width, R::is_signed>(
            quotient(shift_left(static_cast<wide>(a.raw()), up), static_cast<wide>(b.raw())));
    }
};

struct modulo {
    static constexpr format of(const format& a, const format& b) { return growth::remainder(a, b); }
    template <class R, class A, class B>
    static constexpr typename R::storage_type apply(const A& a, const B& b) {
        using wide = compute_t<max_of(A::type().signed_bits(), B::type().signed_bits()) + 1>;
        return fold<R::width, R::is_signed>(remainder(static_cast<wide>(a.raw()), static_cast<wide>(b.raw())));
    }
};

template <class Operation, class A, class B>
struct outcome {
    static constexpr format f = Operation::of(number_of<A>::type(), number_of<B>::type());
    using type = typename number_with<f.width, f.integer, f.is_signed, f.is_int>::type;
};
template <class Operation, class A, class B>
using outcome_t = typename outcome<Operation, A, B>::type;

template <class Operation, class A, class B>
constexpr outcome_t<Operation, A, B> calculated(const A& a, const B& b) {
    using result = outcome_t<Operation, A, B>;
    return result::from_storage(Operation::template apply<result>(as_number(a), as_number(b)));
}

// % is an operator of integers; AMD has none for fixed-point numbers.
template <class A, class B>
using if_integers =
    typename std::enable_if<is_integer<number_of<A>>::value && is_integer<number_of<B>>::value, int>::type;

// What x op= y adds to x: y, but an ap_[u]int sees the whole part of a fixed-point y.
template <class A, class Y>
constexpr const Y& seen_by(const Y& y) {
    return y;
}
template <class A, int W, int I, bool S, rounding_mode Q, overflow_mode O, int N,
          typename std::enable_if<is_integer<A>::value, int>::type = 0>
constexpr integer<(I > 1 ? I : 1), S> seen_by(const fixed<W, I, S, Q, O, N>& y) {
    return y.to_ap_int_base();
}

// Of a user's class, the number it derives from is assigned to.
template <class A, class Value>
constexpr A& assign(A& a, const Value& value) {
    static_cast<number_of<A>&>(a) = number_of<A>(value);
    return a;
}

// Places to shift by, clipped to what no width reaches.
template <class T>
constexpr long long places(const T& amount) {
    constexpr long long beyond = 4 * max_width;
    const auto n =
        integer<(number_of<T>::iwidth > 1 ? number_of<T>::iwidth : 1), number_of<T>::is_signed>(as_number(amount))
            .raw();
    return n > beyond ? beyond : n < -beyond ? -beyond : static_cast<long long>(n);
}

}  // namespace detail

// Operands are taken by value, as AMD takes native ones: a constant that a class declares and nobody defines (hls4ml's
// config::table_size) is an operand too, and a reference to it would ask the linker for a definition.
#define ISOBIT_BINARY(symbol, operation)                                                                              \
    template <class A, class B, detail::if_operands<A, B> = 0>                                                        \
    constexpr detail::outcome_t<detail::operation, A, B> operator symbol(A a, B b) {                                  \
        return detail::calculated<detail::operation>(a, b);                                                           \
    }                                                                                                                 \
    template <class A, class B, detail::if_assignable<A, B> = 0>                                                      \
    constexpr A& operator symbol##=(A & a, B b) {                                                                     \
        return detail::assign(a, detail::calculated<detail::operation>(a, detail::seen_by<detail::number_of<A>>(b))); \
    }
ISOBIT_BINARY(*, times)
ISOBIT_BINARY(+, plus)
ISOBIT_BINARY(-, minus)
ISOBIT_BINARY(/, over)
ISOBIT_BINARY(&, both)
ISOBIT_BINARY(|, any)
ISOBIT_BINARY(^, differing)
#undef ISOBIT_BINARY

template <class A, class B, detail::if_operands<A, B> = 0, detail::if_integers<A, B> = 0>
constexpr detail::outcome_t<detail::modulo, A, B> operator%(A a, B b) {
    return detail::calculated<detail::modulo>(a, b);
}
template <class A, class B, detail::if_assignable<A, B> = 0, detail::if_integers<A, B> = 0>
constexpr A& operator%=(A& a, B b) {
    return detail::assign(a, detail::calculated<detail::modulo>(a, b));
}

namespace detail {

template <class A, class Real>
using if_integer_and_real =
    typename std::enable_if<is_integer<number_base_t<A>>::value && std::is_floating_point<Real>::value, int>::type;

template <class Real, class A>
constexpr Real as_real(const A& a) {
    return std::is_same<Real, float>::value ? static_cast<Real>(a.to_float()) : static_cast<Real>(a.to_double());
}

}  // namespace detail

// An ap_[u]int beside a float or double is one; fixed-point numbers have no such operators, in AMD's headers neither.
#define ISOBIT_WITH_REAL(symbol)                                                        \
    template <class A, class Real, detail::if_integer_and_real<A, Real> = 0>            \
    constexpr Real operator symbol(A a, Real b) {                                       \
        return detail::as_real<Real>(a) symbol b;                                       \
    }                                                                                   \
    template <class Real, class B, detail::if_integer_and_real<B, Real> = 0, class = B> \
    constexpr Real operator symbol(Real a, B b) {                                       \
        return a symbol detail::as_real<Real>(b);                                       \
    }
ISOBIT_WITH_REAL(+)
ISOBIT_WITH_REAL(-)
ISOBIT_WITH_REAL(*)
ISOBIT_WITH_REAL(/)
#undef ISOBIT_WITH_REAL

// Shifts keep the left operand's type: bits leave, nothing rounds or saturates. A negative amount reverses.
template <class A, class B, detail::if_ours<A> = 0, detail::if_viewable<B> = 0>
constexpr detail::number_of<A> operator<<(A a, B amount) {
    return detail::as_number(a).shifted(detail::places(amount));
}
template <class A, class B, detail::if_ours<A> = 0, detail::if_viewable<B> = 0>
constexpr detail::number_of<A> operator>>(A a, B amount) {
    return detail::as_number(a).shifted(-detail::places(amount));
}
template <class A, class B, detail::if_assignable<A, B> = 0>
constexpr A& operator<<=(A& a, B amount) {
    return detail::assign(a, a << amount);
}
template <class A, class B, detail::if_assignable<A, B> = 0>
constexpr A& operator>>=(A& a, B amount) {
    return detail::assign(a, a >> amount);
}

namespace detail {

template <class A>
using if_number = typename std::enable_if<is_number<A>::value, int>::type;

template <class A>
struct negated {
    static constexpr format f = growth::negation(number_of<A>::type());
    using type = typename number_with<f.width, f.integer, f.is_signed, f.is_int>::type;
};
// The same width and point without modes: what ~x and +x of an ap_int are.
template <class A>
using plain_t = typename number_with<A::width, A::iwidth, A::is_signed, is_integer<number_of<A>>::value>::type;

}  // namespace detail

template <class A, detail::if_number<A> = 0>
constexpr typename detail::negated<A>::type operator-(const A& a) {
    using result = typename detail::negated<A>::type;
    return result::from_storage(
        static_cast<typename result::storage_type>(-detail::unscaled<result>(detail::as_number(a))));
}
template <class A, detail::if_number<A> = 0>
constexpr detail::number_of<A> operator+(const A& a) {
    return a;
}
template <class A, detail::if_number<A> = 0>
constexpr detail::plain_t<A> operator~(const A& a) {
    return detail::plain_t<A>::from_bits(~a.bits());
}
template <class A, detail::if_number<A> = 0>
constexpr bool operator!(const A& a) {
    return !a.or_reduce();
}

// By one, not by one LSB; the sum is assigned as any other.
template <class A, detail::if_number<A> = 0>
constexpr A& operator++(A& a) {
    return a += integer<1, false>(1);
}
template <class A, detail::if_number<A> = 0>
constexpr A& operator--(A& a) {
    return a -= integer<1, false>(1);
}
template <class A, detail::if_number<A> = 0>
constexpr A operator++(A& a, int) {
    const A before = a;
    ++a;
    return before;
}
template <class A, detail::if_number<A> = 0>
constexpr A operator--(A& a, int) {
    const A before = a;
    --a;
    return before;
}

}  // namespace isobit

#endif
