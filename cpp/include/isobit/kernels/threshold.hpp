// Batch normalisation merged with a binary or ternary tanh: comparison with thresholds per channel.
//
// As hls4ml's normalize_binary_tanh and normalize_ternary_tanh (nnet_utils/nnet_batchnorm.h). Data and thresholds
// are of one type there, so comparing raw integers and comparing numbers is the same; one source serves both.
#ifndef ISOBIT_KERNELS_THRESHOLD_HPP
#define ISOBIT_KERNELS_THRESHOLD_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size], threshold[parameters] -> results[size]: 1 at or above the threshold, otherwise 0 (an ap_uint<1>).
template <class Shape, class Data, class Result>
void threshold_binary(const Shape& shape, const Data* data, const Data* threshold, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Compare)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = Result(data[i] >= threshold[i % shape.parameters()] ? 1 : 0);
    }
}

// data[size], high[parameters], low[parameters] -> results[size]: 1 above `high`, otherwise -1 at or below `low`,
// otherwise 0 (an ap_int<2>). Either bound may be the larger one: `high` is asked first.
template <class Shape, class Data, class Result>
void threshold_ternary(const Shape& shape, const Data* data, const Data* high, const Data* low, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Compare)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        const int channel = i % shape.parameters();
        results[i] = Result(data[i] > high[channel] ? 1 : data[i] <= low[channel] ? -1 : 0);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
