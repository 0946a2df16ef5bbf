// The layers and the top function; pipeline, at best a new event every 4 clocks.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include "mugmt_student.hpp"

#include <isobit/kernels/batchnorm.hpp>
#include <isobit/kernels/dense.hpp>
#include <isobit/kernels/linear.hpp>
#include <isobit/kernels/pragma.hpp>
#include <isobit/kernels/raw_constants.hpp>
#include <isobit/kernels/relu.hpp>

#include "weights.hpp"

namespace kernels = isobit::kernels;

namespace mugmt_student_core_1a9b9ec0d0 {

// Dense 5 -> 8, latency, reuse factor 4
static void fc1(const inputs_t data[5], fc1_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=10)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc1_weight complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc1_bias complete)
    using numbers = kernels::dense_arith<inputs_t, fc1_weight_t, fc1_bias_t, fc1_accum_t, fc1_result_t, 5, kernels::mult, false>;
    using arith = kernels::raw_dense_arith<numbers, int, int>;
    using shape = kernels::static_dense_shape<5, 8, 4>;
    kernels::dense_latency<arith, shape>(data, fc1_weight, fc1_bias, results);
}

// BatchNorm of 8
static void bn1(const fc1_result_t data[8], bn1_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=2)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn1_scale complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn1_bias complete)
    using numbers = kernels::affine_arith<bn1_result_t, kernels::mult>;
    using arith = kernels::raw_affine_arith<numbers, bn1_scale_t, bn1_bias_t>;
    kernels::normalize(arith(), kernels::static_vector_shape<8, 8>(), data, bn1_scale, bn1_bias, results);
}

// relu of 8
static void relu1(const bn1_result_t data[8], relu1_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    kernels::relu(kernels::relu_arith<relu1_result_t>(), kernels::static_vector_shape<8>(), data, results);
}

// Dense 8 -> 8, latency, reuse factor 4
static void fc2(const relu1_result_t data[8], fc2_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=16)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc2_weight complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc2_bias complete)
    using numbers = kernels::dense_arith<relu1_result_t, fc2_weight_t, fc2_bias_t, fc2_accum_t, fc2_result_t, 8, kernels::mult, false>;
    using arith = kernels::raw_dense_arith<numbers, int, int>;
    using shape = kernels::static_dense_shape<8, 8, 4>;
    kernels::dense_latency<arith, shape>(data, fc2_weight, fc2_bias, results);
}

// BatchNorm of 8
static void bn2(const fc2_result_t data[8], bn2_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=2)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn2_scale complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn2_bias complete)
    using numbers = kernels::affine_arith<bn2_result_t, kernels::mult>;
    using arith = kernels::raw_affine_arith<numbers, bn2_scale_t, bn2_bias_t>;
    kernels::normalize(arith(), kernels::static_vector_shape<8, 8>(), data, bn2_scale, bn2_bias, results);
}

// relu of 8
static void relu2(const bn2_result_t data[8], relu2_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    kernels::relu(kernels::relu_arith<relu2_result_t>(), kernels::static_vector_shape<8>(), data, results);
}

// Dense 8 -> 8, latency, reuse factor 4
static void fc3(const relu2_result_t data[8], fc3_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=16)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc3_weight complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc3_bias complete)
    using numbers = kernels::dense_arith<relu2_result_t, fc3_weight_t, fc3_bias_t, fc3_accum_t, fc3_result_t, 8, kernels::mult, false>;
    using arith = kernels::raw_dense_arith<numbers, int, int>;
    using shape = kernels::static_dense_shape<8, 8, 4>;
    kernels::dense_latency<arith, shape>(data, fc3_weight, fc3_bias, results);
}

// BatchNorm of 8
static void bn3(const fc3_result_t data[8], bn3_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=2)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn3_scale complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn3_bias complete)
    using numbers = kernels::affine_arith<bn3_result_t, kernels::mult>;
    using arith = kernels::raw_affine_arith<numbers, bn3_scale_t, bn3_bias_t>;
    kernels::normalize(arith(), kernels::static_vector_shape<8, 8>(), data, bn3_scale, bn3_bias, results);
}

// relu of 8
static void relu3(const bn3_result_t data[8], relu3_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    kernels::relu(kernels::relu_arith<relu3_result_t>(), kernels::static_vector_shape<8>(), data, results);
}

// Dense 8 -> 8, latency, reuse factor 4
static void fc4(const relu3_result_t data[8], fc4_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=16)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc4_weight complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc4_bias complete)
    using numbers = kernels::dense_arith<relu3_result_t, fc4_weight_t, fc4_bias_t, fc4_accum_t, fc4_result_t, 8, kernels::mult, false>;
    using arith = kernels::raw_dense_arith<numbers, int, int>;
    using shape = kernels::static_dense_shape<8, 8, 4>;
    kernels::dense_latency<arith, shape>(data, fc4_weight, fc4_bias, results);
}

// BatchNorm of 8
static void bn4(const fc4_result_t data[8], bn4_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=2)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn4_scale complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn4_bias complete)
    using numbers = kernels::affine_arith<bn4_result_t, kernels::mult>;
    using arith = kernels::raw_affine_arith<numbers, bn4_scale_t, bn4_bias_t>;
    kernels::normalize(arith(), kernels::static_vector_shape<8, 8>(), data, bn4_scale, bn4_bias, results);
}

// relu of 8
static void relu4(const bn4_result_t data[8], relu4_result_t results[8]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    kernels::relu(kernels::relu_arith<relu4_result_t>(), kernels::static_vector_shape<8>(), data, results);
}

// Dense 8 -> 3, latency, reuse factor 4
static void output(const relu4_result_t data[8], output_result_t results[3]) {
    ISOBIT_PRAGMA(HLS PIPELINE II=4)
    ISOBIT_PRAGMA(HLS ALLOCATION operation instances=mul limit=6)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=output_weight complete)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=output_bias complete)
    using numbers = kernels::dense_arith<relu4_result_t, output_weight_t, output_bias_t, output_accum_t, output_result_t, 8, kernels::mult, false>;
    using arith = kernels::raw_dense_arith<numbers, int, int>;
    using shape = kernels::static_dense_shape<8, 3, 4>;
    kernels::dense_latency<arith, shape>(data, output_weight, output_bias, results);
}

}  // namespace mugmt_student_core_1a9b9ec0d0

void mugmt_student(const mugmt_student_core_1a9b9ec0d0::inputs_t inputs[5], mugmt_student_core_1a9b9ec0d0::output_result_t output_out[3]) {
    ISOBIT_PRAGMA(HLS INTERFACE mode=ap_vld port=inputs)
    ISOBIT_PRAGMA(HLS ARRAY_RESHAPE variable=inputs complete)
    ISOBIT_PRAGMA(HLS INTERFACE mode=ap_vld port=output_out)
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=output_out complete)
    ISOBIT_PRAGMA(HLS PIPELINE II=4)

    mugmt_student_core_1a9b9ec0d0::fc1_result_t fc1_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc1_out complete)
    mugmt_student_core_1a9b9ec0d0::fc1(inputs, fc1_out);
    mugmt_student_core_1a9b9ec0d0::bn1_result_t bn1_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn1_out complete)
    mugmt_student_core_1a9b9ec0d0::bn1(fc1_out, bn1_out);
    mugmt_student_core_1a9b9ec0d0::relu1_result_t relu1_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=relu1_out complete)
    mugmt_student_core_1a9b9ec0d0::relu1(bn1_out, relu1_out);
    mugmt_student_core_1a9b9ec0d0::fc2_result_t fc2_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc2_out complete)
    mugmt_student_core_1a9b9ec0d0::fc2(relu1_out, fc2_out);
    mugmt_student_core_1a9b9ec0d0::bn2_result_t bn2_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn2_out complete)
    mugmt_student_core_1a9b9ec0d0::bn2(fc2_out, bn2_out);
    mugmt_student_core_1a9b9ec0d0::relu2_result_t relu2_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=relu2_out complete)
    mugmt_student_core_1a9b9ec0d0::relu2(bn2_out, relu2_out);
    mugmt_student_core_1a9b9ec0d0::fc3_result_t fc3_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc3_out complete)
    mugmt_student_core_1a9b9ec0d0::fc3(relu2_out, fc3_out);
    mugmt_student_core_1a9b9ec0d0::bn3_result_t bn3_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn3_out complete)
    mugmt_student_core_1a9b9ec0d0::bn3(fc3_out, bn3_out);
    mugmt_student_core_1a9b9ec0d0::relu3_result_t relu3_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=relu3_out complete)
    mugmt_student_core_1a9b9ec0d0::relu3(bn3_out, relu3_out);
    mugmt_student_core_1a9b9ec0d0::fc4_result_t fc4_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=fc4_out complete)
    mugmt_student_core_1a9b9ec0d0::fc4(relu3_out, fc4_out);
    mugmt_student_core_1a9b9ec0d0::bn4_result_t bn4_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=bn4_out complete)
    mugmt_student_core_1a9b9ec0d0::bn4(fc4_out, bn4_out);
    mugmt_student_core_1a9b9ec0d0::relu4_result_t relu4_out[8];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable=relu4_out complete)
    mugmt_student_core_1a9b9ec0d0::relu4(bn4_out, relu4_out);
    mugmt_student_core_1a9b9ec0d0::output(relu4_out, output_out);
}
