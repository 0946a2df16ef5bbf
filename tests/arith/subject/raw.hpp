// Raw bits of every number a test handles, and the names under which results are reported.
//
// The test programs know AMD's public names only, so that they compile with AMD's headers and with isobit's unchanged.
#pragma once

#include <ap_fixed.h>
#include <ap_int.h>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

typedef std::uint64_t word;

// The low bits of a number, little end first.
struct Raw {
    static const int capacity = 16;
    int words = 1;
    word w[capacity] = {0};

    bool zero() const {
        for (int i = 0; i < words; ++i)
            if (w[i]) return false;
        return true;
    }
};

inline int words_of(int width) { return (width + 63) / 64; }

inline word mask_of(int width) { return width >= 64 ? ~word(0) : (word(1) << width) - 1; }

// What a test needs to know of a type: family ('f'ixed, 'i'nteger, 'n'ative), width, whether signed.
template <class T>
struct Native {
    static const char family = 'n';
    static const int width = std::is_same<T, bool>::value ? 1 : 8 * int(sizeof(T));
};

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
char family_of(const volatile ap_fixed_base<W, I, S, Q, O, N>*) {
    return 'f';
}
template <int W, bool S>
char family_of(const volatile ap_int_base<W, S>*) {
    return 'i';
}

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
std::integral_constant<int, W> width_of(const ap_fixed_base<W, I, S, Q, O, N>*);
template <int W, bool S>
std::integral_constant<int, W> width_of(const ap_int_base<W, S>*);

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
std::integral_constant<char, 'f'> kind_of(const ap_fixed_base<W, I, S, Q, O, N>*);
template <int W, bool S>
std::integral_constant<char, 'i'> kind_of(const ap_int_base<W, S>*);

template <class T, bool = std::is_arithmetic<T>::value>
struct About {
    static const char family = Native<T>::family;
    static const int width = Native<T>::width;
};
template <class T>
struct About<T, false> {
    static const char family = decltype(kind_of(static_cast<T*>(nullptr)))::value;
    static const int width = decltype(width_of(static_cast<T*>(nullptr)))::value;
};

// "fixed<W,I,s|u,Q,O,N>", "int<W,s|u>" or the name of a native type.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
std::string describe(const ap_fixed_base<W, I, S, Q, O, N>*) {
    return "fixed<" + std::to_string(W) + "," + std::to_string(I) + (S ? ",s," : ",u,") + std::to_string(int(Q)) + "," +
           std::to_string(int(O)) + "," + std::to_string(N) + ">";
}
template <int W, bool S>
std::string describe(const ap_int_base<W, S>*) {
    return "int<" + std::to_string(W) + (S ? ",s>" : ",u>");
}
inline std::string describe(const bool*) { return "bool"; }
inline std::string describe(const char*) { return "char"; }
inline std::string describe(const signed char*) { return "signed char"; }
inline std::string describe(const unsigned char*) { return "unsigned char"; }
inline std::string describe(const short*) { return "short"; }
inline std::string describe(const unsigned short*) { return "unsigned short"; }
inline std::string describe(const int*) { return "int"; }
inline std::string describe(const unsigned*) { return "unsigned"; }
inline std::string describe(const long*) { return "long"; }
inline std::string describe(const unsigned long*) { return "unsigned long"; }
inline std::string describe(const long long*) { return "long long"; }
inline std::string describe(const unsigned long long*) { return "unsigned long long"; }
inline std::string describe(const float*) { return "float"; }
inline std::string describe(const double*) { return "double"; }
inline std::string describe(const long double*) { return "long double"; }

template <class T>
std::string name() {
    return describe(static_cast<const T*>(nullptr));
}

// Bits of a value.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
void read(const ap_fixed_base<W, I, S, Q, O, N>& x, Raw& out) {
    out.words = words_of(W);
    if constexpr (W <= 64) {
        out.w[0] = x.bits_to_uint64() & mask_of(W);
    } else {
        for (int i = 0; i < out.words; ++i)
            out.w[i] = ap_uint<64>(x.range(64 * i + 63 < W ? 64 * i + 63 : W - 1, 64 * i)).to_uint64();
    }
}

template <int W, bool S>
void read(const ap_int_base<W, S>& x, Raw& out) {
    out.words = words_of(W);
    if constexpr (W <= 64) {
        out.w[0] = x.to_uint64() & mask_of(W);
    } else {
        for (int i = 0; i < out.words; ++i)
            out.w[i] = ap_uint<64>(x.range(64 * i + 63 < W ? 64 * i + 63 : W - 1, 64 * i)).to_uint64();
    }
}

template <class T>
typename std::enable_if<std::is_integral<T>::value>::type read(const T& x, Raw& out) {
    out.words = 1;
    out.w[0] = static_cast<word>(x) & mask_of(Native<T>::width);
}

inline void read(const double& x, Raw& out) {
    out.words = 1;
    std::memcpy(&out.w[0], &x, sizeof x);
}
inline void read(const float& x, Raw& out) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof x);
    out.words = 1;
    out.w[0] = bits;
}
inline void read(const long double& x, Raw& out) {
    out.words = 1;
    const double narrow = static_cast<double>(x);
    std::memcpy(&out.w[0], &narrow, sizeof narrow);
}

// A value from its bits.
template <class T>
typename std::enable_if<About<T>::family == 'f'>::type write(T& x, const Raw& bits) {
    if constexpr (About<T>::width <= 64) {
        x.setBits(bits.w[0]);
    } else {
        for (int low = 0; low < About<T>::width; low += 64)
            x.range(low + 63 < About<T>::width ? low + 63 : About<T>::width - 1, low) = ap_uint<64>(bits.w[low / 64]);
    }
}
template <class T>
typename std::enable_if<About<T>::family == 'i'>::type write(T& x, const Raw& bits) {
    if constexpr (About<T>::width <= 64) {
        x = T(static_cast<unsigned long long>(bits.w[0]));
    } else {
        for (int low = 0; low < About<T>::width; low += 64)
            x.range(low + 63 < About<T>::width ? low + 63 : About<T>::width - 1, low) = ap_uint<64>(bits.w[low / 64]);
    }
}
template <class T>
typename std::enable_if<std::is_integral<T>::value>::type write(T& x, const Raw& bits) {
    x = static_cast<T>(bits.w[0] & mask_of(Native<T>::width));
}
inline void write(double& x, const Raw& bits) { std::memcpy(&x, &bits.w[0], sizeof x); }
inline void write(float& x, const Raw& bits) {
    const std::uint32_t narrow = static_cast<std::uint32_t>(bits.w[0]);
    std::memcpy(&x, &narrow, sizeof x);
}

template <class T>
T make(const Raw& bits) {
    T x = T(0);
    write(x, bits);
    return x;
}
