// Written by hls/dense_block/make_golden.py; do not edit.
// clang-format off
// Raw integers in the formats of dense_block.hpp; weights are [n_in][n_out].
#ifndef ISOBIT_HLS_DENSE_BLOCK_PARAMETERS_HPP
#define ISOBIT_HLS_DENSE_BLOCK_PARAMETERS_HPP

namespace dense_block {

constexpr short raw_weights[32] = {-35, -26, 7, 127, 84, 30, -90, 111, -20, -99, 85, -65, 39, 41, -26, 90, 34, 80, -24, -13, 4, 87, 41, -8, 59, -25, 124, 6, 44, 110, -61, -23};
constexpr short raw_biases[4] = {-78, -126, 96, 51};
constexpr short raw_scales[4] = {-44, 8, 54, 59};
constexpr short raw_shifts[4] = {168, -184, 53, -117};

}  // namespace dense_block

#endif
