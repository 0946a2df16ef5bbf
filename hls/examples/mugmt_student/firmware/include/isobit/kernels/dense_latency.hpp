// Dense layer, latency strategy: all products first, then the sums in input order.
//
// Order of operations as in hls4ml's nnet_utils/nnet_dense_latency.h; with a saturating accumulator it decides the
// bits.
#ifndef ISOBIT_KERNELS_DENSE_LATENCY_HPP
#define ISOBIT_KERNELS_DENSE_LATENCY_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[n_in], weights[n_in][n_out], biases[n_out] -> results[n_out]. `products` (n_in * n_out) and `sums` (n_out)
// are the caller's accum_t buffers: registers under synthesis, one workspace for all events on a host.
//
// Arith makes every value: product(x, w), bias(b) and add(a, x) return an accumulator, result(a) a result.
template <class Arith, class Shape, class Data, class Weight, class Bias, class Result, class Products, class Sums>
void dense_latency(const Arith& arith, const Shape& shape, const Data* data, const Weight* weights, const Bias* biases,
                   Result* results, Products& products, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int n_in = shape.n_in();
    const int n_out = shape.n_out();

    ISOBIT_LOOP(ProductIn)
    for (int i = 0; i < n_in; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        ISOBIT_LOOP(ProductOut)
        for (int j = 0; j < n_out; ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            products[i * n_out + j] = arith.product(data[i], weights[i * n_out + j]);
        }
    }

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < n_out; ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: sums[j] = bias j and products 0 .. i-1 of neuron j, cast to accum_t after each addition.
    ISOBIT_LOOP(AccumulateIn)
    for (int i = 0; i < n_in; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        ISOBIT_LOOP(AccumulateOut)
        for (int j = 0; j < n_out; ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sums[j] = arith.add(sums[j], products[i * n_out + j]);
        }
    }

    ISOBIT_LOOP(Results)
    for (int j = 0; j < n_out; ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[j] = arith.result(sums[j]);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
