// Rectified linear unit: a cast where positive, otherwise zero; as hls4ml's nnet::relu (nnet_utils/nnet_activation.h).
#ifndef ISOBIT_KERNELS_RELU_HPP
#define ISOBIT_KERNELS_RELU_HPP

#include "linear.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size] -> results[size]; Arith: result(x) casts, positive(x) is x > 0, zero() is a result.
template <class Arith, class Shape, class Data, class Result>
void relu(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Rectify)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.positive(data[i]) ? arith.result(data[i]) : arith.zero();
    }
}

template <class Result>
struct relu_arith : linear_arith<Result> {
    template <class Data>
    static bool positive(const Data& x) {
        return x > 0;
    }
    static Result zero() { return Result(0); }
};

}  // namespace kernels
}  // namespace isobit

#endif
