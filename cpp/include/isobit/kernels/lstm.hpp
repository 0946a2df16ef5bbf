// A step of a long short-term memory; as hls4ml's nnet::lstm (nnet_utils/nnet_recurrent.h).
#ifndef ISOBIT_KERNELS_LSTM_HPP
#define ISOBIT_KERNELS_LSTM_HPP

#include "pragma.hpp"

namespace isobit {
namespace kernels {

// Parts: data_type, accum_type, result_type; n_in(), n_state(); of_input(data, sums) and of_state(state, sums) multiply
// with weights, 4 n_state() sums each, in Keras' order: input, forget, candidate and output gate; gates<Count>(sums,
// results) and activated<Count>(numbers, results) are the functions of the gates and of candidate and state.
template <class Parts, int N = Parts::n_state()>
struct lstm {
    using data_type = typename Parts::data_type;
    using accum_type = typename Parts::accum_type;
    using result_type = typename Parts::result_type;
    static constexpr int n_in() { return Parts::n_in(); }
    static constexpr int n_state() { return N; }
    static constexpr int states() { return 2; }

    // data[n_in], states[2 n_state] -> states: what shows, then what is kept.
    static void step(const data_type* data, result_type* states) {
        ISOBIT_PRAGMA(HLS INLINE)
        accum_type of_input[4 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = of_input complete)
        accum_type of_state[4 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = of_state complete)
        accum_type sums[4 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
        accum_type gates[3 * N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = gates complete)
        accum_type candidate[N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = candidate complete)
        accum_type shown[N];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = shown complete)

        Parts::of_input(data, of_input);
        Parts::of_state(states, of_state);
        ISOBIT_LOOP(Sum)
        for (int i = 0; i < 4 * N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sums[i] = accum_type(of_input[i] + of_state[i]);
        }
        Parts::template gates<2 * N>(sums, gates);
        Parts::template activated<N>(sums + 2 * N, candidate);
        Parts::template gates<N>(sums + 3 * N, gates + 2 * N);
        ISOBIT_LOOP(Keep)
        for (int i = 0; i < N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            states[N + i] = result_type(candidate[i] * gates[i] + states[N + i] * gates[N + i]);
        }
        Parts::template activated<N>(states + N, shown);
        ISOBIT_LOOP(Show)
        for (int i = 0; i < N; ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            states[i] = result_type(gates[2 * N + i] * shown[i]);
        }
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
