// Numbers of either family as raw integers in 64-bit words, low word first: what test benches and C interfaces carry.
#ifndef ISOBIT_HOST_RAW_WORDS_HPP
#define ISOBIT_HOST_RAW_WORDS_HPP

#include <cstdint>

#include "../kernels/number.hpp"

namespace isobit {
namespace host {

template <class T>
constexpr int words_of() {
    return (kernels::number<T>::width + 63) / 64;
}

namespace detail {

template <class T, bool OneWord>
struct from_words {
    static T get(const std::int64_t* words) { return kernels::number<T>::from_raw(static_cast<long long>(*words)); }
};
template <class T>
struct from_words<T, false> {
    static T get(const std::int64_t* words) {
        kernels::raw_words<words_of<T>()> raw;
        for (int k = 0; k < words_of<T>(); ++k) raw.word[k] = static_cast<unsigned long long>(words[k]);
        return kernels::number<T>::from_raw(raw);
    }
};

}  // namespace detail

// words[count][words_of] -> numbers[count]; bits above the width are ignored.
template <class T>
void read_words(const std::int64_t* words, int count, T* numbers) {
    constexpr bool one = words_of<T>() == 1;
    for (int i = 0; i < count; ++i) numbers[i] = detail::from_words<T, one>::get(words + i * words_of<T>());
}

// numbers[count] -> words[count][words_of]; the top word is sign-extended if Signed.
template <bool Signed, class T>
void write_words(const T* numbers, int count, std::int64_t* words) {
    constexpr int unused = 64 * words_of<T>() - kernels::number<T>::width;
    for (int i = 0; i < count; ++i) {
        for (int k = 0; k < words_of<T>(); ++k) {
            std::uint64_t word = kernels::number<T>::word(numbers[i], k);
            if (Signed && k + 1 == words_of<T>() && (word >> (63 - unused) & 1) != 0) {
                word |= unused == 0 ? 0 : ~std::uint64_t{0} << (64 - unused);
            }
            *words++ = static_cast<std::int64_t>(word);
        }
    }
}

}  // namespace host
}  // namespace isobit

#endif
