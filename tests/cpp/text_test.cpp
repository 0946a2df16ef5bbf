// Text of numbers: what the comparison with the open headers (tests/text) cannot show. Refusals, texts beyond every
// format, streams.
#include <cstdint>
#include <iomanip>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include <isobit/host/text.hpp>
#include <isobit/law.hpp>

#include "check.hpp"

namespace h = isobit::host;
using isobit::int128;

namespace {

// A text cast into a format of at most 57 bits.
std::int64_t cast(const std::string& text, const isobit::format& target, int radix = 0) {
    std::uint64_t word = 0;
    h::parse_text(text.c_str(), radix, target.fraction(), &word, 1);
    return isobit::law::cast<std::int64_t>(static_cast<std::int64_t>(word), 2, target);
}

isobit::format fixed(int width, int integer, isobit::overflow_mode overflow = isobit::overflow_mode::WRAP,
                     isobit::rounding_mode rounding = isobit::rounding_mode::TRN) {
    return isobit::fixed_format(width, integer, true, rounding, overflow);
}

std::string to_text(std::int64_t raw, int width, int integer, int radix = 10, bool is_int = false) {
    const auto word = static_cast<std::uint64_t>(raw);
    return h::to_text(&word, 1, width, integer, true, is_int, radix, true);
}

template <class Call>
void refused(const std::string& what, const std::string& named, Call call) {
    try {
        call();
        check::that(false, what + " is not refused");
    } catch (const std::invalid_argument& error) {
        const std::string message = error.what();
        check::that(message.find(named) != std::string::npos, what + ": the message does not name it: " + message);
    }
}

void malformed() {
    for (const char* text : {"",     " ",   "-",   "+",   ".",     "-.",   "12x",     "1.2.3", "0x",   "0b",   "0x.",
                             "--1",  "+-1", "1e",  "1e+", "1e1.5", "1e 5", "1 2",     "0b12",  "0o8",  "0xg",  "0b1e1",
                             "0x1p", "1p3", "nan", "inf", "1_0",   "1,5",  "0b1p1p1", "- 1",   "0x-1", "0b0b1"}) {
        refused(std::string("\"") + text + "\"", text, [&] { cast(text, fixed(8, 4)); });
    }
    const struct {
        const char* text;
        int radix;
    } pairs[] = {{"2", 2}, {"8", 8}, {"a", 10}, {"g", 16}, {"0x1", 10}, {"0b1", 16}, {"0d1", 16}, {"0o1", 2}};
    for (const auto& pair : pairs) {
        refused(pair.text, "base " + std::to_string(pair.radix), [&] { cast(pair.text, fixed(8, 4), pair.radix); });
    }
    refused("base 7", "base 7", [] { cast("1", fixed(8, 4), 7); });
    refused("to_text in base 3", "base 3", [] { to_text(1, 8, 4, 3); });
}

void values() {
    const isobit::format integer = isobit::integer_format(8, true);
    check::equal(cast("12.5", integer), 12, "ap_int(\"12.5\")");
    check::equal(cast("-12.5", integer), -12, "ap_int(\"-12.5\")");
    check::equal(cast("1e2", integer), 100, "ap_int(\"1e2\")");
    check::equal(cast(" \t-1.5\n", fixed(8, 4)), -24, "white space");
    check::equal(cast(".5", fixed(8, 4)), 8, ".5");
    check::equal(cast("5.", fixed(8, 4)), 80, "5.");
    check::equal(cast("0D1.5E+0", fixed(8, 4)), 24, "0D");
    check::equal(cast("0x1.8P-1", fixed(8, 4)), 12, "hexadecimal with exponent");
    check::equal(cast("FF", integer, 16), -1, "digits without prefix");
    check::equal(cast("-0", fixed(8, 4)), 0, "-0");
    using mode = isobit::rounding_mode;
    for (auto rounding : {mode::TRN, mode::RND, mode::RND_CONV, mode::RND_INF, mode::TRN_ZERO}) {
        const auto target = fixed(8, 8, isobit::overflow_mode::SAT, rounding);
        const bool down = rounding == mode::TRN || rounding == mode::TRN_ZERO;
        const std::string just_above = "0.5" + std::string(5000, '0') + "1";
        check::equal(cast(just_above, target), down ? 0 : 1, "a digit far behind the tie decides");
        check::equal(cast("-" + just_above, target), rounding == mode::TRN ? -1 : down ? 0 : -1, "and below zero");
        check::equal(cast("-1e-999999999999999999999", target), rounding == mode::TRN ? -1 : 0, "tiny, not zero");
    }
}

// Values that no word holds: saturation by sign, wrapping by the low bits; whatever the exponent, at once.
void outside() {
    using mode = isobit::overflow_mode;
    for (const char* text :
         {"1e30", "1e999999999999999999", "0x1p2000000000", "0b1p99", "123456789012345678901234567890"}) {
        const std::string minus = std::string("-") + text;
        check::equal(cast(text, fixed(8, 4, mode::SAT)), 127, std::string(text) + " saturates");
        check::equal(cast(minus, fixed(8, 4, mode::SAT)), -128, minus + " saturates");
        check::equal(cast(minus, fixed(8, 4, mode::SAT_SYM)), -127, minus + " saturates symmetrically");
        check::equal(cast(text, fixed(8, 4, mode::SAT_ZERO)), 0, std::string(text) + " to zero");
    }
    check::equal(cast("1e999999999999", fixed(8, 4)), 0, "wraps to zero");
    check::equal(cast("0", fixed(8, 4, mode::SAT)), 0, "0");
    check::equal(cast("0e999999999999", fixed(8, 4, mode::SAT)), 0, "zero has no size");
    // 10^30 + 37 modulo 2^57, by the definition.
    int128 power = 37;
    int128 ten = 1;
    for (int i = 0; i < 30; ++i) ten *= 10;
    power += ten;
    const auto low = static_cast<std::int64_t>(power & ((int128{1} << 57) - 1));
    const std::int64_t want = low >= std::int64_t{1} << 56 ? low - (std::int64_t{1} << 57) : low;
    check::equal(cast("1000000000000000000000000000037", fixed(57, 57)), want, "the low bits of a long integer");
    check::equal(cast("1000000000000000000000000000037.0e0", fixed(57, 57)), want, "with a fraction");
    check::equal(cast("-1000000000000000000000000000037", fixed(57, 57)), -want, "and of its negative");
    check::equal(cast("1e-999999999999", fixed(8, 4, mode::SAT)), 0, "too small");
    check::equal(cast("3e40", fixed(8, 140)), 5, "a coarse LSB, in decimal");
    check::equal(cast("0x5p132", fixed(8, 140)), 5, "and in base 16");
}

void written() {
    check::that(to_text(-8, 8, 4) == "-0.5", "-0.5");
    check::that(to_text(-128, 8, 4, 16) == "-0x08", "the most negative, base 16: " + to_text(-128, 8, 4, 16));
    check::that(to_text(-1, 8, 8, 16, true) == "-0x1", "an integer below zero");
    check::that(to_text(16, 4, 8, 10) == "256", "integer bits beyond the width");
    const auto shown = [](std::int64_t raw, int width, int integer, int precision) {
        const auto word = static_cast<std::uint64_t>(raw);
        return h::stream_text(&word, 1, width, integer, true, false, std::ios_base::dec, precision);
    };
    check::that(shown(-24691357, 40, 39, 6) == "-1.23457e+07",
                "rounded at the right digit: " + shown(-24691357, 40, 39, 6));
    check::that(shown(7, 8, 4, 0) == "0.4", "precision 0 counts as 1: " + shown(7, 8, 4, 0));
    check::that(shown(255, 20, 16, 1) == "2e+01", "a carry: " + shown(255, 20, 16, 1));
    check::that(shown(0, 8, 4, 6) == "0", "zero");
    check::that(shown(1, 40, 20, 6) == "9.53674e-07", "small: " + shown(1, 40, 20, 6));
}

void streams() {
    std::uint64_t word = 99;
    std::istringstream in("0x1f 12x 077 0b1");
    check::that(h::read_text(in, 0, &word, 1) && word == 31 * 4, "a prefix is enough");
    word = 5;
    check::that(!h::read_text(in, 0, &word, 1) && in.fail() && word == 5, "no number: failbit, the value stays");
    in.clear();
    in >> std::oct;
    check::that(h::read_text(in, 0, &word, 1) && word == 63 * 4, "the stream's base");
    in >> std::dec;
    check::that(h::read_text(in, 0, &word, 1) && word == 4, "decimal, with a prefix");
    check::that(!h::read_text(in, 0, &word, 1) && in.eof(), "the end");
}

}  // namespace

int main() {
    malformed();
    values();
    outside();
    written();
    streams();
    return check::report("text_test");
}
