// Numbers of any format written in every base: the text denotes the number, parse_text gives it back, and a stream's
// text is the nearest one of its precision.
#include <isobit/host/text.hpp>

#include "rational.hpp"

namespace {

using namespace fuzz;

rational read(std::string text) {
    if (text.size() > 2 && text.compare(text.size() - 2, 2, "p0") == 0) text.resize(text.size() - 2);
    reader result(text, 0);
    require(result.read(100000) && !result.huge);
    return result.value;
}

// What stream_text says of `exact`: within half a unit of the last digit, ties away from zero.
void check_precision(const std::string& text, const rational& exact, int precision) {
    const rational shown = read(text);
    long digits = 0;
    bool leading = true, point = false;
    long zeros = 0;
    for (const char c : text) {
        if (c == 'e') break;
        point = point || c == '.';
        if (c < '0' || c > '9') continue;
        leading = leading && c == '0';
        zeros = c == '0' ? zeros + 1 : 0;
        if (!leading) ++digits;
    }
    require(digits - (point ? 0 : zeros) <= precision);
    if (equal(shown, exact)) return;
    require(shown.negative == exact.negative && !shown.over.zero());
    // unit: the power of ten with 10^(precision - 1) * unit <= |exact| < 10^precision * unit.
    rational size = exact;
    size.negative = false;
    rational unit{false, 1, 1};
    while (compare(size.over, size.under) >= 0) {
        size.under.times(10);
        unit.over.times(10);
    }
    for (rational up = size;;) {
        up.over.times(10);
        if (compare(up.over, up.under) >= 0) break;
        size = up;
        unit.under.times(10);
    }
    unit.under.times_power(10, precision);
    // 2 |shown - exact| <= unit, and shown is the greater on a tie.
    natural a = product(shown.over, exact.under), b = product(exact.over, shown.under);
    const bool greater = compare(a, b) > 0;
    natural difference = greater ? a : b;
    difference.minus(greater ? b : a);
    difference.times(2);
    const int order = compare(product(difference, unit.under), product(product(shown.under, exact.under), unit.over));
    require(order < 0 || (order == 0 && greater));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes input{data, size};
    const int width = input.in(1, 260);
    const bool is_int = input.byte() % 4 == 0, is_signed = input.byte() % 2 == 0, sign = input.byte() % 4 != 0;
    const int integer = is_int ? width : input.in(-40, 300);
    const int radices[] = {2, 8, 10, 16};
    const int radix = radices[input.byte() % 4];
    const int precision = input.in(1, 60);

    constexpr int most = 5;
    const int count = (width + 63) / 64;
    std::uint64_t words[most] = {};
    for (int i = 0; i < width; i += 8) words[i / 64] |= static_cast<std::uint64_t>(input.byte()) << (i % 64);
    const bool negative = is_signed && (words[(width - 1) / 64] >> ((width - 1) % 64) & 1) != 0;
    for (int i = width; i < 64 * most; ++i) {
        const std::uint64_t bit = std::uint64_t{1} << (i % 64);
        words[i / 64] = negative ? words[i / 64] | bit : words[i / 64] & ~bit;
    }

    // The number by its definition: the sum of its bits, the sign bit counting negative.
    rational exact{negative, 0, 1};
    for (int i = width; i-- > 0;) {
        const bool one = (words[i / 64] >> (i % 64) & 1) != 0;
        exact.over.times(2, one != negative ? 1 : 0);
    }
    if (negative) exact.over.times(1, 1);  // |v| = ~v + 1
    exact.scale(2, integer - width);

    const std::string text = isobit::host::to_text(words, count, width, integer, is_signed, is_int, radix, sign);
    const bool minus = radix != 2 && (sign || (is_int && radix == 10));
    rational want = exact;
    if (negative && !minus) {  // 2^field - |v|
        rational field{false, 1, 1};
        field.scale(2, is_int ? width : integer > 0 ? integer + 1 : 0);
        natural all = product(field.over, exact.under);
        natural part = product(exact.over, field.under);
        all.minus(part);
        want = rational{false, all, product(field.under, exact.under)};
    }
    require(equal(read(text), want));

    if (!negative || minus) {
        std::uint64_t back[most];
        isobit::host::parse_text(text.c_str(), text.compare(0, 1, "0") == 0 && text.size() == 1 ? radix : 0,
                                 width - integer, back, most);
        std::uint64_t carried = 0;
        for (int i = 0; i < most; ++i) {
            require(back[i] == (words[i] << 2 | carried));
            carried = words[i] >> 62;
        }
    }

    if (!is_int) {
        check_precision(isobit::host::stream_text(words, count, width, integer, is_signed, false, {}, precision), exact,
                        precision);
    }
    return 0;
}
