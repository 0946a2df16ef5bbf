// The law: what a cast does to a raw integer. Everything else calls it.
//
// Semantics: UG1399 as computed by the open ap_types headers in hls4ml 1.3.0 (ap_fixed_base.h, operator=), their
// quirks B2, B3 and B4 included (docs/semantics.md): hls4ml's C simulation has them, and users must reproduce it.
//
// Domain, over Int = std::int32_t, std::int64_t, int128 or limbs<K> (bits = 32, 64, 128 or 64 K): every raw value v of
// Int, every |shift| < 2^31, target widths 1 .. bits - 1, saturation bits 0 .. width. Within it nothing is undefined
// and the result is exact: a shift to the left that leaves Int is decided without forming the product.
#ifndef ISOBIT_LAW_HPP
#define ISOBIT_LAW_HPP

#include "format.hpp"
#include "wide.hpp"

namespace isobit {
namespace law {

// floor(v / 2^shift), plus one where the rounding mode says so. Without dropped bits (shift <= 0) there is nothing to
// round: v * 2^-shift, modulo 2^bits.
template <class Int>
constexpr Int round_shift(Int v, int shift, rounding_mode mode) {
    if (shift <= 0) return shift_left(v, -shift);
    const Int floor = shift_right(v, shift);
    const bool negative = v < 0;
    const bool half = bit_of(v, shift - 1);                                     // the first dropped bit
    const bool sticky = shift_left(shift_right(v, shift - 1), shift - 1) != v;  // any dropped bit below it
    bool up = false;
    switch (mode) {
        case rounding_mode::TRN: break;
        case rounding_mode::TRN_ZERO: up = negative && (half || sticky); break;
        case rounding_mode::RND: up = half; break;
        case rounding_mode::RND_ZERO: up = half && (negative || sticky); break;
        case rounding_mode::RND_MIN_INF: up = half && sticky; break;
        case rounding_mode::RND_INF: up = half && (!negative || sticky); break;
        case rounding_mode::RND_CONV: up = half && ((floor & 1) != 0 || sticky); break;
    }
    return up ? floor + 1 : floor;  // |floor| <= 2^(bits-2): the increment fits
}

template <class Int>
constexpr Int maximum(const format& f) {
    return as_signed<Int>((unsigned_of<Int>{1} << (f.is_signed ? f.width - 1 : f.width)) - 1);
}

template <class Int>
constexpr Int minimum(const format& f) {
    return f.is_signed ? -maximum<Int>(f) - (f.overflow == overflow_mode::SAT_SYM && f.width > 1 ? 0 : 1) : Int{0};
}

// The low `width` bits of v read as a raw value of the format.
template <class Int>
constexpr Int interpret(unsigned_of<Int> v, const format& f) {
    const int unused = integer_traits<Int>::bits - f.width;
    return f.is_signed ? static_cast<Int>(as_signed<Int>(v << unused) >> unused)
                       : as_signed<Int>(v << unused >> unused);
}

// Ones in bits low .. high (none if high < low), both below bits of Int.
template <class Int>
constexpr unsigned_of<Int> ones(int low, int high) {
    using U = unsigned_of<Int>;
    return high < low ? U{0} : (((U{1} << (high - low)) << 1) - 1) << low;
}

// WRAP. With N = 0 modulo; with N > 0 the top N bits are fixed so that the sign survives.
template <class Int>
constexpr unsigned_of<Int> wrap(unsigned_of<Int> v, bool negative, const format& f) {
    using U = unsigned_of<Int>;
    const int n = f.saturation_bits, w = f.width;
    if (n == 0) return v;
    if (!f.is_signed) return v | ones<Int>(w - n, w - 1);  // quirk B2: also for a negative source
    const U sign = U{1} << (w - 1), copies = ones<Int>(w - n, w - 2);
    return negative ? (v | sign) & ~copies : (v & ~sign) | copies;
}

// WRAP_SM, signed formats only. `lost` is the lowest bit that the width deletes.
template <class Int>
constexpr unsigned_of<Int> wrap_sign_magnitude(unsigned_of<Int> v, bool negative, bool lost, const format& f) {
    using U = unsigned_of<Int>;
    const int n = f.saturation_bits, w = f.width;
    const U sign = U{1} << (w - 1);
    const bool top = (v & sign) != 0;
    if (n == 0) {
        if (lost == top) return v;
        return lost ? ~v | sign : ~v & ~sign;
    }
    if (n == 1) {
        const U kept = negative != top ? ~v : v;
        return negative ? kept | sign : kept & ~sign;
    }
    const bool guard = (v >> (w - n) & 1) != 0;
    const U kept = guard == negative ? ~v : v, copies = ones<Int>(w - n, w - 2);
    return negative ? (kept | sign) & ~copies : (kept & ~sign) | copies;
}

// A rounded value that is outside the target's range. `v` holds its low bits, `negative` its sign, `lost` the bit
// at position `width` of the value before rounding (quirk B3).
template <class Int>
constexpr Int overflow(unsigned_of<Int> v, bool negative, bool lost, const format& f) {
    switch (f.overflow) {
        case overflow_mode::SAT:
        case overflow_mode::SAT_SYM: return negative ? minimum<Int>(f) : maximum<Int>(f);
        case overflow_mode::SAT_ZERO: return 0;
        case overflow_mode::WRAP: return interpret<Int>(wrap<Int>(v, negative, f), f);
        case overflow_mode::WRAP_SM: return interpret<Int>(wrap_sign_magnitude<Int>(v, negative, lost, f), f);
    }
    return interpret<Int>(v, f);
}

// Cast the raw value v into `target`; shift = source fraction - target fraction. Source and target are different
// types: a copy within one type is a copy of bits (see cast_between).
template <class Int>
constexpr Int cast(Int v, int shift, const format& target) {
    using U = unsigned_of<Int>;
    const Int low = minimum<Int>(target), high = maximum<Int>(target);
    if (shift > 0) {
        const Int rounded = round_shift(v, shift, target.rounding);
        if (low <= rounded && rounded <= high) return rounded;
        return overflow<Int>(static_cast<U>(rounded), rounded < 0, bit_of(shift_right(v, shift), target.width), target);
    }
    // v * 2^left lies in [low, high] iff v lies in [ceil(low / 2^left), floor(high / 2^left)].
    const int left = -shift;
    const Int scaled = shift_left(v, left);
    if (-shift_right(static_cast<Int>(-low), left) <= v && v <= shift_right(high, left)) return scaled;
    return overflow<Int>(static_cast<U>(scaled), v < 0, bit_of(scaled, target.width), target);
}

// The target with the modes that a cast from this source really has. Quirk B13: an ap_[u]int takes a signed number
// without integer bits rounded down, not toward zero (to_ap_int_base counts up from a zero of one signed bit).
constexpr format as_assigned(const format& source, const format& target) {
    const bool down = target.is_int && source.is_signed && source.integer == 0;
    return down ? fixed_format(target.width, target.integer, target.is_signed) : target;
}

// A value of one format assigned to a variable of another, as C++ does it.
template <class Int>
constexpr Int cast_between(Int v, const format& source, const format& target) {
    return source == target ? v : cast(v, source.fraction() - target.fraction(), as_assigned(source, target));
}

}  // namespace law
}  // namespace isobit

#endif
