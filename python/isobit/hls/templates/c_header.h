/* The core '@{top}' for a host, as a plain C interface: a batch of events a call.
 *
 * Written by isobit @{version}; do not edit, export again.
 *
 * An event is its inputs one after the other (@{inputs}),
 * its results likewise (@{outputs}). */
#ifndef @{guard}
#define @{guard}

#include <stddef.h>
#include <stdint.h>

#define @{upper}_INPUTS @{input_numbers}
#define @{upper}_OUTPUTS @{output_numbers}
/* 64-bit words of an event's raw integers: one a number of up to 64 bits, low word first beyond. */
#define @{upper}_INPUT_WORDS @{input_words}
#define @{upper}_OUTPUT_WORDS @{output_words}

#ifdef __cplusplus
extern "C" {
#endif

/* Raw integers in and out: in[events][@{upper}_INPUT_WORDS], out[events][@{upper}_OUTPUT_WORDS]. */
__attribute__((visibility("default"))) void @{top}_predict_raw(const int64_t* in, int64_t* out, size_t events);

/* Real numbers, quantised as the firmware's types do: in[events][@{upper}_INPUTS], out[events][@{upper}_OUTPUTS]. */
__attribute__((visibility("default"))) void @{top}_predict(const double* in, double* out, size_t events);

#ifdef __cplusplus
}
#endif

#endif
