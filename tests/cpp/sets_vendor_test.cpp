// Pooling against hls4ml's nnet_pooling.h, bit for bit: ours on AMD's types, on isobit::fixed and at run-time formats.
// (Pointwise convolutions are dense kernels at every position: kernel_vendor_test.cpp.)
#include "vendor_types.hpp"

#include <cassert>

#include <nnet_common.h>
#include <nnet_pooling.h>

#include <isobit/host/pooling.hpp>

#include <string>
#include <vector>

#include "check.hpp"

namespace k = isobit::kernels;
namespace h = isobit::host;
using vendor::make;
using vendor::raw_of;
using vendor::twin;

namespace {

constexpr int events = 500, channels = 2;

template <class Accum, int Height, int Width, int Pool, int Stride, nnet::Pool_Op Op>
struct config : nnet::pooling2d_config {
    static const unsigned in_height = Height;
    static const unsigned in_width = Width;
    static const unsigned n_filt = channels;
    static const unsigned pool_height = Pool;
    static const unsigned pool_width = Pool;
    static const unsigned stride_height = Stride;
    static const unsigned stride_width = Stride;
    static const unsigned out_height = (Height - Pool) / Stride + 1;
    static const unsigned out_width = (Width - Pool) / Stride + 1;
    static const nnet::Pool_Op pool_op = Op;
    typedef Accum accum_t;
};

template <class Data, class Accum, class Result, class Shape, nnet::Pool_Op Op, class Theirs>
void compare(const char* what, const Shape& shape, int positions, const Theirs& theirs) {
    const h::pool_formats formats{twin<Data>::of(), twin<Accum>::of(), twin<Result>::of(), h::pool_order::parallel};
    h::integer_choice choice;
    h::dynamic_pool_arith<isobit::int128>::plan(choice, formats);
    std::vector<std::int64_t> table, divisors;
    for (int w = 0; w < shape.windows(); ++w) {
        for (int p = 0; p < shape.window_size(); ++p) table.push_back(shape.position(w, p));
        divisors.push_back(shape.divisor(w));
    }
    const auto size = static_cast<std::size_t>(positions * channels);
    const auto count = static_cast<std::size_t>(shape.windows() * channels);
    check::random_bits bits(0x5E75u + size);
    for (int event = 0; event < events; ++event) {
        std::vector<Data> x(size);
        std::vector<typename twin<Data>::type> x_(size);
        std::vector<long long> raw(size);
        for (std::size_t i = 0; i < size; ++i) {
            raw[i] = bits.value(Data::width, twin<Data>::of().is_signed);
            x[i] = make<Data>(raw[i]);
            x_[i] = twin<Data>::type::from_raw(raw[i]);
        }
        std::vector<Result> their_y(count), our_y(count);
        std::vector<typename twin<Result>::type> y(count);
        std::vector<long long> y_dynamic(count);
        theirs(x.data(), their_y.data());
        const k::pool_arith<Data, Accum, Result> amd;
        const k::pool_arith<typename twin<Data>::type, typename twin<Accum>::type, typename twin<Result>::type> own;
        if (Op == nnet::Max) {
            k::max_pool(amd, shape, x.data(), our_y.data());
            k::max_pool(own, shape, x_.data(), y.data());
        } else {
            k::average_pool(amd, shape, x.data(), our_y.data());
            k::average_pool(own, shape, x_.data(), y.data());
        }
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> xs(raw.begin(), raw.end());
            std::vector<integer> ys(count), values(static_cast<std::size_t>(shape.window_size()));
            const h::pool_shape windows(table.data(), divisors.data(), shape.windows(), shape.window_size(), channels);
            h::run_pooling(Op == nnet::Max ? h::pool_function::max : h::pool_function::average, formats.order,
                           h::dynamic_pool_arith<integer>(formats), windows, xs.data(), ys.data(), values.data());
            for (std::size_t j = 0; j < count; ++j) y_dynamic[j] = static_cast<long long>(ys[j]);
        });
        for (std::size_t j = 0; j < count; ++j) {
            const std::string where =
                std::string(what) + " event " + std::to_string(event) + " output " + std::to_string(j);
            check::equal(raw_of(our_y[j]), raw_of(their_y[j]), where + ", AMD's types");
            check::equal(raw_of(y[j]), raw_of(their_y[j]), where + ", isobit::fixed");
            check::equal(y_dynamic[j], raw_of(their_y[j]), where + ", run-time formats");
        }
    }
}

template <class Data, class Accum, class Result, nnet::Pool_Op Op>
void both_kinds(const char* what) {
    using windows = config<Accum, 4, 5, 2, 1, Op>;
    compare<Data, Accum, Result, k::static_pool_shape<4, 5, channels, 2, 2, 1, 1>, Op>(
        what, k::static_pool_shape<4, 5, channels, 2, 2, 1, 1>(), 20,
        [](Data* x, Result* y) { nnet::pooling2d_cl<Data, Result, windows>(x, y); });
    using apart = config<Accum, 6, 4, 2, 2, Op>;
    compare<Data, Accum, Result, k::static_pool_shape<6, 4, channels, 2, 2, 2, 2>, Op>(
        what, k::static_pool_shape<6, 4, channels, 2, 2, 2, 2>(), 24,
        [](Data* x, Result* y) { nnet::pooling2d_cl<Data, Result, apart>(x, y); });
    using set = config<Accum, 1, 7, 1, 1, Op>;
    compare<Data, Accum, Result, k::static_global_pool_shape<7, channels>, Op>(
        what, k::static_global_pool_shape<7, channels>(), 7,
        [](Data* x, Result* y) { nnet::global_pooling2d_cl<Data, Result, set>(x, y); });
}

}  // namespace

int main() {
    both_kinds<ap_fixed<8, 4>, ap_fixed<14, 8>, ap_fixed<10, 5>, nnet::Average>("wrap");
    both_kinds<ap_fixed<8, 4>, ap_fixed<9, 5, AP_RND_CONV, AP_SAT>, ap_fixed<7, 4, AP_RND, AP_SAT>, nnet::Average>(
        "sat");
    both_kinds<ap_ufixed<8, 4>, ap_ufixed<7, 5, AP_RND, AP_SAT>, ap_fixed<8, 5>, nnet::Average>("unsigned sat");
    both_kinds<ap_fixed<8, 4>, ap_fixed<7, 4, AP_TRN_ZERO, AP_SAT_SYM>, ap_fixed<7, 4, AP_TRN, AP_SAT_SYM>,
               nnet::Average>("sat_sym, numbers that the accumulator rounds");
    both_kinds<ap_fixed<8, 4>, ap_fixed<9, 5, AP_TRN, AP_SAT_ZERO>, ap_ufixed<7, 4, AP_RND_ZERO, AP_WRAP, 2>,
               nnet::Average>("sat_zero");
    both_kinds<ap_fixed<8, 4>, ap_fixed<8, 4>, ap_fixed<6, 4, AP_RND, AP_SAT>, nnet::Max>("max");
    both_kinds<ap_ufixed<8, 4>, ap_ufixed<8, 4>, ap_fixed<6, 4, AP_RND, AP_SAT>, nnet::Max>("unsigned max");
    return check::report("sets_vendor_test");
}
