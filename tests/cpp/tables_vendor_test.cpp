// Table activations and softmax against hls4ml's, bit for bit: ours on AMD's types, on isobit::fixed and at run-time
// formats; table activations for every value of the data.
#include "vendor_types.hpp"

#include <nnet_activation.h>

#include <isobit/host/softmax.hpp>
#include <isobit/host/table.hpp>
#include <isobit/host/table_values.hpp>

#include <string>
#include <vector>

#include "check.hpp"

namespace k = isobit::kernels;
namespace h = isobit::host;
using vendor::make;
using vendor::raw_of;
using vendor::twin;
using wide = isobit::int128;

namespace {

// A table in all three representations, rounded from the same numbers.
template <class T>
struct table {
    std::vector<T> amd;
    std::vector<typename twin<T>::type> ours;
    std::vector<wide> raw;

    template <class Value>
    table(int entries, const Value& value) {
        for (int i = 0; i < entries; ++i) {
            ours.emplace_back(value(i));
            raw.push_back(raw_of(ours.back()));
            amd.push_back(make<T>(raw_of(ours.back())));
        }
    }
};

template <class Table, unsigned Entries>
struct table_config : nnet::activ_config {
    static const unsigned n_in = 1;
    static const unsigned table_size = Entries;
    typedef Table table_t;
};

template <class R>
void compare(const R& theirs, const R& amd, const typename twin<R>::type& ours, wide raw, const std::string& where) {
    check::equal(raw_of(amd), raw_of(theirs), where + ", AMD's types");
    check::equal(raw_of(ours), raw_of(theirs), where + ", isobit::fixed");
    check::equal(static_cast<long long>(raw), raw_of(theirs), where + ", run-time formats");
}

template <class Data, class Result, class Table, int Entries, int Range, class Theirs>
void centred(const char* name, const Theirs& theirs) {
    const table<Table> entries(Entries, [&](int i) { return h::table_function_of(name).value(i, Entries); });
    const h::table_formats formats{twin<Data>::of(), twin<Table>::of(), twin<Data>::of(), twin<Result>::of()};
    const h::table_name& what = h::table_activation_of(name);
    const h::dynamic_table_arith<wide> arith(formats, what, Entries, 0);
    const std::vector<wide> made = arith.entries(entries.raw);
    const k::static_vector_shape<1> shape;
    for (long long v = 0; v < 1LL << Data::width; ++v) {
        Data x = make<Data>(v);
        const auto own = twin<Data>::type::from_raw(raw_of(x));
        const wide bits = raw_of(x);
        Result y, amd;
        typename twin<Result>::type ours;
        wide raw;
        theirs(&x, &y);
        k::table_activation(k::centred_table_arith<Result, Entries, Range>(), shape, &x, entries.amd.data(), &amd);
        k::table_activation(k::centred_table_arith<typename twin<Result>::type, Entries, Range>(), shape, &own,
                            entries.ours.data(), &ours);
        h::run_table_activation<wide>(formats, what, 0, k::vector_shape(1, 1), &bits, made, &raw);
        compare(y, amd, ours, raw, std::string(name) + " of " + std::to_string(raw_of(x)));
    }
}

template <class Data, class Result, class Table, int Entries, class Alpha>
void one_sided() {
    using config = table_config<Table, Entries>;
    using our_result = typename twin<Result>::type;
    using lambda_type = ap_ufixed<16, 1>;
    const table<Table> elus(Entries, [](int i) { return h::table_values::elu(i, Entries); });
    const table<Table> selus(Entries, [](int i) { return h::table_values::selu(i, Entries); });
    const k::static_vector_shape<1> shape;
    const Alpha alpha = 0.7;
    const lambda_type lambda = 1.0507009873554805;
    const h::table_formats elu{twin<Data>::of(), twin<Table>::of(), twin<Alpha>::of(), twin<Result>::of()};
    const h::table_formats selu{twin<Data>::of(), twin<Table>::of(), twin<lambda_type>::of(), twin<Result>::of()};
    const h::table_name &elu_name = h::table_activation_of("elu"), &selu_name = h::table_activation_of("selu");
    const std::vector<wide> elu_made =
        h::dynamic_table_arith<wide>(elu, elu_name, Entries, raw_of(alpha)).entries(elus.raw);
    const std::vector<wide> selu_made =
        h::dynamic_table_arith<wide>(selu, selu_name, Entries, raw_of(lambda)).entries(selus.raw);
    for (long long v = 0; v < 1LL << Data::width; ++v) {
        Data x = make<Data>(v);
        const auto own = twin<Data>::type::from_raw(raw_of(x));
        const wide bits = raw_of(x);
        Result y, amd;
        our_result ours;
        wide raw;
        nnet::elu<Data, Alpha, Result, config>(&x, alpha, &y);
        k::elu(k::negative_table_arith<Result, Entries>(), shape, &x, alpha, elus.amd.data(), &amd);
        k::elu(k::negative_table_arith<our_result, Entries>(), shape, &own, twin<Alpha>::type::from_raw(raw_of(alpha)),
               elus.ours.data(), &ours);
        h::run_table_activation<wide>(elu, elu_name, raw_of(alpha), k::vector_shape(1, 1), &bits, elu_made, &raw);
        compare(y, amd, ours, raw, "elu of " + std::to_string(raw_of(x)));
        nnet::selu<Data, Result, config>(&x, &y);
        k::selu(k::negative_table_arith<Result, Entries>(), shape, &x, lambda, selus.amd.data(), &amd);
        k::selu(k::negative_table_arith<our_result, Entries>(), shape, &own,
                twin<lambda_type>::type::from_raw(raw_of(lambda)), selus.ours.data(), &ours);
        h::run_table_activation<wide>(selu, selu_name, raw_of(lambda), k::vector_shape(1, 1), &bits, selu_made, &raw);
        compare(y, amd, ours, raw, "selu of " + std::to_string(raw_of(x)));
    }
}

template <class Data, class Result, class Table, int Entries>
void functions() {
    using config = table_config<Table, Entries>;
    centred<Data, Result, Table, Entries, 16>("sigmoid", nnet::sigmoid<Data, Result, config>);
    centred<Data, Result, Table, Entries, 8>("tanh", nnet::tanh<Data, Result, config>);
    centred<Data, Result, Table, Entries, 16>("softplus", nnet::softplus<Data, Result, config>);
    centred<Data, Result, Table, Entries, 16>("softsign", nnet::softsign<Data, Result, config>);
    one_sided<Data, Result, Table, Entries, ap_ufixed<8, 2>>();
}

template <int Size, int Outer, int Inner, class Exponential, class Inverse, class Accum, class Sum, class Distance,
          int Entries, nnet::softmax_implementation Implementation>
struct softmax_config : nnet::activ_config {
    static const unsigned n_in = Size * Outer * Inner;
    static const unsigned n_slice = Size;
    static const unsigned n_outer = Outer;
    static const unsigned n_inner = Inner;
    static const unsigned parallelization_factor = 1;
    static const unsigned exp_table_size = Entries;
    static const unsigned inv_table_size = Entries;
    static const nnet::softmax_implementation implementation = Implementation;
    static constexpr float exp_scale = 0.75f;
    typedef Exponential exp_table_t;
    typedef Inverse inv_table_t;
    typedef Accum accum_t;
    typedef Sum inv_inp_t;
    typedef Distance inp_norm_t;
};

template <class Format>
h::addressing addressing() {
    return {twin<Format>::of().integer, twin<Format>::of().is_signed};
}

template <class Data, class Result, class Exponential, class Inverse, class Accum, class Sum, class Distance, int Bits,
          int Size, int Outer = 1, int Inner = 1>
void softmaxes(const char* what) {
    using kind = nnet::softmax_implementation;
    using our_result = typename twin<Result>::type;
    using our_accum = typename twin<Accum>::type;
    using our_data = typename twin<Data>::type;
    constexpr int entries = 1 << Bits, count = Size * Outer * Inner;
    const table<Exponential> exps(
        entries, [](int i) { return h::softmax_exponential(addressing<Data>(), i, Bits, 0.75f, false); });
    const table<Exponential> distances(
        entries, [](int i) { return h::softmax_exponential(addressing<Distance>(), i, Bits, 0.75f, true); });
    const table<Inverse> inverses(entries, [](int i) { return h::softmax_inverse(addressing<Sum>(), i, Bits); });
    const table<ap_fixed<18, 8>> old_exps(entries,
                                          [](int i) { return h::table_values::legacy_exponential(i, entries); });
    const table<ap_fixed<18, 8>> old_inverses(entries, [](int i) { return h::legacy_inverse(i, entries); });
    const h::softmax_formats formats{twin<Data>::of(), twin<Distance>::of(), twin<Exponential>::of(), twin<Accum>::of(),
                                     twin<Sum>::of(),  twin<Inverse>::of(),  twin<Result>::of()};
    h::softmax_formats old = formats;
    old.exponential = old.inverse = twin<ap_fixed<18, 8>>::of();
    const k::static_softmax_shape<Size, Outer, Inner> shape;
    const k::softmax_shape run_time_shape(Size, Outer, Inner);
    h::softmax_runner<wide> latency(h::softmax_kind::latency, formats, run_time_shape, exps.raw, inverses.raw);
    h::softmax_runner<wide> stable(h::softmax_kind::stable, formats, run_time_shape, distances.raw, inverses.raw);
    h::softmax_runner<wide> legacy(h::softmax_kind::legacy, old, run_time_shape, old_exps.raw, old_inverses.raw);
    const std::vector<wide> none;
    h::softmax_runner<wide> argmax(h::softmax_kind::argmax, formats, run_time_shape, none, none);
    const k::softmax_arith<Accum, Sum, Result, Distance, Bits, Bits> arith;
    const k::softmax_arith<our_accum, typename twin<Sum>::type, our_result, typename twin<Distance>::type, Bits, Bits>
        our_arith;
    const k::softmax_legacy_arith<ap_fixed<18, 8>, Result, entries, entries> old_arith;
    const k::softmax_legacy_arith<twin<ap_fixed<18, 8>>::type, our_result, entries, entries> our_old_arith;

    check::random_bits bits(17);
    Data x[count], in[Size], maxima[Size];
    our_data own[count], own_in[Size], own_maxima[Size];
    wide raw[count], raw_result[count];
    Result y[count], amd[count], out[Size];
    our_result ours[count], own_out[Size];
    Accum a[Size], b[Size];
    our_accum own_a[Size], own_b[Size];
    for (int event = 0; event < 3000; ++event) {
        for (int i = 0; i < count; ++i) {
            raw[i] = bits.value(Data::width, twin<Data>::of().is_signed);
            if (event % 3 == 0) raw[i] = raw[i] / 16 + (i > 0 ? raw[0] / 2 : wide{0});  // close to each other
            x[i] = make<Data>(static_cast<long long>(raw[i]));
            raw[i] = raw_of(x[i]);
            own[i] = our_data::from_raw(static_cast<long long>(raw[i]));
        }
        const auto finish = [&](const char* name, h::softmax_runner<wide>& run) {
            run(raw, raw_result);
            for (int i = 0; i < count; ++i) {
                compare(
                    y[i], amd[i], ours[i], raw_result[i],
                    std::string(what) + " " + name + " event " + std::to_string(event) + " value " + std::to_string(i));
            }
        };
        const auto theirs = [&](auto config) { nnet::softmax_multidim<Data, Result, decltype(config)>(x, y); };

        theirs(
            softmax_config<Size, Outer, Inner, Exponential, Inverse, Accum, Sum, Distance, entries, kind::latency>());
        k::softmax_slices(shape, x, amd, in, out, [&](const Data* from, Result* to) {
            k::softmax_latency(arith, shape, from, exps.amd.data(), inverses.amd.data(), to, a, b);
        });
        k::softmax_slices(shape, own, ours, own_in, own_out, [&](const our_data* from, our_result* to) {
            k::softmax_latency(our_arith, shape, from, exps.ours.data(), inverses.ours.data(), to, own_a, own_b);
        });
        finish("latency", latency);

        theirs(softmax_config<Size, Outer, Inner, Exponential, Inverse, Accum, Sum, Distance, entries, kind::stable>());
        k::softmax_slices(shape, x, amd, in, out, [&](const Data* from, Result* to) {
            k::softmax_stable(arith, shape, from, distances.amd.data(), inverses.amd.data(), to, maxima, a, b);
        });
        k::softmax_slices(shape, own, ours, own_in, own_out, [&](const our_data* from, our_result* to) {
            k::softmax_stable(our_arith, shape, from, distances.ours.data(), inverses.ours.data(), to, own_maxima,
                              own_a, own_b);
        });
        finish("stable", stable);

        theirs(softmax_config<Size, Outer, Inner, Exponential, Inverse, Accum, Sum, Distance, entries, kind::legacy>());
        k::softmax_slices(shape, x, amd, in, out, [&](const Data* from, Result* to) {
            k::softmax_legacy(old_arith, shape, from, old_exps.amd.data(), old_inverses.amd.data(), to);
        });
        k::softmax_slices(shape, own, ours, own_in, own_out, [&](const our_data* from, our_result* to) {
            k::softmax_legacy(our_old_arith, shape, from, old_exps.ours.data(), old_inverses.ours.data(), to);
        });
        finish("legacy", legacy);

        theirs(softmax_config<Size, Outer, Inner, Exponential, Inverse, Accum, Sum, Distance, entries, kind::argmax>());
        k::softmax_slices(shape, x, amd, in, out, [&](const Data* from, Result* to) {
            k::softmax_argmax(k::argmax_arith<Result>(), shape, from, to);
        });
        k::softmax_slices(shape, own, ours, own_in, own_out, [&](const our_data* from, our_result* to) {
            k::softmax_argmax(k::argmax_arith<our_result>(), shape, from, to);
        });
        finish("argmax", argmax);
    }
}

}  // namespace

int main() {
    functions<ap_fixed<12, 5>, ap_fixed<10, 3, AP_RND, AP_SAT>, ap_fixed<18, 8>, 1024>();
    functions<ap_fixed<10, 6>, ap_fixed<40, 4>, ap_fixed<45, 6, AP_RND>, 1000>();
    functions<ap_ufixed<9, 4>, ap_ufixed<7, 1, AP_RND_CONV, AP_WRAP, 2>, ap_fixed<9, 2, AP_RND, AP_SAT_SYM>, 77>();
    functions<ap_fixed<7, 10>, ap_int<4>, ap_fixed<12, 0>, 256>();
    functions<ap_fixed<8, -2>, ap_fixed<8, 2, AP_TRN_ZERO, AP_WRAP_SM>, ap_fixed<8, 2>, 2048>();
    functions<ap_int<7>, ap_fixed<9, 2, AP_RND_MIN_INF, AP_SAT_ZERO>, ap_ufixed<12, 1>, 64>();

    using own = ap_fixed<18, 8, AP_RND, AP_SAT>;
    softmaxes<ap_fixed<16, 6>, ap_fixed<16, 6>, own, own, own, own, ap_ufixed<15, 5>, 10, 5>("hls4ml's formats");
    softmaxes<ap_fixed<12, 4>, ap_ufixed<10, 1, AP_RND_CONV, AP_SAT>, ap_fixed<34, 4, AP_RND>, ap_fixed<30, 8>,
              ap_fixed<14, 5, AP_TRN, AP_SAT>, ap_ufixed<12, 4, AP_RND, AP_SAT>, ap_ufixed<12, 4, AP_RND, AP_SAT>, 8,
              7>("saturating");
    softmaxes<ap_ufixed<9, 5>, ap_fixed<9, 2>, ap_fixed<12, 3>, ap_fixed<12, 5>, ap_fixed<10, 3>, ap_fixed<10, 2>,
              ap_fixed<7, 5>, 5, 3, 2, 4>("wrapping, in slices");
    softmaxes<ap_fixed<9, 9>, ap_int<3>, ap_fixed<16, 6, AP_RND, AP_SAT_SYM>, ap_fixed<16, 6, AP_RND, AP_SAT_SYM>,
              ap_fixed<16, 6, AP_RND, AP_SAT_SYM>, ap_fixed<16, 6, AP_RND, AP_SAT_SYM>, ap_fixed<8, 8>, 2, 1, 3>(
        "slices of one");
    softmaxes<ap_int<8>, ap_fixed<12, 2, AP_RND, AP_WRAP, 3>, own, own, ap_fixed<12, 3, AP_RND, AP_WRAP, 1>, own,
              ap_ufixed<7, 7>, 7, 6, 1, 2>("integers");
    return check::report("tables_vendor_test");
}
