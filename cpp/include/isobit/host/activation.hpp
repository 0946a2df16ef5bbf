// Activations at formats known at run time: one arith policy for the elementwise kernels.
#ifndef ISOBIT_HOST_ACTIVATION_HPP
#define ISOBIT_HOST_ACTIVATION_HPP

#include <stdexcept>
#include <string>

#include "../kernels/hard_steps.hpp"
#include "../kernels/leaky_relu.hpp"
#include "../kernels/linear.hpp"
#include "../kernels/relu.hpp"
#include "../kernels/tanh_steps.hpp"
#include "batchnorm.hpp"
#include "caster.hpp"

namespace isobit {
namespace host {

enum class activation_kind { linear, relu, leaky_relu, binary_tanh, ternary_tanh, hard_sigmoid, hard_tanh };

struct activation_name {
    const char* name;
    activation_kind kind;
    int parameters;  // leaky_relu: the slope; hard_*: slope and shift of the line
};

constexpr activation_name activation_names[] = {
    {"linear", activation_kind::linear, 0},
    {"relu", activation_kind::relu, 0},
    {"leaky_relu", activation_kind::leaky_relu, 1},
    {"binary_tanh", activation_kind::binary_tanh, 0},
    {"ternary_tanh", activation_kind::ternary_tanh, 0},
    {"hard_sigmoid", activation_kind::hard_sigmoid, 2},
    {"hard_tanh", activation_kind::hard_tanh, 2},
};

inline const activation_name& activation_of(const std::string& name) {
    std::string allowed;
    for (const activation_name& entry : activation_names) {
        if (name == entry.name) return entry;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("activation '" + name + "' is not known; allowed: " + allowed);
}

// `slope` is leaky_relu's alpha too; both parameters are the data's own format where an activation has none.
struct activation_formats {
    format data, slope, shift, result;

    format scaled() const { return growth::product(slope, data); }
    format line() const { return growth::sum(scaled(), shift); }
    // 2 l - 1 with l in [0, 1] or wrapped there: a bit for the factor, a bit for the difference.
    format stretched() const {
        return growth::difference(growth::product(line(), integer_format(2, false)), integer_format(1, false));
    }
};

template <class Int>
class dynamic_activation_arith {
public:
    explicit dynamic_activation_arith(const activation_formats& f)
        : data_(f.data),
          line_(f.line()),
          result_(f.result),
          stretched_(f.stretched()),
          sum_(f.scaled(), f.shift),
          data_to_result_(f.data, f.result),
          scaled_to_result_(f.scaled(), f.result),
          line_to_result_(f.line(), f.result),
          stretched_to_result_(f.stretched(), f.result) {}

    static void plan(integer_choice& choice, const activation_formats& f, activation_kind kind) {
        choice.need(f.data, "the data");
        choice.need(f.result, "the result");
        choice.need(constant.width, "a constant");
        if (kind == activation_kind::ternary_tanh) choice.need(f.data.signed_bits() + 1, "twice the data");
        if (kind == activation_kind::leaky_relu) {
            choice.need(f.slope, "the slope");
            choice.need(f.scaled(), "the product of slope and data");
        }
        if (kind == activation_kind::hard_sigmoid || kind == activation_kind::hard_tanh) {
            choice.need(f.slope, "the slope");
            choice.need(f.shift, "the shift");
            choice.need(f.line(), "the line");
        }
        if (kind == activation_kind::hard_tanh) choice.need(f.stretched(), "twice the line less one");
    }

    Int result(Int x) const { return data_to_result_(x); }
    Int zero() const { return 0; }
    bool positive(Int x) const { return x > 0; }
    bool negative(Int x) const { return x < 0; }
    Int scaled(Int alpha, Int x) const { return scaled_to_result_(alpha * x); }

    // Constants come from an int in C++; their assignment is a cast like any other.
    Int plus_one() const { return law::cast(Int{1}, -result_.fraction(), result_); }
    Int minus_one() const { return is_bit(result_) ? Int{0} : law::cast(Int{-1}, -result_.fraction(), result_); }

    Int twice(Int x) const { return law::cast(static_cast<Int>(2 * x), 0, data_); }
    bool above_one(Int x) const { return above(x, 1, data_); }
    bool above_minus_one(Int x) const { return above(x, -1, data_); }

protected:
    static constexpr format constant = integer_format(2, true);

    // Whether the value x of format f exceeds the small integer `bound`: x > floor(bound * 2^fraction).
    static bool above(Int x, int bound, const format& f) {
        if (f.fraction() < 0) return x > shift_right(static_cast<Int>(bound), -f.fraction());
        if (f.fraction() >= f.width) return bound < 0;  // every |value| is below 1
        return x > shift_left(static_cast<Int>(bound), f.fraction());
    }

    format data_, line_, result_, stretched_;
    dynamic_sum<Int> sum_;
    caster<Int> data_to_result_, scaled_to_result_, line_to_result_, stretched_to_result_;
};

// ternary_tanh's -1 into an ap_uint<1> is an ordinary cast: only binary_tanh codes it.
template <class Int>
class dynamic_ternary_arith : public dynamic_activation_arith<Int> {
    using base = dynamic_activation_arith<Int>;

public:
    using base::base;
    Int minus_one() const { return law::cast(Int{-1}, -base::result_.fraction(), base::result_); }
};

// The hard steps: values are of the line's format until the result.
template <class Int>
class dynamic_hard_arith : public dynamic_activation_arith<Int> {
    using base = dynamic_activation_arith<Int>;

public:
    using base::base;
    Int line(Int slope, Int x, Int shift) const { return base::sum_(slope * x, shift); }
    bool above_one(Int l) const { return base::above(l, 1, base::line_); }
    bool negative(Int l) const { return l < 0; }
    Int one(Int) const { return law::cast(Int{1}, -base::line_.fraction(), base::line_); }
    Int nought(Int) const { return 0; }
    Int result(Int l) const { return base::line_to_result_(l); }
    Int stretched(Int l) const {
        const int common = base::stretched_.fraction();
        return base::stretched_to_result_(shift_left(static_cast<Int>(2 * l), common - base::line_.fraction()) -
                                          shift_left(Int{1}, common));
    }
};

template <class Int>
void run_activation(activation_kind kind, const activation_formats& formats, const kernels::vector_shape& shape,
                    const Int* data, Int slope, Int shift, Int* results) {
    const dynamic_activation_arith<Int> arith(formats);
    const dynamic_hard_arith<Int> hard(formats);
    switch (kind) {
        case activation_kind::linear: return kernels::linear(arith, shape, data, results);
        case activation_kind::relu: return kernels::relu(arith, shape, data, results);
        case activation_kind::leaky_relu: return kernels::leaky_relu(arith, shape, data, slope, results);
        case activation_kind::binary_tanh: return kernels::binary_tanh(arith, shape, data, results);
        case activation_kind::ternary_tanh:
            return kernels::ternary_tanh(dynamic_ternary_arith<Int>(formats), shape, data, results);
        case activation_kind::hard_sigmoid: return kernels::hard_sigmoid(hard, shape, data, slope, shift, results);
        case activation_kind::hard_tanh: return kernels::hard_tanh(hard, shape, data, slope, shift, results);
    }
}

}  // namespace host
}  // namespace isobit

#endif
