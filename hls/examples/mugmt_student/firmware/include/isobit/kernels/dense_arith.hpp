// The arith policy of a dense layer whose formats are compile-time types: the types' own operators do everything.
//
// Its twin for run-time formats is host/dense.hpp; a kernel cannot tell them apart.
#ifndef ISOBIT_KERNELS_DENSE_ARITH_HPP
#define ISOBIT_KERNELS_DENSE_ARITH_HPP

#include "number.hpp"
#include "pragma.hpp"
#include "product.hpp"

namespace isobit {
namespace kernels {

// How the accumulator becomes a result: a cast, except between ap_uint<1> data and ap_uint<1> weights. There the
// accumulator counts agreeing signs, and the layer's value is agreements minus disagreements, 2 x - n_in.
template <class Accum, class Result, int NIn, bool Xnor>
struct dense_result {
    static Result of(const Accum& x) { return Result(x); }
};

template <class Accum, class Result, int NIn>
struct dense_result<Accum, Result, NIn, true> {
    using integer = typename number<Accum>::template integer<ceil_log2(NIn) + 2>;
    static Result of(const Accum& x) { return Result(integer(x * 2 - NIn)); }
};

template <class Data, class Weight, class Bias, class Accum, class Result, int NIn, class Product = mult,
          bool Xnor = false>
struct dense_arith {
    using data_type = Data;
    using weight_type = Weight;
    using bias_type = Bias;
    using accum_type = Accum;
    using result_type = Result;

    static Accum zero() { return Accum(0); }
    static Accum product(const Data& x, const Weight& w) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(Product::apply(x, w));
    }
    static Accum bias(const Bias& b) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(b);
    }
    static Accum add(const Accum& a, const Accum& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(a + x);
    }
    static Result result(const Accum& a) {
        ISOBIT_PRAGMA(HLS INLINE)
        return dense_result<Accum, Result, NIn, Xnor>::of(a);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
