// Views of a number's bits: x[i], x.range(high, low) and (x, y), readable and writable as AMD's ap_bit_ref,
// ap_range_ref and ap_concat_ref are (UG1399).
//
// A view reads as an unsigned integer<>, a bit as a bool. It holds a pointer: it must not outlive its number.
#ifndef ISOBIT_REFERENCES_HPP
#define ISOBIT_REFERENCES_HPP

#include <string>

#include "bits.hpp"
#include "integer_class.hpp"

namespace isobit {
namespace detail {

// The unsigned integer that a view stands for; a fixed-point number counts with its whole part.
template <class T, if_viewable<T> = 0>
constexpr number_of<T> viewed(const T& x) {
    return as_number(x);
}
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr integer<(I > 1 ? I : 1), S> viewed(const fixed<W, I, S, Q, O, N>& x) {
    return x.to_ap_int_base();
}

}  // namespace detail

template <class Owner>
class bit_ref {
public:
    static constexpr int width = 1;

    constexpr bit_ref(Owner& owner, int index) : owner_(&owner), index_(index) {}
    bit_ref(const bit_ref&) = default;

    constexpr operator bool() const { return owner_->test(index_); }
    constexpr bool to_bool() const { return *this; }
    constexpr bool get() const { return *this; }
    constexpr bool operator~() const { return !*this; }
    constexpr int length() const { return 1; }

    constexpr bit_ref& operator=(bool value) {
        owner_->set(index_, value);
        return *this;
    }
    constexpr bit_ref& operator=(const bit_ref& other) { return *this = static_cast<bool>(other); }
    template <class Other>
    constexpr bit_ref& operator=(const bit_ref<Other>& other) {
        return *this = static_cast<bool>(other);
    }
    // From a number or a view: whether any bit is set.
    template <class T, detail::if_viewable<T> = 0>
    constexpr bit_ref& operator=(const T& other) {
        return *this = detail::viewed(other).or_reduce();
    }

    template <int W, bool S>
    constexpr void set(const integer<W, S>& value) {
        *this = value.test(0);
    }

private:
    Owner* owner_;
    int index_;
};

namespace detail {}  // namespace detail

// What range_ref and concat_ref have in common: reading. View has width (the most bits it can have) and get().
template <class View, int W>
class readable_bits {
public:
    static constexpr int width = W;

    constexpr operator integer<W, false>() const { return view().get(); }
    constexpr operator unsigned long long() const { return view().get().to_uint64(); }

    constexpr int to_int() const { return view().get().to_int(); }
    constexpr unsigned to_uint() const { return view().get().to_uint(); }
    constexpr long to_long() const { return view().get().to_long(); }
    constexpr unsigned long to_ulong() const { return view().get().to_ulong(); }
    constexpr long long to_int64() const { return view().get().to_int64(); }
    constexpr unsigned long long to_uint64() const { return view().get().to_uint64(); }
    constexpr double to_double() const { return view().get().to_double(); }

    constexpr bool and_reduce() const { return view().get().get_range(view().length() - 1, 0) == ones(); }
    constexpr bool nand_reduce() const { return !and_reduce(); }
    constexpr bool or_reduce() const { return view().get().or_reduce(); }
    constexpr bool nor_reduce() const { return !or_reduce(); }
    constexpr bool xor_reduce() const { return view().get().xor_reduce(); }
    constexpr bool xnor_reduce() const { return !xor_reduce(); }
    constexpr bool is_zero() const { return !or_reduce(); }

    std::string to_string(int radix = 2, bool sign = false) const { return view().get().to_string(radix, sign); }

private:
    constexpr const View& view() const { return static_cast<const View&>(*this); }
    constexpr typename integer<W, false>::bits_type ones() const {
        return detail::low_ones<typename integer<W, false>::bits_type>(view().length());
    }
};

template <class Owner>
class range_ref : public readable_bits<range_ref<Owner>, Owner::width> {
public:
    using value_type = integer<Owner::width, false>;

    constexpr range_ref(Owner& owner, int high, int low) : owner_(&owner), high_(high), low_(low) {}
    range_ref(const range_ref&) = default;

    constexpr value_type get() const { return value_type::from_bits(owner_->get_range(high_, low_)); }
    constexpr int length() const { return detail::distance(high_, low_); }

    // The low bits of the value; what is above the range is lost.
    template <class T, detail::if_viewable<T> = 0>
    constexpr range_ref& operator=(const T& value) {
        owner_->set_range(high_, low_, value_type(detail::viewed(value)).bits());
        return *this;
    }
    constexpr range_ref& operator=(const range_ref& other) { return *this = other.get(); }
    // A fixed-point number written into a fixed-point number's range: its bits, not its value.
    template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N, class F = Owner,
              typename std::enable_if<!detail::is_integer<F>::value, int>::type = 0>
    constexpr range_ref& operator=(const fixed<W, I, S, Q, O, N>& source) {
        owner_->set_range(high_, low_, value_type::from_bits(source.storage()).bits());
        return *this;
    }
    constexpr range_ref& operator=(double value) { return *this = value_type(value); }
    range_ref& operator=(const char* text) { return *this = value_type(text); }

    template <int W, bool S>
    constexpr void set(const integer<W, S>& value) {
        *this = value;
    }

    template <class T>
    constexpr range_ref& operator|=(const T& other) {
        return *this = get() | value_type(detail::viewed(other));
    }
    template <class T>
    constexpr range_ref& operator&=(const T& other) {
        return *this = get() & value_type(detail::viewed(other));
    }
    template <class T>
    constexpr range_ref& operator^=(const T& other) {
        return *this = get() ^ value_type(detail::viewed(other));
    }

private:
    Owner* owner_;
    int high_, low_;
};

namespace detail {

// A part of a concatenation: views are held as they are, an integer by its address.
template <class T>
struct part {
    T view;
    constexpr explicit part(const T& t) : view(t) {}
    constexpr T& ref() { return view; }
    constexpr const T& ref() const { return view; }
};
template <int W, bool S>
struct part<integer<W, S>> {
    integer<W, S>* number;
    constexpr explicit part(const integer<W, S>& t) : number(const_cast<integer<W, S>*>(&t)) {}
    constexpr integer<W, S>& ref() const { return *number; }
};

}  // namespace detail

template <class High, class Low>
class concat_ref : public readable_bits<concat_ref<High, Low>, High::width + Low::width> {
public:
    using value_type = integer<High::width + Low::width, false>;
    using bits_type = typename value_type::bits_type;

    constexpr concat_ref(const High& high, const Low& low) : high_(high), low_(low) {}
    concat_ref(const concat_ref&) = default;

    constexpr value_type get() const {
        const bits_type high = static_cast<bits_type>(integer<High::width, false>(detail::viewed(high_.ref())).bits());
        const bits_type low = static_cast<bits_type>(integer<Low::width, false>(detail::viewed(low_.ref())).bits());
        const int up = low_.ref().length();
        return value_type::from_bits(
            static_cast<bits_type>((up < value_type::width ? static_cast<bits_type>(high << up) : bits_type{0}) | low));
    }
    constexpr int length() const { return high_.ref().length() + low_.ref().length(); }

    template <class T, detail::if_viewable<T> = 0>
    constexpr concat_ref& operator=(const T& value) {
        const value_type all(detail::viewed(value));
        low_.ref().set(integer<Low::width, false>(all));
        high_.ref().set(integer<High::width, false>(all >> low_.ref().length()));
        return *this;
    }
    constexpr concat_ref& operator=(const concat_ref& other) { return *this = other.get(); }
    constexpr concat_ref& operator=(double value) { return *this = value_type(value); }

    template <int W, bool S>
    constexpr void set(const integer<W, S>& value) {
        *this = value;
    }

private:
    detail::part<High> high_;
    detail::part<Low> low_;
};

namespace detail {

template <class T>
struct is_joinable : std::false_type {};
template <int W, bool S>
struct is_joinable<integer<W, S>> : std::true_type {};
template <class T>
struct is_joinable<bit_ref<T>> : std::true_type {};
template <class T>
struct is_joinable<range_ref<T>> : std::true_type {};
template <class A, class B>
struct is_joinable<concat_ref<A, B>> : std::true_type {};

template <class A, class B>
using if_joinable = typename std::enable_if<is_joinable<A>::value && is_joinable<B>::value, int>::type;

}  // namespace detail

// (high, low): both numbers' bits in one, as AMD's comma operator.
template <class A, class B, detail::if_joinable<A, B> = 0>
constexpr concat_ref<A, B> operator,(const A& high, const B& low) {
    return {high, low};
}

namespace detail {

template <class A, class Native>
using if_joinable_to_native =
    typename std::enable_if<is_joinable<A>::value && operand<Native>::valid && !std::is_class<Native>::value,
                            int>::type;

}  // namespace detail

// A native integer joins with the bits of its type. The result is a number: there is nothing to write to.
template <class A, class Native, detail::if_joinable_to_native<A, Native> = 0>
constexpr integer<A::width + detail::number_of<Native>::width, false> operator,(const A& high, Native low) {
    const detail::number_of<Native> number(low);
    return concat_ref<A, detail::number_of<Native>>(high, number).get();
}
template <class Native, class A, detail::if_joinable_to_native<A, Native> = 0>
constexpr integer<detail::number_of<Native>::width + A::width, false> operator,(Native high, const A& low) {
    const detail::number_of<Native> number(high);
    return concat_ref<detail::number_of<Native>, A>(number, low).get();
}

}  // namespace isobit

#endif
