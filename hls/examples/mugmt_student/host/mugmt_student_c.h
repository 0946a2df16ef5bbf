/* The core 'mugmt_student' for a host, as a plain C interface: a batch of events a call.
 *
 * Written by isobit 0.1.0; do not edit, export again.
 *
 * An event is its inputs one after the other (inputs[5] of ap_fixed<18,6>),
 * its results likewise (output_out[3] of ap_fixed<18,6>). */
/* clang-format off */
#ifndef MUGMT_STUDENT_C_H_
#define MUGMT_STUDENT_C_H_

#include <stddef.h>
#include <stdint.h>

#define MUGMT_STUDENT_INPUTS 5
#define MUGMT_STUDENT_OUTPUTS 3
/* 64-bit words of an event's raw integers: one a number of up to 64 bits, low word first beyond. */
#define MUGMT_STUDENT_INPUT_WORDS 5
#define MUGMT_STUDENT_OUTPUT_WORDS 3

#ifdef __cplusplus
extern "C" {
#endif

/* Raw integers in and out: in[events][MUGMT_STUDENT_INPUT_WORDS], out[events][MUGMT_STUDENT_OUTPUT_WORDS]. */
__attribute__((visibility("default"))) void mugmt_student_predict_raw(const int64_t* in, int64_t* out, size_t events);

/* Real numbers, quantised as the firmware's types do: in[events][MUGMT_STUDENT_INPUTS], out[events][MUGMT_STUDENT_OUTPUTS]. */
__attribute__((visibility("default"))) void mugmt_student_predict(const double* in, double* out, size_t events);

#ifdef __cplusplus
}
#endif

#endif
