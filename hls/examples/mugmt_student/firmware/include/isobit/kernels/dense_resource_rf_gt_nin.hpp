// Dense layer, resource strategy, any reuse factor > n_in: a turn's products meet per neuron before they are added.
//
// Order of operations as in hls4ml's nnet_utils/nnet_dense_resource.h, dense_resource_rf_gt_nin: each turn first
// sums its products per neuron from zero, then adds that sum to the accumulator, also where the sum is empty.
#ifndef ISOBIT_KERNELS_DENSE_RESOURCE_RF_GT_NIN_HPP
#define ISOBIT_KERNELS_DENSE_RESOURCE_RF_GT_NIN_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[n_in], weights[n_out][n_in] (transposed), biases[n_out] -> results[n_out]; needs legal_rf_gt_nin(shape).
// `products` (multipliers(shape)), `turn_sums` (n_out) and `sums` (n_out) are the caller's accum_t buffers.
// Arith as for dense_latency, and zero(), an accumulator.
template <class Arith, class Shape, class Data, class Weight, class Bias, class Result, class Products, class TurnSums,
          class Sums>
void dense_resource_rf_gt_nin(const Arith& arith, const Shape& shape, const Data* data, const Weight* weights,
                              const Bias* biases, Result* results, Products& products, TurnSums& turn_sums,
                              Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int n_in = shape.n_in();
    const int n_out = shape.n_out();
    const int reuse = shape.reuse_factor();
    const int count = weight_count(shape);

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < n_out; ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: the weights w with w mod reuse < turn are in sums[w / n_in].
    ISOBIT_LOOP(Reuse)
    for (int turn = 0; turn < reuse; ++turn) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1 rewind)
        ISOBIT_LOOP(Multiply)
        for (int m = 0; m < multipliers(shape); ++m) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const int w = turn + m * reuse;
            if (w < count) products[m] = arith.product(data[w % n_in], weights[w]);
        }

        ISOBIT_LOOP(Reset)
        for (int j = 0; j < n_out; ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            turn_sums[j] = arith.zero();
        }

        ISOBIT_LOOP(AccumulateTurn)
        for (int m = 0; m < multipliers(shape); ++m) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const int w = turn + m * reuse;
            if (w < count) turn_sums[w / n_in] = arith.add(turn_sums[w / n_in], products[m]);
        }

        ISOBIT_LOOP(Accumulate)
        for (int j = 0; j < n_out; ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sums[j] = arith.add(sums[j], turn_sums[j]);
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
