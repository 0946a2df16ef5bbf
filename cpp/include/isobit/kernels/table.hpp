// Activations by lookup table: sigmoid, tanh, softplus, softsign; elu and selu, whose table serves the negative side.
//
// As hls4ml's functions of the same names (nnet_utils/nnet_activation.h). The tables are constants made on a host
// (host/table_values.hpp) and passed in; nothing is computed at synthesis.
#ifndef ISOBIT_KERNELS_TABLE_HPP
#define ISOBIT_KERNELS_TABLE_HPP

#include "linear.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size], table[entries] -> results[size]. Arith: index(x), which is below `entries`, and entry(e), a result.
template <class Arith, class Shape, class Data, class Entry, class Result>
void table_activation(const Arith& arith, const Shape& shape, const Data* data, const Entry* table, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Look)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.entry(table[arith.index(data[i])]);
    }
}

// data[size], alpha, table[entries] -> results[size]; Arith as above, and negative(x), result(x) for the other side,
// scaled(alpha, e), a result.
template <class Arith, class Shape, class Data, class Alpha, class Entry, class Result>
void elu(const Arith& arith, const Shape& shape, const Data* data, const Alpha& alpha, const Entry* table,
         Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Look)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.negative(data[i]) ? arith.scaled(alpha, table[arith.index(data[i])]) : arith.result(data[i]);
    }
}

// data[size], lambda, table[entries] -> results[size]; Arith: index(x), entry(e), negative(x), scaled(lambda, x).
template <class Arith, class Shape, class Data, class Lambda, class Entry, class Result>
void selu(const Arith& arith, const Shape& shape, const Data* data, const Lambda& lambda, const Entry* table,
          Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Look)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.negative(data[i]) ? arith.entry(table[arith.index(data[i])]) : arith.scaled(lambda, data[i]);
    }
}

// The nearest index that a table of so many entries has.
constexpr int clamped_index(int index, int entries) {
    return index < 0 ? 0 : index > entries - 1 ? entries - 1 : index;
}

// A table over [-range / 2, range / 2): steps of range / entries, zero in the middle. The quotient is cut toward zero
// twice, at the data's LSB and to an int; the sum is taken modulo 2^32, as hls4ml's is.
template <class Result, int Entries, int Range>
struct centred_table_arith {
    template <class Data>
    static int index(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        const int steps = static_cast<int>(x * static_cast<unsigned>(Entries) / Range);
        return clamped_index(static_cast<int>(static_cast<unsigned>(steps) + Entries / 2), Entries);
    }
    template <class Entry>
    static Result entry(const Entry& e) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(e);
    }
};

// A table over (-8, 0], entry 0 at zero.
template <class Result, int Entries>
struct negative_table_arith : linear_arith<Result> {
    template <class Data>
    static int index(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return clamped_index(static_cast<int>(x * static_cast<unsigned>(Entries) / -8), Entries);
    }
    template <class Entry>
    static Result entry(const Entry& e) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(e);
    }
    template <class Data>
    static bool negative(const Data& x) {
        return x < 0;
    }
    template <class Factor, class Value>
    static Result scaled(const Factor& factor, const Value& value) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(factor * value);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
