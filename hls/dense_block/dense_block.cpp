#include "dense_block.hpp"

#include <isobit/kernels/batchnorm.hpp>
#include <isobit/kernels/dense.hpp>
#include <isobit/kernels/pragma.hpp>
#include <isobit/kernels/relu.hpp>

#include "parameters.hpp"

using namespace dense_block;

namespace {

using shape = isobit::kernels::static_dense_shape<n_in, n_out, 1>;
using arith = isobit::kernels::dense_arith<input_t, weight_t, bias_t, accum_t, accum_t, n_in>;
using neurons = isobit::kernels::static_vector_shape<n_out>;

}  // namespace

void dense_block_top(const input_t data[n_in], result_t results[n_out]) {
    ISOBIT_PRAGMA(HLS INTERFACE mode = ap_none port = data)
    ISOBIT_PRAGMA(HLS INTERFACE mode = ap_vld port = results)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = data complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = results complete)
    ISOBIT_PRAGMA(HLS PIPELINE II = 1)

    weight_t weights[n_in * n_out];
    bias_t biases[n_out];
    scale_t scales[n_out];
    shift_t shifts[n_out];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = weights complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = biases complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = scales complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = shifts complete)
    // Constants, so these loops leave only wires behind.
    ISOBIT_LOOP(Weights)
    for (int i = 0; i < n_in * n_out; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        weights[i] = numbers::from_raw<weight_t>(raw_weights[i]);
    }
    ISOBIT_LOOP(Neurons)
    for (int j = 0; j < n_out; ++j) {
        ISOBIT_PRAGMA(HLS UNROLL)
        biases[j] = numbers::from_raw<bias_t>(raw_biases[j]);
        scales[j] = numbers::from_raw<scale_t>(raw_scales[j]);
        shifts[j] = numbers::from_raw<shift_t>(raw_shifts[j]);
    }

    accum_t sums[n_out];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    normal_t normal[n_out];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = normal complete)
    isobit::kernels::dense_latency<arith, shape>(data, weights, biases, sums);
    isobit::kernels::normalize(isobit::kernels::affine_arith<normal_t>(), neurons(), sums, scales, shifts, normal);
    isobit::kernels::relu(isobit::kernels::relu_arith<result_t>(), neurons(), normal, results);
}
