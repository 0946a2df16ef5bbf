// Text of numbers by AMD's open headers and by isobit, side by side in one process (built with -DNDEBUG: the headers
// assert on some texts). Prints the count of each comparison and every difference, tab-separated:
//   differs <what> <format> <argument> <theirs> <ours>
// test_text.py knows which differences there are and checks that ours is right there.
#include <ap_fixed.h>
#include <ap_int.h>

#include <cstdint>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <isobit/fixed.hpp>

#include "../cpp/check.hpp"

namespace {

std::map<std::string, long> counts;

void compare(const char* what, const std::string& format, const std::string& argument, const std::string& theirs,
             const std::string& ours) {
    ++counts[what];
    if (theirs == ours) return;
    std::printf("differs\t%s\t%s\t%s\t%s\t%s\n", what, format.c_str(), argument.c_str(), theirs.c_str(), ours.c_str());
}

constexpr int most_words = 8;

// A raw value: random bits, of a random length now and then, as two's complement words.
struct raw_value {
    std::uint64_t words[most_words];
    int count;

    raw_value(int width, bool is_signed, std::uint64_t low) : count((width + 63) / 64) {
        for (int i = 0; i < most_words; ++i) words[i] = i == 0 ? low : 0;
        extend(width, is_signed);
    }
    raw_value(int width, bool is_signed, check::random_bits& bits) : count((width + 63) / 64) {
        for (std::uint64_t& word : words) word = bits();
        const int zeros = static_cast<int>(bits() % 4 == 0 ? bits() % static_cast<unsigned>(width) : 0);
        if (bits() % 3 == 0) {  // low zeros: short fractions
            for (int i = 0; i < zeros; ++i) words[i / 64] &= ~(std::uint64_t{1} << (i % 64));
        } else {  // high zeros
            for (int i = width - zeros; i < width; ++i) words[i / 64] &= ~(std::uint64_t{1} << (i % 64));
        }
        extend(width, is_signed);
    }
    void extend(int width, bool is_signed) {
        const bool ones = is_signed && (words[(width - 1) / 64] >> ((width - 1) % 64) & 1) != 0;
        for (int i = width; i < 64 * most_words; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << (i % 64);
            words[i / 64] = ones ? words[i / 64] | bit : words[i / 64] & ~bit;
        }
    }
};

template <class Number>
Number ours_of(const raw_value& raw) {
    isobit::limbs<most_words> bits(0);
    for (int i = 0; i < most_words; ++i) bits.set(i, raw.words[i]);
    return Number::from_bits(bits);
}

template <int W>
ap_uint<W> bits_of(const raw_value& raw) {
    ap_uint<W> bits = 0;
    for (int i = 0; i < W; ++i) bits[i] = (raw.words[i / 64] >> (i % 64) & 1) != 0;
    return bits;
}

template <int W, int I, bool S, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
std::string name_fixed() {
    return std::string(S ? "ap_fixed<" : "ap_ufixed<") + std::to_string(W) + "," + std::to_string(I) + "," +
           std::to_string(int(Q)) + "," + std::to_string(int(O)) + "," + std::to_string(N) + ">";
}

// Every base with and without sign, and the stream at several precisions.
template <int W, int I, bool S>
void write_fixed(const raw_value& raw) {
    using fixed = typename std::conditional<S, ap_fixed<W, I>, ap_ufixed<W, I>>::type;
    fixed x = 0;
    x.range() = bits_of<W>(raw);
    const auto y = ours_of<isobit::fixed<W, I, S>>(raw);
    const std::string format = name_fixed<W, I, S>();
    for (int radix : {2, 8, 10, 16}) {
        for (bool sign : {false, true}) {
            compare("to_string", format,
                    "radix " + std::to_string(radix) + (sign ? " signed of " : " of ") + bits_of<W>(raw).to_string(2),
                    x.to_string(static_cast<unsigned char>(radix), sign), y.to_string(radix, sign));
        }
    }
    for (int precision : {6, 1, 2, 3, 17, 40}) {
        std::ostringstream out, ours;
        out << std::setprecision(precision) << x;
        ours << std::setprecision(precision) << y;
        compare("operator<<", format, "precision " + std::to_string(precision) + " of " + bits_of<W>(raw).to_string(2),
                out.str(), ours.str());
    }
}

template <int W, bool S>
void write_int(const raw_value& raw) {
    using integer = typename std::conditional<S, ap_int<W>, ap_uint<W>>::type;
    integer x = 0;
    x.range() = bits_of<W>(raw);
    const auto y = ours_of<isobit::integer<W, S>>(raw);
    const std::string format = (S ? "ap_int<" : "ap_uint<") + std::to_string(W) + ">";
    for (int radix : {2, 8, 10, 16}) {
        for (bool sign : {false, true}) {
            compare("to_string", format,
                    "radix " + std::to_string(radix) + (sign ? " signed of " : " of ") + bits_of<W>(raw).to_string(2),
                    x.to_string(static_cast<signed char>(radix), sign), y.to_string(radix, sign));
        }
    }
    for (auto base : {std::ios_base::dec, std::ios_base::hex, std::ios_base::oct}) {
        std::ostringstream out, ours;
        std::cout.setf(base, std::ios_base::basefield);  // which AMD's headers look at
        out << x;
        std::cout.setf(std::ios_base::dec, std::ios_base::basefield);
        ours.setf(base, std::ios_base::basefield);
        ours << y;
        compare("operator<<", format, "of " + bits_of<W>(raw).to_string(2), out.str(), ours.str());
    }
}

// The bits that isobit makes of a text.
template <class Number>
std::string read_ours(const std::string& text, int radix) {
    try {
        const Number x(text.c_str(), radix);
        ap_uint<Number::width> bits = 0;
        for (int i = 0; i < Number::width; ++i) bits[i] = static_cast<bool>(x[i]);
        return bits.to_string(2);
    } catch (const std::invalid_argument&) {
        return "refused";
    }
}

// Texts of the common grammar: exact values and ties of the format among them, digits before and behind the point,
// exponents, prefixes.
struct text_source {
    explicit text_source(std::uint64_t seed) : bits(seed) {}
    check::random_bits bits;

    unsigned below(unsigned n) { return static_cast<unsigned>(bits() % n); }

    std::string digits(unsigned radix, unsigned most) {
        std::string text;
        for (unsigned n = 1 + below(most); n-- > 0;) text += "0123456789abcdef"[below(5) == 0 ? 0 : below(radix)];
        return text;
    }

    std::string any(int& radix, int integer_bits, int fraction, bool integers_only) {
        const unsigned base = "\x0a\x0a\x0a\x02\x08\x10"[below(6)];
        radix = below(2) != 0 ? 0 : static_cast<int>(base);
        std::string text = below(2) != 0 ? "-" : !integers_only && below(4) == 0 ? "+" : "";
        const bool prefixed = base != 10 && (radix == 0 || below(2) != 0);
        if (prefixed) text += base == 2 ? "0b" : base == 8 ? "0o" : "0x";
        const unsigned digit = base == 2 ? 1 : base == 8 ? 3 : base == 16 ? 4 : 3;
        const unsigned before = static_cast<unsigned>(integer_bits > 0 ? integer_bits : 0) / digit + 2;
        const unsigned behind = static_cast<unsigned>(fraction > 0 ? fraction : 0) / (base == 10 ? 1 : digit) + 3;
        if (base == 10 && fraction >= 0 && fraction < 60 && below(3) == 0) return text + tie(fraction);
        text += digits(base, before);
        if (integers_only) return text;
        if (below(3) != 0) text += "." + digits(base, behind);
        if (below(3) == 0) {
            text += base == 10 ? (below(2) != 0 ? "e" : "E") : (below(2) != 0 ? "p" : "P");
            text += below(2) != 0 ? "-" : below(2) != 0 ? "+" : "";
            text += std::to_string(below(12));
        }
        return text;
    }

    // k / 2^(fraction + 1) in decimal: every second one is half way between two values of the format.
    std::string tie(int fraction) {
        const raw_value k(fraction + 8, false, bits);
        return isobit::host::to_text(k.words, k.count, fraction + 8, 7, false, false, 10, false);
    }
};

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
void read_fixed(int texts) {
    using ours =
        isobit::fixed<W, I, S, static_cast<isobit::rounding_mode>(Q), static_cast<isobit::overflow_mode>(O), N>;
    text_source source(static_cast<std::uint64_t>(W * 1000 + (I + 500) * 2 + (S ? 1 : 0)));
    for (int i = 0; i < texts; ++i) {
        int radix = 0;
        const std::string text = source.any(radix, I, W - I, false);
        ap_fixed_base<W, I, S, Q, O, N> x(text.c_str(), static_cast<signed char>(radix));
        ap_uint<W> theirs = 0;
        for (int bit = 0; bit < W; ++bit) theirs[bit] = bool(x[bit]);
        compare("from text", name_fixed<W, I, S, Q, O, N>(), text + " radix " + std::to_string(radix),
                theirs.to_string(2), read_ours<ours>(text, radix));
    }
}

template <int W, bool S>
void read_int(int texts) {
    using integer = typename std::conditional<S, ap_int<W>, ap_uint<W>>::type;
    text_source source(static_cast<std::uint64_t>(W * 2 + (S ? 1 : 0)));
    for (int i = 0; i < texts; ++i) {
        int radix = 0;
        const std::string text = source.any(radix, W - 6, 0, W > 64 || i % 4 != 0);
        const integer x(text.c_str(), static_cast<signed char>(radix));
        ap_uint<W> theirs = 0;
        for (int bit = 0; bit < W; ++bit) theirs[bit] = bool(x[bit]);
        compare("int from text", (S ? "ap_int<" : "ap_uint<") + std::to_string(W) + ">",
                text + " radix " + std::to_string(radix), theirs.to_string(2),
                read_ours<isobit::integer<W, S>>(text, radix));
    }
}

// Modes spread over the formats: every one meets small and large, signed and unsigned.
template <int W, int I, bool S>
struct modes {
    static constexpr int h = W * 31 + (I + 50) * 7 + (S ? 3 : 0);
    static constexpr ap_q_mode q = static_cast<ap_q_mode>(h % 7);
    static constexpr int o_any = h / 7 % 5;
    static constexpr ap_o_mode o = static_cast<ap_o_mode>(!S && o_any == AP_WRAP_SM ? int(AP_WRAP) : o_any);
    static constexpr int n = o == AP_WRAP || o == AP_WRAP_SM ? h / 3 % (W < 3 ? W + 1 : 3) : 0;
};

template <int W, int I, bool S>
void small_fixed() {
    for (std::uint64_t raw = 0; raw < (1u << W); ++raw) write_fixed<W, I, S>(raw_value(W, S, raw));
    using m = modes<W, I, S>;
    read_fixed<W, I, S, m::q, m::o, m::n>(ISOBIT_TEST_TEXTS);
}

template <int W, int I, bool S>
void large_fixed() {
    check::random_bits bits(static_cast<std::uint64_t>(W * 7 + I));
    for (int i = 0; i < ISOBIT_TEST_TEXTS / 4; ++i) write_fixed<W, I, S>(raw_value(W, S, bits));
    using m = modes<W, I, S>;
    read_fixed<W, I, S, m::q, m::o, m::n>(ISOBIT_TEST_TEXTS);
}

template <int W, bool S>
void small_int() {
    for (std::uint64_t raw = 0; raw < (1u << W); ++raw) write_int<W, S>(raw_value(W, S, raw));
    read_int<W, S>(ISOBIT_TEST_TEXTS);
}

template <int W, bool S>
void large_int() {
    check::random_bits bits(static_cast<std::uint64_t>(W));
    for (int i = 0; i < ISOBIT_TEST_TEXTS; ++i) write_int<W, S>(raw_value(W, S, bits));
    write_int<W, S>(raw_value(W, S, 0));
    read_int<W, S>(ISOBIT_TEST_TEXTS);
}

void all();

}  // namespace

int main() {
    all();
    for (const auto& entry : counts) std::printf("compared\t%s\t%ld\n", entry.first.c_str(), entry.second);
}

namespace {
