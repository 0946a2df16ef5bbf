// Fixed-point and integer numbers as text: to_string of the ap_ types, and what they write to a stream.
//
// A number comes as 64-bit words, least significant first, in two's complement extended to whole words. Semantics:
// ap_fixed_base::to_string, ap_private::toString and reduceToPrecision of the open headers. Where their text does not
// denote the number, or is cut off at the wrong digit, ours does and is not; tests/text lists each such place.
#ifndef ISOBIT_HOST_FORMAT_TEXT_HPP
#define ISOBIT_HOST_FORMAT_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <ios>
#include <stdexcept>
#include <string>

#include "magnitude.hpp"

namespace isobit {
namespace host {
namespace detail {

// Bits in a digit; 0 for base 10.
template <class = void>
int digit_bits(int radix) {
    switch (radix) {
        case 2: return 1;
        case 8: return 3;
        case 10: return 0;
        case 16: return 4;
        default: break;
    }
    throw std::invalid_argument("isobit: base " + std::to_string(radix) + " is not one of 2, 8, 10, 16");
}

template <class = void>
const char* prefix(int radix) {
    return radix == 2 ? "0b" : radix == 8 ? "0o" : radix == 16 ? "0x" : "";
}

template <class = void>
std::string decimal_digits(magnitude m) {
    if (m.empty()) return "0";
    constexpr std::uint64_t block = 10000000000000000000u;  // 10^19, the largest that fits a word
    std::string reversed;
    while (!m.empty()) {
        std::uint64_t part = divide(m, block);
        for (int i = 0; i < 19 && (part != 0 || !m.empty()); ++i, part /= 10) {
            reversed += static_cast<char>('0' + part % 10);
        }
    }
    return std::string(reversed.rbegin(), reversed.rend());
}

// An integer of a field of `width` bits, with its base's prefix. Up to 64 bits the digits are lower case and a zero
// goes before a first digit whose top bit is set, unless the digits fill the field; beyond, they are upper case, the
// zero goes before every first digit, and zero itself has no prefix. The zero keeps the text positive where a reader
// extends the first digit's top bit.
template <class = void>
std::string integer_digits(const magnitude& m, int width, int radix, bool leading_zero) {
    const int step = digit_bits(radix);
    if (step == 0) return decimal_digits(m);
    const bool wide = width > 64;
    if (m.empty()) return wide ? "0" : std::string(prefix(radix)) + '0';
    const char* digits = wide ? "0123456789ABCDEF" : "0123456789abcdef";
    const std::int64_t count = (bit_length(m) + step - 1) / step;
    const bool top = bit_length(m) == count * step;
    std::string text = prefix(radix);
    if (leading_zero && count * step < width && (wide || top)) text += '0';
    for (std::int64_t i = count; i-- > 0;) text += digits[bits_at(m, i * step, step)];
    return text;
}

// The digits behind the point of m * 2^-bits, 0 < m < 2^bits.
template <class = void>
std::string fraction_digits(magnitude m, int bits, int radix) {
    const int step = digit_bits(radix);
    std::string text;
    if (step == 0) {
        while (!m.empty()) {  // exact: every step takes a factor of two out of the denominator
            multiply_add(m, 10, 0);
            text += static_cast<char>('0' + bits_at(m, bits, 4));
            keep_low(m, bits);
        }
        return text;
    }
    const int digits = (bits + step - 1) / step;
    shift_up(m, static_cast<std::int64_t>(digits) * step - bits);
    for (int i = digits; i-- > 0;) {
        text += "0123456789abcdef"[bits_at(m, static_cast<std::int64_t>(i) * step, step)];
    }
    return text;
}

}  // namespace detail

// ap_[u]fixed::to_string(radix, sign), or ap_[u]int's where is_int. The AMD types' defaults are radix 2 and sign =
// is_signed. `sign` asks for a minus sign; without it (and always in base 2) a negative number appears as its two's
// complement bits, a fixed-point one with an additional sign bit. Integers in base 10 always have their sign.
//
// Throws std::invalid_argument for a base other than 2, 8, 10 and 16.
template <class = void>
std::string to_text(const std::uint64_t* words, int count, int width, int integer_bits, bool is_signed, bool is_int,
                    int radix, bool sign) {
    detail::digit_bits(radix);
    const bool negative = is_signed && words[count - 1] >> 63 != 0;
    const bool minus = negative && radix != 2 && (is_int && radix == 10 ? true : sign);
    if (is_int) {
        magnitude m = absolute(words, count, minus);
        keep_low(m, width);
        return (minus ? "-" : "") + detail::integer_digits(m, width, radix, !minus);
    }

    const int fraction = width - integer_bits > 0 ? width - integer_bits : 0;
    const int field = integer_bits > 0 ? integer_bits + 1 : 0;
    magnitude m = absolute(words, count, negative);
    if (integer_bits > width) shift_up(m, integer_bits - width);
    if (negative && !minus) {  // 2^bits - |v|
        const int bits = field + fraction;
        magnitude all(static_cast<std::size_t>(bits / 64 + 1), 0);
        for (std::size_t i = 0; i < m.size(); ++i) all[i] = m[i];
        m = absolute(all.data(), static_cast<int>(all.size()), true);
        keep_low(m, bits);
    }
    magnitude behind = m;
    keep_low(behind, fraction);
    shift_down(m, fraction);

    std::string text = minus ? "-" : "";
    if (field > 64 && m.empty() && !behind.empty()) text += detail::prefix(radix);  // else "0.8p0" for 0x0.8p0
    text += field > 0 ? detail::integer_digits(m, field, radix, true) : std::string(detail::prefix(radix)) + '0';
    if (behind.empty()) return text;
    text += '.' + detail::fraction_digits(behind, fraction, radix);
    return radix == 16 ? text + "p0" : text;
}

// An exact decimal text at `precision` significant digits, ties away from zero. Not as the standard library formats a
// double: no zeros are added or kept behind the point, a number that has few enough digits is never put into
// scientific form for its size, and one that was rounded is when four zeros follow its point.
template <class = void>
std::string at_precision(const std::string& exact, std::streamsize precision) {
    const std::string sign = exact[0] == '-' ? "-" : "";
    const std::string plain = exact.substr(sign.size());
    const std::size_t point = plain.find('.') == std::string::npos ? plain.size() : plain.find('.');
    std::string digits = plain.substr(0, point) + (point < plain.size() ? plain.substr(point + 1) : "");
    const std::size_t first = digits.find_first_not_of('0');
    if (first == std::string::npos) return "0";
    auto exponent = static_cast<long>(point) - static_cast<long>(first) - 1;  // of the first significant digit
    digits = digits.substr(first, digits.find_last_not_of('0') - first + 1);

    const std::size_t wanted = precision < 0 ? 6 : precision == 0 ? 1 : static_cast<std::size_t>(precision);
    const bool rounded = digits.size() > wanted;
    if (rounded) {
        bool carry = digits[wanted] > '4';
        digits.resize(wanted);
        for (std::size_t i = wanted; carry && i-- > 0;) {
            carry = digits[i] == '9';
            digits[i] = carry ? '0' : static_cast<char>(digits[i] + 1);
        }
        if (carry) {
            digits.insert(digits.begin(), '1');
            ++exponent;
        }
        digits.resize(digits.find_last_not_of('0') + 1);
    }

    const long whole = exponent + 1, length = static_cast<long>(digits.size());  // digits before the point; all
    long zeros = 0;                                                              // behind the point
    if (length > whole) {
        zeros = whole < 0 ? -whole : 0;
        for (long i = whole < 0 ? 0 : whole; digits[static_cast<std::size_t>(i)] == '0'; ++i) ++zeros;
    }
    const bool scientific =
        length > whole ? zeros >= 4 && (rounded || whole <= 0) : rounded && whole > static_cast<long>(wanted);
    if (!scientific) {
        if (whole <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-whole), '0') + digits;
        if (length <= whole) return sign + digits + std::string(static_cast<std::size_t>(whole - length), '0');
        return sign + digits.insert(static_cast<std::size_t>(whole), 1, '.');
    }
    if (length > 1) digits.insert(1, 1, '.');
    if (exponent == 0) return sign + digits;
    const std::string power = std::to_string(exponent < 0 ? -exponent : exponent);
    return sign + digits + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
}

// What operator<< writes, before the stream pads it to its width: fixed-point numbers in decimal at the stream's
// precision, whatever its flags; integers in its base (the stream's own flags; AMD's headers ask std::cout's).
template <class = void>
std::string stream_text(const std::uint64_t* words, int count, int width, int integer_bits, bool is_signed, bool is_int,
                        std::ios_base::fmtflags flags, std::streamsize precision) {
    const bool hex = (flags & std::ios_base::hex) != 0, oct = (flags & std::ios_base::oct) != 0;
    const int radix = !is_int ? 10 : hex ? 16 : oct ? 8 : 10;
    const std::string text = to_text(words, count, width, integer_bits, is_signed, is_int, radix, is_signed);
    return is_int ? text : at_precision(text, precision);
}

}  // namespace host
}  // namespace isobit

#endif
