// Recurrent layers (recurrent.hpp) between streams: a packet is a step. As hls4ml's lstm_stack and gru_stack on streams
// (nnet_utils/nnet_recurrent.h).
#ifndef ISOBIT_KERNELS_RECURRENT_PACKETS_HPP
#define ISOBIT_KERNELS_RECURRENT_PACKETS_HPP

#include "packets.hpp"
#include "pragma.hpp"
#include "recurrent.hpp"

namespace isobit {
namespace kernels {

// From states of zero; a packet holds a step's numbers, or a state.
template <class Cell, int Steps, bool Sequences, class From, class To>
void recurrent_packets(From& from, To& to) {
    ISOBIT_PRAGMA(HLS INLINE)
    typename Cell::result_type states[Cell::states() * Cell::n_state()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = states complete)
    reset_numbers<Cell::states() * Cell::n_state()>(states);
    ISOBIT_LOOP(Step)
    for (int t = 0; t < Steps; ++t) {
        const packet<typename Cell::data_type, Cell::n_in()> taken = read_packet(from);
        Cell::step(taken.data, states);
        if (Sequences || t == Steps - 1) write_packets<1, Cell::n_state()>(states, to);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
