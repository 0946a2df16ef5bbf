// Batch normalisation and activations against hls4ml's, bit for bit: ours on AMD's types, on isobit::fixed and at
// run-time formats.
#include "vendor_types.hpp"

#include <nnet_activation.h>
#include <nnet_batchnorm.h>

#include <isobit/host/activation.hpp>
#include <isobit/host/batchnorm.hpp>
#include <isobit/kernels/batchnorm.hpp>
#include <isobit/kernels/threshold.hpp>

#include <string>

#include "check.hpp"

namespace k = isobit::kernels;
namespace h = isobit::host;
using isobit::int128;
using vendor::make;
using vendor::raw_of;
using vendor::twin;

namespace {

constexpr int events = 2000, size = 6, channels = 3;

// Random values of one AMD type in all three representations.
template <class T, int Count>
struct values {
    T theirs[Count];
    typename twin<T>::type ours[Count];
    int128 raw[Count];

    void draw(check::random_bits& bits) {
        for (int i = 0; i < Count; ++i) {
            const long long v = bits.value(T::width, twin<T>::of().is_signed);
            theirs[i] = make<T>(v);
            ours[i] = twin<T>::type::from_raw(v);
            raw[i] = v;
        }
    }
};

// Results of one AMD type: hls4ml's and ours three times.
template <class R>
struct outcome {
    R theirs[size], ours_amd[size];
    typename twin<R>::type ours[size];
    int128 raw[size];

    void compare(const std::string& what, int event) const {
        for (int i = 0; i < size; ++i) {
            const std::string where = what + " event " + std::to_string(event) + " value " + std::to_string(i);
            check::equal(raw_of(ours_amd[i]), raw_of(theirs[i]), where + ", AMD's types");
            check::equal(raw_of(ours[i]), raw_of(theirs[i]), where + ", isobit::fixed");
            check::equal(static_cast<long long>(raw[i]), raw_of(theirs[i]), where + ", run-time formats");
        }
    }
};

template <class Data, class Scale, class Bias, template <class, class> class Product, int Filters>
struct norm_config : nnet::batchnorm_config {
    static const unsigned n_in = size;
    static const unsigned n_filt = static_cast<unsigned>(Filters);
    static const unsigned n_scale_bias = size;
    typedef Scale scale_t;
    typedef Bias bias_t;
    template <class X, class W>
    using product = Product<X, W>;
};

template <class Data, class Scale, class Bias, class Result, template <class, class> class Theirs, class Ours,
          int Filters>
void normalize(const char* what, h::product_kind kind) {
    constexpr int parameters = Filters < 0 ? size : Filters;
    check::random_bits bits(11);
    values<Data, size> x;
    values<Scale, parameters> s;
    values<Bias, parameters> b;
    outcome<Result> y;
    const k::static_vector_shape<size, parameters> shape;
    const h::affine_formats formats{twin<Data>::of(), twin<Scale>::of(), twin<Bias>::of(), twin<Result>::of(), kind};
    for (int event = 0; event < events; ++event) {
        x.draw(bits), s.draw(bits), b.draw(bits);
        nnet::normalize<Data, Result, norm_config<Data, Scale, Bias, Theirs, Filters>>(x.theirs, y.theirs, s.theirs,
                                                                                       b.theirs);
        k::normalize(k::affine_arith<Result, Ours>(), shape, x.theirs, s.theirs, b.theirs, y.ours_amd);
        k::normalize(k::affine_arith<typename twin<Result>::type, Ours>(), shape, x.ours, s.ours, b.ours, y.ours);
        k::normalize(h::dynamic_affine_arith<int128>(formats), shape, x.raw, s.raw, b.raw, y.raw);
        y.compare(std::string("normalize ") + what, event);
    }
}

template <class Data, int Filters>
struct threshold_config : nnet::batchnorm_quantized_tanh_config {
    static const unsigned n_in = size;
    static const unsigned n_filt = static_cast<unsigned>(Filters);
};

template <class Data>
void thresholds() {
    check::random_bits bits(12);
    values<Data, size> x;
    values<Data, channels> high, low;
    outcome<ap_uint<1>> binary;
    outcome<ap_int<2>> ternary;
    const k::static_vector_shape<size, channels> shape;
    using config = threshold_config<Data, channels>;
    for (int event = 0; event < events; ++event) {
        x.draw(bits), high.draw(bits), low.draw(bits);
        nnet::normalize_binary_tanh<Data, config>(x.theirs, binary.theirs, high.theirs);
        k::threshold_binary(shape, x.theirs, high.theirs, binary.ours_amd);
        k::threshold_binary(shape, x.ours, high.ours, binary.ours);
        k::threshold_binary(shape, x.raw, high.raw, binary.raw);
        binary.compare("normalize_binary_tanh", event);
        nnet::normalize_ternary_tanh<Data, config>(x.theirs, ternary.theirs, high.theirs, low.theirs);
        k::threshold_ternary(shape, x.theirs, high.theirs, low.theirs, ternary.ours_amd);
        k::threshold_ternary(shape, x.ours, high.ours, low.ours, ternary.ours);
        k::threshold_ternary(shape, x.raw, high.raw, low.raw, ternary.raw);
        ternary.compare("normalize_ternary_tanh", event);
    }
}

// `slope` is leaky_relu's alpha too. hls4ml reads slope and shift from the configuration's static members.
template <class Slope, class Shift>
struct activation_config : nnet::activ_config {
    static const unsigned n_in = size;
    static Slope slope;
    static Shift shift;
};
template <class Slope, class Shift>
Slope activation_config<Slope, Shift>::slope;
template <class Slope, class Shift>
Shift activation_config<Slope, Shift>::shift;

template <class Data, class Result, class Slope = ap_fixed<6, 2>, class Shift = ap_fixed<7, 3>>
void activations(const char* what) {
    using config = activation_config<Slope, Shift>;
    using our_data = typename twin<Data>::type;
    using our_result = typename twin<Result>::type;
    check::random_bits bits(13);
    values<Data, size> x;
    values<Slope, 1> slope;
    values<Shift, 1> shift;
    outcome<Result> y;
    const k::static_vector_shape<size> shape;
    const h::activation_formats formats{twin<Data>::of(), twin<Slope>::of(), twin<Shift>::of(), twin<Result>::of()};
    const auto finish = [&](h::activation_kind kind, const char* name, int event) {
        h::run_activation<int128>(kind, formats, k::vector_shape(size, size), x.raw, slope.raw[0], shift.raw[0], y.raw);
        y.compare(std::string(name) + " " + what, event);
    };
    for (int event = 0; event < events; ++event) {
        x.draw(bits), slope.draw(bits), shift.draw(bits);
        config::slope = slope.theirs[0];
        config::shift = shift.theirs[0];

        nnet::linear<Data, Result, config>(x.theirs, y.theirs);
        k::linear(k::linear_arith<Result>(), shape, x.theirs, y.ours_amd);
        k::linear(k::linear_arith<our_result>(), shape, x.ours, y.ours);
        finish(h::activation_kind::linear, "linear", event);

        nnet::relu<Data, Result, config>(x.theirs, y.theirs);
        k::relu(k::relu_arith<Result>(), shape, x.theirs, y.ours_amd);
        k::relu(k::relu_arith<our_result>(), shape, x.ours, y.ours);
        finish(h::activation_kind::relu, "relu", event);

        nnet::leaky_relu<Data, Slope, Result, config>(x.theirs, slope.theirs[0], y.theirs);
        k::leaky_relu(k::leaky_relu_arith<Result>(), shape, x.theirs, slope.theirs[0], y.ours_amd);
        k::leaky_relu(k::leaky_relu_arith<our_result>(), shape, x.ours, slope.ours[0], y.ours);
        finish(h::activation_kind::leaky_relu, "leaky_relu", event);

        nnet::binary_tanh<Data, Result, config>(x.theirs, y.theirs);
        k::binary_tanh(k::binary_tanh_arith<Data, Result>(), shape, x.theirs, y.ours_amd);
        k::binary_tanh(k::binary_tanh_arith<our_data, our_result>(), shape, x.ours, y.ours);
        finish(h::activation_kind::binary_tanh, "binary_tanh", event);

        nnet::ternary_tanh<Data, Result, config>(x.theirs, y.theirs);
        k::ternary_tanh(k::ternary_tanh_arith<Data, Result>(), shape, x.theirs, y.ours_amd);
        k::ternary_tanh(k::ternary_tanh_arith<our_data, our_result>(), shape, x.ours, y.ours);
        finish(h::activation_kind::ternary_tanh, "ternary_tanh", event);

        nnet::hard_sigmoid<Data, Result, config>(x.theirs, y.theirs);
        k::hard_sigmoid(k::hard_arith<Result>(), shape, x.theirs, slope.theirs[0], shift.theirs[0], y.ours_amd);
        k::hard_sigmoid(k::hard_arith<our_result>(), shape, x.ours, slope.ours[0], shift.ours[0], y.ours);
        finish(h::activation_kind::hard_sigmoid, "hard_sigmoid", event);

        nnet::hard_tanh<Data, Result, config>(x.theirs, y.theirs);
        k::hard_tanh(k::hard_arith<Result>(), shape, x.theirs, slope.theirs[0], shift.theirs[0], y.ours_amd);
        k::hard_tanh(k::hard_arith<our_result>(), shape, x.ours, slope.ours[0], shift.ours[0], y.ours);
        finish(h::activation_kind::hard_tanh, "hard_tanh", event);
    }
}

}  // namespace

int main() {
    using h::product_kind;
    normalize<ap_fixed<12, 5>, ap_fixed<8, 3>, ap_fixed<9, 4>, ap_fixed<10, 5, AP_RND_CONV, AP_SAT>,
              nnet::product::mult, k::mult, -1>("mult", product_kind::mult);
    normalize<ap_ufixed<12, 5>, ap_fixed<8, 3>, ap_fixed<30, 2>, ap_fixed<10, 5, AP_RND, AP_WRAP_SM>,
              nnet::product::mult, k::mult, channels>("mult per channel", product_kind::mult);
    normalize<ap_fixed<12, 5>, ap_uint<1>, ap_fixed<9, 4>, ap_ufixed<10, 5, AP_RND_INF, AP_SAT>,
              nnet::product::weight_binary, k::weight_binary, channels>("weight_binary", product_kind::weight_binary);
    normalize<ap_uint<1>, ap_fixed<8, 3>, ap_fixed<9, 4>, ap_fixed<6, 3, AP_RND_ZERO, AP_SAT>,
              nnet::product::data_binary, k::data_binary, channels>("data_binary", product_kind::data_binary);
    normalize<ap_fixed<12, 5>, ap_int<2>, ap_fixed<9, 4>, ap_int<5>, nnet::product::weight_ternary, k::weight_ternary,
              channels>("weight_ternary", product_kind::weight_ternary);

    thresholds<ap_fixed<6, 3>>();
    thresholds<ap_ufixed<5, 3>>();

    activations<ap_fixed<8, 4>, ap_fixed<8, 4>>("same type");
    activations<ap_fixed<8, 4, AP_TRN, AP_SAT_SYM>, ap_fixed<8, 4, AP_TRN, AP_SAT_SYM>>("same type, SAT_SYM");
    activations<ap_fixed<8, 4, AP_RND, AP_SAT>, ap_fixed<5, 2, AP_RND_CONV, AP_SAT_SYM>>("saturating");
    activations<ap_fixed<8, 2>, ap_ufixed<6, 1, AP_RND, AP_SAT>>("unsigned result");
    activations<ap_ufixed<8, 3>, ap_fixed<6, 1, AP_RND_MIN_INF, AP_WRAP_SM, 2>>("unsigned data");
    activations<ap_fixed<8, 3, AP_RND, AP_WRAP_SM>, ap_uint<1>>("binary result");
    activations<ap_fixed<9, 1>, ap_int<2>, ap_fixed<6, 0>, ap_ufixed<4, 1>>("ternary result");
    activations<ap_int<6>, ap_fixed<8, 4>>("integer data");
    activations<ap_fixed<6, 9>, ap_fixed<8, 8>>("coarse data");
    activations<ap_fixed<6, -2>, ap_fixed<8, 0>, ap_fixed<4, -3>, ap_fixed<4, -1>>("fine data");
    activations<ap_fixed<40, 16, AP_TRN, AP_SAT>, ap_fixed<18, 6, AP_RND, AP_SAT>>("wide data");
    return check::report("elementwise_vendor_test");
}
