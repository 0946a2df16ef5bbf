// Self-checking test bench: the top function against golden raw results, bit for bit. Exit status 0: every bit agrees.
//
// Written by isobit @{version}; do not edit, export again.
// clang-format off
#include <cstdio>

#include "@{top}.hpp"
#include "compare.hpp"
#include "golden.hpp"

int main() {
    using namespace @{namespace};
    namespace golden = @{namespace}_golden;
    isobit_tb::word digest = isobit_tb::digest_start;
@{digests}
    if (digest != golden::digest) {
        std::printf("@{top}: the golden vectors are not those that were exported\n");
        return 1;
    }
    isobit_tb::Tally tally;
    for (int event = 0; event < golden::events; ++event) {
@{set}
        @{top}(@{arguments});
@{compare}
    }
    return tally.report("@{top}");
}
