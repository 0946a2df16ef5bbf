// The products of kernels/product.hpp at formats known at run time, on raw integers.
#ifndef ISOBIT_HOST_PRODUCT_HPP
#define ISOBIT_HOST_PRODUCT_HPP

#include <stdexcept>
#include <string>

#include "../growth.hpp"
#include "../law.hpp"
#include "integer_choice.hpp"

namespace isobit {
namespace host {

enum class product_kind { mult, weight_binary, data_binary, both_binary, weight_ternary, weight_exponential };

struct product_name {
    const char* name;
    product_kind kind;
};

constexpr product_name product_names[] = {
    {"mult", product_kind::mult},
    {"weight_binary", product_kind::weight_binary},
    {"data_binary", product_kind::data_binary},
    {"both_binary", product_kind::both_binary},
    {"weight_ternary", product_kind::weight_ternary},
    {"weight_exponential", product_kind::weight_exponential},
};

inline product_kind product_of(const std::string& name) {
    std::string allowed;
    for (const product_name& entry : product_names) {
        if (name == entry.name) return entry.kind;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("product '" + name + "' is not known; allowed: " + allowed);
}

// The format of a product, as the C++ types of kernels/product.hpp give it. Throws where the kind does not fit.
inline format product_format(product_kind kind, const format& data, const format& weight) {
    switch (kind) {
        case product_kind::mult: return growth::product(data, weight);
        case product_kind::weight_binary: return growth::negation(data);
        case product_kind::data_binary: return growth::negation(weight);
        case product_kind::both_binary:
            if (!is_bit(data) || !is_bit(weight)) {
                throw std::invalid_argument("product 'both_binary' needs ap_uint<1> data and weights");
            }
            return data;
        case product_kind::weight_ternary:
            if (weight.fraction() != 0) {
                throw std::invalid_argument("product 'weight_ternary' needs weights without a fraction, not " +
                                            std::to_string(weight.fraction()) + " fraction bits");
            }
            return growth::negation(data);
        case product_kind::weight_exponential: {
            if (!weight.is_int) {
                throw std::invalid_argument(
                    "product 'weight_exponential' needs the exponent's ap_[u]int as weight format");
            }
            const int half = data.width + weight.width;
            return fixed_format(2 * half, half, true);
        }
    }
    throw std::invalid_argument("unknown product kind");
}

template <class Int>
class dynamic_product {
public:
    dynamic_product(product_kind kind, const format& data, const format& weight)
        : kind_(kind), result_(product_format(kind, data, weight)), data_(data) {}

    // Every bit that operator() forms.
    static void plan(integer_choice& choice, product_kind kind, const format& data, const format& weight) {
        choice.need(data, "the data");
        choice.need(weight, "the weight");
        choice.need(product_format(kind, data, weight), "the product");
        if (kind == product_kind::weight_exponential) choice.need(weight.width + 2, "the coded exponential weight");
    }

    const format& result() const { return result_; }

    Int operator()(Int x, Int w) const {
        switch (kind_) {
            case product_kind::mult: return x * w;
            case product_kind::weight_binary: return w == 0 ? -x : x;
            case product_kind::data_binary: return x == 0 ? -w : w;
            case product_kind::both_binary: return x == w ? 1 : 0;
            case product_kind::weight_ternary: return w == 0 ? Int{0} : w == -1 ? -x : x;
            case product_kind::weight_exponential: return shifted(x, w);
        }
        return 0;
    }

private:
    // w = 2 * exponent + sign. The shift keeps result_'s type: bits leave at both ends.
    Int shifted(Int x, Int w) const {
        const bool plus = (w & 1) != 0;
        const Int exponent = w >> 1;
        const Int wide = law::cast(x, data_.fraction() - result_.fraction(), result_);
        const int amount = exponent > result_.width    ? result_.width
                           : exponent < -result_.width ? -result_.width
                                                       : static_cast<int>(exponent);
        using U = unsigned_of<Int>;
        const Int moved = amount < 0 ? shift_right(wide, -amount)
                                     : law::interpret<Int>(static_cast<U>(shift_left(wide, amount)), result_);
        return plus ? moved : law::interpret<Int>(U{0} - static_cast<U>(moved), result_);
    }

    product_kind kind_;
    format result_;
    format data_;
};

}  // namespace host
}  // namespace isobit

#endif
