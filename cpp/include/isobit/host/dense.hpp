// Dense layers at formats known at run time: the arith policy of the kernels, and one event's workspace.
#ifndef ISOBIT_HOST_DENSE_HPP
#define ISOBIT_HOST_DENSE_HPP

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "../kernels/dense_compressed.hpp"
#include "../kernels/dense_latency.hpp"
#include "../kernels/dense_resource_rf_gt_nin_rem0.hpp"
#include "../kernels/dense_resource_rf_leq_nin.hpp"
#include "../kernels/dense_resource_unrolled.hpp"
#include "../kernels/number.hpp"
#include "../kernels/reuse_factor.hpp"
#include "../kernels/shape.hpp"
#include "caster.hpp"
#include "product.hpp"

namespace isobit {
namespace host {

enum class dense_kernel { latency, resource_rf_leq_nin, resource_rf_gt_nin_rem0, resource_unrolled, compressed };

// The kernel of that name; throws if it is unknown or would read past the weights at this shape.
inline dense_kernel dense_kernel_of(const std::string& name, const kernels::dense_shape& shape) {
    const auto require = [&](bool legal, const char* rule) {
        if (!legal) {
            throw std::invalid_argument("kernel '" + name + "' does not allow reuse_factor " +
                                        std::to_string(shape.reuse_factor()) + " with n_in " +
                                        std::to_string(shape.n_in()) + " and n_out " + std::to_string(shape.n_out()) +
                                        "; allowed: " + rule);
        }
    };
    if (name == "latency") return dense_kernel::latency;
    if (name == "resource_rf_leq_nin") {
        require(kernels::legal_rf_leq_nin(shape), "the divisors of n_in");
        return dense_kernel::resource_rf_leq_nin;
    }
    if (name == "resource_rf_gt_nin_rem0") {
        require(kernels::legal_rf_gt_nin_rem0(shape), "n_in times the divisors of n_out above 1");
        return dense_kernel::resource_rf_gt_nin_rem0;
    }
    if (name == "resource_unrolled") {
        require(kernels::legal_unrolled(shape),
                "the divisors of n_in and n_in times those of n_out, but for 1 and n_in * n_out");
        return dense_kernel::resource_unrolled;
    }
    if (name == "compressed") {
        require(kernels::legal_reuse_factor(shape), "the divisors of n_in and n_in times those of n_out");
        return dense_kernel::compressed;
    }
    throw std::invalid_argument("kernel '" + name +
                                "' is not known; allowed: latency, resource_rf_leq_nin, resource_rf_gt_nin_rem0, "
                                "resource_unrolled, compressed");
}

// Which weights a kernel reads, where it does not read them all.
struct dense_pattern {
    std::vector<bool> kept;          // resource_unrolled: of each weight, transposed as they are
    std::vector<int> rows, columns;  // compressed: input and neuron of each stored weight
};

struct dense_formats {
    format data, weight, bias, accum, result;
    product_kind product;

    // ap_uint<1> data and weights: the accumulator counts agreements and the result is 2 x - n_in, which passes
    // through an ap_int of just enough bits (kernels::dense_result).
    bool is_xnor() const { return is_bit(data) && is_bit(weight); }
    format sum() const { return growth::sum(accum, accum); }
    format doubled() const { return growth::product(accum, integer_format(2, false)); }
    format balance(int n_in) const {
        return growth::difference(doubled(), integer_format(kernels::ceil_log2(n_in) + 1, false));
    }
    format xnor_integer(int n_in) const { return integer_format(kernels::ceil_log2(n_in) + 2, true); }
};

template <class Int>
class dynamic_dense_arith {
public:
    dynamic_dense_arith(const dense_formats& f, int n_in)
        : product_(f.product, f.data, f.weight),
          product_to_accum_(product_.result(), f.accum),
          bias_to_accum_(f.bias, f.accum),
          sum_to_accum_(f.sum(), f.accum),
          accum_to_result_(f.accum, f.result),
          balance_to_integer_(f.balance(n_in), f.xnor_integer(n_in)),
          integer_to_result_(f.xnor_integer(n_in), f.result),
          is_xnor_(f.is_xnor()),
          balance_shift_(f.balance(n_in).fraction() - f.doubled().fraction()),
          n_in_(shift_left(static_cast<Int>(n_in), f.is_xnor() ? f.balance(n_in).fraction() : 0)) {}

    static void plan(integer_choice& choice, const dense_formats& f, int n_in) {
        dynamic_product<Int>::plan(choice, f.product, f.data, f.weight);
        choice.need(f.bias, "the bias");
        choice.need(f.accum, "the accumulator");
        choice.need(f.sum(), "the accumulator's sum");
        choice.need(f.result, "the result");
        if (f.is_xnor()) choice.need(f.balance(n_in), "twice the accumulator less n_in");
    }

    Int zero() const { return 0; }
    Int product(Int x, Int w) const { return product_to_accum_(product_(x, w)); }
    Int bias(Int b) const { return bias_to_accum_(b); }
    Int add(Int a, Int x) const { return sum_to_accum_(a + x); }
    Int result(Int a) const {
        if (!is_xnor_) return accum_to_result_(a);
        return integer_to_result_(balance_to_integer_(shift_left(static_cast<Int>(2 * a), balance_shift_) - n_in_));
    }

private:
    dynamic_product<Int> product_;
    caster<Int> product_to_accum_, bias_to_accum_, sum_to_accum_, accum_to_result_, balance_to_integer_,
        integer_to_result_;
    bool is_xnor_;
    int balance_shift_;  // from the doubled accumulator's fraction to the common one
    Int n_in_;           // at the common fraction
};

// One thread's dense layer: run() computes one event in the order of the chosen kernel.
template <class Int>
class dense_layer {
public:
    // `pattern` must outlive the layer and fit the kernel.
    dense_layer(const dense_formats& formats, const kernels::dense_shape& shape, dense_kernel kernel,
                const dense_pattern& pattern)
        : arith_(formats, shape.n_in()),
          shape_(shape),
          kernel_(kernel),
          pattern_(pattern),
          sums_(count(shape.n_out())),
          turn_sums_(count(shape.n_out())),
          products_(count(kernels::weight_count(shape))) {}

    void run(const Int* data, const Int* weights, const Int* biases, Int* results) {
        switch (kernel_) {
            case dense_kernel::latency:
                return kernels::dense_latency(arith_, shape_, data, weights, biases, results, products_, sums_);
            case dense_kernel::resource_rf_leq_nin:
                return kernels::dense_resource_rf_leq_nin(arith_, shape_, data, weights, biases, results, sums_);
            case dense_kernel::resource_rf_gt_nin_rem0:
                return kernels::dense_resource_rf_gt_nin_rem0(arith_, shape_, data, weights, biases, results, sums_);
            case dense_kernel::resource_unrolled:
                return kernels::dense_resource_unrolled(arith_, shape_, kept_weights{pattern_.kept}, data, weights,
                                                        biases, results, sums_);
            case dense_kernel::compressed:
                return kernels::dense_compressed(
                    arith_, kernels::compressed_shape(shape_, static_cast<int>(pattern_.rows.size())), data,
                    stored_weights{pattern_, weights}, biases, results, turn_sums_, sums_);
        }
    }

private:
    struct kept_weights {
        const std::vector<bool>& kept;
        bool at(int w) const { return kept[static_cast<std::size_t>(w)]; }
    };
    struct stored_weights {
        const dense_pattern& pattern;
        const Int* weights;
        kernels::compressed_weight<int, Int> operator[](int w) const {
            const auto i = static_cast<std::size_t>(w);
            return {pattern.rows[i], pattern.columns[i], weights[i]};
        }
    };
    // Buffers are indexed by int in the kernels; the checks on the sizes are the binding's.
    class workspace {
    public:
        explicit workspace(std::size_t size) : values_(size) {}
        Int& operator[](int i) { return values_[static_cast<std::size_t>(i)]; }

    private:
        std::vector<Int> values_;
    };
    static std::size_t count(int n) { return static_cast<std::size_t>(n); }

    dynamic_dense_arith<Int> arith_;
    kernels::dense_shape shape_;
    dense_kernel kernel_;
    const dense_pattern& pattern_;
    workspace sums_, turn_sums_, products_;
};

}  // namespace host
}  // namespace isobit

#endif
