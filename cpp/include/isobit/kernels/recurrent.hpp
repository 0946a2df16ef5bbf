// Recurrent layers: a cell, one step of a sequence after the other. As hls4ml's lstm_stack, gru_stack and
// bidirectional_stack (nnet_utils/nnet_recurrent.h).
//
// The loop over the steps is no pipeline, since a step needs the states of the one before it; what a step multiplies is
// pipelined within. States stay in registers.
//
// Cell (lstm.hpp, gru.hpp): data_type, result_type; n_in(), n_state(), states(); step(data, states) replaces the
// states, the first n_state() of which are what the layer shows.
#ifndef ISOBIT_KERNELS_RECURRENT_HPP
#define ISOBIT_KERNELS_RECURRENT_HPP

#include "pragma.hpp"

namespace isobit {
namespace kernels {

template <int Count, class T>
void copy_numbers(const T* from, T* to) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Copy)
    for (int i = 0; i < Count; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        to[i] = from[i];
    }
}

template <int Count, class T>
void reset_numbers(T* numbers) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Reset)
    for (int i = 0; i < Count; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        numbers[i] = T(0);
    }
}

// The step of a position of the sequence. Its numbers are copied, so that what multiplies them reads few registers.
template <class Cell>
void recurrent_step(const typename Cell::data_type* sequence, int position, typename Cell::result_type* states) {
    ISOBIT_PRAGMA(HLS INLINE)
    typename Cell::data_type taken[Cell::n_in()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = taken complete)
    copy_numbers<Cell::n_in()>(sequence + position * Cell::n_in(), taken);
    Cell::step(taken, states);
}

// data[Steps * n_in], states[states * n_state] before the first step -> results[Steps * n_state], or those of the last
// step alone.
template <class Cell, int Steps, bool Sequences>
void recurrent_from(const typename Cell::data_type* data, typename Cell::result_type* states,
                    typename Cell::result_type* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Step)
    for (int t = 0; t < Steps; ++t) {
        recurrent_step<Cell>(data, t, states);
        if (Sequences) copy_numbers<Cell::n_state()>(states, results + t * Cell::n_state());
    }
    if (!Sequences) copy_numbers<Cell::n_state()>(states, results);
}

// The same from states of zero.
template <class Cell, int Steps, bool Sequences>
void recurrent(const typename Cell::data_type* data, typename Cell::result_type* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    typename Cell::result_type states[Cell::states() * Cell::n_state()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = states complete)
    reset_numbers<Cell::states() * Cell::n_state()>(states);
    recurrent_from<Cell, Steps, Sequences>(data, states, results);
}

// data[Steps * n_in] -> results[Steps * (n_state + n_state)], or those of each direction's last step alone: a cell from
// the first step on and one from the last. Of a sequence, both have seen the same step.
template <class Forward, class Backward, int Steps, bool Sequences>
void bidirectional(const typename Forward::data_type* data, typename Forward::result_type* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    constexpr int both = Forward::n_state() + Backward::n_state();
    typename Forward::result_type states[Forward::states() * Forward::n_state()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = states complete)
    typename Backward::result_type states_back[Backward::states() * Backward::n_state()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = states_back complete)
    reset_numbers<Forward::states() * Forward::n_state()>(states);
    reset_numbers<Backward::states() * Backward::n_state()>(states_back);
    ISOBIT_LOOP(Step)
    for (int t = 0; t < Steps; ++t) {
        recurrent_step<Forward>(data, t, states);
        recurrent_step<Backward>(data, Steps - 1 - t, states_back);
        if (Sequences) {
            copy_numbers<Forward::n_state()>(states, results + t * both);
            copy_numbers<Backward::n_state()>(states_back, results + (Steps - t) * both - Backward::n_state());
        }
    }
    if (!Sequences) {
        copy_numbers<Forward::n_state()>(states, results);
        copy_numbers<Backward::n_state()>(states_back, results + Forward::n_state());
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
