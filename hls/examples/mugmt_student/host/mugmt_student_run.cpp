// Events from the standard input to the standard output, through the C interface.
//
//   mugmt_student_run raw      words of 64 bits: raw integers
//   mugmt_student_run value    doubles: real numbers
//
// Written by isobit 0.1.0; do not edit, export again.
// clang-format off
#include <cstdio>
#include <cstring>
#include <vector>

#include "mugmt_student_c.h"

template <class In, class Out>
static int run_(size_t inputs, size_t outputs, void (*predict)(const In*, Out*, size_t)) {
    const size_t block = 256;
    std::vector<In> in(block * inputs);
    std::vector<Out> out(block * outputs);
    for (;;) {
        const size_t numbers = std::fread(in.data(), sizeof(In), in.size(), stdin);
        if (numbers == 0) return std::fflush(stdout) == 0 && !std::ferror(stdin) ? 0 : 3;
        const size_t events = numbers / inputs;
        if (events * inputs != numbers) return 3;
        predict(in.data(), out.data(), events);
        if (std::fwrite(out.data(), sizeof(Out), events * outputs, stdout) != events * outputs) return 3;
    }
}

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "raw") == 0)
        return run_<int64_t, int64_t>(MUGMT_STUDENT_INPUT_WORDS, MUGMT_STUDENT_OUTPUT_WORDS, mugmt_student_predict_raw);
    if (argc == 2 && std::strcmp(argv[1], "value") == 0)
        return run_<double, double>(MUGMT_STUDENT_INPUTS, MUGMT_STUDENT_OUTPUTS, mugmt_student_predict);
    std::fprintf(stderr, "usage: %s raw|value < events > results\n", argv[0]);
    return 2;
}
