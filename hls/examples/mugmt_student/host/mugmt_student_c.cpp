// The C interface of the core.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include "mugmt_student_c.h"

#include <isobit/host/raw_words.hpp>

#include "mugmt_student.hpp"

extern "C" void mugmt_student_predict_raw(const int64_t* in_, int64_t* out_, size_t events_) {
    for (size_t event_ = 0; event_ < events_; ++event_) {
        mugmt_student_core_1a9b9ec0d0::inputs_t inputs[5];
        mugmt_student_core_1a9b9ec0d0::output_result_t output_out[3];
        isobit::host::read_words(in_ + 0, 5, inputs);
        mugmt_student(inputs, output_out);
        isobit::host::write_words<true>(output_out, 3, out_ + 0);
        in_ += MUGMT_STUDENT_INPUT_WORDS;
        out_ += MUGMT_STUDENT_OUTPUT_WORDS;
    }
}

extern "C" void mugmt_student_predict(const double* in_, double* out_, size_t events_) {
    for (size_t event_ = 0; event_ < events_; ++event_) {
        mugmt_student_core_1a9b9ec0d0::inputs_t inputs[5];
        mugmt_student_core_1a9b9ec0d0::output_result_t output_out[3];
        for (int i_ = 0; i_ < 5; ++i_) inputs[i_] = mugmt_student_core_1a9b9ec0d0::inputs_t(in_[0 + i_]);
        mugmt_student(inputs, output_out);
        for (int i_ = 0; i_ < 3; ++i_) out_[0 + i_] = output_out[i_].to_double();
        in_ += MUGMT_STUDENT_INPUTS;
        out_ += MUGMT_STUDENT_OUTPUTS;
    }
}
