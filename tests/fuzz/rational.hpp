// An arithmetic of its own for the fuzz targets: naturals of 32-bit limbs, schoolbook and slow, fractions of them, and
// a reader of number texts. Nothing of isobit is used, so that a mistake would have to be made twice.
#ifndef ISOBIT_TESTS_FUZZ_RATIONAL_HPP
#define ISOBIT_TESTS_FUZZ_RATIONAL_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace fuzz {

struct natural {
    std::vector<std::uint32_t> limbs;

    natural(std::uint64_t value = 0) {
        for (; value != 0; value >>= 32) limbs.push_back(static_cast<std::uint32_t>(value));
    }
    void trim() {
        while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    }
    bool zero() const { return limbs.empty(); }
    std::size_t bits() const {
        if (limbs.empty()) return 0;
        std::size_t n = 32 * limbs.size();
        for (std::uint32_t top = limbs.back(); (top & 0x80000000u) == 0; top <<= 1) --n;
        return n;
    }
    bool bit(std::size_t index) const {
        return index / 32 < limbs.size() && (limbs[index / 32] >> (index % 32) & 1) != 0;
    }
    void times(std::uint32_t factor, std::uint32_t plus = 0) {
        std::uint64_t carry = plus;
        for (std::uint32_t& limb : limbs) {
            carry += static_cast<std::uint64_t>(limb) * factor;
            limb = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
        trim();
    }
    void times_power(std::uint32_t base, long power) {
        while (power > 0) {  // as many at a time as a limb holds
            std::uint64_t factor = 1;
            for (; power > 0 && factor * base <= 0xffffffffu; --power) factor *= base;
            times(static_cast<std::uint32_t>(factor));
        }
    }
    void minus(const natural& other) {  // other <= *this
        std::int64_t borrow = 0;
        for (std::size_t i = 0; i < limbs.size(); ++i) {
            borrow += static_cast<std::int64_t>(limbs[i]) - (i < other.limbs.size() ? other.limbs[i] : 0);
            limbs[i] = static_cast<std::uint32_t>(borrow);
            borrow >>= 32;
        }
        trim();
    }
};

inline int compare(const natural& a, const natural& b) {
    if (a.limbs.size() != b.limbs.size()) return a.limbs.size() < b.limbs.size() ? -1 : 1;
    for (std::size_t i = a.limbs.size(); i-- > 0;) {
        if (a.limbs[i] != b.limbs[i]) return a.limbs[i] < b.limbs[i] ? -1 : 1;
    }
    return 0;
}

inline natural product(const natural& a, const natural& b) {
    natural result;
    for (std::size_t i = b.limbs.size(); i-- > 0;) {
        natural row = a;
        row.times(b.limbs[i]);
        result.times(0x10000);
        result.times(0x10000);
        natural sum;
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < result.limbs.size() || j < row.limbs.size() || carry != 0; ++j) {
            carry += j < result.limbs.size() ? result.limbs[j] : 0;
            carry += j < row.limbs.size() ? row.limbs[j] : 0;
            sum.limbs.push_back(static_cast<std::uint32_t>(carry));
            carry >>= 32;
        }
        sum.trim();
        result = sum;
    }
    return result;
}

// Shift and subtract. The rest stays in `a`.
inline natural quotient(natural& a, const natural& b) {
    natural result, rest;
    for (std::size_t i = a.bits(); i-- > 0;) {
        rest.times(2, a.bit(i) ? 1 : 0);
        const bool one = compare(rest, b) >= 0;
        if (one) rest.minus(b);
        result.times(2, one ? 1 : 0);
    }
    a = rest;
    return result;
}

// sign * over / under.
struct rational {
    bool negative = false;
    natural over = 0, under = 1;

    void scale(std::uint32_t base, long power) {
        if (power >= 0) {
            over.times_power(base, power);
        } else {
            under.times_power(base, -power);
        }
    }
};

inline bool equal(const rational& a, const rational& b) {
    const natural left = product(a.over, b.under), right = product(b.over, a.under);
    return compare(left, right) == 0 && (a.negative == b.negative || left.zero());
}

// A text of the grammar that parse_text documents, by recursive descent over a string. `exponent` is what stands
// behind e or p and is left out of `value` where it exceeds `most`.
struct reader {
    std::string text;
    int radix;
    std::size_t at = 0;
    rational value;
    long exponent = 0;
    bool huge = false;

    reader(const std::string& source, int wanted) : text(source), radix(wanted) {}

    char peek(std::size_t ahead = 0) const {
        const char c = at + ahead < text.size() ? text[at + ahead] : '\0';
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    bool take(char c) {
        if (peek() != c || at >= text.size()) return false;
        ++at;
        return true;
    }
    static bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r'; }
    long digits() {
        const std::string all = "0123456789abcdef";
        long count = 0;
        for (;; ++count, ++at) {
            const std::size_t digit = peek() == '\0' ? all.npos : all.find(peek());
            if (digit == all.npos || digit >= static_cast<std::size_t>(radix)) return count;
            value.over.times(static_cast<std::uint32_t>(radix), static_cast<std::uint32_t>(digit));
        }
    }
    bool prefix() {
        const char marks[] = {'b', 'o', 'd', 'x'};
        const int bases[] = {2, 8, 10, 16};
        for (int i = 0; i < 4; ++i) {
            if (peek() != '0' || peek(1) != marks[i]) continue;
            if (radix != 0 && radix != bases[i]) return false;
            radix = bases[i];
            at += 2;
            return true;
        }
        if (radix == 0) radix = 10;
        return true;
    }
    bool read(long most) {
        while (space(peek())) ++at;
        value.negative = peek() == '-';
        if (!take('-')) take('+');
        if (!prefix()) return false;
        const long before = digits();
        long behind = 0;
        if (take('.')) behind = digits();
        if (before + behind == 0) return false;
        value.scale(static_cast<std::uint32_t>(radix), -behind);
        if (take(radix == 10 ? 'e' : 'p')) {
            const bool down = peek() == '-';
            if (!take('-')) take('+');
            if (peek() < '0' || peek() > '9') return false;
            for (; peek() >= '0' && peek() <= '9'; ++at) {
                exponent = exponent > most ? exponent : exponent * 10 + (peek() - '0');
            }
            huge = exponent > most;
            if (down) exponent = -exponent;
            if (!huge) value.scale(radix == 10 ? 10 : 2, exponent);
        }
        while (space(peek())) ++at;
        return at == text.size();
    }
};

inline void require(bool condition) {
    if (!condition) std::abort();
}

// The fuzzer's bytes, taken one by one; zero when they are used up.
struct bytes {
    const std::uint8_t* data;
    std::size_t size;

    std::uint8_t byte() {
        if (size == 0) return 0;
        --size;
        return *data++;
    }
    int in(int low, int high) { return low + (byte() << 8 | byte()) % (high - low + 1); }
    std::string rest() {
        std::string text(reinterpret_cast<const char*>(data), size);
        size = 0;
        return text.substr(0, text.find('\0'));
    }
};

}  // namespace fuzz

#endif
