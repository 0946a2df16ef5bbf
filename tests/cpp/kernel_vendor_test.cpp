// Dense kernels against hls4ml's, bit for bit: ours on AMD's types, on isobit::fixed and at run-time formats.
#include "vendor_types.hpp"

#include <nnet_dense.h>

#include <isobit/host/dense.hpp>
#include <isobit/kernels/dense.hpp>

#include <array>
#include <string>
#include <vector>

#include "check.hpp"

namespace k = isobit::kernels;
namespace h = isobit::host;
using vendor::make;
using vendor::raw_of;
using vendor::twin;

namespace {

constexpr int events = 400;

// Each product kind three times: hls4ml's, ours, and its run-time name.
#define ISOBIT_TEST_PRODUCT(name)                                      \
    struct name {                                                      \
        template <class X, class W>                                    \
        using theirs = nnet::product::name<X, W>;                      \
        using ours = k::name;                                          \
        static constexpr h::product_kind kind = h::product_kind::name; \
    };
ISOBIT_TEST_PRODUCT(mult)
ISOBIT_TEST_PRODUCT(weight_binary)
ISOBIT_TEST_PRODUCT(data_binary)
ISOBIT_TEST_PRODUCT(both_binary)
ISOBIT_TEST_PRODUCT(weight_ternary)
ISOBIT_TEST_PRODUCT(weight_exponential)
#undef ISOBIT_TEST_PRODUCT

// How a weight is coded as a raw integer in the run-time road.
template <class W>
struct weight_code {
    static W theirs(long long raw) { return make<W>(raw); }
    static typename twin<W>::type ours(long long raw) { return twin<W>::type::from_raw(raw); }
    static isobit::format of() { return twin<W>::of(); }
    static long long random(check::random_bits& bits) { return bits.value(W::width, of().is_signed); }
    using our_type = typename twin<W>::type;
};
template <class Sign, class Exponent>
struct weight_code<k::exponential<Sign, Exponent>> {
    using our_type = k::exponential<typename twin<Sign>::type, typename twin<Exponent>::type>;
    static k::exponential<Sign, Exponent> theirs(long long raw) {
        return {make<Sign>(raw & 1), make<Exponent>(raw >> 1)};
    }
    static our_type ours(long long raw) {
        return {twin<Sign>::type::from_raw(raw & 1), twin<Exponent>::type::from_raw(raw >> 1)};
    }
    static isobit::format of() { return twin<Exponent>::of(); }
    static long long random(check::random_bits& bits) {
        return 2 * bits.value(Exponent::width, of().is_signed) + static_cast<long long>(bits() & 1);
    }
};

template <class Data, class Weight, class Bias, class Accum, class Result, class Product = mult>
struct layer {
    using data = Data;
    using weight = Weight;
    using bias = Bias;
    using accum = Accum;
    using result = Result;
    using product = Product;
};

template <class Layer, int NIn, int NOut, int Reuse>
struct config : nnet::dense_config {
    static const unsigned n_in = NIn;
    static const unsigned n_out = NOut;
    static const unsigned reuse_factor = Reuse;
    typedef typename Layer::weight weight_t;
    typedef typename Layer::bias bias_t;
    typedef typename Layer::accum accum_t;
    template <class X, class W>
    using product = typename Layer::product::template theirs<X, W>;
};

template <class Layer>
constexpr bool is_xnor() {
    return std::is_same<typename Layer::data, ap_uint<1>>::value &&
           std::is_same<typename Layer::weight, ap_uint<1>>::value;
}

template <class Layer, int NIn>
using vendor_arith =
    k::dense_arith<typename Layer::data, typename Layer::weight, typename Layer::bias, typename Layer::accum,
                   typename Layer::result, NIn, typename Layer::product::ours, is_xnor<Layer>()>;
template <class Layer, int NIn>
using isobit_arith =
    k::dense_arith<typename twin<typename Layer::data>::type, typename weight_code<typename Layer::weight>::our_type,
                   typename twin<typename Layer::bias>::type, typename twin<typename Layer::accum>::type,
                   typename twin<typename Layer::result>::type, NIn, typename Layer::product::ours, is_xnor<Layer>()>;

// One kernel at one shape: `Theirs` calls nnet::, `Ours` ours on an arith.
#define ISOBIT_TEST_KERNEL(name, theirs_name)                                   \
    struct name {                                                               \
        static constexpr h::dense_kernel kind = h::dense_kernel::name;          \
        static const char* text() { return #name; }                             \
        template <class D, class R, class C, class W, class B>                  \
        static void theirs(D* x, R* y, W* w, B* b) {                            \
            nnet::theirs_name<D, R, C>(x, y, w, b);                             \
        }                                                                       \
        template <class Arith, class Shape, class D, class W, class B, class R> \
        static void ours(const D* x, const W* w, const B* b, R* y) {            \
            k::theirs_name<Arith, Shape>(x, w, b, y);                           \
        }                                                                       \
    };
ISOBIT_TEST_KERNEL(latency, dense_latency)
ISOBIT_TEST_KERNEL(resource_rf_leq_nin, dense_resource_rf_leq_nin)
ISOBIT_TEST_KERNEL(resource_rf_gt_nin_rem0, dense_resource_rf_gt_nin_rem0)
#undef ISOBIT_TEST_KERNEL

template <class Kernel, class Layer, int NIn, int NOut, int Reuse>
void compare(const char* what) {
    using D = typename Layer::data;
    using W = typename Layer::weight;
    using B = typename Layer::bias;
    using R = typename Layer::result;
    using code = weight_code<W>;
    const h::dense_formats formats{twin<D>::of(), code::of(),          twin<B>::of(), twin<typename Layer::accum>::of(),
                                   twin<R>::of(), Layer::product::kind};
    h::integer_choice choice;
    h::dynamic_dense_arith<isobit::int128>::plan(choice, formats, NIn);
    check::random_bits bits(0x15057u + NIn * 1000 + NOut * 100 + Reuse);
    long failed_before = check::total().failed;
    for (int event = 0; event < events; ++event) {
        std::array<long long, NIn> x;
        std::array<long long, NIn * NOut> w;
        std::array<long long, NOut> b;
        for (auto& v : x) v = bits.value(D::width, twin<D>::of().is_signed);
        for (auto& v : w) v = code::random(bits);
        for (auto& v : b) v = bits.value(B::width, twin<B>::of().is_signed);

        D their_x[NIn];
        W their_w[NIn * NOut];
        B their_b[NOut];
        R their_y[NOut], our_y[NOut];
        typename twin<D>::type x_[NIn];
        typename code::our_type w_[NIn * NOut];
        typename twin<B>::type b_[NOut];
        typename twin<R>::type y_[NOut];
        for (int i = 0; i < NIn; ++i) their_x[i] = make<D>(x[i]), x_[i] = twin<D>::type::from_raw(x[i]);
        for (int i = 0; i < NIn * NOut; ++i) their_w[i] = code::theirs(w[i]), w_[i] = code::ours(w[i]);
        for (int i = 0; i < NOut; ++i) their_b[i] = make<B>(b[i]), b_[i] = twin<B>::type::from_raw(b[i]);

        Kernel::template theirs<D, R, config<Layer, NIn, NOut, Reuse>>(their_x, their_y, their_w, their_b);
        using shape = k::static_dense_shape<NIn, NOut, Reuse>;
        Kernel::template ours<vendor_arith<Layer, NIn>, shape>(their_x, their_w, their_b, our_y);
        Kernel::template ours<isobit_arith<Layer, NIn>, shape>(x_, w_, b_, y_);
        std::array<long long, NOut> y_dynamic;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> xs(x.begin(), x.end()), ws(w.begin(), w.end()), bs(b.begin(), b.end());
            std::vector<integer> ys(NOut);
            const h::dense_pattern none;
            h::dense_layer<integer> run(formats, k::dense_shape(NIn, NOut, Reuse), Kernel::kind, none);
            run.run(xs.data(), ws.data(), bs.data(), ys.data());
            for (int j = 0; j < NOut; ++j) y_dynamic[j] = static_cast<long long>(ys[j]);
        });
        for (int j = 0; j < NOut; ++j) {
            const std::string where = std::string(what) + " " + Kernel::text() + " " + std::to_string(NIn) + "x" +
                                      std::to_string(NOut) + " RF " + std::to_string(Reuse) + " event " +
                                      std::to_string(event) + " neuron " + std::to_string(j);
            check::equal(raw_of(our_y[j]), raw_of(their_y[j]), where + ", AMD's types");
            check::equal(raw_of(y_[j]), raw_of(their_y[j]), where + ", isobit::fixed");
            check::equal(y_dynamic[j], raw_of(their_y[j]), where + ", run-time formats");
        }
    }
    if (check::total().failed != failed_before) std::printf("  in %s %s\n", what, Kernel::text());
}

template <class Layer>
void all_kernels(const char* what) {
    compare<latency, Layer, 4, 3, 1>(what);
    compare<resource_rf_leq_nin, Layer, 4, 3, 2>(what);
    compare<resource_rf_gt_nin_rem0, Layer, 4, 3, 12>(what);
}

}  // namespace

int main() {
    // The order of the sum matters where the accumulator saturates or keeps N bits.
    all_kernels<layer<ap_fixed<8, 4>, ap_fixed<6, 3>, ap_fixed<6, 3>, ap_fixed<20, 10>, ap_fixed<10, 5>>>("wrap");
    all_kernels<layer<ap_fixed<8, 4>, ap_fixed<6, 3>, ap_fixed<9, 5>, ap_fixed<9, 5, AP_RND_CONV, AP_SAT>,
                      ap_fixed<7, 4, AP_RND, AP_SAT>>>("sat");
    all_kernels<layer<ap_ufixed<8, 4>, ap_fixed<6, 3>, ap_fixed<8, 5, AP_TRN, AP_SAT_SYM>,
                      ap_fixed<8, 5, AP_TRN, AP_SAT_SYM>, ap_fixed<8, 5, AP_TRN, AP_SAT_SYM>>>("sat_sym");
    all_kernels<layer<ap_fixed<8, 4>, ap_fixed<6, 3>, ap_fixed<6, 3>, ap_fixed<9, 5, AP_RND_INF, AP_SAT_ZERO>,
                      ap_ufixed<7, 4, AP_RND_ZERO, AP_WRAP, 2>>>("sat_zero");
    all_kernels<layer<ap_fixed<8, 4>, ap_fixed<6, 3>, ap_fixed<6, 3>, ap_fixed<8, 5, AP_RND_MIN_INF, AP_WRAP_SM, 1>,
                      ap_fixed<6, 4, AP_TRN_ZERO, AP_WRAP, 3>>>("wrap_sm");
    all_kernels<layer<ap_int<6>, ap_int<5>, ap_int<5>, ap_fixed<16, 12>, ap_int<8>>>("integers");
    all_kernels<layer<ap_fixed<40, 10>, ap_fixed<30, 4>, ap_fixed<20, 3>, ap_fixed<60, 20, AP_RND, AP_SAT>,
                      ap_fixed<50, 12, AP_RND_CONV, AP_SAT>>>("wide");

    all_kernels<layer<ap_fixed<8, 4>, ap_uint<1>, ap_fixed<6, 3>, ap_fixed<9, 4, AP_RND, AP_SAT>, ap_fixed<8, 4>,
                      weight_binary>>("weight_binary");
    all_kernels<
        layer<ap_uint<1>, ap_fixed<6, 3>, ap_fixed<6, 3>, ap_fixed<7, 3, AP_RND, AP_SAT>, ap_fixed<8, 4>, data_binary>>(
        "data_binary");
    all_kernels<layer<ap_uint<1>, ap_uint<1>, ap_fixed<4, 3>, ap_fixed<6, 4>, ap_fixed<8, 6>, both_binary>>(
        "both_binary");
    all_kernels<layer<ap_fixed<8, 4>, ap_int<2>, ap_fixed<6, 3>, ap_fixed<9, 4, AP_TRN, AP_SAT>, ap_fixed<8, 4>,
                      weight_ternary>>("weight_ternary");
    all_kernels<layer<ap_fixed<8, 4>, k::exponential<ap_uint<1>, ap_int<4>>, ap_fixed<6, 3>,
                      ap_fixed<12, 6, AP_RND, AP_SAT>, ap_fixed<8, 4>, weight_exponential>>("weight_exponential");
    all_kernels<layer<ap_fixed<7, 9>, k::exponential<ap_uint<1>, ap_int<6>>, ap_fixed<6, 3>,
                      ap_fixed<12, 6, AP_RND, AP_SAT>, ap_ufixed<8, 4>, weight_exponential>>(
        "weight_exponential, far shifts");

    compare<resource_rf_leq_nin,
            layer<ap_fixed<8, 4>, ap_fixed<6, 3>, ap_fixed<9, 5>, ap_fixed<9, 5, AP_RND, AP_SAT>,
                  ap_fixed<7, 4, AP_RND, AP_SAT>>,
            4, 3, 4>("sat");
    return check::report("kernel_vendor_test");
}
