// The bits of a number: what fixed<> and integer<> share. Names and results as AMD's (UG1399, bit-level operations).
//
// Indices count from the lowest bit. Outside the number a bit reads as 0 and cannot be written.
#ifndef ISOBIT_BITS_HPP
#define ISOBIT_BITS_HPP

#include <cstdint>

#include "bit_words.hpp"
#include "fwd.hpp"
#include "storage.hpp"

namespace isobit {
namespace detail {

constexpr int distance(int a, int b) { return (a < b ? b - a : a - b) + 1; }

}  // namespace detail

// A static interface: Derived has storage(), from_storage() and from_bits().
template <class Derived, int W, bool S>
class bit_level {
public:
    using bits_type = unsigned_of<register_t<W>>;

    // All bits, zero above the width.
    constexpr bits_type bits() const {
        return static_cast<bits_type>(fold<W, false>(static_cast<bits_type>(self().storage())));
    }
    constexpr void set_bits(const bits_type& value) { self() = Derived::from_bits(value); }

    // Bits low .. high, or high .. low reversed where high < low.
    constexpr bits_type get_range(int high, int low) const {
        const int length = detail::distance(high, low);
        const bits_type field = static_cast<bits_type>(moved(-(high < low ? high : low)) &
                                                       detail::low_ones<bits_type>(length < W ? length : W));
        return high < low ? detail::reversed(field, length < W ? length : W) : field;
    }
    constexpr void set_range(int high, int low, const bits_type& value) {
        const int length = detail::distance(high, low), from = high < low ? high : low;
        if (from < 0 || from + length > W) return;
        const bits_type mask = detail::low_ones<bits_type>(length), kept = static_cast<bits_type>(value & mask);
        const bits_type field = high < low ? detail::reversed(kept, length) : kept;
        set_bits(static_cast<bits_type>((bits() & static_cast<bits_type>(~static_cast<bits_type>(mask << from))) |
                                        static_cast<bits_type>(field << from)));
    }

    constexpr bool test(int index) const {
        return index >= 0 && index < W && detail::get_bit(static_cast<bits_type>(self().storage()), index);
    }
    constexpr void set(int index, bool value) {
        if (index < 0 || index >= W) return;
        set_bits(detail::with_bit(static_cast<bits_type>(self().storage()), index, value));
    }
    constexpr void set(int index) { set(index, true); }
    constexpr void clear(int index) { set(index, false); }
    constexpr void invert(int index) { set(index, !test(index)); }

    constexpr bit_ref<Derived> operator[](int index) { return bit_ref<Derived>(self(), index); }
    constexpr bool operator[](int index) const { return test(index); }
    constexpr bit_ref<Derived> bit(int index) { return bit_ref<Derived>(self(), index); }
    constexpr bool bit(int index) const { return test(index); }

    constexpr range_ref<Derived> range(int high, int low) { return range_ref<Derived>(self(), high, low); }
    constexpr range_ref<Derived> range() { return range(W - 1, 0); }
    constexpr range_ref<Derived> operator()(int high, int low) { return range(high, low); }
    // Reading a constant gives a view as well, as AMD's does: what is written through it reaches the number.
    constexpr range_ref<Derived> range(int high, int low) const {
        return range_ref<Derived>(const_cast<Derived&>(self()), high, low);
    }
    constexpr range_ref<Derived> range() const { return range(W - 1, 0); }
    constexpr range_ref<Derived> operator()(int high, int low) const { return range(high, low); }

    constexpr bool and_reduce() const { return bits() == detail::low_ones<bits_type>(W); }
    constexpr bool nand_reduce() const { return !and_reduce(); }
    constexpr bool or_reduce() const { return self().storage() != 0; }
    constexpr bool nor_reduce() const { return !or_reduce(); }
    constexpr bool xor_reduce() const { return detail::odd(bits()); }
    constexpr bool xnor_reduce() const { return !xor_reduce(); }

    constexpr bool is_zero() const { return !or_reduce(); }
    constexpr bool is_neg() const { return S && test(W - 1); }
    constexpr int length() const { return W; }
    constexpr int countLeadingZeros() const { return W - detail::used(bits()); }

    constexpr Derived& reverse() {
        set_bits(detail::reversed(bits(), W));
        return self();
    }
    constexpr Derived& lrotate(int places) {
        const int left = (places % W + W) % W;
        set_bits(static_cast<bits_type>(moved(left) | moved(left - W)));
        return self();
    }
    constexpr Derived& rrotate(int places) { return lrotate(-(places % W)); }
    constexpr void b_not() { set_bits(static_cast<bits_type>(~bits())); }

    // Rounds and saturates nothing: the bits move, those that leave are lost.
    constexpr Derived shifted(long long left) const {
        if (left >= 0 || !S) return Derived::from_bits(moved(left < -W ? -W : left > W ? W : static_cast<int>(left)));
        const int right = left > -W ? static_cast<int>(-left) : W;
        return Derived::from_storage(fold<W, S>(shift_right(static_cast<register_t<W>>(self().storage()), right)));
    }

private:
    constexpr Derived& self() { return static_cast<Derived&>(*this); }
    constexpr const Derived& self() const { return static_cast<const Derived&>(*this); }
    // All bits moved up (or down, if negative) by any number of places, zeros in their wake.
    constexpr bits_type moved(int up) const {
        return up >= W || up <= -W ? bits_type{0}
               : up >= 0           ? static_cast<bits_type>(bits() << up)
                                   : static_cast<bits_type>(bits() >> -up);
    }
};

}  // namespace isobit

#endif
