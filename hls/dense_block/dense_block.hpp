// Top function: one dense layer, batch normalisation and ReLU, as in the first layer of a small trigger network.
#ifndef ISOBIT_HLS_DENSE_BLOCK_HPP
#define ISOBIT_HLS_DENSE_BLOCK_HPP

#include <numbers.hpp>

namespace dense_block {

constexpr int n_in = 8;
constexpr int n_out = 4;

using input_t = numbers::fixed<16, 6>;
using weight_t = numbers::fixed<8, 2>;
using bias_t = numbers::fixed<8, 2>;
using accum_t = numbers::saturated<20, 8>;  // saturates: the order of the sum is part of the result
using scale_t = numbers::fixed<10, 3>;
using shift_t = numbers::fixed<10, 3>;
using normal_t = numbers::saturated<16, 6>;
using result_t = numbers::unsigned_saturated<12, 5>;

}  // namespace dense_block

// One event: data in, results out, a new event every clock.
void dense_block_top(const dense_block::input_t data[dense_block::n_in],
                     dense_block::result_t results[dense_block::n_out]);

#endif
