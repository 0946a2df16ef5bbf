// Softmax at compile-time formats: each slice owns the registers of one kernel and runs it.
#ifndef ISOBIT_KERNELS_SOFTMAX_LAYER_HPP
#define ISOBIT_KERNELS_SOFTMAX_LAYER_HPP

#include "pragma.hpp"
#include "softmax.hpp"
#include "softmax_legacy.hpp"

namespace isobit {
namespace kernels {

template <class Arith, class Shape, class Exponential, class Inverse>
struct softmax_latency_slice {
    const Exponential* exponentials;
    const Inverse* inverses;

    template <class Data, class Result>
    void operator()(const Data* data, Result* results) const {
        ISOBIT_PRAGMA(HLS INLINE)
        typename Arith::accum_type exps[Shape::size()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = exps complete)
        typename Arith::accum_type sums[Shape::size()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
        softmax_latency(Arith(), Shape(), data, exponentials, inverses, results, exps, sums);
    }
};

template <class Arith, class Shape, class Exponential, class Inverse>
struct softmax_stable_slice {
    const Exponential* exponentials;
    const Inverse* inverses;

    template <class Data, class Result>
    void operator()(const Data* data, Result* results) const {
        ISOBIT_PRAGMA(HLS INLINE)
        Data maxima[Shape::size()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = maxima complete)
        typename Arith::accum_type exps[Shape::size()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = exps complete)
        typename Arith::accum_type sums[Shape::size()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
        softmax_stable(Arith(), Shape(), data, exponentials, inverses, results, maxima, exps, sums);
    }
};

template <class Arith, class Shape, class Exponential, class Inverse>
struct softmax_legacy_slice {
    const Exponential* exponentials;
    const Inverse* inverses;

    template <class Data, class Result>
    void operator()(const Data* data, Result* results) const {
        ISOBIT_PRAGMA(HLS INLINE)
        softmax_legacy(Arith(), Shape(), data, exponentials, inverses, results);
    }
};

template <class Arith, class Shape>
struct softmax_argmax_slice {
    template <class Data, class Result>
    void operator()(const Data* data, Result* results) const {
        ISOBIT_PRAGMA(HLS INLINE)
        softmax_argmax(Arith(), Shape(), data, results);
    }
};

// data[outer][size][inner] -> results likewise, every slice by one of the above.
template <class Shape, class Data, class Result, class Slice>
void softmax_layer(const Shape& shape, const Data* data, Result* results, const Slice& one_slice) {
    ISOBIT_PRAGMA(HLS INLINE)
    Data in[Shape::size()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = in complete)
    Result out[Shape::size()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = out complete)
    softmax_slices(shape, data, results, in, out, one_slice);
}

}  // namespace kernels
}  // namespace isobit

#endif
