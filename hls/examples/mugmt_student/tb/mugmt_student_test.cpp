// Self-checking test bench: the top function against golden raw results, bit for bit. Exit status 0: every
// bit agrees; 1: bits differ; 2: there is nothing to compare, or the golden vectors are damaged.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include <cstdio>

#include "mugmt_student.hpp"
#include "compare.hpp"
#include "golden.hpp"

int main() {
    isobit_tb::word digest_ = isobit_tb::digest_start;
    digest_ = isobit_tb::digest(mugmt_student_core_b5c9c76c91_golden::inputs, 1, digest_);
    digest_ = isobit_tb::digest(mugmt_student_core_b5c9c76c91_golden::output_out, 1, digest_);
    if (digest_ != mugmt_student_core_b5c9c76c91_golden::digest_) {
        std::printf("mugmt_student: the golden vectors are not those that were exported\n");
        return 2;
    }
    isobit_tb::Tally tally_;
    for (int event_ = 0; event_ < mugmt_student_core_b5c9c76c91_golden::events_; ++event_) {
        mugmt_student_core_b5c9c76c91::inputs_t inputs[5];
        isobit_tb::set(mugmt_student_core_b5c9c76c91_golden::inputs[event_], inputs);
        mugmt_student_core_b5c9c76c91::output_result_t output_out[3];
        tally_.spoil(mugmt_student_core_b5c9c76c91_golden::output_out[event_], output_out);
        mugmt_student(inputs, output_out);
        tally_.compare("output_out", event_, mugmt_student_core_b5c9c76c91_golden::output_out[event_], output_out);
    }
    return tally_.report("mugmt_student");
}
