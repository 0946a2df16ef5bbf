// Every number format of 'mugmt_student'. <numbers.hpp> decides whose ap_fixed it is.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#ifndef MUGMT_STUDENT_CORE_1A9B9EC0D0_TYPES_HPP_
#define MUGMT_STUDENT_CORE_1A9B9EC0D0_TYPES_HPP_

#include <numbers.hpp>

namespace mugmt_student_core_1a9b9ec0d0 {

// Input 'inputs'
using inputs_t = ap_fixed<18,6>;

// Layer 'fc1': Dense 5 -> 8, latency, reuse factor 4
using fc1_weight_t = ap_fixed<18,6>;
using fc1_bias_t = ap_fixed<18,6>;
using fc1_accum_t = ap_fixed<18,6>;
using fc1_result_t = ap_fixed<18,6>;

// Layer 'bn1': BatchNorm of 8
using bn1_scale_t = ap_fixed<18,6>;
using bn1_bias_t = ap_fixed<18,6>;
using bn1_result_t = ap_fixed<18,6>;

// Layer 'relu1': relu of 8
using relu1_result_t = ap_ufixed<18,6,AP_RND_CONV,AP_SAT>;

// Layer 'fc2': Dense 8 -> 8, latency, reuse factor 4
using fc2_weight_t = ap_fixed<18,6>;
using fc2_bias_t = ap_fixed<18,6>;
using fc2_accum_t = ap_fixed<18,6>;
using fc2_result_t = ap_fixed<18,6>;

// Layer 'bn2': BatchNorm of 8
using bn2_scale_t = ap_fixed<18,6>;
using bn2_bias_t = ap_fixed<18,6>;
using bn2_result_t = ap_fixed<18,6>;

// Layer 'relu2': relu of 8
using relu2_result_t = ap_ufixed<18,6,AP_RND_CONV,AP_SAT>;

// Layer 'fc3': Dense 8 -> 8, latency, reuse factor 4
using fc3_weight_t = ap_fixed<18,6>;
using fc3_bias_t = ap_fixed<18,6>;
using fc3_accum_t = ap_fixed<18,6>;
using fc3_result_t = ap_fixed<18,6>;

// Layer 'bn3': BatchNorm of 8
using bn3_scale_t = ap_fixed<18,6>;
using bn3_bias_t = ap_fixed<18,6>;
using bn3_result_t = ap_fixed<18,6>;

// Layer 'relu3': relu of 8
using relu3_result_t = ap_ufixed<18,6,AP_RND_CONV,AP_SAT>;

// Layer 'fc4': Dense 8 -> 8, latency, reuse factor 4
using fc4_weight_t = ap_fixed<18,6>;
using fc4_bias_t = ap_fixed<18,6>;
using fc4_accum_t = ap_fixed<18,6>;
using fc4_result_t = ap_fixed<18,6>;

// Layer 'bn4': BatchNorm of 8
using bn4_scale_t = ap_fixed<18,6>;
using bn4_bias_t = ap_fixed<18,6>;
using bn4_result_t = ap_fixed<18,6>;

// Layer 'relu4': relu of 8
using relu4_result_t = ap_ufixed<18,6,AP_RND_CONV,AP_SAT>;

// Layer 'output': Dense 8 -> 3, latency, reuse factor 4
using output_weight_t = ap_fixed<18,6>;
using output_bias_t = ap_fixed<18,6>;
using output_accum_t = ap_fixed<18,6>;
using output_result_t = ap_fixed<18,6>;

}  // namespace mugmt_student_core_1a9b9ec0d0

#endif
