#ifndef TAGGER_H_
#define TAGGER_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"


// Prototype of top level function for C-synthesis
void tagger(
    input_t jet[6],
    result_t layer7_out[3]
);

// hls-fpga-machine-learning insert emulator-defines


#endif
