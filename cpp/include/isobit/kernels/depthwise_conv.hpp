// Depthwise convolution: the same sums at every position, each channel's over its own numbers of a window. As hls4ml's
// depthwise_conv_1d_latency_cl and depthwise_conv_2d_latency_cl (nnet_utils/nnet_sepconv1d_latency.h,
// nnet_sepconv2d_latency.h) and, where weights and windows are in the order of the resource kernels, those of
// nnet_depthwise_product.h.
//
// The windows lie channel by channel at each position, and so do the weights: a channel is a dense layer of one output.
#ifndef ISOBIT_KERNELS_DEPTHWISE_CONV_HPP
#define ISOBIT_KERNELS_DEPTHWISE_CONV_HPP

#include "dense.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// Shape: of one channel, with one output.
template <class Arith, class Shape, int Positions, int Channels>
void depthwise_conv(const typename Arith::data_type data[Positions * Channels * Shape::n_in()],
                    const typename Arith::weight_type weights[Channels * Shape::n_in()],
                    const typename Arith::bias_type biases[Channels],
                    typename Arith::result_type results[Positions * Channels]) {
    static_assert(Shape::n_out() == 1, "each channel has one output");
    ISOBIT_PRAGMA(HLS INLINE)
    constexpr int interval = Shape::reuse_factor();
    static_cast<void>(interval);  // a host does not read the directive
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Positions; ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = interval rewind)
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < Channels; ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            dense_latency<Arith, Shape>(data + (p * Channels + c) * Shape::n_in(), weights + c * Shape::n_in(),
                                        biases + c, results + p * Channels + c);
        }
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
