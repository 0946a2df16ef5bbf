// The law as static_asserts: what this file compiles is proven at compile time, by the constant evaluator, which
// refuses undefined behaviour, too. Tie table of every rounding mode, wrap tables, the quirks, and the extremes of each
// integer.
#include <isobit/law.hpp>
#include <isobit/limbs.hpp>

#include <cstdint>

namespace {

using isobit::format;
using isobit::int128;
using O = isobit::overflow_mode;
using Q = isobit::rounding_mode;
using wide = isobit::limbs<4>;

constexpr format number(int width, bool is_signed, Q q, O o, int n = 0) {
    return isobit::fixed_format(width, width, is_signed, q, o, n);
}

// The same cast on every integer that the law is written over; they have to agree.
constexpr bool gives(std::int32_t v, int shift, const format& target, std::int32_t expected) {
    return isobit::law::cast<std::int32_t>(v, shift, target) == expected &&
           isobit::law::cast<std::int64_t>(v, shift, target) == expected &&
           isobit::law::cast<int128>(v, shift, target) == expected &&
           isobit::law::cast<wide>(wide(v), shift, target) == wide(expected);
}

// Four values to a target of 8 bits, given in quarters of its LSB.
constexpr bool rounds(Q q, const int (&quarters)[4], const int (&expected)[4]) {
    for (int i = 0; i < 4; ++i)
        if (!gives(quarters[i], 2, number(8, true, q, O::SAT), expected[i])) return false;
    return true;
}

// Ties -1.5, -0.5, 0.5, 1.5: the table of docs/semantics.md.
constexpr int ties[] = {-6, -2, 2, 6};
static_assert(rounds(Q::RND, ties, {-1, 0, 1, 2}), "tie toward plus infinity");
static_assert(rounds(Q::RND_ZERO, ties, {-1, 0, 0, 1}), "tie toward zero");
static_assert(rounds(Q::RND_MIN_INF, ties, {-2, -1, 0, 1}), "tie toward minus infinity");
static_assert(rounds(Q::RND_INF, ties, {-2, -1, 1, 2}), "tie away from zero");
static_assert(rounds(Q::RND_CONV, ties, {-2, 0, 0, 2}), "tie to even");
static_assert(rounds(Q::TRN, ties, {-2, -1, 0, 1}), "toward minus infinity");
static_assert(rounds(Q::TRN_ZERO, ties, {-1, 0, 0, 1}), "toward zero");

// Beside the ties, all of the modes that round to nearest agree: -1.25, -0.75, 0.25, 1.75.
constexpr int beside[] = {-5, -3, 1, 7};
static_assert(rounds(Q::RND, beside, {-1, -1, 0, 2}), "to nearest");
static_assert(rounds(Q::RND_ZERO, beside, {-1, -1, 0, 2}), "to nearest");
static_assert(rounds(Q::RND_MIN_INF, beside, {-1, -1, 0, 2}), "to nearest");
static_assert(rounds(Q::RND_INF, beside, {-1, -1, 0, 2}), "to nearest");
static_assert(rounds(Q::RND_CONV, beside, {-1, -1, 0, 2}), "to nearest");
static_assert(rounds(Q::TRN, beside, {-2, -1, 0, 1}), "toward minus infinity");
static_assert(rounds(Q::TRN_ZERO, beside, {-1, 0, 0, 1}), "toward zero");

// To even at the target's LSB, not at one: .25, .75, 1.25 to <6,5>.
static_assert(gives(1, 1, number(6, true, Q::RND_CONV, O::SAT), 0), "0.25 is 0");
static_assert(gives(3, 1, number(6, true, Q::RND_CONV, O::SAT), 2), "0.75 is 1");
static_assert(gives(5, 1, number(6, true, Q::RND_CONV, O::SAT), 2), "1.25 is 1");

// A signed integer of four bits receives too much; N = 0 .. 3.
constexpr bool folds(O o, int v, const int (&expected)[4]) {
    for (int n = 0; n < 4; ++n)
        if (!gives(v, 0, number(4, true, Q::TRN, o, n), expected[n])) return false;
    return true;
}
static_assert(folds(O::WRAP, 9, {-7, 1, 5, 7}), "WRAP");
static_assert(folds(O::WRAP, -9, {7, -1, -5, -7}), "WRAP");
static_assert(folds(O::WRAP, 7, {7, 7, 7, 7}), "in range");
static_assert(folds(O::WRAP, -8, {-8, -8, -8, -8}), "in range");
static_assert(folds(O::WRAP_SM, 9, {6, 6, 6, 6}), "WRAP_SM");
static_assert(folds(O::WRAP_SM, 12, {3, 3, 4, 7}), "WRAP_SM");
static_assert(folds(O::WRAP_SM, -12, {-5, -5, -5, -8}), "WRAP_SM");
static_assert(folds(O::WRAP_SM, -8, {-8, -8, -8, -8}), "in range");
static_assert(folds(O::SAT, 9, {7, 7, 7, 7}) && folds(O::SAT, -9, {-8, -8, -8, -8}), "SAT");
static_assert(folds(O::SAT_SYM, 8, {7, 7, 7, 7}) && folds(O::SAT_SYM, -8, {-7, -7, -7, -7}), "SAT_SYM");
static_assert(folds(O::SAT_ZERO, 8, {0, 0, 0, 0}) && folds(O::SAT_ZERO, -9, {0, 0, 0, 0}), "SAT_ZERO");

// Unsigned targets.
static_assert(gives(18, 0, number(4, false, Q::TRN, O::WRAP), 2), "18 modulo 16");
static_assert(gives(-3, 0, number(4, false, Q::TRN, O::WRAP), 13), "-3 modulo 16");
static_assert(gives(18, 0, number(4, false, Q::TRN, O::WRAP, 2), 14), "two saturation bits");
static_assert(gives(-3, 0, number(4, false, Q::TRN, O::SAT), 0), "no negative value");
static_assert(gives(16, 0, number(4, false, Q::TRN, O::SAT_SYM), 15),
              "the symmetric range of an unsigned type is its own");

// The quirks of the open headers that the law keeps.
static_assert(gives(-3, 0, number(4, false, Q::TRN, O::WRAP, 2), 13), "B2: ones for a negative source");
static_assert(gives(15, 1, number(4, true, Q::RND, O::WRAP_SM), 7), "B3: the sign bit is read before rounding");
static_assert(gives(1, 0, number(1, true, Q::TRN, O::SAT_SYM), 0), "B4: one signed bit");
static_assert(gives(-1, 0, number(1, true, Q::TRN, O::SAT_SYM), -1), "B4: one signed bit keeps -1");
static_assert(gives(-5, 0, number(1, true, Q::TRN, O::SAT_SYM), -1), "B4: one signed bit has a minimum of -1");

// Copies, and what an ap_int takes.
constexpr format symmetric = number(4, true, Q::TRN, O::SAT_SYM);
static_assert(isobit::law::cast_between<std::int64_t>(-8, symmetric, symmetric) == -8, "a copy is a copy of bits");
constexpr format halves = isobit::fixed_format(8, 7, true), fraction = isobit::fixed_format(8, 0, true);
static_assert(isobit::law::cast_between<std::int64_t>(-3, halves, isobit::integer_format(8, true)) == -1,
              "toward zero");
static_assert(isobit::law::cast_between<std::int64_t>(-3, halves, isobit::fixed_format(8, 8, true)) == -2, "down");
static_assert(isobit::law::cast_between<std::int64_t>(-3, fraction, isobit::integer_format(8, true)) == -1, "B13");

// The extremes of an integer of Bits bits (limits included) into a format of `width` bits: by sign, whatever the shift.
template <class Int>
constexpr bool extremes(int width) {
    const Int one{1}, top = isobit::shift_left(one, isobit::integer_traits<Int>::bits - 1);  // the lowest value
    const Int low = isobit::law::minimum<Int>(number(width, true, Q::TRN, O::SAT));
    const Int high = isobit::law::maximum<Int>(number(width, true, Q::TRN, O::SAT));
    const format saturating = number(width, true, Q::RND, O::SAT), wrapping = number(width, true, Q::RND, O::WRAP);
    const format natural = number(width, false, Q::RND, O::SAT), mirrored = number(width, true, Q::RND, O::WRAP_SM, 1);
    const int far[] = {0, 1, 5, isobit::integer_traits<Int>::bits, 1000, 2147483647};
    for (const int left : far) {
        if (isobit::law::cast<Int>(top, -left, saturating) != low) return false;
        if (isobit::law::cast<Int>(~top, -left, saturating) != high) return false;
        if (isobit::law::cast<Int>(top, -left, natural) != Int{0}) return false;
        if (isobit::law::cast<Int>(low, 0, wrapping) != low || isobit::law::cast<Int>(high, 0, wrapping) != high)
            return false;
        if (isobit::law::cast<Int>(Int{0}, -left, mirrored) != Int{0}) return false;
    }
    if (isobit::law::cast<Int>(high + one, 0, wrapping) != low) return false;
    if (isobit::law::cast<Int>(low - one, 0, wrapping) != high) return false;
    if (isobit::law::cast<Int>(high + one, 0, mirrored) != high) return false;
    if (isobit::law::cast<Int>(low - one, 0, mirrored) != low) return false;
    // Shifted out altogether: the lowest value is a tie once, then less than half.
    const int bits = isobit::integer_traits<Int>::bits;
    return isobit::law::round_shift<Int>(top, bits, Q::RND_INF) == -one &&
           isobit::law::round_shift<Int>(top, bits, Q::RND) == Int{0} &&
           isobit::law::round_shift<Int>(top, bits + 1, Q::RND_INF) == Int{0} &&
           isobit::law::round_shift<Int>(top, 2147483647, Q::TRN) == -one &&
           isobit::law::round_shift<Int>(top, 2147483647, Q::TRN_ZERO) == Int{0};
}
static_assert(extremes<std::int32_t>(8) && extremes<std::int32_t>(16), "32-bit integers");
static_assert(extremes<std::int64_t>(8) && extremes<std::int64_t>(16), "64-bit integers");
static_assert(extremes<std::int64_t>(31) && extremes<std::int64_t>(32) && extremes<std::int64_t>(62),
              "64-bit integers");
static_assert(extremes<int128>(8) && extremes<int128>(32) && extremes<int128>(63) && extremes<int128>(64), "128 bits");
static_assert(extremes<int128>(126) && extremes<wide>(8) && extremes<wide>(64) && extremes<wide>(200), "wide ones");

// The widest target that each integer has room for: saturation and modulo at its very edge.
template <class Int>
constexpr bool edge() {
    const int width = isobit::integer_traits<Int>::bits - 1;
    const Int top = isobit::shift_left(Int{1}, width), high = isobit::shift_right(static_cast<Int>(~top), 1);
    const format saturating = number(width, true, Q::RND, O::SAT), wrapping = number(width, true, Q::RND, O::WRAP);
    return isobit::law::cast<Int>(top, 0, saturating) == -high - Int{1} &&
           isobit::law::cast<Int>(~top, 0, saturating) == high &&
           isobit::law::cast<Int>(~top, 0, wrapping) == -Int{1} && isobit::law::cast<Int>(top, 0, wrapping) == Int{0} &&
           isobit::law::cast<Int>(~top, 0, number(width, false, Q::TRN, O::WRAP)) == ~top;
}
static_assert(edge<std::int32_t>() && edge<std::int64_t>() && edge<int128>() && edge<wide>(), "the widest targets");

// Rounding that carries out of the range: 1.9375 to <4,2>.
static_assert(gives(31, 2, number(4, true, Q::RND, O::WRAP), -8), "-2");
static_assert(gives(31, 2, number(4, true, Q::RND, O::SAT), 7), "1.75");
static_assert(gives(31, 2, number(4, true, Q::RND, O::SAT_ZERO), 0), "0");

}  // namespace

int main() {}
