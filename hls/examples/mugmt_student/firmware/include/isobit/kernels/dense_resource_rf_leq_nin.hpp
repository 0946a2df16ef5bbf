// Dense layer, resource strategy, reuse factor <= n_in: each neuron keeps n_in / reuse_factor multipliers.
//
// Order of operations as in hls4ml's nnet_utils/nnet_dense_resource.h, dense_resource_rf_leq_nin.
#ifndef ISOBIT_KERNELS_DENSE_RESOURCE_RF_LEQ_NIN_HPP
#define ISOBIT_KERNELS_DENSE_RESOURCE_RF_LEQ_NIN_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[n_in], weights[n_out][n_in] (transposed), biases[n_out] -> results[n_out]; needs legal_rf_leq_nin(shape).
// Arith and `sums` as for dense_latency.
template <class Arith, class Shape, class Data, class Weight, class Bias, class Result, class Sums>
void dense_resource_rf_leq_nin(const Arith& arith, const Shape& shape, const Data* data, const Weight* weights,
                               const Bias* biases, Result* results, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int reuse = shape.reuse_factor();
    const int per_neuron = shape.n_in() / reuse;

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < shape.n_out(); ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: every neuron has added its inputs i with i mod reuse < turn, smaller remainders first.
    ISOBIT_LOOP(Reuse)
    for (int turn = 0; turn < reuse; ++turn) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1 rewind)
        ISOBIT_LOOP(Neuron)
        for (int j = 0; j < shape.n_out(); ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            ISOBIT_LOOP(Multiply)
            for (int k = 0; k < per_neuron; ++k) {
                ISOBIT_PRAGMA(HLS UNROLL)
                const int i = turn + k * reuse;
                sums[j] = arith.add(sums[j], arith.product(data[i], weights[j * shape.n_in() + i]));
            }
        }
    }

    ISOBIT_LOOP(Results)
    for (int j = 0; j < shape.n_out(); ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[j] = arith.result(sums[j]);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
