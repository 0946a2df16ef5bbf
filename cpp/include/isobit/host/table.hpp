// Table activations at formats known at run time: the arith policies of kernels/table.hpp.
//
// Entries are cast into the result once, before any event: `entries()` makes the table that the kernels then read.
#ifndef ISOBIT_HOST_TABLE_HPP
#define ISOBIT_HOST_TABLE_HPP

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "../growth.hpp"
#include "../kernels/table.hpp"
#include "caster.hpp"

namespace isobit {
namespace host {

// v / 2^shift, cut toward zero, for every shift >= 0.
template <class Int>
class toward_zero {
public:
    explicit toward_zero(int shift)
        : shift_(shift < integer_traits<Int>::bits ? shift : integer_traits<Int>::bits - 1),
          below_(shift < integer_traits<Int>::bits ? static_cast<Int>((unsigned_of<Int>{1} << shift) - 1)
                                                   : static_cast<Int>(~unsigned_of<Int>{0} >> 1)) {}

    Int operator()(Int v) const { return static_cast<Int>(v + (v < 0 ? below_ : Int{0})) >> shift_; }

private:
    int shift_;
    Int below_;
};

// int(x * entries / divisor), a power of two that may be negative: cut toward zero at x's LSB, then to a whole number,
// of which an int keeps the low 32 bits.
template <class Int>
class dynamic_steps {
public:
    dynamic_steps(const format& data, int entries, int divisor)
        : factor_(divisor < 0 ? -entries : entries),
          left_(data.fraction() < 0 ? -data.fraction() : 0),
          cut_(log2_of(divisor < 0 ? -divisor : divisor) + (data.fraction() > 0 ? data.fraction() : 0)) {}

    static void plan(integer_choice& choice, const format& data, int entries) {
        choice.need(data.signed_bits() + log2_of(entries) + 1, "the product of data and table size");
    }

    std::int32_t operator()(Int x) const {
        return static_cast<std::int32_t>(
            static_cast<std::uint32_t>(shift_left(cut_(static_cast<Int>(x * factor_)), left_)));
    }

private:
    static int log2_of(int n) {
        int bits = 0;
        while (1 << bits < n && bits < 30) ++bits;
        return bits;
    }

    Int factor_;
    int left_;
    toward_zero<Int> cut_;
};

// `factor` is elu's alpha or selu's lambda; the data's own format where there is none.
struct table_formats {
    format data, table, factor, result;
};

enum class table_kind { centred, elu, selu };

struct table_name {
    const char* name;
    table_kind kind;
    int range;  // of the whole table; 0: (-8, 0]
};

constexpr table_name table_names[] = {
    {"sigmoid", table_kind::centred, 16},  {"tanh", table_kind::centred, 8}, {"softplus", table_kind::centred, 16},
    {"softsign", table_kind::centred, 16}, {"elu", table_kind::elu, 0},      {"selu", table_kind::selu, 0},
};

inline const table_name& table_activation_of(const std::string& name) {
    std::string allowed;
    for (const table_name& entry : table_names) {
        if (name == entry.name) return entry;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("table activation '" + name + "' is not known; allowed: " + allowed);
}

template <class Int>
class dynamic_table_arith {
public:
    dynamic_table_arith(const table_formats& f, const table_name& what, int entries, Int factor)
        : what_(what),
          entries_(entries),
          factor_(factor),
          steps_(f.data, entries, what.kind == table_kind::centred ? what.range : -8),
          table_to_result_(f.table, f.result),
          data_to_result_(f.data, f.result),
          table_product_to_result_(growth::product(f.factor, f.table), f.result),
          data_product_to_result_(growth::product(f.factor, f.data), f.result) {}

    static void plan(integer_choice& choice, const table_formats& f, const table_name& what, int entries) {
        choice.need(f.data, "the data");
        choice.need(f.table, "the table");
        choice.need(f.result, "the result");
        dynamic_steps<Int>::plan(choice, f.data, entries);
        if (what.kind == table_kind::elu) choice.need(growth::product(f.factor, f.table), "the product of alpha");
        if (what.kind == table_kind::selu) choice.need(growth::product(f.factor, f.data), "the product of lambda");
    }

    // What the firmware makes of every entry.
    std::vector<Int> entries(const std::vector<Int>& table) const {
        std::vector<Int> made(table.size());
        for (std::size_t i = 0; i < table.size(); ++i) {
            made[i] = what_.kind == table_kind::elu ? table_product_to_result_(factor_ * table[i])
                                                    : table_to_result_(table[i]);
        }
        return made;
    }

    int index(Int x) const {
        const std::int32_t steps = steps_(x);
        if (what_.kind != table_kind::centred) return kernels::clamped_index(steps, entries_);
        const std::uint32_t moved = static_cast<std::uint32_t>(steps) + static_cast<std::uint32_t>(entries_ / 2);
        return kernels::clamped_index(static_cast<std::int32_t>(moved), entries_);
    }
    Int entry(Int made) const { return made; }
    bool negative(Int x) const { return x < 0; }
    Int result(Int x) const { return data_to_result_(x); }

protected:
    const table_name& what_;
    int entries_;
    Int factor_;
    dynamic_steps<Int> steps_;
    caster<Int> table_to_result_, data_to_result_, table_product_to_result_, data_product_to_result_;
};

template <class Int>
struct dynamic_elu_arith : dynamic_table_arith<Int> {
    using dynamic_table_arith<Int>::dynamic_table_arith;
    Int scaled(Int, Int made) const { return made; }
};

template <class Int>
struct dynamic_selu_arith : dynamic_table_arith<Int> {
    using dynamic_table_arith<Int>::dynamic_table_arith;
    Int scaled(Int lambda, Int x) const { return this->data_product_to_result_(lambda * x); }
};

// Results of `size` values; `made` as entries() gives it.
template <class Int>
void run_table_activation(const table_formats& formats, const table_name& what, Int factor,
                          const kernels::vector_shape& shape, const Int* data, const std::vector<Int>& made,
                          Int* results) {
    const int entries = static_cast<int>(made.size());
    switch (what.kind) {
        case table_kind::centred:
            return kernels::table_activation(dynamic_table_arith<Int>(formats, what, entries, factor), shape, data,
                                             made.data(), results);
        case table_kind::elu:
            return kernels::elu(dynamic_elu_arith<Int>(formats, what, entries, factor), shape, data, factor,
                                made.data(), results);
        case table_kind::selu:
            return kernels::selu(dynamic_selu_arith<Int>(formats, what, entries, factor), shape, data, factor,
                                 made.data(), results);
    }
}

}  // namespace host
}  // namespace isobit

#endif
