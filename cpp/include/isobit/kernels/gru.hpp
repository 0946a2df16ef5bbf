// A step of a gated recurrent unit, whose reset gate multiplies the product of state and weights; as hls4ml's nnet::gru
// (nnet_utils/nnet_recurrent.h).
#ifndef ISOBIT_KERNELS_GRU_HPP
#define ISOBIT_KERNELS_GRU_HPP

#include "pragma.hpp"

namespace isobit {
namespace kernels {

// Parts: as for lstm.hpp, with 3 n_state() sums: update gate, reset gate and candidate. ResetFirst: the first gate is
// the reset gate, as in PyTorch.
template <class Parts, bool ResetFirst = false, int N = Parts::n_state()>
struct gru {
    using data_type = typename Parts::data_type;
    using accum_type = typename Parts::accum_type;
    using result_type = typename Parts::result_type;
    static constexpr int n_in() { return Parts::n_in(); }
    static constexpr int n_state() { return N; }
    static constexpr int states() { return 1; }

    // data[n_in], states[n_state] -> states
    static void step(const data_type* data, result_type* states) {
        ISOBIT_PRAGMA(HLS INLINE)
        constexpr int update = ResetFirst ? N : 0;
        constexpr int reset = ResetFirst ? 0 : N;
        accum_type of_input[3 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = of_input complete)
        accum_type of_state[3 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = of_state complete)
        accum_type sums[3 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
        accum_type gates[2 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = gates complete)
        accum_type candidate[N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = candidate complete)

        Parts::of_input(data, of_input);
        Parts::of_state(states, of_state);
        ISOBIT_LOOP(Sum)
        for (int i = 0; i < 2 * N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sums[i] = accum_type(of_input[i] + of_state[i]);
        }
        Parts::template gates<2 * N>(sums, gates);
        ISOBIT_LOOP(Candidate)
        for (int i = 0; i < N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const accum_type kept = accum_type(gates[reset + i] * of_state[2 * N + i]);
            sums[2 * N + i] = accum_type(of_input[2 * N + i] + kept);
        }
        Parts::template activated<N>(sums + 2 * N, candidate);
        ISOBIT_LOOP(Mix)
        for (int i = 0; i < N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            states[i] = result_type(candidate[i] * (1 - gates[update + i]) + states[i] * gates[update + i]);
        }
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
