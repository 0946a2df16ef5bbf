// Constants that stand as raw integers: each becomes a number where it is used.
//
// An exported project holds its weights as arrays of native integers, which every compiler folds or turns into a ROM
// alike, and which carry every bit. In hardware the conversion is wiring.
#ifndef ISOBIT_KERNELS_RAW_CONSTANTS_HPP
#define ISOBIT_KERNELS_RAW_CONSTANTS_HPP

#include "number.hpp"
#include "pragma.hpp"

namespace isobit {
namespace kernels {

template <class T>
struct raw_constant {
    template <class Raw>
    static T of(const Raw& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return number<T>::from_raw(raw);
    }
};

// Power-of-two weights: the sign in the lowest bit (1 is plus), the exponent above it.
template <class Sign, class Exponent>
struct raw_constant<exponential<Sign, Exponent>> {
    template <class Raw>
    static exponential<Sign, Exponent> of(const Raw& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return {number<Sign>::from_raw(raw & 1), number<Exponent>::from_raw(raw >> 1)};
    }
};

// raw[n] -> values[n], for kernels that compare with numbers.
template <int Count, class Raw, class T>
void read_constants(const Raw* raw, T* values) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Constants)
    for (int i = 0; i < Count; ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        values[i] = raw_constant<T>::of(raw[i]);
    }
}

// The arith policy of a dense layer (dense_arith.hpp) whose weights and biases are Raw integers.
template <class Arith, class RawWeight, class RawBias>
struct raw_dense_arith : Arith {
    using weight_type = RawWeight;
    using bias_type = RawBias;

    static typename Arith::accum_type product(const typename Arith::data_type& x, const RawWeight& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::product(x, raw_constant<typename Arith::weight_type>::of(raw));
    }
    static typename Arith::accum_type bias(const RawBias& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::bias(raw_constant<typename Arith::bias_type>::of(raw));
    }
};

// The arith policy of a batch normalisation (batchnorm.hpp) whose Scale and Bias are raw integers.
template <class Arith, class Scale, class Bias>
struct raw_affine_arith {
    template <class Data, class RawScale, class RawBias>
    static auto affine(const Data& x, const RawScale& scale, const RawBias& bias)
        -> decltype(Arith::affine(x, raw_constant<Scale>::of(scale), raw_constant<Bias>::of(bias))) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::affine(x, raw_constant<Scale>::of(scale), raw_constant<Bias>::of(bias));
    }
};

// The arith policy of an activation (table.hpp) whose Entries are raw integers.
template <class Arith, class Entry>
struct raw_table_arith : Arith {
    template <class Raw>
    static auto entry(const Raw& raw) -> decltype(Arith::entry(raw_constant<Entry>::of(raw))) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::entry(raw_constant<Entry>::of(raw));
    }
};

// The same for elu, which scales its entries.
template <class Arith, class Entry>
struct raw_elu_arith : Arith {
    template <class Factor, class Raw>
    static auto scaled(const Factor& factor, const Raw& raw)
        -> decltype(Arith::scaled(factor, raw_constant<Entry>::of(raw))) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::scaled(factor, raw_constant<Entry>::of(raw));
    }
};

// The arith policy of a softmax (softmax.hpp) whose Exponentials and Inverses are raw integers.
template <class Arith, class Exponential, class Inverse>
struct raw_softmax_arith : Arith {
    template <class Raw>
    static typename Arith::accum_type exponential(const Raw& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::exponential(raw_constant<Exponential>::of(raw));
    }
    template <class Raw>
    static auto result(const typename Arith::accum_type& e, const Raw& raw)
        -> decltype(Arith::result(e, raw_constant<Inverse>::of(raw))) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::result(e, raw_constant<Inverse>::of(raw));
    }
};

// The same for softmax_legacy.hpp.
template <class Arith, class Exponential, class Inverse>
struct raw_legacy_arith : Arith {
    template <class Raw>
    static Exponential exponential(const Raw& raw) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::exponential(raw_constant<Exponential>::of(raw));
    }
    template <class Raw>
    static auto result(const Raw& raw) -> decltype(Arith::result(raw_constant<Inverse>::of(raw))) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Arith::result(raw_constant<Inverse>::of(raw));
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
