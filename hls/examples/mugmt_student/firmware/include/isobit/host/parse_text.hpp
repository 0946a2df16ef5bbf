// Text as a number, exactly: the constructors of the ap_ types from const char*, and operator>>.
//
// Grammar, white space around it allowed:  [+-] [0b|0o|0d|0x] digits [. digits] [e|p [+-] decimal digits]
// with at least one digit before or behind the point. The exponent is e (of ten) in base 10 and p (of two) in the
// others. The open headers accept the same where they are right; what they read as garbage (a foreign character, a
// digit beyond the base, an empty text, a prefix that contradicts the base asked for) is refused here.
#ifndef ISOBIT_HOST_PARSE_TEXT_HPP
#define ISOBIT_HOST_PARSE_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <utility>

#include "format_text.hpp"
#include "magnitude.hpp"

namespace isobit {
namespace host {

// Words that parse_text needs so that a cast to `width` bits, dropping two, is exact in every mode.
constexpr int text_words(int width) { return (width + 5 + 63) / 64; }

namespace detail {

// digits * base^exponent, the base being 10 or (radix 2, 8 and 16) 2.
struct scanned {
    bool negative = false;
    int radix = 10;
    magnitude digits;
    std::int64_t significant = 0;  // decimal digits in `digits`, leading zeros counted
    std::int64_t exponent = 0;
};

template <class = void>
class scanner {
public:
    scanner(const char* text, int radix) : text_(text), at_(text) { number_.radix = radix; }

    scanned scan() {
        skip_space();
        number_.negative = *at_ == '-';
        if (*at_ == '-' || *at_ == '+') ++at_;
        scan_prefix();
        const int step = digit_bits(number_.radix);
        std::int64_t behind = 0;
        const bool before = scan_digits() != 0;
        if (*at_ == '.') {
            ++at_;
            behind = scan_digits();
        }
        if (!before && behind == 0) refuse("it has no digit");
        flush();
        const char mark = step == 0 ? 'e' : 'p';
        if (*at_ == mark || *at_ == mark - 'a' + 'A') {
            ++at_;
            number_.exponent = scan_exponent();
        }
        number_.exponent -= step == 0 ? behind : behind * step;
        skip_space();
        if (*at_ != '\0') refuse(std::string("'") + *at_ + "' has no place there");
        return number_;
    }

private:
    [[noreturn]] void refuse(const std::string& why) const {
        const std::string base = number_.radix == 0 ? "" : " in base " + std::to_string(number_.radix);
        throw std::invalid_argument("isobit: \"" + std::string(text_) + "\" is not a number" + base + ": " + why);
    }

    void skip_space() {
        while (*at_ == ' ' || (*at_ >= '\t' && *at_ <= '\r')) ++at_;
    }

    void scan_prefix() {
        int found = 0;
        if (at_[0] == '0') {
            const char mark = at_[1] >= 'A' && at_[1] <= 'Z' ? static_cast<char>(at_[1] - 'A' + 'a') : at_[1];
            found = mark == 'b' ? 2 : mark == 'o' ? 8 : mark == 'd' ? 10 : mark == 'x' ? 16 : 0;
        }
        if (found == 0) {
            if (number_.radix == 0) number_.radix = 10;
            return;
        }
        if (number_.radix != 0 && number_.radix != found) {
            refuse("its prefix says base " + std::to_string(found));
        }
        number_.radix = found;
        at_ += 2;
    }

    // -1 for what is no digit of the base.
    int digit() const {
        const char c = *at_;
        const int value = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : 16;
        return value < number_.radix ? value : -1;
    }

    // Digits are gathered to words before they reach the magnitude, which would else grow digit by digit.
    std::int64_t scan_digits() {
        const auto radix = static_cast<std::uint64_t>(number_.radix);
        std::int64_t count = 0;
        for (int value = digit(); value >= 0; value = digit()) {
            if (scale_ > UINT64_MAX / radix) flush();
            gathered_ = gathered_ * radix + static_cast<std::uint64_t>(value);
            scale_ *= radix;
            ++count;
            ++at_;
        }
        number_.significant += count;
        return count;
    }

    void flush() {
        if (scale_ > 1) multiply_add(number_.digits, scale_, gathered_);
        gathered_ = 0;
        scale_ = 1;
    }

    std::int64_t scan_exponent() {
        const bool negative = *at_ == '-';
        if (*at_ == '-' || *at_ == '+') ++at_;
        if (*at_ < '0' || *at_ > '9') refuse("its exponent has no digit");
        constexpr std::int64_t endless = std::int64_t{1} << 40;  // beyond any format's range
        std::int64_t value = 0;
        for (; *at_ >= '0' && *at_ <= '9'; ++at_) {
            if (value < endless) value = value * 10 + (*at_ - '0');
        }
        return negative ? -value : value;
    }

    const char* text_;
    const char* at_;
    scanned number_;
    std::uint64_t gathered_ = 0, scale_ = 1;
};

// m * 2^shift rounded down; returns whether a one was dropped.
template <class = void>
bool scale(magnitude& m, std::int64_t shift) {
    if (shift < 0) return shift_down(m, -shift);
    shift_up(m, shift);
    return false;
}

template <class = void>
void multiply_power_of_5(magnitude& m, std::int64_t power) {
    constexpr std::uint64_t block = 7450580596923828125u;  // 5^27, the largest that fits a word
    for (; power >= 27; power -= 27) multiply_add(m, block, 0);
    for (; power > 0; --power) multiply_add(m, 5, 0);
}

template <class = void>
bool divide_power_of_5(magnitude& m, std::int64_t power) {
    constexpr std::uint64_t block = 7450580596923828125u;
    bool dropped = false;
    for (; power >= 27; power -= 27) dropped = divide(m, block) != 0 || dropped;
    for (; power > 0; --power) dropped = divide(m, 5) != 0 || dropped;
    return dropped;
}

// m becomes floor(m * base^exponent * 2^shift) modulo 2^limit, with `outside` set where that is not all of it;
// returns whether a fraction was dropped. The work is bounded by the text's length and the format, whatever the
// exponent.
template <class = void>
bool place(magnitude& m, const scanned& number, std::int64_t shift, std::int64_t limit, bool& outside) {
    if (m.empty()) return false;
    bool dropped = false;
    if (number.radix != 10) {
        shift += number.exponent;
    } else if (number.exponent < 0) {
        // Below 10^significant * 2^shift * 10^exponent < 1 nothing is left; 2^3 < 10.
        const std::int64_t decades = shift > 0 ? shift / 3 + 1 : 0;
        if (number.significant + decades + number.exponent <= 0) {
            m.clear();
            return true;
        }
        // Upwards before the division, downwards behind it: floors of floors are floors.
        shift += number.exponent;
        if (shift > 0) scale(m, shift);
        dropped = divide_power_of_5(m, -number.exponent);
        if (shift > 0) return outside = keep_low(m, limit), dropped;
    } else {
        shift += number.exponent;
        if (shift < limit) multiply_power_of_5(m, number.exponent);
    }
    if (shift >= limit) {  // 2^limit divides it
        m.clear();
        outside = true;
        return dropped;
    }
    dropped = scale(m, shift) || dropped;
    outside = keep_low(m, limit);
    return dropped;
}

}  // namespace detail

// The value v of a text, ready for law::cast with shift = 2: floor(|v| * 2^(fraction_bits + 2)), its lowest bit set
// where a fraction was dropped, then negated if v is negative. `words` gets `count` words of two's complement. A value
// that they cannot hold keeps its sign and its low 64 * count - 2 bits, and the bit above those is set: whatever wraps
// finds the right bits, whatever saturates finds a value outside (for widths with text_words(width) <= count).
//
// radix 0 takes the base from the prefix, 10 without one. Throws std::invalid_argument, which names the text.
template <class = void>
void parse_text(const char* text, int radix, int fraction_bits, std::uint64_t* words, int count) {
    if (radix != 0) detail::digit_bits(radix);
    detail::scanned number = detail::scanner<>(text, radix).scan();
    magnitude m = std::move(number.digits);
    const std::int64_t limit = std::int64_t{64} * count - 2;
    bool outside = false;
    const bool sticky = detail::place(m, number, std::int64_t{fraction_bits} + 2, limit, outside);
    m.resize(static_cast<std::size_t>(count), 0);
    if (sticky) m.front() |= 1;
    if (outside) m.back() |= std::uint64_t{1} << 62;
    bool carry = number.negative;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t word = m[static_cast<std::size_t>(i)];
        words[i] = number.negative ? ~word + (carry ? 1 : 0) : word;
        carry = carry && words[i] == 0;
    }
}

// operator>> of an ap_[u]int: the next word of the stream in its base (decimal unless a prefix says otherwise). Returns
// false and sets failbit, leaving `words` alone, where there is none or it is no number.
template <class = void>
bool read_text(std::istream& in, int fraction_bits, std::uint64_t* words, int count) {
    std::string word;
    if (!(in >> word)) return false;
    const std::ios_base::fmtflags base = in.flags() & std::ios_base::basefield;
    const int radix = base == std::ios_base::oct ? 8 : base == std::ios_base::hex ? 16 : 0;
    try {
        parse_text(word.c_str(), radix, fraction_bits, words, count);
    } catch (const std::invalid_argument&) {
        in.setstate(std::ios_base::failbit);
        return false;
    }
    return true;
}

}  // namespace host
}  // namespace isobit

#endif
