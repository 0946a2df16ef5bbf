// The bits of a number: what fixed<> and integer<> share. Names and results as AMD's (UG1399, bit-level operations).
//
// Indices count from the lowest bit. Outside the number a bit reads as 0 and cannot be written.
#ifndef ISOBIT_BITS_HPP
#define ISOBIT_BITS_HPP

#include <cstdint>

#include "fwd.hpp"
#include "storage.hpp"

namespace isobit {
namespace detail {

// The low `length` bits of v in reverse order.
template <class Bits>
constexpr Bits reversed(const Bits& v, int length) {
    Bits result{};
    for (int i = 0; i < length; ++i) {
        if (((v >> i) & 1) != 0) result = static_cast<Bits>(result | (Bits{1} << (length - 1 - i)));
    }
    return result;
}

// Ones in the low `length` bits.
template <class Bits>
constexpr Bits low_ones(int length) {
    return length <= 0 ? Bits{0} : static_cast<Bits>(static_cast<Bits>((Bits{1} << (length - 1)) << 1) - 1);
}

template <class Bits>
constexpr bool parity(const Bits& v, int length) {
    bool odd = false;
    for (int i = 0; i < length; ++i) odd ^= ((v >> i) & 1) != 0;
    return odd;
}

constexpr int distance(int a, int b) { return (a < b ? b - a : a - b) + 1; }

// A static interface: Derived has width, storage() and from_storage().
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
        const int length = distance(high, low);
        const bits_type field = static_cast<bits_type>(shifted_down(high < low ? high : low) &
                                                       low_ones<bits_type>(length < W ? length : W));
        return high < low ? reversed(field, length) : field;
    }
    constexpr void set_range(int high, int low, const bits_type& value) {
        const int length = distance(high, low), from = high < low ? high : low;
        if (from < 0 || from + length > W) return;
        const bits_type mask = low_ones<bits_type>(length);
        const bits_type field = high < low ? reversed(static_cast<bits_type>(value & mask), length) : value & mask;
        set_bits(static_cast<bits_type>((bits() & static_cast<bits_type>(~static_cast<bits_type>(mask << from))) |
                                        static_cast<bits_type>(field << from)));
    }

    constexpr bool test(int index) const { return index >= 0 && index < W && ((bits() >> index) & 1) != 0; }
    constexpr void set(int index, bool value) {
        if (index < 0 || index >= W) return;
        const bits_type one = static_cast<bits_type>(bits_type{1} << index);
        set_bits(static_cast<bits_type>(value ? bits() | one : bits() & static_cast<bits_type>(~one)));
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

    constexpr bool and_reduce() const { return bits() == low_ones<bits_type>(W); }
    constexpr bool nand_reduce() const { return !and_reduce(); }
    constexpr bool or_reduce() const { return bits() != 0; }
    constexpr bool nor_reduce() const { return !or_reduce(); }
    constexpr bool xor_reduce() const { return parity(bits(), W); }
    constexpr bool xnor_reduce() const { return !xor_reduce(); }

    constexpr bool is_zero() const { return bits() == 0; }
    constexpr bool is_neg() const { return S && test(W - 1); }
    constexpr int length() const { return W; }
    constexpr int countLeadingZeros() const {
        int n = 0;
        while (n < W && !test(W - 1 - n)) ++n;
        return n;
    }

    constexpr Derived& reverse() {
        set_bits(reversed(bits(), W));
        return self();
    }
    // Rotations by 0 .. W places.
    constexpr Derived& lrotate(int places) {
        set_bits(static_cast<bits_type>(shifted_up(places) | static_cast<bits_type>(shifted_down(W - places))));
        return self();
    }
    constexpr Derived& rrotate(int places) { return lrotate(W - places); }
    constexpr void b_not() { set_bits(static_cast<bits_type>(~bits())); }

    // Rounds and saturates nothing: the bits move, those that leave are lost.
    constexpr Derived shifted(long long left) const {
        if (left >= 0) return Derived::from_bits(shifted_up(left < W ? static_cast<int>(left) : W));
        const int right = left > -W ? static_cast<int>(-left) : W;
        if (!S) return Derived::from_bits(shifted_down(right));
        return Derived::from_storage(fold<W, S>(shift_right(static_cast<register_t<W>>(self().storage()), right)));
    }

private:
    constexpr Derived& self() { return static_cast<Derived&>(*this); }
    constexpr const Derived& self() const { return static_cast<const Derived&>(*this); }
    constexpr bits_type shifted_up(int places) const {
        return places >= W ? bits_type{0} : static_cast<bits_type>(bits() << places);
    }
    constexpr bits_type shifted_down(int places) const {
        return places >= W ? bits_type{0} : static_cast<bits_type>(bits() >> places);
    }
};

}  // namespace detail
}  // namespace isobit

#endif
