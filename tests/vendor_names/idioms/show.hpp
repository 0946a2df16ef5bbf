// What every idiom prints: the idiom's name, the expression as written, its type where asked for, its value. The
// programs are compiled with AMD's open headers (IDIOMS_OF_VENDOR) and with isobit's under the same names.
#pragma once

#include <ap_fixed.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <iomanip>
#include <iostream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace idioms {

struct idiom {
    const char* name;
    void (*run)();
};

inline std::vector<idiom>& all() {
    static std::vector<idiom> list;
    return list;
}

inline const char*& current() {
    static const char* name = "";
    return name;
}

struct listed {
    listed(const char* name, void (*run)()) { all().push_back({name, run}); }
};

inline std::ostream& begin(const char* expression) { return std::cout << current() << ": " << expression << " = "; }

inline std::ostream& begin(const char* expression, const std::string& type) {
    return std::cout << current() << ": " << expression << " is " << type << ", ";
}

inline std::string integer_format(int width, bool is_signed) {
    return (is_signed ? "int" : "uint") + std::to_string(width);
}

inline std::string fixed_format(int width, int integer, bool is_signed, int rounding, int overflow, int bits) {
    return (is_signed ? "fixed" : "ufixed") + std::to_string(width) + "," + std::to_string(integer) + "," +
           std::to_string(rounding) + "," + std::to_string(overflow) + "," + std::to_string(bits);
}

// A native type by its kind and size: `long` and `long long` are the same number.
template <class T>
struct type_name {
    static std::string get() {
        const char* kind = std::is_same<T, bool>::value       ? "bool"
                           : std::is_floating_point<T>::value ? "float"
                           : std::is_signed<T>::value         ? "signed"
                                                              : "unsigned";
        return kind + std::to_string(8 * sizeof(T));
    }
};

#ifdef IDIOMS_OF_VENDOR
template <int W, bool S>
struct type_name<ap_int_base<W, S>> {
    static std::string get() { return integer_format(W, S); }
};
template <int W>
struct type_name<ap_int<W>> : type_name<ap_int_base<W, true>> {};
template <int W>
struct type_name<ap_uint<W>> : type_name<ap_int_base<W, false>> {};
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct type_name<ap_fixed_base<W, I, S, Q, O, N>> {
    static std::string get() { return fixed_format(W, I, S, Q, O, N); }
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct type_name<ap_fixed<W, I, Q, O, N>> : type_name<ap_fixed_base<W, I, true, Q, O, N>> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct type_name<ap_ufixed<W, I, Q, O, N>> : type_name<ap_fixed_base<W, I, false, Q, O, N>> {};
#else
template <int W, bool S>
struct type_name<isobit::integer<W, S>> {
    static std::string get() { return integer_format(W, S); }
};
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct type_name<isobit::fixed<W, I, S, Q, O, N>> {
    static std::string get() { return fixed_format(W, I, S, Q, O, N); }
};
#endif

}  // namespace idioms

#define IDIOM(name)                                         \
    static void name();                                     \
    static const idioms::listed name##_listed(#name, name); \
    static void name()

#define SHOW(...) idioms::begin(#__VA_ARGS__) << (__VA_ARGS__) << '\n'

#define SHOW_TYPED(...)                                                                                     \
    idioms::begin(#__VA_ARGS__, idioms::type_name<typename std::decay<decltype(__VA_ARGS__)>::type>::get()) \
        << (__VA_ARGS__) << '\n'
