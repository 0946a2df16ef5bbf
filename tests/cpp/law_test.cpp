// The law, exhaustively at small widths, against a second definition on plain integers: rounding by comparing twice
// the remainder with the step, wrapping by counting modulo 2^W. Then both native integers against each other.
#include <isobit/law.hpp>

#include <string>

#include "check.hpp"

using isobit::format;
using isobit::int128;
using O = isobit::overflow_mode;
using Q = isobit::rounding_mode;

namespace {

long long floor_divide(long long a, long long b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

long long rounded(long long v, long long step, Q mode) {
    const long long floor = floor_divide(v, step), twice = 2 * (v - floor * step);
    if (twice == 0) return floor;
    switch (mode) {
        case Q::TRN: return floor;
        case Q::TRN_ZERO: return v < 0 ? floor + 1 : floor;
        default: break;
    }
    if (twice != step) return twice > step ? floor + 1 : floor;
    switch (mode) {
        case Q::RND: return floor + 1;
        case Q::RND_MIN_INF: return floor;
        case Q::RND_ZERO: return v < 0 ? floor + 1 : floor;
        case Q::RND_INF: return v < 0 ? floor : floor + 1;
        default: return floor % 2 == 0 ? floor : floor + 1;
    }
}

// The value in [low, low + 2^W) that is v modulo 2^W.
long long modulo(long long v, const format& f) {
    const long long count = 1LL << f.width, low = f.is_signed ? -count / 2 : 0;
    return v - floor_divide(v - low, count) * count;
}

// Bits of a W-bit pattern as a string, most significant first: the saturation-bit modes are stated on them.
std::string pattern(long long v, int width) {
    std::string bits;
    for (int i = width - 1; i >= 0; --i) bits += static_cast<char>('0' + ((v >> i) & 1));
    return bits;
}

long long value_of(const std::string& bits, bool is_signed) {
    long long v = 0;
    for (const char bit : bits) v = 2 * v + (bit - '0');
    return is_signed && bits[0] == '1' ? v - (1LL << bits.size()) : v;
}

std::string complement(std::string bits) {
    for (char& bit : bits) bit = bit == '0' ? '1' : '0';
    return bits;
}

long long by_definition(long long v, int shift, const format& f) {
    const long long step = shift > 0 ? 1LL << shift : 1;
    const long long q = shift > 0 ? rounded(v, step, f.rounding) : v * (1LL << -shift);
    long long high = (1LL << (f.is_signed ? f.width - 1 : f.width)) - 1, low = f.is_signed ? -high - 1 : 0;
    if (f.overflow == O::SAT_SYM && f.is_signed && f.width > 1) low = -high;
    if (low <= q && q <= high) return q;
    const char sign = q < 0 ? '1' : '0', other = q < 0 ? '0' : '1';
    const std::size_t n = static_cast<std::size_t>(f.saturation_bits);
    std::string bits = pattern(q, f.width);
    switch (f.overflow) {
        case O::SAT:
        case O::SAT_SYM: return q < 0 ? low : high;
        case O::SAT_ZERO: return 0;
        case O::WRAP:
            if (n == 0) return modulo(q, f);
            if (!f.is_signed) return value_of(std::string(n, '1') + bits.substr(n), false);
            return value_of(sign + std::string(n - 1, other) + bits.substr(n), true);
        case O::WRAP_SM:
            if (n == 0) {
                const char lost = ((shift > 0 ? floor_divide(v, step) : q) >> f.width & 1) != 0 ? '1' : '0';
                if (lost != bits[0]) bits = lost + complement(bits).substr(1);
            } else if (n == 1) {
                if (sign != bits[0]) bits = complement(bits);
                bits[0] = sign;
            } else {
                if (pattern(q >> (f.width - static_cast<int>(n)), 1)[0] == sign) bits = complement(bits);
                bits = sign + std::string(n - 1, other) + bits.substr(n);
            }
            return value_of(bits, true);
    }
    return q;
}

format make(int width, bool is_signed, Q q, O o, int n) {
    return isobit::fixed_format(width, width, is_signed, q, o, n);
}

}  // namespace

int main() {
    for (const auto& rounding : isobit::rounding_mode_list) {
        for (const auto& overflow : isobit::overflow_mode_list) {
            for (int width = 1; width <= 5; ++width) {
                for (int n = 0; n <= width; ++n) {
                    for (int is_signed = 0; is_signed <= 1; ++is_signed) {
                        const format f = make(width, is_signed != 0, static_cast<Q>(rounding.value),
                                              static_cast<O>(overflow.value), n);
                        if (f.overflow == O::WRAP_SM && !f.is_signed) continue;
                        for (int shift = -3; shift <= 9; ++shift) {
                            for (int v = -128; v < 128; ++v) {
                                const std::string what = std::string(rounding.name) + " " + overflow.name + " W " +
                                                         std::to_string(width) + " N " + std::to_string(n) + " S " +
                                                         std::to_string(is_signed) + " " + std::to_string(v) + " >> " +
                                                         std::to_string(shift);
                                const long long want = by_definition(v, shift, f);
                                check::equal(isobit::law::cast<std::int64_t>(v, shift, f), want, what);
                                check::equal(static_cast<long long>(isobit::law::cast<int128>(v, shift, f)), want,
                                             what);
                            }
                        }
                    }
                }
            }
        }
    }
    // Wide values and far shifts, where int64 works at its limits and int128 does not.
    check::random_bits bits(7);
    for (int i = 0; i < 200000; ++i) {
        const bool is_signed = (bits() & 1) != 0;
        const int width = 1 + static_cast<int>(bits() % 63);
        const auto overflow = static_cast<O>(bits() % (is_signed ? 5 : 4));
        const format f = make(width, is_signed, static_cast<Q>(bits() % 7), overflow,
                              static_cast<int>(bits() % static_cast<unsigned>(width + 1)));
        const std::int64_t v = bits.value(1 + static_cast<int>(bits() % 64), true);
        // Up to 63 bits to the left int128 holds the product; beyond 120 to the right only the sign is left.
        const int shift = static_cast<int>(bits() % 184) - 63;
        check::equal(isobit::law::cast<std::int64_t>(v, shift, f),
                     static_cast<long long>(isobit::law::cast<int128>(v, shift, f)),
                     "int64 against int128: " + std::to_string(v) + " >> " + std::to_string(shift));
    }
    return check::report("law_test");
}
