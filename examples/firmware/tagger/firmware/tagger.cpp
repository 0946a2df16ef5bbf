#include <iostream>

#include "tagger.h"
#include "parameters.h"


void tagger(
    input_t jet[6],
    result_t layer7_out[3]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=jet complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer7_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=jet,layer7_out 
    #pragma HLS PIPELINE

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        nnet::load_weights_from_txt<fc1_weight_t, 48>(w2, "w2.txt");
        nnet::load_weights_from_txt<fc1_bias_t, 8>(b2, "b2.txt");
        nnet::load_weights_from_txt<fc2_weight_t, 24>(w5, "w5.txt");
        nnet::load_weights_from_txt<fc2_bias_t, 3>(b5, "b5.txt");
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    fc1_result_t layer2_out[8];
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0

    layer4_t layer4_out[8];
    #pragma HLS ARRAY_PARTITION variable=layer4_out complete dim=0

    layer5_t layer5_out[3];
    #pragma HLS ARRAY_PARTITION variable=layer5_out complete dim=0

    nnet::dense<input_t, fc1_result_t, config2>(jet, layer2_out, w2, b2); // fc1

    nnet::relu<fc1_result_t, layer4_t, relu_config4>(layer2_out, layer4_out); // relu1

    nnet::dense<layer4_t, layer5_t, config5>(layer4_out, layer5_out, w5, b5); // fc2

    nnet::softmax<layer5_t, result_t, softmax_config7>(layer5_out, layer7_out); // scores

}

