// Dense layer, unrolled resource strategy: the resource kernels' order, without the weights that are zero.
//
// Order of operations as in the code that hls4ml generates (backends/vivado/passes/unrolled_codegen.py), for reuse
// factors on both sides of n_in. Leaving out a zero weight changes no sum, but for one: a neuron that adds nothing
// keeps its bias, even a SAT_SYM minimum that an addition would clamp.
#ifndef ISOBIT_KERNELS_DENSE_RESOURCE_UNROLLED_HPP
#define ISOBIT_KERNELS_DENSE_RESOURCE_UNROLLED_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// Multipliers with something to do: those of whose `reuse_factor` weights some are kept.
template <class Shape, class Kept>
constexpr int used_multipliers(const Shape& shape, const Kept& kept) {
    int used = 0;
    for (int m = 0; m < multipliers(shape); ++m) {
        bool any = false;
        for (int turn = 0; turn < shape.reuse_factor(); ++turn) any = any || kept.at(m * shape.reuse_factor() + turn);
        used += any ? 1 : 0;
    }
    return used;
}

// data[n_in], weights[n_out][n_in] (transposed), biases[n_out] -> results[n_out]; needs legal_unrolled(shape).
// kept.at(w) says whether weight w is multiplied; for synthesis it is a constant, so that a zero costs nothing.
// Arith and `sums` as for dense_latency.
template <class Arith, class Shape, class Kept, class Data, class Weight, class Bias, class Result, class Sums>
void dense_resource_unrolled(const Arith& arith, const Shape& shape, const Kept& kept, const Data* data,
                             const Weight* weights, const Bias* biases, Result* results, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    const int n_in = shape.n_in();
    const int reuse = shape.reuse_factor();

    ISOBIT_LOOP(Bias)
    for (int j = 0; j < shape.n_out(); ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[j] = arith.bias(biases[j]);
    }

    // Invariant: the kept weights w with w mod reuse < turn are in sums[w / n_in], smaller remainders first.
    ISOBIT_LOOP(Reuse)
    for (int turn = 0; turn < reuse; ++turn) {
        ISOBIT_PRAGMA(HLS UNROLL)
        ISOBIT_LOOP(Multiply)
        for (int m = 0; m < multipliers(shape); ++m) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const int w = turn + m * reuse;
            if (kept.at(w)) {
                sums[w / n_in] = arith.add(sums[w / n_in], arith.product(data[w % n_in], weights[w]));
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
