// Every kernel at compile-time formats on isobit::fixed, under -std=c++14 -pedantic-errors as synthesis needs it,
// against results worked out by hand. Comparison with hls4ml's kernels is in the *_vendor_test files.
#include <isobit/kernels/batchnorm.hpp>
#include <isobit/kernels/dense.hpp>
#include <isobit/kernels/hard_steps.hpp>
#include <isobit/kernels/isobit_numbers.hpp>
#include <isobit/kernels/leaky_relu.hpp>
#include <isobit/kernels/linear.hpp>
#include <isobit/kernels/relu.hpp>
#include <isobit/kernels/softmax.hpp>
#include <isobit/kernels/softmax_legacy.hpp>
#include <isobit/kernels/table.hpp>
#include <isobit/kernels/tanh_steps.hpp>
#include <isobit/kernels/threshold.hpp>

#include "check.hpp"

namespace k = isobit::kernels;
using isobit::fixed;
using isobit::integer;

namespace {

using sat8 = fixed<8, 8, true, isobit::rounding_mode::TRN, isobit::overflow_mode::SAT>;
using number = fixed<8, 8>;

// 100 + 100 - 100 - 90 in an accumulator that ends at 127: the order decides.
const number ones[4] = {1, 1, 1, 1};
const number terms[4] = {100, 100, -100, -90};
const number no_bias[1] = {0};
using sum_arith = k::dense_arith<number, number, number, sat8, sat8, 4>;

struct all_kept {
    static constexpr bool at(int) { return true; }
};
struct third_left_out {
    static constexpr bool at(int w) { return w != 2; }
};
static_assert(k::used_multipliers(k::static_dense_shape<4, 1, 2>(), all_kept()) == 2, "both multipliers work");
struct none_in_the_second {
    static constexpr bool at(int w) { return w < 2; }
};
static_assert(k::used_multipliers(k::static_dense_shape<4, 1, 2>(), none_in_the_second()) == 1, "one has only zeros");
static_assert(k::legal_reuse_factor(6, 4, 3) && k::legal_reuse_factor(6, 4, 12) && !k::legal_reuse_factor(6, 4, 4) &&
                  !k::legal_reuse_factor(6, 4, 18) && !k::legal_reuse_factor(6, 4, 0),
              "the rule of reuse factors");

void dense() {
    sat8 y[1];
    k::dense_latency<sum_arith, k::static_dense_shape<4, 1>>(ones, terms, no_bias, y);
    check::equal(y[0].raw(), -63, "latency: 100, 127, 27, -63");
    k::dense_resource_rf_leq_nin<sum_arith, k::static_dense_shape<4, 1, 2>>(ones, terms, no_bias, y);
    check::equal(y[0].raw(), 10, "rf_leq_nin, RF 2: inputs 0, 2, 1, 3: 100, 0, 100, 10");
    k::dense_resource_rf_leq_nin<sum_arith, k::static_dense_shape<4, 1, 4>>(ones, terms, no_bias, y);
    check::equal(y[0].raw(), -63, "rf_leq_nin, RF 4: in order");
    const number twice[8] = {100, 100, -100, -90, -100, 100, 100, -90};
    const number no_biases[2] = {0, 0};
    sat8 both[2];
    k::dense_resource_rf_gt_nin_rem0<sum_arith, k::static_dense_shape<4, 2, 8>>(ones, twice, no_biases, both);
    check::equal(both[0].raw(), -63, "rf_gt_nin_rem0: in order");
    check::equal(both[1].raw(), 10, "rf_gt_nin_rem0: the second neuron");
    k::dense_resource_unrolled<sum_arith, k::static_dense_shape<4, 1, 2>, all_kept>(ones, terms, no_bias, y);
    check::equal(y[0].raw(), 10, "unrolled, RF 2: as rf_leq_nin");
    k::dense_resource_unrolled<sum_arith, k::static_dense_shape<4, 1, 2>, third_left_out>(ones, terms, no_bias, y);
    check::equal(y[0].raw(), 37, "unrolled without the third weight: 100, 127, 37");
    using stored = k::compressed_weight<int, number>;
    const stored in_order[4] = {{0, 0, 100}, {1, 0, 100}, {2, 0, -100}, {3, 0, -90}};
    k::dense_compressed<sum_arith, k::static_compressed_shape<4, 1, 4, 4>>(ones, in_order, no_bias, y);
    check::equal(y[0].raw(), -63, "compressed, RF 4: in order");
    const stored dealt[4] = {{0, 0, 100}, {2, 0, -100}, {1, 0, 100}, {3, 0, -90}};
    k::dense_compressed<sum_arith, k::static_compressed_shape<4, 1, 4, 2>>(ones, dealt, no_bias, y);
    check::equal(y[0].raw(), -1, "compressed, RF 2: a turn of 127, a turn of -128");

    using bit = integer<1, false>;
    const bit signs[3] = {1, 0, 1}, weights[3] = {1, 1, 1};
    const fixed<4, 4> bias[1] = {0};
    fixed<8, 8> balance[1];
    k::dense_latency<k::dense_arith<bit, bit, fixed<4, 4>, fixed<6, 6>, fixed<8, 8>, 3, k::both_binary, true>,
                     k::static_dense_shape<3, 1>>(signs, weights, bias, balance);
    check::equal(balance[0].raw(), 1, "XNOR: two agree, one does not");

    using power = k::exponential<bit, integer<4>>;
    const fixed<8, 4> x[2] = {fixed<8, 4>::from_raw(24), fixed<8, 4>::from_raw(-40)};  // 1.5, -2.5
    const power powers[2] = {{1, 2}, {0, -1}};                                         // +4, -0.5
    const fixed<8, 4> zero[1] = {0};
    fixed<12, 6> y2[1];
    k::dense_latency<
        k::dense_arith<fixed<8, 4>, power, fixed<8, 4>, fixed<12, 6>, fixed<12, 6>, 2, k::weight_exponential>,
        k::static_dense_shape<2, 1>>(x, powers, zero, y2);
    check::equal(y2[0].raw(), 464, "1.5 * 4 + -2.5 * -0.5 = 7.25");
}

void elementwise() {
    const fixed<8, 4> x[3] = {fixed<8, 4>::from_raw(-24), fixed<8, 4>::from_raw(0), fixed<8, 4>::from_raw(40)};
    const k::static_vector_shape<3> shape;
    const fixed<6, 2> slope = fixed<6, 2>::from_raw(8), shift = fixed<6, 2>::from_raw(8);  // 0.5 and 0.5
    fixed<10, 5> y[3];
    const auto expect = [&](const char* what, int a, int b, int c) {
        check::equal(y[0].raw(), a, what);
        check::equal(y[1].raw(), b, what);
        check::equal(y[2].raw(), c, what);
    };
    k::linear(k::linear_arith<fixed<10, 5>>(), shape, x, y);
    expect("linear", -48, 0, 80);
    k::relu(k::relu_arith<fixed<10, 5>>(), shape, x, y);
    expect("relu", 0, 0, 80);
    k::leaky_relu(k::leaky_relu_arith<fixed<10, 5>>(), shape, x, slope, y);
    expect("leaky_relu", -24, 0, 80);
    k::binary_tanh(k::binary_tanh_arith<fixed<8, 4>, fixed<10, 5>>(), shape, x, y);
    expect("binary_tanh", -32, 32, 32);
    k::ternary_tanh(k::ternary_tanh_arith<fixed<8, 4>, fixed<10, 5>>(), shape, x, y);
    expect("ternary_tanh", -32, 0, 32);
    k::hard_sigmoid(k::hard_arith<fixed<10, 5>>(), shape, x, slope, shift, y);
    expect("hard_sigmoid: -0.25, 0.5, 1.75 clipped", 0, 16, 32);
    k::hard_tanh(k::hard_arith<fixed<10, 5>>(), shape, x, slope, shift, y);
    expect("hard_tanh", -32, 0, 32);
    const fixed<6, 2> scales[1] = {slope}, shifts[1] = {shift};
    k::normalize(k::affine_arith<fixed<10, 5>>(), k::static_vector_shape<3, 1>(), x, scales, shifts, y);
    expect("normalize", -8, 16, 56);

    integer<1, false> bits[3];
    const fixed<8, 4> high[1] = {fixed<8, 4>::from_raw(0)}, low[1] = {fixed<8, 4>::from_raw(-24)};
    k::threshold_binary(k::static_vector_shape<3, 1>(), x, high, bits);
    check::that(bits[0] == 0 && bits[1] == 1 && bits[2] == 1, "threshold_binary");
    integer<2> steps[3];
    k::threshold_ternary(k::static_vector_shape<3, 1>(), x, high, low, steps);
    check::that(steps[0] == -1 && steps[1] == 0 && steps[2] == 1, "threshold_ternary");
}

void tables() {
    using in = fixed<8, 4>;
    using out = fixed<10, 5>;
    const in x[3] = {in::from_raw(-24), in::from_raw(0), in::from_raw(40)};  // -1.5, 0, 2.5
    const k::static_vector_shape<3> shape;
    const out ramp[4] = {1, 2, 3, 4};
    const fixed<6, 2> half = fixed<6, 2>::from_raw(8);
    out y[3];
    const auto expect = [&](const char* what, int a, int b, int c) {
        check::equal(y[0].raw(), a, what);
        check::equal(y[1].raw(), b, what);
        check::equal(y[2].raw(), c, what);
    };
    k::table_activation(k::centred_table_arith<out, 4, 8>(), shape, x, ramp, y);
    expect("table: steps of 2 toward zero, the middle is entry 2", 96, 96, 128);
    k::elu(k::negative_table_arith<out, 4>(), shape, x, half, ramp, y);
    expect("elu: half of entry 0", 16, 0, 80);
    k::selu(k::negative_table_arith<out, 4>(), shape, x, half, ramp, y);
    expect("selu: entry 0; half of the positive", 32, 0, 40);

    using distance = fixed<4, 4, false>;
    const k::static_softmax_shape<3> slice;
    const k::softmax_arith<out, fixed<4, 4>, out, distance, 2, 2> arith;
    const out inverses[4] = {2, out::from_raw(16), 1, 1};
    out exps[3], sums[3];
    in maxima[3];
    k::softmax_latency(arith, slice, x, ramp, inverses, y, exps, sums);
    expect("latency: 4 + 1 + 1 = 6, whose top bits are 1", 64, 16, 16);
    k::softmax_stable(arith, slice, x, ramp, inverses, y, maxima, exps, sums);
    expect("stable: distances 4, 2, 0; 2 + 1 + 1 = 4", 32, 16, 16);
    k::softmax_argmax(k::argmax_arith<out>(), slice, x, y);
    expect("argmax", 0, 0, 32);
    const in steps[4] = {0, in::from_raw(8), 1, 2};
    in inverse_of[16] = {2, 1};
    k::softmax_legacy(k::softmax_legacy_arith<in, out, 4, 16>(), slice, x, steps, inverse_of, y);
    expect("legacy: sums 4, 3, 2.5", 32, 64, 64);
    in gathered[3];
    out scattered[3];
    k::softmax_slices(k::static_softmax_shape<1, 1, 3>(), x, y, gathered, scattered, [](const in* from, out* to) {
        k::linear(k::linear_arith<out>(), k::static_vector_shape<1>(), from, to);
    });
    expect("slices of one, each by itself", -48, 0, 80);
    const in six[6] = {1, 2, 3, 4, 5, 6};
    out swapped[6];
    k::softmax_slices(k::static_softmax_shape<2, 1, 3>(), six, swapped, gathered, scattered,
                      [](const in* from, out* to) {
                          to[0] = out(from[1]);
                          to[1] = out(from[0]);
                      });
    for (int i = 0; i < 6; ++i)
        check::equal(swapped[i].raw(), out(six[(i + 3) % 6]).raw(), "slices of two, apart by 3");
}

}  // namespace

int main() {
    dense();
    elementwise();
    tables();
    return check::report("kernels_test");
}
