// The C interface of the core.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include "mugmt_student_c.h"

#include <isobit/host/raw_words.hpp>

#include "mugmt_student.hpp"

using namespace mugmt_student_core;

extern "C" void mugmt_student_predict_raw(const int64_t* in, int64_t* out, size_t events) {
    for (size_t event = 0; event < events; ++event) {
        inputs_t inputs[5];
        output_result_t output_out[3];
        isobit::host::read_words(in + 0, 5, inputs);
        mugmt_student(inputs, output_out);
        isobit::host::write_words<true>(output_out, 3, out + 0);
        in += MUGMT_STUDENT_INPUT_WORDS;
        out += MUGMT_STUDENT_OUTPUT_WORDS;
    }
}

extern "C" void mugmt_student_predict(const double* in, double* out, size_t events) {
    for (size_t event = 0; event < events; ++event) {
        inputs_t inputs[5];
        output_result_t output_out[3];
        for (int i = 0; i < 5; ++i) inputs[i] = inputs_t(in[0 + i]);
        mugmt_student(inputs, output_out);
        for (int i = 0; i < 3; ++i) out[0 + i] = output_out[i].to_double();
        in += MUGMT_STUDENT_INPUTS;
        out += MUGMT_STUDENT_OUTPUTS;
    }
}
