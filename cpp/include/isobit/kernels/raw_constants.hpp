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

}  // namespace kernels
}  // namespace isobit

#endif
