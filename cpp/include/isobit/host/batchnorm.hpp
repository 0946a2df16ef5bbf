// Batch normalisation at formats known at run time: the arith policy of kernels/batchnorm.hpp.
#ifndef ISOBIT_HOST_BATCHNORM_HPP
#define ISOBIT_HOST_BATCHNORM_HPP

#include "../kernels/batchnorm.hpp"
#include "caster.hpp"
#include "product.hpp"

namespace isobit {
namespace host {

// The exact sum of two values of different formats.
template <class Int>
class dynamic_sum {
public:
    dynamic_sum(const format& a, const format& b)
        : result_(growth::sum(a, b)),
          a_shift_(result_.fraction() - a.fraction()),
          b_shift_(result_.fraction() - b.fraction()) {}

    const format& result() const { return result_; }
    Int operator()(Int a, Int b) const { return shift_left(a, a_shift_) + shift_left(b, b_shift_); }

private:
    format result_;
    int a_shift_, b_shift_;
};

struct affine_formats {
    format data, scale, bias, result;
    product_kind product;

    format sum() const { return growth::sum(product_format(product, data, scale), bias); }
};

template <class Int>
class dynamic_affine_arith {
public:
    explicit dynamic_affine_arith(const affine_formats& f)
        : product_(f.product, f.data, f.scale), sum_(product_.result(), f.bias), to_result_(sum_.result(), f.result) {}

    static void plan(integer_choice& choice, const affine_formats& f) {
        dynamic_product<Int>::plan(choice, f.product, f.data, f.scale);
        choice.need(f.bias, "the bias");
        choice.need(f.sum(), "the sum of product and bias");
        choice.need(f.result, "the result");
    }

    Int affine(Int x, Int s, Int b) const { return to_result_(sum_(product_(x, s), b)); }

private:
    dynamic_product<Int> product_;
    dynamic_sum<Int> sum_;
    caster<Int> to_result_;
};

}  // namespace host
}  // namespace isobit

#endif
