// Layers on sets at compile-time formats on isobit::fixed, under -std=c++14 -pedantic-errors, against results worked
// out by hand. Comparison with hls4ml's kernels is in sets_vendor_test.cpp.
#include <isobit/kernels/depthwise_conv.hpp>
#include <isobit/kernels/isobit_numbers.hpp>
#include <isobit/kernels/pointwise_conv.hpp>
#include <isobit/kernels/pooling.hpp>

#include "check.hpp"

namespace k = isobit::kernels;
using isobit::fixed;

namespace {

using number = fixed<8, 8>;
using sat8 = fixed<8, 8, true, isobit::rounding_mode::TRN, isobit::overflow_mode::SAT>;

void pointwise_conv() {
    // Two positions of two channels; an accumulator that ends at 127, so that the order within a position decides.
    using arith = k::dense_arith<number, number, number, sat8, sat8, 4>;
    const number x[8] = {1, 1, 1, 1, 0, 1, 1, 1}, w[4] = {100, 100, -100, -90}, bias[1] = {0};
    sat8 y[2];
    k::pointwise_conv_latency<arith, k::static_dense_shape<4, 1>, 2>(x, w, bias, y);
    check::equal(y[0].raw(), -63, "latency: 100, 127, 27, -63");
    check::equal(y[1].raw(), -90, "latency, second position: 0, 100, 0, -90");
    y[0] = y[1] = 0;
    k::pointwise_conv_resource_rf_leq_nin<arith, k::static_dense_shape<4, 1, 2>, 2>(x, w, bias, y);
    check::equal(y[0].raw(), 10, "rf_leq_nin, RF 2: inputs 0, 2, 1, 3: 100, 0, 100, 10");
    check::equal(y[1].raw(), -90, "rf_leq_nin, second position: 0, -100, 0, -90");
    const number two_neurons[8] = {100, 100, -100, -90, 1, 2, 3, 4}, biases[2] = {0, 5};
    sat8 pairs[4];
    k::pointwise_conv_resource_rf_gt_nin_rem0<arith, k::static_dense_shape<4, 2, 8>, 2>(x, two_neurons, biases, pairs);
    check::equal(pairs[0].raw(), -63, "rf_gt_nin_rem0: in order");
    check::equal(pairs[1].raw(), 15, "rf_gt_nin_rem0, second neuron");
    check::equal(pairs[2].raw(), -90, "rf_gt_nin_rem0, second position");
    check::equal(pairs[3].raw(), 14, "rf_gt_nin_rem0, second neuron there");
}

void depthwise_conv() {
    // Two positions of two channels with windows of three numbers; an accumulator that ends at 127.
    using arith = k::dense_arith<number, number, number, sat8, sat8, 3>;
    const number x[12] = {1, 1, 1, 1, 2, 3, 0, 1, 1, 1, 0, 0}, w[6] = {100, 100, -90, 1, -2, 3}, bias[2] = {0, 5};
    sat8 y[4];
    k::depthwise_conv<arith, k::static_dense_shape<3, 1>, 2, 2>(x, w, bias, y);
    const int want[4] = {37, 11, 10, 6};  // 100, 127, 37; 6, 2, 11; 0, 100, 10; 6, 6, 6
    for (int i = 0; i < 4; ++i) check::equal(y[i].raw(), want[i], "channels of positions");
}

void pooling() {
    // Three positions of two channels.
    const number x[6] = {100, -5, 100, -4, -90, -4};
    using set = k::static_global_pool_shape<3, 2>;
    sat8 y[2];
    k::average_pool(k::pool_arith<number, sat8, sat8>(), set(), x, y);
    check::equal(y[0].raw(), 12, "average: 100, 127, 37, and a third of it, toward zero");
    check::equal(y[1].raw(), -4, "average: -13 / 3, toward zero");
    k::max_pool(k::pool_arith<number, number, number>(), set(), x, y);
    check::equal(y[0].raw(), 100, "max");
    check::equal(y[1].raw(), -4, "max of negative numbers");

    using narrow = fixed<6, 6, true, isobit::rounding_mode::TRN, isobit::overflow_mode::SAT>;
    k::average_pool(k::pool_arith<number, narrow, sat8, false>(), set(), x, y);
    check::equal(y[0].raw(), -10, "added as they are: 31, 31, -32 (31 - 90)");
    k::average_pool(k::pool_arith<number, narrow, sat8, true>(), set(), x, y);
    check::equal(y[0].raw(), 0, "cast before they are added: 31, 31, 31 - 32");

    // 100 + 100, then -90 + -90, then both: 127 - 128; in order it is 127, 37, -53.
    const number four[4] = {100, 100, -90, -90};
    using window = k::static_pool_shape<1, 4, 1, 1, 4, 1, 1>;
    k::average_pool_tree(k::pool_arith<number, sat8, sat8, true>(), window(), four, y);
    check::equal(y[0].raw(), 0, "tree: -1 / 4");
    k::average_pool(k::pool_arith<number, sat8, sat8>(), window(), four, y);
    check::equal(y[0].raw(), -13, "in order: -53 / 4");

    // 20 + 2, then 3 + 40, then both: each is added.
    const number apart[4] = {20, 2, 3, 40};
    k::average_pool_tree(k::pool_arith<number, sat8, sat8, true>(), window(), apart, y);
    check::equal(y[0].raw(), 16, "tree: 65 / 4");
    using pairs = k::static_pool_shape<1, 4, 1, 1, 2, 1, 2>;
    k::average_pool(k::pool_arith<number, sat8, sat8>(), pairs(), apart, y);
    check::equal(y[0].raw(), 11, "the first window: 22 / 2");
    check::equal(y[1].raw(), 21, "the second: 43 / 2");
    k::average_pool_tree(k::pool_arith<number, sat8, sat8, true>(), pairs(), apart, y);
    check::equal(y[1].raw(), 21, "the second in a tree");

    // A 3 x 3 image, windows of 2 x 2 that overlap.
    const number image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    number four_windows[4];
    k::max_pool(k::pool_arith<number, number, number>(), k::static_pool_shape<3, 3, 1, 2, 2, 1, 1>(), image,
                four_windows);
    const int want[4] = {5, 6, 8, 9};
    for (int i = 0; i < 4; ++i) check::equal(four_windows[i].raw(), want[i], "windows of an image");
}

}  // namespace

int main() {
    pointwise_conv();
    depthwise_conv();
    pooling();
    return check::report("set_kernels_test");
}
