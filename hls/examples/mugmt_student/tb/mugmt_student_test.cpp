// Self-checking test bench: the top function against golden raw results, bit for bit. Exit status 0: every bit agrees.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include <cstdio>

#include "mugmt_student.hpp"
#include "compare.hpp"
#include "golden.hpp"

int main() {
    using namespace mugmt_student_core;
    namespace golden = mugmt_student_core_golden;
    isobit_tb::word digest = isobit_tb::digest_start;
    digest = isobit_tb::digest(golden::inputs, 1, digest);
    digest = isobit_tb::digest(golden::output_out, 1, digest);
    if (digest != golden::digest) {
        std::printf("mugmt_student: the golden vectors are not those that were exported\n");
        return 1;
    }
    isobit_tb::Tally tally;
    for (int event = 0; event < golden::events; ++event) {
        inputs_t inputs[5];
        isobit_tb::set(golden::inputs[event], inputs);
        output_result_t output_out[3];
        tally.spoil(golden::output_out[event], output_out);
        mugmt_student(inputs, output_out);
        tally.compare("output_out", event, golden::output_out[event], output_out);
    }
    return tally.report("mugmt_student");
}
