// Layers on sets that arrive position by position: a pack of channels at a time, in and out of streams.
//
// The order of operations is that of the arrays' kernels with io_stream: nnet_sepconv_stream.h (pointwise_mult_buffer)
// and nnet_pooling_stream.h (global_pooling1d_cl). Of a stream only read() and write(pack) are used, of a pack only [].
#ifndef ISOBIT_KERNELS_SET_STREAMS_HPP
#define ISOBIT_KERNELS_SET_STREAMS_HPP

#include "dense.hpp"
#include "pooling.hpp"
#include "pragma.hpp"

namespace isobit {
namespace kernels {

// A pointwise convolution, latency strategy: a position enters every reuse factor. OutPack holds n_out results.
template <class Arith, class Shape, int Positions, class OutPack, class In, class Out>
void pointwise_conv_latency_stream(In& in, const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                                   const typename Arith::bias_type biases[Shape::n_out()], Out& out) {
    constexpr int interval = Shape::reuse_factor();
    static_cast<void>(interval);  // a host does not read the directive
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Positions; ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = interval)
        const auto pack = in.read();
        typename Arith::data_type data[Shape::n_in()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = data complete)
        typename Arith::result_type results[Shape::n_out()];
        ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = results complete)
        ISOBIT_LOOP(Unpack)
        for (int i = 0; i < Shape::n_in(); ++i) {
            ISOBIT_PRAGMA(HLS UNROLL)
            data[i] = pack[i];
        }
        dense_latency<Arith, Shape>(data, weights, biases, results);
        OutPack packed;
        ISOBIT_LOOP(Pack)
        for (int j = 0; j < Shape::n_out(); ++j) {
            ISOBIT_PRAGMA(HLS UNROLL)
            packed[j] = results[j];
        }
        out.write(packed);
    }
}

// Over all positions of a stream; Arith is a pool_arith that casts before it adds. OutPack holds the channels.
template <class Arith, class Shape, class OutPack, class In, class Out>
void average_pool_stream(const Arith& arith, const Shape& shape, In& in, Out& out) {
    typename Arith::accum_type sums[Shape::channels()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    ISOBIT_LOOP(Clear)
    for (int c = 0; c < Shape::channels(); ++c) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[c] = arith.zero();
    }
    // Invariant: sums[c] holds the positions before p, cast after each addition.
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Shape::window_size(); ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1)
        const auto pack = in.read();
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < Shape::channels(); ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            sums[c] = arith.add(sums[c], pack[c]);
        }
    }
    OutPack packed;
    ISOBIT_LOOP(Pack)
    for (int c = 0; c < Shape::channels(); ++c) {
        ISOBIT_PRAGMA(HLS UNROLL)
        packed[c] = arith.result(arith.quotient(sums[c], shape.divisor(0)));
    }
    out.write(packed);
}

template <class Arith, class Shape, class OutPack, class In, class Out>
void max_pool_stream(const Arith& arith, const Shape&, In& in, Out& out) {
    typename Arith::accum_type largest[Shape::channels()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = largest complete)
    ISOBIT_LOOP(Clear)
    for (int c = 0; c < Shape::channels(); ++c) {
        ISOBIT_PRAGMA(HLS UNROLL)
        largest[c] = arith.lowest();
    }
    // Invariant: largest[c] is that of the positions before p, or the least number.
    ISOBIT_LOOP(Position)
    for (int p = 0; p < Shape::window_size(); ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1)
        const auto pack = in.read();
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < Shape::channels(); ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const auto x = arith.taken(pack[c]);
            largest[c] = x > largest[c] ? x : largest[c];
        }
    }
    OutPack packed;
    ISOBIT_LOOP(Pack)
    for (int c = 0; c < Shape::channels(); ++c) {
        ISOBIT_PRAGMA(HLS UNROLL)
        packed[c] = arith.result(largest[c]);
    }
    out.write(packed);
}

}  // namespace kernels
}  // namespace isobit

#endif
