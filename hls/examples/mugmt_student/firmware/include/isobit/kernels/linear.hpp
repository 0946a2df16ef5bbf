// Linear activation: a cast, as hls4ml's nnet::linear (nnet_utils/nnet_activation.h).
#ifndef ISOBIT_KERNELS_LINEAR_HPP
#define ISOBIT_KERNELS_LINEAR_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size] -> results[size]; Arith::result(x) casts.
template <class Arith, class Shape, class Data, class Result>
void linear(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Cast)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.result(data[i]);
    }
}

template <class Result>
struct linear_arith {
    template <class Data>
    static Result result(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(x);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
