// What the test bench needs: raw integers in, raw integers compared.
#ifndef ISOBIT_TB_COMPARE_HPP
#define ISOBIT_TB_COMPARE_HPP

#include <cstdio>

#include <isobit/kernels/number.hpp>

namespace isobit {
namespace kernels {
template <class Index, class RawWeight>
struct compressed_weight;
}
}  // namespace isobit

namespace isobit_tb {

typedef unsigned long long word;

// Word k of a golden value.
inline word word_of(long long raw, int) { return static_cast<word>(raw); }
template <int Words>
word word_of(const isobit::kernels::raw_words<Words>& raw, int k) {
    return raw.word[k];
}

template <class T, class Raw, int Size>
void set(const Raw (&raw)[Size], T (&numbers)[Size]) {
    for (int i = 0; i < Size; ++i) numbers[i] = isobit::kernels::number<T>::from_raw(raw[i]);
}

// FNV-1a over the words of golden arrays: a changed vector is noticed even where no output depends on it.
template <class Raw, int Events, int Size>
word digest(const Raw (&raw)[Events][Size], int words, word hash) {
    for (int event = 0; event < Events; ++event)
        for (int i = 0; i < Size; ++i)
            for (int k = 0; k < words; ++k) hash = (hash ^ word_of(raw[event][i], k)) * 1099511628211ULL;
    return hash;
}
const word digest_start = 14695981039346656037ULL;

// The same over the elements of a constant, as they are compiled: of a stored weight its input, its neuron, its value.
inline word fold(word hash, long long raw) { return (hash ^ static_cast<word>(raw)) * 1099511628211ULL; }
template <int Words>
word fold(word hash, const isobit::kernels::raw_words<Words>& raw) {
    for (int k = 0; k < Words; ++k) hash = (hash ^ raw.word[k]) * 1099511628211ULL;
    return hash;
}
template <class Index, class Raw>
word fold(word hash, const isobit::kernels::compressed_weight<Index, Raw>& stored) {
    return fold(fold(fold(hash, stored.row_index), stored.col_index), stored.weight);
}
template <class Element, int Size>
word digest(const Element (&constant)[Size]) {
    word hash = digest_start;
    for (int i = 0; i < Size; ++i) hash = fold(hash, constant[i]);
    return hash;
}

class Tally {
public:
    // Before the call: every bit wrong, so that an output that is not written is noticed.
    template <class T, class Raw, int Size>
    void spoil(const Raw (&want)[Size], T (&numbers)[Size]) {
        for (int i = 0; i < Size; ++i) {
            const T right = isobit::kernels::number<T>::from_raw(want[i]);
            isobit::kernels::raw_words<words<T>()> wrong;
            for (int k = 0; k < words<T>(); ++k) wrong.word[k] = ~isobit::kernels::number<T>::word(right, k);
            numbers[i] = isobit::kernels::number<T>::from_raw(wrong);
        }
    }

    template <class T, class Raw, int Size>
    void compare(const char* output, int event, const Raw (&want)[Size], const T (&got)[Size]) {
        for (int i = 0; i < Size; ++i) {
            const T right = isobit::kernels::number<T>::from_raw(want[i]);
            bool equal = true;
            for (int k = 0; k < words<T>(); ++k) equal = equal && same(got[i], right, k);
            ++compared_;
            if (equal || ++differ_ > 10) continue;
            std::printf("event %d, output %s[%d]: got raw 0x", event, output, i);
            print(got[i]);
            std::printf(", want 0x");
            print(right);
            std::printf("\n");
        }
    }

    // An event that gave no results: streams did not hold what they should.
    void broken(int event, const char* why) {
        if (++broken_ <= 10) std::printf("event %d: %s\n", event, why);
    }

    // A constant that no event depends on may be wrong as well.
    void constant(const char* name, word got, word want) {
        if (got == want) return;
        ++constants_;
        std::printf("constant %s: not what was exported\n", name);
    }

    // The last line, and the exit status: 0, every bit agrees; 1, bits or constants differ or results are missing; 2,
    // nothing was compared.
    int report(const char* top) const {
        if (broken_ > 0) std::printf("%s: %ld events without results\n", top, broken_);
        std::printf("%s: %ld results compared, %ld differ\n", top, compared_, differ_);
        return differ_ + broken_ + constants_ > 0 ? 1 : compared_ > 0 ? 0 : 2;
    }

private:
    template <class T>
    static constexpr int words() {
        return (isobit::kernels::number<T>::width + 63) / 64;
    }
    template <class T>
    static bool same(const T& a, const T& b, int k) {
        return isobit::kernels::number<T>::word(a, k) == isobit::kernels::number<T>::word(b, k);
    }
    template <class T>
    static void print(const T& x) {
        for (int k = words<T>() - 1; k >= 0; --k)
            std::printf(k + 1 == words<T>() ? "%llx" : "%016llx", isobit::kernels::number<T>::word(x, k));
    }

    long compared_ = 0;
    long differ_ = 0;
    long broken_ = 0;
    long constants_ = 0;
};

}  // namespace isobit_tb

#endif
