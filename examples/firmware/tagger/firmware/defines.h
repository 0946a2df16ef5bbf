#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <array>
#include <cstddef>
#include <cstdio>
#include <tuple>
#include <tuple>


// hls-fpga-machine-learning insert numbers

// hls-fpga-machine-learning insert layer-precision
typedef ap_fixed<14,6> input_t;
typedef ap_fixed<26,13> fc1_accum_t;
typedef ap_fixed<26,13> fc1_result_t;
typedef ap_fixed<8,3> fc1_weight_t;
typedef ap_fixed<8,3> fc1_bias_t;
typedef ap_uint<1> layer2_index;
typedef ap_fixed<14,6> layer4_t;
typedef ap_fixed<18,8> relu1_table_t;
typedef ap_fixed<26,13> fc2_accum_t;
typedef ap_fixed<10,5> layer5_t;
typedef ap_fixed<8,3> fc2_weight_t;
typedef ap_fixed<8,3> fc2_bias_t;
typedef ap_uint<1> layer5_index;
typedef ap_fixed<18,8,AP_RND,AP_SAT,0> scores_accum_t;
typedef ap_fixed<14,6> result_t;
typedef ap_fixed<18,8> scores_table_t;
typedef ap_fixed<18,8,AP_RND,AP_SAT,0> scores_exp_table_t;
typedef ap_fixed<18,8,AP_RND,AP_SAT,0> scores_inv_table_t;
typedef ap_fixed<18,8,AP_RND,AP_SAT,0> scores_inv_inp_t;

// hls-fpga-machine-learning insert emulator-defines


#endif
