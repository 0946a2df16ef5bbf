// Products of an input and a weight, by the kinds that hls4ml distinguishes (nnet_utils/nnet_mult.h).
//
// Each is exact in the type it returns, except weight_exponential, whose shift keeps its type as the hardware's does.
#ifndef ISOBIT_KERNELS_PRODUCT_HPP
#define ISOBIT_KERNELS_PRODUCT_HPP

#include "number.hpp"
#include "pragma.hpp"

namespace isobit {
namespace kernels {

struct mult {
    template <class X, class W>
    static auto apply(const X& x, const W& w) -> decltype(x * w) {
        ISOBIT_PRAGMA(HLS INLINE)
        return x * w;
    }
};

// Weights +1 and -1 coded as 1 and 0.
struct weight_binary {
    template <class X, class W>
    static auto apply(const X& x, const W& w) -> decltype(-x) {
        ISOBIT_PRAGMA(HLS INLINE)
        using result = decltype(-x);
        return w == 0 ? -x : result(x);
    }
};

// Inputs +1 and -1 coded as 1 and 0.
struct data_binary {
    template <class X, class W>
    static auto apply(const X& x, const W& w) -> decltype(-w) {
        ISOBIT_PRAGMA(HLS INLINE)
        return weight_binary::apply(w, x);
    }
};

// Both binary: XNOR, 1 where the signs agree. The layer's result undoes the coding (dense_arith::result).
struct both_binary {
    template <class X, class W>
    static X apply(const X& x, const W& w) {
        ISOBIT_PRAGMA(HLS INLINE)
        return X(x == w);
    }
};

// Weights -1, 0 and 1 as numbers; whatever else the type holds counts as 1.
struct weight_ternary {
    template <class X, class W>
    static auto apply(const X& x, const W& w) -> decltype(-x) {
        ISOBIT_PRAGMA(HLS INLINE)
        using result = decltype(-x);
        return w == 0 ? result(0) : w == -1 ? -x : result(x);
    }
};

// Power-of-two weights: shift by the exponent (right if negative), then the sign.
struct weight_exponential {
    template <class X, class Sign, class Exponent>
    struct result {
        static constexpr int half = number<X>::width + number<Exponent>::width;
        using type = typename number<X>::template fixed<2 * half, half>;
    };
    template <class X, class W>
    using result_of = typename result<X, decltype(W::sign), decltype(W::weight)>::type;

    template <class X, class W>
    static result_of<X, W> apply(const X& x, const W& w) {
        ISOBIT_PRAGMA(HLS INLINE)
        using type = result_of<X, W>;
        const type shifted = type(x) << w.weight;
        return w.sign == 1 ? shifted : type(-shifted);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
