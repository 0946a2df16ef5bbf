// The C interface of the core.
//
// Written by isobit @{version}; do not edit, export again.
// clang-format off
#include "@{top}_c.h"

#include <isobit/host/raw_words.hpp>

#include "@{top}.hpp"

using namespace @{namespace};

extern "C" void @{top}_predict_raw(const int64_t* in, int64_t* out, size_t events) {
    for (size_t event = 0; event < events; ++event) {
@{declare}
@{read_raw}
        @{top}(@{arguments});
@{write_raw}
        in += @{upper}_INPUT_WORDS;
        out += @{upper}_OUTPUT_WORDS;
    }
}

extern "C" void @{top}_predict(const double* in, double* out, size_t events) {
    for (size_t event = 0; event < events; ++event) {
@{declare}
@{read}
        @{top}(@{arguments});
@{write}
        in += @{upper}_INPUTS;
        out += @{upper}_OUTPUTS;
    }
}
