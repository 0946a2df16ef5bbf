// Leaky ReLU: a cast where positive, otherwise one exact product with the slope, cast.
//
// As hls4ml's nnet::leaky_relu (nnet_utils/nnet_activation.h).
#ifndef ISOBIT_KERNELS_LEAKY_RELU_HPP
#define ISOBIT_KERNELS_LEAKY_RELU_HPP

#include "pragma.hpp"
#include "relu.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size], alpha -> results[size]; Arith: result(x), positive(x), and scaled(alpha, x), a result.
template <class Arith, class Shape, class Data, class Alpha, class Result>
void leaky_relu(const Arith& arith, const Shape& shape, const Data* data, const Alpha& alpha, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Rectify)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.positive(data[i]) ? arith.result(data[i]) : arith.scaled(alpha, data[i]);
    }
}

template <class Result>
struct leaky_relu_arith : relu_arith<Result> {
    template <class Alpha, class Data>
    static Result scaled(const Alpha& alpha, const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(alpha * x);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
