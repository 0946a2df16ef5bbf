// What the entries of hls4ml's tables are before they are rounded into the table's type.
//
// The values come from the C library's functions at the precision at which nnet_activation.h calls them (float where
// it does: in double a third of a table's entries can differ), so the tables are those of a C-simulation on this
// machine. Infinite values (1 / 0, exponentials beyond float) are given as such.
#ifndef ISOBIT_HOST_TABLE_VALUES_HPP
#define ISOBIT_HOST_TABLE_VALUES_HPP

#include "../standard.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace isobit {
namespace host {

namespace table_values {

// Entry i of n over [-half, half), and over (-8, 0].
inline float centred(int i, int n, double half) {
    return static_cast<float>(2 * half * (i - static_cast<float>(n) / 2.0) / static_cast<float>(n));
}
inline float negative(int i, int n) { return static_cast<float>(-8.0 * i / static_cast<float>(n)); }

inline float sigmoid(int i, int n) { return static_cast<float>(1.0 / (1 + std::exp(-centred(i, n, 8)))); }
inline float tanh(int i, int n) { return std::tanh(centred(i, n, 4)); }
inline float softplus(int i, int n) { return static_cast<float>(std::log(std::exp(centred(i, n, 8)) + 1.)); }
inline float softsign(int i, int n) {
    const float x = centred(i, n, 8);
    return static_cast<float>(x / (std::abs(x) + 1.));
}
inline float elu(int i, int n) { return static_cast<float>(std::exp(negative(i, n)) - 1.); }
inline float selu(int i, int n) {
    constexpr double lambda = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
    return static_cast<float>(lambda * (alpha * (std::exp(negative(i, n)) - 1.)));
}
inline float legacy_exponential(int i, int n) { return std::exp(centred(i, n, 8)); }

}  // namespace table_values

// Functions of an index and the number of entries alone.
struct table_function {
    const char* name;
    float (*value)(int index, int entries);
};

constexpr table_function table_functions[] = {
    {"sigmoid", table_values::sigmoid},
    {"tanh", table_values::tanh},
    {"softplus", table_values::softplus},
    {"softsign", table_values::softsign},
    {"elu", table_values::elu},
    {"selu", table_values::selu},
    {"legacy_exponential", table_values::legacy_exponential},
};

inline const table_function& table_function_of(const std::string& name) {
    std::string allowed;
    for (const table_function& entry : table_functions) {
        if (name == entry.name) return entry;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("table function '" + name + "' is not known; allowed: " + allowed);
}

// 1 / x over [0, 64) with 0 for 1 / 0: in double, unlike all others.
inline double legacy_inverse(int i, int n) {
    const float x = static_cast<float>(64.0 * i / static_cast<float>(n));
    return x > 0.0f ? 1.0 / x : 0.0;
}

// What a format that addresses a table says about the weight of its top bits.
struct addressing {
    int integer;
    bool is_signed;
};

// The number of a format whose `bits` top bits are an index and all others zero, as a float: exact up to 24 bits.
inline float top_bits_value(const addressing& by, int index, int bits) {
    const int signed_index = by.is_signed && index >> (bits - 1) != 0 ? index - (1 << bits) : index;
    return static_cast<float>(std::ldexp(static_cast<double>(signed_index), by.integer - bits));
}

// The softmax's tables, addressed by the top bits of a number: exp(scale * x), of `distances` exp(-scale * x); 1 / x.
inline float softmax_exponential(const addressing& by, int index, int bits, float scale, bool distances) {
    const float x = top_bits_value(by, index, bits) * scale;
    return std::exp(distances ? -x : x);
}
inline float softmax_inverse(const addressing& by, int index, int bits) { return 1 / top_bits_value(by, index, bits); }

}  // namespace host
}  // namespace isobit

#endif
