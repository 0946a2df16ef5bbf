// Another order of the axes: every output is one of the inputs, cast. As hls4ml's nnet::transpose
// (nnet_utils/nnet_transpose.h), with the indices worked out beforehand.
#ifndef ISOBIT_KERNELS_TRANSPOSE_HPP
#define ISOBIT_KERNELS_TRANSPOSE_HPP

#include "linear.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size], sources[size] -> results[size]; sources are constants, so that synthesis makes wires. Arith: result(x)
// casts.
template <class Arith, class Shape, class Data, class Source, class Result>
void transpose(const Arith& arith, const Shape& shape, const Data* data, const Source* sources, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Move)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.result(data[sources[i]]);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
