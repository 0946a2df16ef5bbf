// How one number of a simulated design becomes 8-byte words and back, and what its type is called.
//
// Written against the public interface of ap_fixed and ap_int, so that the same text serves AMD's simulation headers
// and isobit's own; C++11, because hls4ml's build_lib.sh falls back to it.
#ifndef ISOBIT_CSIM_NUMBERS_HPP
#define ISOBIT_CSIM_NUMBERS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#if __cplusplus > 202002L && defined(__has_include)
#if __has_include(<stdfloat>)
#include <stdfloat>
#endif
#endif

#include "ap_fixed.h"
#include "ap_int.h"

namespace isobit_csim {

typedef std::uint64_t word;

template <class>
struct never : std::false_type {};

inline const char* rounding_name(int mode) {
    switch (mode) {
        case AP_RND: return "AP_RND";
        case AP_RND_ZERO: return "AP_RND_ZERO";
        case AP_RND_MIN_INF: return "AP_RND_MIN_INF";
        case AP_RND_INF: return "AP_RND_INF";
        case AP_RND_CONV: return "AP_RND_CONV";
        case AP_TRN: return "AP_TRN";
        default: return "AP_TRN_ZERO";
    }
}

inline const char* overflow_name(int mode) {
    switch (mode) {
        case AP_SAT: return "AP_SAT";
        case AP_SAT_ZERO: return "AP_SAT_ZERO";
        case AP_SAT_SYM: return "AP_SAT_SYM";
        case AP_WRAP: return "AP_WRAP";
        default: return "AP_WRAP_SM";
    }
}

inline std::string fixed_name(const char* base, int width, int integer, int rounding, int overflow, int n) {
    return std::string(base) + "<" + std::to_string(width) + "," + std::to_string(integer) + "," +
           rounding_name(rounding) + "," + overflow_name(overflow) + "," + std::to_string(n) + ">";
}

inline double as_double(word bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// A number that is its bits: low word first, the bits above the width zero.
template <class T, int W>
struct Bits {
    static const std::size_t words = (W + 63) / 64;

    static void put(T x, word* to) {
        for (int low = 0; low < W; low += 64) {
            const int high = low + 63 < W ? low + 63 : W - 1;
            *to++ = x.range(high, low).to_uint64();
        }
    }
    static void get_raw(T& x, const word* from) {
        for (int low = 0; low < W; low += 64) {
            const int high = low + 63 < W ? low + 63 : W - 1;
            x.range(high, low) = ap_uint<64>(static_cast<unsigned long long>(*from++));
        }
    }
    // The type's own constructor quantises.
    static void get_value(T& x, const word* from) { x = T(as_double(*from)); }
};

// A floating-point number travels as a double in either direction: exact.
template <class T>
struct Real {
    static const std::size_t words = 1;

    static void put(T x, word* to) {
        const double value = static_cast<double>(x);
        std::memcpy(to, &value, sizeof value);
    }
    static void get_raw(T& x, const word* from) { x = static_cast<T>(as_double(*from)); }
    static void get_value(T& x, const word* from) { get_raw(x, from); }
};

template <class T, class = void>
struct Number {
    static_assert(
        never<T>::value,
        "isobit: numbers of this type are not supported; supported: ap_[u]fixed, ap_[u]int, the integers of "
        "C++, float, double, std::float16_t, std::bfloat16_t, and structs of them; wrap the function in one that "
        "takes arrays");
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Number<ap_fixed<W, I, Q, O, N>, void> : Bits<ap_fixed<W, I, Q, O, N>, W> {
    static std::string name() { return fixed_name("ap_fixed", W, I, Q, O, N); }
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Number<ap_ufixed<W, I, Q, O, N>, void> : Bits<ap_ufixed<W, I, Q, O, N>, W> {
    static std::string name() { return fixed_name("ap_ufixed", W, I, Q, O, N); }
};
template <int W>
struct Number<ap_int<W>, void> : Bits<ap_int<W>, W> {
    static std::string name() { return "ap_int<" + std::to_string(W) + ">"; }
};
template <int W>
struct Number<ap_uint<W>, void> : Bits<ap_uint<W>, W> {
    static std::string name() { return "ap_uint<" + std::to_string(W) + ">"; }
};
template <class T>
struct Number<T, typename std::enable_if<std::is_integral<T>::value && sizeof(T) <= 8>::type> {
    static const std::size_t words = 1;
    static const int width = std::is_same<T, bool>::value ? 1 : 8 * static_cast<int>(sizeof(T));

    static void put(T x, word* to) { *to = static_cast<word>(x) & (~word(0) >> (64 - width)); }
    static void get_raw(T& x, const word* from) { x = static_cast<T>(*from); }
    static void get_value(T& x, const word* from) {  // wraps as the ap_int of its width; a plain cast would not
        ap_int<64> wide = as_double(*from);
        x = static_cast<T>(wide.to_int64());
    }
    static std::string name() {
        return (std::is_signed<T>::value ? "ap_int<" : "ap_uint<") + std::to_string(width) + ">";
    }
};
template <>
struct Number<float, void> : Real<float> {
    static std::string name() { return "float"; }
};
template <>
struct Number<double, void> : Real<double> {
    static std::string name() { return "double"; }
};
#ifdef __STDCPP_FLOAT16_T__
template <>
struct Number<std::float16_t, void> : Real<std::float16_t> {
    static std::string name() { return "std::float16_t"; }
};
#endif
#ifdef __STDCPP_BFLOAT16_T__
template <>
struct Number<std::bfloat16_t, void> : Real<std::bfloat16_t> {
    static std::string name() { return "std::bfloat16_t"; }
};
#endif

// Whether a type is one number; any other may be made of numbers (elements.hpp, fields.hpp).
template <class T>
struct is_number : std::is_arithmetic<T> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct is_number<ap_fixed<W, I, Q, O, N>> : std::true_type {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct is_number<ap_ufixed<W, I, Q, O, N>> : std::true_type {};
template <int W>
struct is_number<ap_int<W>> : std::true_type {};
template <int W>
struct is_number<ap_uint<W>> : std::true_type {};

}  // namespace isobit_csim

#endif
