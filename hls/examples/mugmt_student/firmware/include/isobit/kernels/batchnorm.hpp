// Batch normalisation: scale and shift per channel, rounded once.
//
// As hls4ml's nnet::normalize (nnet_utils/nnet_batchnorm.h): the product and the bias are added exactly.
#ifndef ISOBIT_KERNELS_BATCHNORM_HPP
#define ISOBIT_KERNELS_BATCHNORM_HPP

#include "pragma.hpp"
#include "product.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size], scale[parameters], bias[parameters] -> results[size]; Arith::affine(x, s, b) is x * s + b as a result.
template <class Arith, class Shape, class Data, class Scale, class Bias, class Result>
void normalize(const Arith& arith, const Shape& shape, const Data* data, const Scale* scale, const Bias* bias,
               Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Normalize)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        const int channel = i % shape.parameters();
        results[i] = arith.affine(data[i], scale[channel], bias[channel]);
    }
}

template <class Result, class Product = mult>
struct affine_arith {
    template <class Data, class Scale, class Bias>
    static Result affine(const Data& x, const Scale& s, const Bias& b) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(Product::apply(x, s) + b);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
