// Self-checking test bench: the top function against golden raw results, bit for bit. Used by Vitis (csim and cosim)
// and, compiled with a host compiler, by ctest. Exit status 0 means that every bit agrees.
#include <cstdio>

#include "dense_block.hpp"
#include "golden.hpp"

using namespace dense_block;

int main() {
    int differ = 0;
    for (int event = 0; event < golden_events; ++event) {
        input_t data[n_in];
        result_t results[n_out];
        for (int i = 0; i < n_in; ++i) data[i] = numbers::from_raw<input_t>(golden_inputs[event][i]);
        dense_block_top(data, results);
        for (int j = 0; j < n_out; ++j) {
            const long long got = numbers::bits_of(results[j]);
            if (got == golden_results[event][j]) continue;
            if (++differ <= 5) {
                std::printf("event %d neuron %d: got raw %lld, want %d\n", event, j, got, golden_results[event][j]);
            }
        }
    }
    std::printf("dense_block_test: %d results compared, %d differ\n", golden_events * n_out, differ);
    return differ == 0 ? 0 : 1;
}
