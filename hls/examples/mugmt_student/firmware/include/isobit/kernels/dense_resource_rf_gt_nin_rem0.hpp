// Dense layer, resource strategy, reuse factor a multiple of n_in: one multiplier serves whole neurons in turn.
//
// Order of operations as in hls4ml's nnet_utils/nnet_dense_resource.h, dense_resource_rf_gt_nin_rem0.
#ifndef ISOBIT_KERNELS_DENSE_RESOURCE_RF_GT_NIN_REM0_HPP
#define ISOBIT_KERNELS_DENSE_RESOURCE_RF_GT_NIN_REM0_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[n_in], weights[n_out][n_in] (transposed), biases[n_out] -> results[n_out]; needs legal_rf_gt_nin_rem0(shape).
// Arith and `sums` as for dense_latency.
template <class Arith, class Shape, class Data, class Weight, class Bias, class Result, class Sums>
void dense_resource_rf_gt_nin_rem0(const Arith& arith, const Shape& shape, const Data* data, const Weight* weights,
                                   const Bias* biases, Result* results, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int n_in = shape.n_in();
    const int reuse = shape.reuse_factor();
    const int neurons_apart = reuse / n_in;  // between the neurons of neighbouring multipliers

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < shape.n_out(); ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: multiplier m has added the first `turn` weights of its block, which begins at m * reuse, and a
    // neuron's inputs come in order 0 .. n_in - 1.
    ISOBIT_LOOP(Reuse)
    for (int turn = 0; turn < reuse; ++turn) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1 rewind)
        const int first_neuron = turn / n_in;
        const int i = turn % n_in;
        ISOBIT_LOOP(Multiply)
        for (int m = 0; m < multipliers(shape); ++m) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const int w = turn + m * reuse;
            const int j = first_neuron + m * neurons_apart;
            sums[j] = arith.add(sums[j], arith.product(data[i], weights[w]));
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
