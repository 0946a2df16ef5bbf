// Dense layer, compressed weights: only those that are not zero are stored, each with its input and its neuron.
//
// Order of operations as in hls4ml's nnet_utils/nnet_dense_compressed.h: each turn sums its products per neuron from
// zero, then adds that sum to every accumulator, also where the sum is empty. Weights are stored neuron by neuron
// (CompressedWeightVariable in hls4ml/model/types.py) and dealt to the turns one by one.
#ifndef ISOBIT_KERNELS_DENSE_COMPRESSED_HPP
#define ISOBIT_KERNELS_DENSE_COMPRESSED_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// A stored weight: row_index is its input, col_index its neuron. The names are those of hls4ml's generated structs.
template <class Index, class Weight>
struct compressed_weight {
    Index row_index;
    Index col_index;
    Weight weight;
};

// data[n_in], weights[stored], biases[n_out] -> results[n_out]; needs legal_compressed(shape). `turn_sums` and `sums`
// (n_out each) are the caller's accum_t buffers. Arith as for dense_latency, and zero(), an accumulator.
template <class Arith, class Shape, class Data, class Weights, class Bias, class Result, class TurnSums, class Sums>
void dense_compressed(const Arith& arith, const Shape& shape, const Data* data, const Weights& weights,
                      const Bias* biases, Result* results, TurnSums& turn_sums, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int n_out = shape.n_out();
    const int reuse = shape.reuse_factor();
    const int at_once = shape.stored() / reuse;

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < n_out; ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: the stored weights w with w mod reuse < turn are in the sums of their neurons.
    ISOBIT_LOOP(Reuse)
    for (int turn = 0; turn < reuse; ++turn) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1 rewind)
        ISOBIT_LOOP(Reset)
        for (int j = 0; j < n_out; ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            turn_sums[j] = arith.zero();
        }

        ISOBIT_LOOP(Multiply)
        for (int m = 0; m < at_once; ++m) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const auto stored = weights[turn + m * reuse];
            const auto product = arith.product(data[stored.row_index], stored.weight);
            // The neuron is data, not a constant: comparing with each leaves registers where indexing asks for memory.
            ISOBIT_LOOP(Choose)
            for (int j = 0; j < n_out; ++j) {
                ISOBIT_PRAGMA(HLS UNROLL)
                if (stored.col_index == j) turn_sums[j] = arith.add(turn_sums[j], product);
            }
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
