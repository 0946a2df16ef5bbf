// Softmax as hls4ml first had it: every output is the inverse of a sum of exponentials of differences.
//
// As hls4ml's softmax_legacy (nnet_utils/nnet_activation.h).
#ifndef ISOBIT_KERNELS_SOFTMAX_LEGACY_HPP
#define ISOBIT_KERNELS_SOFTMAX_LEGACY_HPP

#include "pragma.hpp"
#include "softmax.hpp"
#include "table.hpp"

namespace isobit {
namespace kernels {

// data[size], exponentials[], inverses[] -> results[size]. Arith: difference_index(a, b) addresses the table with
// a - b, zero(), one(), exponential(entry) and add(sum, e) give values of the tables' type, inverse_index(sum),
// result(entry).
template <class Arith, class Shape, class Data, class Exponential, class Inverse, class Result>
void softmax_legacy(const Arith& arith, const Shape& shape, const Data* data, const Exponential* exponentials,
                    const Inverse* inverses, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Output)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        auto sum = arith.zero();
        ISOBIT_LOOP(Sum)
        for (int j = 0; j < shape.size(); ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sum = arith.add(
                sum, i == j ? arith.one() : arith.exponential(exponentials[arith.difference_index(data[j], data[i])]));
        }
        results[i] = arith.result(inverses[arith.inverse_index(sum)]);
    }
}

// Exponentials over [-8, 8), inverses over [0, 64).
template <class Entry, class Result, int Exponentials, int Inverses>
struct softmax_legacy_arith {
    static Entry zero() { return Entry(0); }
    static Entry one() { return Entry(1); }
    static Entry exponential(const Entry& e) { return e; }
    static Entry add(const Entry& sum, const Entry& e) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Entry(sum + e);
    }
    template <class Data>
    static int difference_index(const Data& a, const Data& b) {
        ISOBIT_PRAGMA(HLS INLINE)
        return centred_table_arith<Result, Exponentials, 16>::index(a - b);
    }
    static int inverse_index(const Entry& sum) {
        ISOBIT_PRAGMA(HLS INLINE)
        return clamped_index(static_cast<int>(sum * static_cast<unsigned>(Inverses) / 64), Inverses);
    }
    static Result result(const Entry& inverse) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(inverse);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
