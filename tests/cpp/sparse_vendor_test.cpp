// Kernels that leave out zero weights against hls4ml's, bit for bit, on AMD's types and on isobit::fixed: compressed
// against nnet::dense_compressed, unrolled against nnet::dense_resource (whose generated relatives only Python writes).
#include "vendor_types.hpp"

#include <nnet_dense.h>
#include <nnet_dense_compressed.h>

#include <isobit/kernels/dense.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "check.hpp"

namespace k = isobit::kernels;
using vendor::make;
using vendor::raw_of;
using vendor::twin;

namespace {

using data_t = ap_fixed<8, 4>;
using weight_number = ap_fixed<6, 3>;
using bias_t = ap_fixed<9, 5>;
using result_t = ap_fixed<9, 5, AP_RND, AP_SAT>;
using index_t = ap_uint<4>;
using stored_t = k::compressed_weight<index_t, weight_number>;
constexpr int events = 300;

template <int NIn, int NOut, int Stored, int Reuse, class Weight, class Accum>
struct config : nnet::dense_config {
    static const unsigned n_in = NIn;
    static const unsigned n_out = NOut;
    static const unsigned n_nonzeros = Stored;
    static const unsigned reuse_factor = Reuse;
    typedef Weight weight_t;
    typedef ::bias_t bias_t;
    typedef Accum accum_t;
    typedef ::index_t index_t;
    template <class X, class W>
    using product = nnet::product::mult<X, weight_number>;
};

template <class Accum, int NIn>
using vendor_arith = k::dense_arith<data_t, weight_number, bias_t, Accum, result_t, NIn>;
template <class Accum, int NIn>
using isobit_arith = k::dense_arith<twin<data_t>::type, twin<weight_number>::type, twin<bias_t>::type,
                                    typename twin<Accum>::type, twin<result_t>::type, NIn>;

// The transposed weights of neurons 0, 1, ...: every third is zero, and so is a whole block of `Reuse`.
template <int Reuse>
struct pattern {
    static constexpr bool at(int w) { return w % 3 != 1 && w / Reuse != 1; }
};

template <class Accum, int NIn, int NOut, int Reuse>
void unrolled(const char* what) {
    check::random_bits bits(0x5a5eu + NIn + Reuse);
    for (int event = 0; event < events; ++event) {
        data_t x[NIn];
        weight_number w[NIn * NOut];
        bias_t b[NOut];
        result_t theirs[NOut], ours[NOut];
        twin<data_t>::type x_[NIn];
        twin<weight_number>::type w_[NIn * NOut];
        twin<bias_t>::type b_[NOut];
        twin<result_t>::type y_[NOut];
        for (int i = 0; i < NIn; ++i) {
            const long long raw = bits.value(8, true);
            x[i] = make<data_t>(raw), x_[i] = twin<data_t>::type::from_raw(raw);
        }
        for (int i = 0; i < NIn * NOut; ++i) {
            const long long raw = pattern<Reuse>::at(i) ? bits.value(6, true) : 0;
            w[i] = make<weight_number>(raw), w_[i] = twin<weight_number>::type::from_raw(raw);
        }
        for (int j = 0; j < NOut; ++j) {
            const long long raw = bits.value(9, true);
            b[j] = make<bias_t>(raw), b_[j] = twin<bias_t>::type::from_raw(raw);
        }
        using shape = k::static_dense_shape<NIn, NOut, Reuse>;
        nnet::dense_resource<data_t, result_t, config<NIn, NOut, 0, Reuse, weight_number, Accum>>(x, theirs, w, b);
        k::dense_resource_unrolled<vendor_arith<Accum, NIn>, shape, pattern<Reuse>>(x, w, b, ours);
        k::dense_resource_unrolled<isobit_arith<Accum, NIn>, shape, pattern<Reuse>>(x_, w_, b_, y_);
        for (int j = 0; j < NOut; ++j) {
            const std::string where = std::string(what) + " event " + std::to_string(event);
            check::equal(raw_of(ours[j]), raw_of(theirs[j]), where + ", AMD's types");
            check::equal(raw_of(y_[j]), raw_of(theirs[j]), where + ", isobit::fixed");
        }
    }
}

template <class Accum, int NIn, int NOut, int Stored, int Reuse>
void compressed(const char* what) {
    check::random_bits bits(0xc0de5u + Stored + Reuse);
    for (int event = 0; event < events; ++event) {
        data_t x[NIn];
        stored_t w[Stored];
        bias_t b[NOut];
        result_t theirs[NOut], ours[NOut];
        twin<data_t>::type x_[NIn];
        k::compressed_weight<int, twin<weight_number>::type> w_[Stored];
        twin<bias_t>::type b_[NOut];
        twin<result_t>::type y_[NOut];
        for (int i = 0; i < NIn; ++i) {
            const long long raw = bits.value(8, true);
            x[i] = make<data_t>(raw), x_[i] = twin<data_t>::type::from_raw(raw);
        }
        std::vector<int> places(NIn * NOut);
        for (int i = 0; i < NIn * NOut; ++i) places[static_cast<std::size_t>(i)] = i;
        for (int i = NIn * NOut - 1; i > 0; --i) {
            std::swap(places[static_cast<std::size_t>(i)],
                      places[static_cast<std::size_t>(bits() % static_cast<unsigned>(i + 1))]);
        }
        std::sort(places.begin(), places.begin() + Stored);  // neuron by neuron
        for (int i = 0; i < Stored; ++i) {
            const long long raw = bits.value(6, true);
            const int row = places[static_cast<std::size_t>(i)] % NIn,
                      column = places[static_cast<std::size_t>(i)] / NIn;
            w[i] = {index_t(row), index_t(column), make<weight_number>(raw)};
            w_[i] = {row, column, twin<weight_number>::type::from_raw(raw)};
        }
        for (int j = 0; j < NOut; ++j) {
            const long long raw = bits.value(9, true);
            b[j] = make<bias_t>(raw), b_[j] = twin<bias_t>::type::from_raw(raw);
        }
        using shape = k::static_compressed_shape<NIn, NOut, Stored, Reuse>;
        nnet::dense_compressed<data_t, result_t, config<NIn, NOut, Stored, Reuse, stored_t, Accum>>(x, theirs, w, b);
        k::dense_compressed<vendor_arith<Accum, NIn>, shape>(x, w, b, ours);
        k::dense_compressed<isobit_arith<Accum, NIn>, shape>(x_, w_, b_, y_);
        for (int j = 0; j < NOut; ++j) {
            const std::string where = std::string(what) + " event " + std::to_string(event);
            check::equal(raw_of(ours[j]), raw_of(theirs[j]), where + ", AMD's types");
            check::equal(raw_of(y_[j]), raw_of(theirs[j]), where + ", isobit::fixed");
        }
    }
}

template <class Accum>
void all(const char* what) {
    unrolled<Accum, 6, 4, 3>(what);
    unrolled<Accum, 6, 4, 12>(what);
    compressed<Accum, 6, 4, 12, 3>(what);
    compressed<Accum, 6, 4, 12, 12>(what);
    compressed<Accum, 6, 4, 15, 1>(what);
}

}  // namespace

int main() {
    // The order shows where the accumulator saturates.
    all<ap_fixed<20, 10>>("wrap");
    all<ap_fixed<9, 5, AP_RND_CONV, AP_SAT>>("sat");
    all<ap_fixed<8, 5, AP_TRN, AP_SAT_SYM>>("sat_sym");
    all<ap_fixed<9, 5, AP_RND_INF, AP_SAT_ZERO>>("sat_zero");
    all<ap_fixed<8, 5, AP_RND_MIN_INF, AP_WRAP_SM, 1>>("wrap_sm");
    return check::report("sparse_vendor_test");
}
