// Text of fixed and integer: to_string, the constructors from const char*, operator<< and operator>>. The work is done
// on words, in host/.
#ifndef ISOBIT_TEXT_HPP
#define ISOBIT_TEXT_HPP

#include <array>
#include <cstdint>
#include <istream>
#include <ostream>
#include <string>

#include "fixed_class.hpp"
#include "host/text.hpp"
#include "references.hpp"

namespace isobit {
namespace detail {

template <class Number>
using text_storage = std::array<std::uint64_t, (Number::width + 63) / 64>;

template <class Native, if_native<Native> = 0>
std::uint64_t word_of(const Native& value, int index) {
    return index == 0 ? static_cast<std::uint64_t>(value)
                      : static_cast<std::uint64_t>(static_cast<uint128>(static_cast<int128>(value)) >> 64);
}
template <int K, bool S>
std::uint64_t word_of(const limbs<K, S>& value, int index) {
    return value.get(index);
}

template <class Number>
text_storage<Number> words_of(const Number& x) {
    text_storage<Number> words;
    for (int i = 0; i < static_cast<int>(words.size()); ++i) {
        words[static_cast<std::size_t>(i)] = word_of(x.storage(), i);
    }
    return words;
}

template <class Number>
std::string written(const Number& x, bool is_int, int radix, bool sign) {
    const text_storage<Number> words = words_of(x);
    return host::to_text(words.data(), static_cast<int>(words.size()), Number::width, Number::iwidth, Number::is_signed,
                         is_int, radix, sign);
}

template <class Number>
std::ostream& put(std::ostream& out, const Number& x, bool is_int) {
    const text_storage<Number> words = words_of(x);
    return out << host::stream_text(words.data(), static_cast<int>(words.size()), Number::width, Number::iwidth,
                                    Number::is_signed, is_int, out.flags(), out.precision());
}

// Words of host::parse_text, cast with its two further fraction bits.
template <class Number>
class text_words {
public:
    static constexpr int count = host::text_words(Number::width);

    std::uint64_t* data() { return words_.data(); }

    Number number() const {
        using wide = register_t<64 * count>;
        wide v = static_cast<wide>(static_cast<std::int64_t>(words_[count - 1]));
        for (int i = count - 1; i-- > 0;) {
            v = as_signed<wide>(static_cast<unsigned_of<wide>>(shift_left(v, 64)) |
                                static_cast<unsigned_of<wide>>(words_[static_cast<std::size_t>(i)]));
        }
        return Number::from_bits(law::cast(v, 2, Number::type()));
    }

private:
    std::array<std::uint64_t, static_cast<std::size_t>(count)> words_;
};

template <class Number>
Number parsed(const char* text, int radix) {
    text_words<Number> words;
    host::parse_text(text, radix, Number::width - Number::iwidth, words.data(), text_words<Number>::count);
    return words.number();
}

}  // namespace detail

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
std::string fixed<W, I, S, Q, O, N>::to_string(int radix, bool sign) const {
    return detail::written(*this, false, radix, sign);
}
template <int W, bool S>
std::string integer<W, S>::to_string(int radix, bool sign) const {
    return detail::written(*this, true, radix, sign);
}

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
fixed<W, I, S, Q, O, N>::fixed(const char* text, int radix) : fixed(detail::parsed<fixed>(text, radix)) {}
template <int W, bool S>
integer<W, S>::integer(const char* text, int radix) : integer(detail::parsed<integer>(text, radix)) {}

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
std::ostream& operator<<(std::ostream& out, const fixed<W, I, S, Q, O, N>& x) {
    return detail::put(out, x, false);
}
template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const integer<W, S>& x) {
    return detail::put(out, x, true);
}

// Views are written as the unsigned integer that they stand for, those of a fixed-point number in base 2, as AMD's.
template <int W, bool S>
std::ostream& operator<<(std::ostream& out, const range_ref<integer<W, S>>& x) {
    return out << x.get();
}
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
std::ostream& operator<<(std::ostream& out, const range_ref<fixed<W, I, S, Q, O, N>>& x) {
    return out << x.get().to_string(2);
}
template <class A, class B>
std::ostream& operator<<(std::ostream& out, const concat_ref<A, B>& x) {
    return out << x.get();
}

// A fixed-point number is read as a double, an integer as a word of text in the stream's base; what cannot be read sets
// failbit and changes nothing.
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
__attribute__((noinline)) std::istream& operator>>(std::istream& in, fixed<W, I, S, Q, O, N>& x) {
    double value = 0;
    if (in >> value) x = fixed<W, I, S, Q, O, N>(value);
    return in;
}
template <int W, bool S>
__attribute__((noinline)) std::istream& operator>>(std::istream& in, integer<W, S>& x) {
    detail::text_words<integer<W, S>> words;
    if (host::read_text(in, 0, words.data(), detail::text_words<integer<W, S>>::count)) x = words.number();
    return in;
}

}  // namespace isobit

#endif
