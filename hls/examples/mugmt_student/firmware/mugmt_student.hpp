// The top function.
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#ifndef MUGMT_STUDENT_CORE_1A9B9EC0D0_MUGMT_STUDENT_HPP_
#define MUGMT_STUDENT_CORE_1A9B9EC0D0_MUGMT_STUDENT_HPP_

#include "types.hpp"

// One event.
void mugmt_student(const mugmt_student_core_1a9b9ec0d0::inputs_t inputs[5], mugmt_student_core_1a9b9ec0d0::output_result_t output_out[3]);

#endif
