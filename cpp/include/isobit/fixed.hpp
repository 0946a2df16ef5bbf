// fixed<W,I,S,Q,O,N>: the host's fixed-point number, with the values and result types of AMD's ap_[u]fixed.
//
// Operators are exact and their types grow (growth.hpp); only conversion rounds and overflows (law.hpp). Declared
// widths end at 64 bits in practice, results of operators may reach 127; wider ones do not compile.
#ifndef ISOBIT_FIXED_HPP
#define ISOBIT_FIXED_HPP

#include <climits>
#include <type_traits>

#include "format.hpp"
#include "growth.hpp"
#include "law.hpp"
#include "storage.hpp"

namespace isobit {

template <int W, int I, bool S = true, rounding_mode Q = rounding_mode::TRN, overflow_mode O = overflow_mode::WRAP,
          int N = 0>
class fixed;

// ap_[u]int<W>: assigning a fixed-point value truncates toward zero and wraps.
template <int W, bool S = true>
using integer = fixed<W, W, S, rounding_mode::TRN_ZERO, overflow_mode::WRAP, 0>;

namespace detail {

template <class T>
using if_integral = typename std::enable_if<std::is_integral<T>::value, int>::type;

constexpr int max_of(int a, int b) { return a > b ? a : b; }

}  // namespace detail

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
class fixed {
    static_assert(N >= 0 && N <= W, "isobit::fixed: the saturation bits must be 0 to the width");
    static_assert(S || O != overflow_mode::WRAP_SM, "isobit::fixed: WRAP_SM needs a signed format");

public:
    static constexpr int width = W;
    static constexpr int iwidth = I;
    static constexpr bool is_signed = S;

    using storage_type = storage_t<W, S>;
    using raw_type = compute_t<W + (S ? 0 : 1)>;  // signed, holds every raw value

    static constexpr format type() { return format{W, I, S, Q, O, N, false}; }

    fixed() = default;  // uninitialised, as a native integer

    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr fixed(const fixed<W2, I2, S2, Q2, O2, N2>& source) : raw_(static_cast<storage_type>(converted(source))) {}

    template <class T, detail::if_integral<T> = 0>
    constexpr fixed(T value)
        : fixed(
              fixed<int(sizeof(T) * CHAR_BIT), int(sizeof(T) * CHAR_BIT), std::is_signed<T>::value>::from_raw(value)) {}

    // The value whose bits are the low W bits of `raw`.
    template <class T>
    static constexpr fixed from_raw(T raw) {
        using wide = compute_t<(sizeof(T) <= 8 && W <= 63) ? 63 : 127>;
        fixed result{};
        result.raw_ = static_cast<storage_type>(
            law::interpret<wide>(static_cast<unsigned_of<wide>>(static_cast<wide>(raw)), type()));
        return result;
    }

    constexpr raw_type raw() const { return static_cast<raw_type>(raw_); }

    // Exact up to 53 significant bits, correctly rounded up to 64; wider values round twice at worst.
    double to_double() const {
        double value = static_cast<double>(raw_);
        const double step = W - I < 0 ? 2.0 : 0.5;
        for (int i = W - I < 0 ? I - W : W - I; i > 0; --i) value *= step;
        return value;
    }

    // Shifts keep the type: bits leave, nothing rounds or saturates; a negative amount reverses.
    constexpr fixed operator<<(int amount) const { return amount < 0 ? right(-amount) : left(amount); }
    constexpr fixed operator>>(int amount) const { return amount < 0 ? left(-amount) : right(amount); }

    // By an ap_[u]int of ours; amounts beyond every width act like a large one.
    template <int W2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr fixed operator<<(const fixed<W2, W2, S2, Q2, O2, N2>& amount) const {
        return *this << static_cast<int>(amount > 4 * max_width    ? 4 * max_width
                                         : amount < -4 * max_width ? -4 * max_width
                                                                   : amount.raw());
    }

private:
    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    static constexpr compute_t<detail::max_of(W, W2) + 1> converted(const fixed<W2, I2, S2, Q2, O2, N2>& source) {
        return law::cast<compute_t<detail::max_of(W, W2) + 1>>(source.raw(), (W2 - I2) - (W - I), type());
    }

    constexpr fixed left(int amount) const {
        return amount >= W ? from_raw(0) : from_raw(shift_left<int128>(raw_, amount));
    }
    constexpr fixed right(int amount) const { return from_raw(shift_right<int128>(raw_, amount)); }

    storage_type raw_;
};

namespace detail {

// The fixed<> that growth.hpp's formats name. Modes are the defaults: results of operators are exact.
template <class A, class B>
struct grown {
    static constexpr format product = growth::product(A::type(), B::type());
    static constexpr format sum = growth::sum(A::type(), B::type());
    static constexpr format difference = growth::difference(A::type(), B::type());
    static constexpr format common = growth::comparison(A::type(), B::type());

    using product_type = fixed<product.width, product.integer, product.is_signed>;
    using sum_type = fixed<sum.width, sum.integer, sum.is_signed>;
    using difference_type = fixed<difference.width, difference.integer, difference.is_signed>;
    using common_type = fixed<common.width, common.integer, common.is_signed>;
};

template <class T>
using native = fixed<int(sizeof(T) * CHAR_BIT), int(sizeof(T) * CHAR_BIT), std::is_signed<T>::value>;

template <class T>
struct is_fixed : std::false_type {};
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
struct is_fixed<fixed<W, I, S, Q, O, N>> : std::true_type {};

// Operators take two fixed<>, or one and a native integer, which counts as an ap_[u]int of its width.
template <class T, bool = std::is_integral<T>::value>
struct operand {
    using type = T;
};
template <class T>
struct operand<T, true> {
    using type = native<T>;
};
template <class A, class B>
using if_operands =
    typename std::enable_if<(is_fixed<A>::value && (is_fixed<B>::value || std::is_integral<B>::value)) ||
                                (std::is_integral<A>::value && is_fixed<B>::value),
                            int>::type;
template <class A, class B>
using grown_of = grown<typename operand<A>::type, typename operand<B>::type>;

}  // namespace detail

template <class A, class B, detail::if_operands<A, B> = 0>
constexpr typename detail::grown_of<A, B>::product_type operator*(const A& a, const B& b) {
    using result = typename detail::grown_of<A, B>::product_type;
    using wide = typename result::raw_type;
    return result::from_raw(static_cast<wide>(typename detail::operand<A>::type(a).raw()) *
                            static_cast<wide>(typename detail::operand<B>::type(b).raw()));
}

template <class A, class B, detail::if_operands<A, B> = 0>
constexpr typename detail::grown_of<A, B>::sum_type operator+(const A& a, const B& b) {
    using result = typename detail::grown_of<A, B>::sum_type;
    return result::from_raw(result(a).raw() + result(b).raw());
}

template <class A, class B, detail::if_operands<A, B> = 0>
constexpr typename detail::grown_of<A, B>::difference_type operator-(const A& a, const B& b) {
    using result = typename detail::grown_of<A, B>::difference_type;
    return result::from_raw(result(a).raw() - result(b).raw());
}

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr fixed<W + 1, I + 1, true> operator-(const fixed<W, I, S, Q, O, N>& a) {
    return fixed<W + 1, I + 1, true>::from_raw(-fixed<W + 1, I + 1, true>(a).raw());
}

// Comparison is of values, whatever the two formats (the headers' mixed-sign defect B5 is not kept).
#define ISOBIT_COMPARISON(op)                                        \
    template <class A, class B, detail::if_operands<A, B> = 0>       \
    constexpr bool operator op(const A& a, const B& b) {             \
        using common = typename detail::grown_of<A, B>::common_type; \
        return common(a).raw() op common(b).raw();                   \
    }
ISOBIT_COMPARISON(==)
ISOBIT_COMPARISON(!=)
ISOBIT_COMPARISON(<)
ISOBIT_COMPARISON(<=)
ISOBIT_COMPARISON(>)
ISOBIT_COMPARISON(>=)
#undef ISOBIT_COMPARISON

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr int fixed<W, I, S, Q, O, N>::width;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr int fixed<W, I, S, Q, O, N>::iwidth;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr bool fixed<W, I, S, Q, O, N>::is_signed;

}  // namespace isobit

#endif
