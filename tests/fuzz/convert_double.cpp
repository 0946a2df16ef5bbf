// Numbers from doubles and back: every mode by its definition on sign and magnitude (docs/semantics.md, the quirks B2,
// B3, B4 and B15 included), to_double to the nearest, ties to even.
#include <isobit/fixed.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "rational.hpp"

namespace {

using namespace fuzz;
using isobit::overflow_mode;
using isobit::rounding_mode;

// A double by its bits; infinity and NaN as the open headers take them, as if their exponent were one more.
rational exactly(double value) {
    std::uint64_t raw = 0;
    std::memcpy(&raw, &value, sizeof raw);
    const long exponent = static_cast<long>(raw >> 52 & 0x7ff);
    const std::uint64_t mantissa = raw & ((std::uint64_t{1} << 52) - 1);
    rational x{raw >> 63 != 0, exponent == 0 ? mantissa : mantissa | std::uint64_t{1} << 52, 1};
    x.scale(2, (exponent == 0 ? 1 : exponent) - 1075);
    return x;
}

// Bits of two's complement, sign-extended, width + 2 of them.
using bits = std::vector<bool>;

bits signed_bits(bool negative, const natural& size, int count) {
    bits result(static_cast<std::size_t>(count));
    bool carry = negative;
    for (std::size_t i = 0; i < result.size(); ++i) {
        const bool bit = negative ? !size.bit(i) : size.bit(i);
        result[i] = bit != carry;
        carry = carry && bit;
    }
    return result;
}

natural power_of_2(int exponent) {
    natural one = 1;
    one.times_power(2, exponent);
    return one;
}

bits cast(rational x, const isobit::format& f) {
    x.scale(2, f.fraction());
    natural rest = x.over;
    const natural floor = quotient(rest, x.under);
    natural twice = rest;
    twice.times(2);
    const int half = compare(twice, x.under);  // the dropped part against one half
    bool up = false;
    switch (f.rounding) {
        case rounding_mode::TRN: up = x.negative && !rest.zero(); break;
        case rounding_mode::TRN_ZERO: break;
        case rounding_mode::RND: up = x.negative ? half > 0 : half >= 0; break;
        case rounding_mode::RND_ZERO: up = half > 0; break;
        case rounding_mode::RND_MIN_INF: up = x.negative ? half >= 0 : half > 0; break;
        case rounding_mode::RND_INF: up = half >= 0; break;
        case rounding_mode::RND_CONV: up = half > 0 || (half == 0 && floor.bit(0)); break;
    }
    natural size = floor;
    if (up) size.times(1, 1);
    const bool negative = x.negative && !size.zero();

    const int w = f.width, n = f.saturation_bits;
    natural most = power_of_2(f.is_signed ? w - 1 : w);
    const bool symmetric = f.overflow == overflow_mode::SAT_SYM && w > 1;
    natural least = f.is_signed ? most : natural(0);
    most.minus(1);
    if (f.is_signed && symmetric) least = most;
    const natural& bound = negative ? least : most;
    if (compare(size, bound) <= 0) return signed_bits(negative, size, w);

    bits v = signed_bits(negative, size, w);
    const auto at = [](int index) { return static_cast<std::size_t>(index); };
    const auto fix_top = [&] {  // the sign, then n - 1 copies of its opposite
        v[at(w - 1)] = negative;
        for (int i = w - n; i < w - 1; ++i) v[at(i)] = !negative;
    };
    switch (f.overflow) {
        case overflow_mode::SAT:
        case overflow_mode::SAT_SYM: return signed_bits(negative, bound, w);
        case overflow_mode::SAT_ZERO: return bits(at(w));
        case overflow_mode::WRAP:
            if (n == 0) break;
            if (f.is_signed) {
                fix_top();
            } else {
                for (int i = w - n; i < w; ++i) v[at(i)] = true;
            }
            break;
        case overflow_mode::WRAP_SM: {
            natural down = floor;  // before rounding: toward minus infinity
            if (x.negative && !rest.zero()) down.times(1, 1);
            const bool lost = signed_bits(x.negative, down, w + 1)[at(w)], top = v[at(w - 1)];
            const bool flip = n == 0 ? lost != top : n == 1 ? negative != top : v[at(w - n)] == negative;
            if (flip) v.flip();
            if (n == 0) {
                v[at(w - 1)] = lost;
            } else {
                fix_top();
            }
            break;
        }
    }
    return v;
}

template <class Number>
void expect(const Number& got, const bits& want) {
    for (int i = 0; i < Number::width; ++i) require(got.test(i) == want[static_cast<std::size_t>(i)]);
}

bool closer(const rational& x, double a, double b) {  // |x - a| < |x - b|; a tie goes to the even one
    const auto distance = [&](double value) {
        const rational y = exactly(value);
        natural left = product(x.over, y.under), right = product(y.over, x.under);
        const bool apart = x.negative != y.negative && !left.zero() && !right.zero();
        require(!apart);
        const bool less = compare(left, right) < 0;
        natural difference = less ? right : left;
        difference.minus(less ? left : right);
        return rational{false, difference, product(x.under, y.under)};
    };
    const rational to_a = distance(a), to_b = distance(b);
    const int order = compare(product(to_a.over, to_b.under), product(to_b.over, to_a.under));
    std::uint64_t raw = 0;
    std::memcpy(&raw, &a, sizeof raw);
    return order < 0 || (order == 0 && (raw & 1) == 0);
}

template <class Number>
void check_back(const Number& number) {
    rational x{number.is_neg(), 0, 1};
    for (int i = Number::width; i-- > 0;) x.over.times(2, number.test(i) != x.negative ? 1 : 0);
    if (x.negative) x.over.times(1, 1);
    x.scale(2, Number::iwidth - Number::width);
    const double d = number.to_double();
    if (equal(exactly(d), x)) return;
    const double infinity = std::numeric_limits<double>::infinity();
    require(closer(x, d, std::nextafter(d, infinity)) && closer(x, d, std::nextafter(d, -infinity)));
}

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N = 0>
void check_fixed(double value) {
    using number = isobit::fixed<W, I, S, Q, O, N>;
    const number x(value);
    expect(x, cast(exactly(value), number::type()));
    check_back(x);
    const number y(static_cast<float>(value));
    expect(y, cast(exactly(static_cast<float>(value)), number::type()));
}

template <int W, bool S>
void check_integer(double value) {
    using number = isobit::integer<W, S>;
    const number x(value);
    const rational exact = exactly(value);
    natural twice = exact.over;
    twice.times(2);
    if (exact.negative && !exact.over.zero() && compare(twice, exact.under) < 0) {
        require(x == 1);
    } else {
        expect(x, cast(exact, number::type()));
    }
    check_back(x);
}

void check(double value, unsigned which) {
    using q = rounding_mode;
    using o = overflow_mode;
    switch (which % 28) {
        case 0: return check_fixed<8, 4, true, q::TRN, o::WRAP>(value);
        case 1: return check_fixed<8, 4, false, q::RND, o::SAT>(value);
        case 2: return check_fixed<1, 1, true, q::RND_CONV, o::SAT_SYM>(value);
        case 3: return check_fixed<4, 4, true, q::RND, o::WRAP_SM>(value);
        case 4: return check_fixed<12, 6, true, q::RND_ZERO, o::WRAP_SM, 1>(value);
        case 5: return check_fixed<12, 6, true, q::RND_INF, o::WRAP_SM, 3>(value);
        case 6: return check_fixed<16, 6, true, q::RND_MIN_INF, o::WRAP, 1>(value);
        case 7: return check_fixed<16, 6, true, q::TRN_ZERO, o::WRAP, 2>(value);
        case 8: return check_fixed<16, 20, false, q::RND_CONV, o::WRAP, 3>(value);
        case 9: return check_fixed<18, 6, true, q::RND_CONV, o::SAT>(value);
        case 10: return check_fixed<32, -8, true, q::RND, o::SAT_ZERO>(value);
        case 11: return check_fixed<53, 10, true, q::RND_CONV, o::SAT>(value);
        case 12: return check_fixed<54, 54, false, q::TRN, o::SAT_SYM>(value);
        case 13: return check_fixed<62, 30, true, q::RND_INF, o::WRAP>(value);
        case 14: return check_fixed<63, 31, false, q::RND_MIN_INF, o::SAT>(value);
        case 15: return check_fixed<64, 32, true, q::RND_ZERO, o::SAT>(value);
        case 16: return check_fixed<64, 0, false, q::RND, o::WRAP>(value);
        case 17: return check_fixed<65, 40, true, q::TRN_ZERO, o::SAT_SYM>(value);
        case 18: return check_fixed<100, -20, true, q::RND_CONV, o::SAT>(value);
        case 19: return check_fixed<127, 64, false, q::RND, o::WRAP>(value);
        case 20: return check_fixed<128, 64, true, q::RND_CONV, o::WRAP_SM>(value);
        case 21: return check_fixed<129, 64, true, q::RND_INF, o::SAT>(value);
        case 22: return check_fixed<200, 100, true, q::TRN, o::WRAP, 2>(value);
        case 23: return check_fixed<260, 30, false, q::RND_MIN_INF, o::SAT_ZERO>(value);
        case 24: return check_integer<7, true>(value);
        case 25: return check_integer<64, false>(value);
        case 26: return check_integer<65, true>(value);
        default: return check_integer<150, true>(value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes input{data, size};
    const unsigned which = input.byte();
    const bool any = input.byte() % 4 == 0;  // any double; else one near the formats' range
    std::uint64_t raw = 0;
    for (int i = 0; i < 8; ++i) raw = raw << 8 | input.byte();
    double value = 0;
    if (any) {
        std::memcpy(&value, &raw, sizeof value);
    } else {
        value = std::ldexp(static_cast<double>(static_cast<std::int64_t>(raw) >> input.byte() % 64), input.in(-80, 60));
    }
    check(value, which);
    return 0;
}
