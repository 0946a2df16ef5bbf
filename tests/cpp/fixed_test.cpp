// The law as compile-time values: 'Values to get right' of the oracle notes, through fixed<> and its operators.
#include <isobit/fixed.hpp>

#include <type_traits>

#include "check.hpp"

using isobit::fixed;
using isobit::integer;
using Q = isobit::rounding_mode;
using O = isobit::overflow_mode;

template <int W, int I, Q q = Q::TRN, O o = O::WRAP, int N = 0>
using F = fixed<W, I, true, q, o, N>;
template <int W, int I, Q q = Q::TRN, O o = O::WRAP, int N = 0>
using U = fixed<W, I, false, q, o, N>;

// raw * 2^-fraction into Target; the raw result.
template <class Target>
constexpr long long into(long long raw, int fraction = 0) {
    return static_cast<long long>(
        isobit::law::cast<isobit::int128>(raw, fraction - Target::type().fraction(), Target::type()));
}

// Ties at -1.5, -.5, .5, 1.5 (raw -3, -1, 1, 3 with one fraction bit).
template <Q q>
constexpr bool ties(int a, int b, int c, int d) {
    return into<F<8, 8, q>>(-3, 1) == a && into<F<8, 8, q>>(-1, 1) == b && into<F<8, 8, q>>(1, 1) == c &&
           into<F<8, 8, q>>(3, 1) == d;
}
static_assert(ties<Q::RND>(-1, 0, 1, 2), "");
static_assert(ties<Q::RND_ZERO>(-1, 0, 0, 1), "");
static_assert(ties<Q::RND_MIN_INF>(-2, -1, 0, 1), "");
static_assert(ties<Q::RND_INF>(-2, -1, 1, 2), "");
static_assert(ties<Q::RND_CONV>(-2, 0, 0, 2), "");
static_assert(ties<Q::TRN>(-2, -1, 0, 1), "");
static_assert(ties<Q::TRN_ZERO>(-1, 0, 0, 1), "");
// To even at the target's LSB: .25 -> 0, .75 -> 1, 1.25 -> 1 in F<6,5>.
static_assert(into<F<6, 5, Q::RND_CONV>>(1, 2) == 0, "");
static_assert(into<F<6, 5, Q::RND_CONV>>(3, 2) == 2, "");
static_assert(into<F<6, 5, Q::RND_CONV>>(5, 2) == 2, "");

// F<4,2>(1.9375) with RND: 31/16.
static_assert(into<F<4, 2, Q::RND>>(31, 4) == -8, "WRAP -2");
static_assert(into<F<4, 2, Q::RND, O::SAT>>(31, 4) == 7, "SAT 1.75");
static_assert(into<F<4, 2, Q::RND, O::SAT_ZERO>>(31, 4) == 0, "");

// SAT_SYM: -8 becomes -7, but bits written raw and copies keep -8.
using sym = F<4, 4, Q::TRN, O::SAT_SYM>;
static_assert(into<sym>(-8) == -7, "");
static_assert(sym(F<4, 4>(-8)).raw() == -7, "");
static_assert(sym::from_raw(-8).raw() == -8, "");
static_assert(sym(sym::from_raw(-8)).raw() == -8, "");
static_assert(isobit::law::cast_between<std::int64_t>(-8, sym::type(), sym::type()) == -8, "");
static_assert(into<F<1, 1, Q::TRN, O::SAT_SYM>>(-5) == -1, "quirk B4");
static_assert(into<F<1, 1, Q::TRN, O::SAT_SYM>>(5) == 0, "");
static_assert(into<F<1, 1>>(1) == -1, "");

// WRAP F<4,4> with N = 0..3.
template <int N>
using wrapped = F<4, 4, Q::TRN, O::WRAP, N>;
static_assert(into<wrapped<0>>(9) == -7 && into<wrapped<1>>(9) == 1 && into<wrapped<2>>(9) == 5 &&
                  into<wrapped<3>>(9) == 7,
              "");
static_assert(into<wrapped<0>>(-9) == 7 && into<wrapped<1>>(-9) == -1 && into<wrapped<2>>(-9) == -5 &&
                  into<wrapped<3>>(-9) == -7,
              "");

// WRAP_SM F<4,4> with N = 0..3.
template <int N>
using folded = F<4, 4, Q::TRN, O::WRAP_SM, N>;
static_assert(into<folded<0>>(9) == 6 && into<folded<1>>(9) == 6 && into<folded<2>>(9) == 6 && into<folded<3>>(9) == 6,
              "");
static_assert(into<folded<0>>(12) == 3 && into<folded<1>>(12) == 3 && into<folded<2>>(12) == 4 &&
                  into<folded<3>>(12) == 7,
              "");
static_assert(into<folded<0>>(-12) == -5 && into<folded<1>>(-12) == -5 && into<folded<2>>(-12) == -5 &&
                  into<folded<3>>(-12) == -8,
              "");
static_assert(into<F<4, 4, Q::RND, O::WRAP_SM>>(15, 1) == 7, "quirk B3");

// Unsigned with N: quirk B2 for the negative source.
static_assert(into<U<4, 4, Q::TRN, O::WRAP, 2>>(18) == 14, "");
static_assert(into<U<4, 4, Q::TRN, O::WRAP, 2>>(-3) == 13, "quirk B2");

// The point outside the width, on either side.
static_assert(into<F<4, 6>>(10) == 2 && into<F<4, 6, Q::RND>>(10) == 3, "10 -> 8, RND 12");
static_assert(into<F<4, 6>>(-1) == -1 && into<F<4, 6, Q::TRN_ZERO>>(-1) == 0, "-1 -> -4, TRN_ZERO 0");
static_assert(into<F<4, -2>>(1, 2) == 0 && into<F<4, -2, Q::TRN, O::SAT>>(1, 2) == 7, ".25 -> 0, SAT .109375");
static_assert(into<F<1, -7>>(1, 8) == -1, "UG1399's ap_fixed<1,-7> of 1/256");

// Shifts far past the integers: decided, never undefined.
static_assert(into<F<8, 8, Q::RND>>(-1, 500) == 0 && into<F<8, 8>>(-1, 500) == -1, "");
static_assert(isobit::law::cast<std::int64_t>(1, -500, F<8, 8, Q::TRN, O::SAT>::type()) == 127, "");
static_assert(isobit::law::cast<std::int64_t>(-1, -500, F<8, 8, Q::TRN, O::SAT>::type()) == -128, "");
static_assert(isobit::law::cast<std::int64_t>(3, -500, F<8, 8>::type()) == 0, "");
static_assert(isobit::law::cast<std::int64_t>(INT64_MIN, 1, F<63, 63, Q::RND_INF>::type()) == INT64_MIN / 2, "");

// Growth.
template <class T, int W, int I, bool S>
constexpr bool is() {
    return T::width == W && T::iwidth == I && T::is_signed == S;
}
static_assert(is<decltype(U<4, 4>() - U<4, 4>()), 5, 5, true>(), "");
static_assert(is<decltype(F<4, 4>() + U<4, 4>()), 6, 6, true>(), "");
static_assert(is<decltype(U<4, 4>() + U<4, 2>()), 7, 5, false>(), "");
static_assert(is<decltype(F<8, 4>() + 1), 37, 33, true>(), "");
static_assert(is<decltype(2 * F<8, 4>()), 40, 36, true>(), "");
static_assert(is<decltype(-U<4, 2>()), 5, 3, true>(), "");
static_assert((F<8, 4>::from_raw(24) * F<8, 4>::from_raw(-40)).raw() == -960, "1.5 * -2.5");
static_assert((F<64, 32>::from_raw(INT64_MIN) * F<63, 32>::from_raw(-1)).raw() == -isobit::int128(INT64_MIN), "");
static_assert((U<4, 4>::from_raw(3) - U<4, 4>::from_raw(9)).raw() == -6, "");

// d = -d with SAT turns -8 into 7.9375.
static_assert(F<8, 4, Q::TRN, O::SAT>(-F<8, 4>::from_raw(-128)).raw() == 127, "");
// -1.5 to ap_int is -1, to F<8,8> is -2.
static_assert(integer<8>(F<8, 4>::from_raw(-24)).raw() == -1 && F<8, 8>(F<8, 4>::from_raw(-24)).raw() == -2, "");

// Shifts keep the type and never saturate: SAT 7.5 << 1 is -1.
static_assert((F<8, 4, Q::TRN, O::SAT>::from_raw(120) << 1).raw() == -16, "");
static_assert((F<8, 4>::from_raw(-1) << 8).raw() == 0 && (F<8, 4>::from_raw(-1) >> 9).raw() == -1, "");
static_assert((F<8, 4>::from_raw(-16) << -2).raw() == -4 && (U<8, 4>::from_raw(255) << 4).raw() == 240, "");

// Comparison is right for mixed signs at widths where the headers' is not (B5).
static_assert(F<32, 16>(-1) < U<32, 16>(1), "");
static_assert(U<32, 16>::from_raw(0x80000000u) > 0 && F<8, 4>::from_raw(16) == 1 && F<4, -2>::from_raw(7) < 1, "");

static_assert(std::is_trivially_copyable<F<18, 6>>::value && sizeof(F<18, 6>) == 4 && sizeof(U<8, 8>) == 1, "");

int main() {
    check::that(F<8, 4>::from_raw(-24).to_double() == -1.5, "to_double with a fraction");
    check::that(F<4, 6>::from_raw(-3).to_double() == -12.0, "to_double with the point above the width");
    check::that(U<64, 64>::from_raw(~std::uint64_t{0}).to_double() == 18446744073709551616.0,
                "to_double rounds to nearest");
    return check::report("fixed_test");
}
