// Pooling at formats and windows known at run time: the arith and shape policies of kernels/pooling.hpp.
#ifndef ISOBIT_HOST_POOLING_HPP
#define ISOBIT_HOST_POOLING_HPP

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "../kernels/pooling.hpp"
#include "batchnorm.hpp"
#include "caster.hpp"

namespace isobit {
namespace host {

enum class pool_function { max, average };
// parallel: a number is added as it is; stream: cast to the accumulator first; tree: cast, and added in a tree.
enum class pool_order { parallel, stream, tree };

inline pool_function pool_function_of(const std::string& name) {
    if (name == "max") return pool_function::max;
    if (name == "average") return pool_function::average;
    throw std::invalid_argument("pooling '" + name + "' is not known; allowed: max, average");
}

inline pool_order pool_order_of(const std::string& name) {
    if (name == "parallel") return pool_order::parallel;
    if (name == "stream") return pool_order::stream;
    if (name == "tree") return pool_order::tree;
    throw std::invalid_argument("order '" + name + "' is not known; allowed: parallel, stream, tree");
}

// Windows as a table of positions, -1 for padding.
class pool_shape {
public:
    pool_shape(const std::int64_t* table, const std::int64_t* divisors, int windows, int window_size, int channels)
        : table_(table), divisors_(divisors), windows_(windows), window_size_(window_size), channels_(channels) {}
    int channels() const { return channels_; }
    int windows() const { return windows_; }
    int window_size() const { return window_size_; }
    int position(int window, int k) const { return static_cast<int>(table_[window * window_size_ + k]); }
    int divisor(int window) const { return static_cast<int>(divisors_[window]); }

private:
    const std::int64_t* table_;
    const std::int64_t* divisors_;
    int windows_, window_size_, channels_;
};

struct pool_formats {
    format data, accum, result;
    pool_order order;

    const format& added() const { return order == pool_order::parallel ? data : accum; }
};

template <class Int>
class dynamic_pool_arith {
public:
    explicit dynamic_pool_arith(const pool_formats& f)
        : accum_(f.accum),
          casts_(f.order != pool_order::parallel),
          sum_(f.accum, f.added()),
          both_(f.accum, f.accum),
          data_to_accum_(f.data, f.accum),
          sum_to_accum_(sum_.result(), f.accum),
          both_to_accum_(both_.result(), f.accum),
          accum_to_result_(f.accum, f.result) {}

    static void plan(integer_choice& choice, const pool_formats& f) {
        choice.need(f.data, "the data");
        choice.need(f.accum, "the accumulator");
        choice.need(growth::sum(f.accum, f.added()), "the accumulator's sum");
        choice.need(growth::sum(f.accum, f.accum), "the sum of two accumulators");
        choice.need(f.result, "the result");
    }

    Int zero() const { return 0; }
    Int padding() const { return accum_.is_signed ? lowest() : shift_left(Int{1}, accum_.width - 1); }
    Int lowest() const { return accum_.is_signed ? static_cast<Int>(-shift_left(Int{1}, accum_.width - 1)) : Int{0}; }
    Int taken(Int x) const { return data_to_accum_(x); }
    Int add(Int a, Int x) const { return sum_to_accum_(sum_(a, casts_ ? data_to_accum_(x) : x)); }
    Int both(Int a, Int b) const { return both_to_accum_(both_(a, b)); }
    Int quotient(Int a, int n) const { return a / n; }
    Int result(Int a) const { return accum_to_result_(a); }

private:
    format accum_;
    bool casts_;
    dynamic_sum<Int> sum_, both_;
    caster<Int> data_to_accum_, sum_to_accum_, both_to_accum_, accum_to_result_;
};

template <class Int>
void run_pooling(pool_function function, pool_order order, const dynamic_pool_arith<Int>& arith,
                 const pool_shape& shape, const Int* data, Int* results, Int* values) {
    if (function == pool_function::max) return kernels::max_pool(arith, shape, data, results);
    if (order == pool_order::tree) return kernels::average_pool_tree(arith, shape, data, results, values);
    kernels::average_pool(arith, shape, data, results);
}

}  // namespace host
}  // namespace isobit

#endif
