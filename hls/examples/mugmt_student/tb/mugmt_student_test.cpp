// Self-checking test bench: the top function against golden raw results, bit for bit, and every constant as it is
// compiled against the digest of what was exported. Exit status 0: every bit agrees; 1: bits or constants differ; 2:
// there is nothing to compare, or the golden vectors are damaged.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include <cstdio>

#include "mugmt_student.hpp"
#include "compare.hpp"
#include "golden.hpp"
#include "weights.hpp"

int main() {
    isobit_tb::word digest_ = isobit_tb::digest_start;
    digest_ = isobit_tb::digest(mugmt_student_core_1a9b9ec0d0_golden::inputs, 1, digest_);
    digest_ = isobit_tb::digest(mugmt_student_core_1a9b9ec0d0_golden::output_out, 1, digest_);
    if (digest_ != mugmt_student_core_1a9b9ec0d0_golden::digest_) {
        std::printf("mugmt_student: the golden vectors are not those that were exported\n");
        return 2;
    }
    isobit_tb::Tally tally_;
    for (int event_ = 0; event_ < mugmt_student_core_1a9b9ec0d0_golden::events_; ++event_) {
        mugmt_student_core_1a9b9ec0d0::inputs_t inputs[5];
        isobit_tb::set(mugmt_student_core_1a9b9ec0d0_golden::inputs[event_], inputs);
        mugmt_student_core_1a9b9ec0d0::output_result_t output_out[3];
        tally_.spoil(mugmt_student_core_1a9b9ec0d0_golden::output_out[event_], output_out);
        mugmt_student(inputs, output_out);
        tally_.compare("output_out", event_, mugmt_student_core_1a9b9ec0d0_golden::output_out[event_], output_out);
    }
    tally_.constant("fc1_weight", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc1_weight), mugmt_student_core_1a9b9ec0d0_golden::fc1_weight_digest_);
    tally_.constant("fc1_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc1_bias), mugmt_student_core_1a9b9ec0d0_golden::fc1_bias_digest_);
    tally_.constant("bn1_scale", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn1_scale), mugmt_student_core_1a9b9ec0d0_golden::bn1_scale_digest_);
    tally_.constant("bn1_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn1_bias), mugmt_student_core_1a9b9ec0d0_golden::bn1_bias_digest_);
    tally_.constant("fc2_weight", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc2_weight), mugmt_student_core_1a9b9ec0d0_golden::fc2_weight_digest_);
    tally_.constant("fc2_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc2_bias), mugmt_student_core_1a9b9ec0d0_golden::fc2_bias_digest_);
    tally_.constant("bn2_scale", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn2_scale), mugmt_student_core_1a9b9ec0d0_golden::bn2_scale_digest_);
    tally_.constant("bn2_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn2_bias), mugmt_student_core_1a9b9ec0d0_golden::bn2_bias_digest_);
    tally_.constant("fc3_weight", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc3_weight), mugmt_student_core_1a9b9ec0d0_golden::fc3_weight_digest_);
    tally_.constant("fc3_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc3_bias), mugmt_student_core_1a9b9ec0d0_golden::fc3_bias_digest_);
    tally_.constant("bn3_scale", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn3_scale), mugmt_student_core_1a9b9ec0d0_golden::bn3_scale_digest_);
    tally_.constant("bn3_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn3_bias), mugmt_student_core_1a9b9ec0d0_golden::bn3_bias_digest_);
    tally_.constant("fc4_weight", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc4_weight), mugmt_student_core_1a9b9ec0d0_golden::fc4_weight_digest_);
    tally_.constant("fc4_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::fc4_bias), mugmt_student_core_1a9b9ec0d0_golden::fc4_bias_digest_);
    tally_.constant("bn4_scale", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn4_scale), mugmt_student_core_1a9b9ec0d0_golden::bn4_scale_digest_);
    tally_.constant("bn4_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::bn4_bias), mugmt_student_core_1a9b9ec0d0_golden::bn4_bias_digest_);
    tally_.constant("output_weight", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::output_weight), mugmt_student_core_1a9b9ec0d0_golden::output_weight_digest_);
    tally_.constant("output_bias", isobit_tb::digest(mugmt_student_core_1a9b9ec0d0::output_bias), mugmt_student_core_1a9b9ec0d0_golden::output_bias_digest_);
    return tally_.report("mugmt_student");
}
