// Pointwise convolution: the same dense layer at every position. As hls4ml's pointwise_conv_1d_cl and
// pointwise_conv_2d_cl (nnet_utils/nnet_conv1d.h, nnet_conv2d.h, nnet_sepconv_stream.h), whose order within a position
// is that of a dense layer.
//
// Positions are independent. With the latency strategy a new one enters every reuse factor; the resource kernels
// pipeline their own loop, which a position runs through before the next one begins.
#ifndef ISOBIT_KERNELS_POINTWISE_CONV_HPP
#define ISOBIT_KERNELS_POINTWISE_CONV_HPP

#include "dense.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

template <class Arith, class Shape, int Positions>
void pointwise_conv_latency(const typename Arith::data_type data[Positions * Shape::n_in()],
                            const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                            const typename Arith::bias_type biases[Shape::n_out()],
                            typename Arith::result_type results[Positions * Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    constexpr int interval = Shape::reuse_factor();
    static_cast<void>(interval);  // a host does not read the directive
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Positions; ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = interval rewind)
        dense_latency<Arith, Shape>(data + p * Shape::n_in(), weights, biases, results + p * Shape::n_out());
    }
}

template <class Arith, class Shape, int Positions>
void pointwise_conv_resource_rf_leq_nin(const typename Arith::data_type data[Positions * Shape::n_in()],
                                        const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                                        const typename Arith::bias_type biases[Shape::n_out()],
                                        typename Arith::result_type results[Positions * Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Positions; ++p) {
        dense_resource_rf_leq_nin<Arith, Shape>(data + p * Shape::n_in(), weights, biases,
                                                results + p * Shape::n_out());
    }
}

// Only with io_stream: with io_parallel hls4ml's kernel reads past its buffer for such reuse factors.
template <class Arith, class Shape, int Positions>
void pointwise_conv_resource_rf_gt_nin_rem0(const typename Arith::data_type data[Positions * Shape::n_in()],
                                            const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                                            const typename Arith::bias_type biases[Shape::n_out()],
                                            typename Arith::result_type results[Positions * Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Positions; ++p) {
        dense_resource_rf_gt_nin_rem0<Arith, Shape>(data + p * Shape::n_in(), weights, biases,
                                                    results + p * Shape::n_out());
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
