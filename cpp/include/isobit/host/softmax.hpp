// Softmax at formats known at run time: the arith policies of kernels/softmax.hpp and softmax_legacy.hpp.
#ifndef ISOBIT_HOST_SOFTMAX_HPP
#define ISOBIT_HOST_SOFTMAX_HPP

#include <stdexcept>
#include <string>
#include <vector>

#include "../kernels/softmax.hpp"
#include "../kernels/softmax_legacy.hpp"
#include "batchnorm.hpp"
#include "table.hpp"

namespace isobit {
namespace host {

enum class softmax_kind { latency, stable, legacy, argmax };

struct softmax_name {
    const char* name;
    softmax_kind kind;
};

constexpr softmax_name softmax_names[] = {
    {"latency", softmax_kind::latency},
    {"stable", softmax_kind::stable},
    {"legacy", softmax_kind::legacy},
    {"argmax", softmax_kind::argmax},
};

inline softmax_kind softmax_of(const std::string& name) {
    std::string allowed;
    for (const softmax_name& entry : softmax_names) {
        if (name == entry.name) return entry.kind;
        allowed += (allowed.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("softmax implementation '" + name + "' is not known; allowed: " + allowed);
}

// Names as hls4ml's, `distance` is its inp_norm_t. What an implementation does not use counts for nothing.
struct softmax_formats {
    format data, distance, exponential, accum, inverse_input, inverse, result;

    format difference() const { return growth::difference(data, data); }
    format total() const { return growth::sum(accum, accum); }
    format product() const { return growth::product(accum, inverse); }
};

// Which index bits a table of so many entries has (a power of two: others are read beyond their end).
inline int index_bits(std::size_t entries, const format& address, const char* what) {
    int bits = 1;
    while (bits < 30 && std::size_t{1} << bits < entries) ++bits;
    if (std::size_t{1} << bits != entries || bits > address.width) {
        throw std::invalid_argument(std::string(what) + " has " + std::to_string(entries) +
                                    " entries; allowed: powers of two from 2 to 2^" + std::to_string(address.width) +
                                    ", as many as the bits that address it");
    }
    return bits;
}

template <class Int>
class dynamic_softmax_arith {
public:
    dynamic_softmax_arith(const softmax_formats& f, int exponential_bits, int inverse_bits)
        : data_(f.data, exponential_bits),
          distance_(f.distance, exponential_bits),
          inverse_(f.inverse_input, inverse_bits),
          difference_to_distance_(f.difference(), f.distance),
          exponential_to_accum_(f.exponential, f.accum),
          total_to_accum_(f.total(), f.accum),
          accum_to_inverse_(f.accum, f.inverse_input),
          product_to_result_(f.product(), f.result) {}

    static void plan(integer_choice& choice, const softmax_formats& f, bool stable) {
        choice.need(f.data, "the data");
        choice.need(f.exponential, "the exponentials");
        choice.need(f.total(), "the sum of two accumulators");
        choice.need(f.inverse_input, "the sum to invert");
        choice.need(f.product(), "the product of exponential and inverse");
        choice.need(f.result, "the result");
        if (stable) choice.need(f.difference(), "the difference from the largest value");
        if (stable) choice.need(f.distance, "the distance from the largest value");
    }

    std::size_t data_index(Int x) const { return data_(x); }
    std::size_t distance_index(Int largest, Int x) const { return distance_(difference_to_distance_(largest - x)); }
    std::size_t inverse_index(Int sum) const { return inverse_(accum_to_inverse_(sum)); }
    // Entries are cast for the sum once, before any event.
    Int exponential(Int made) const { return made; }
    std::vector<Int> entries(const std::vector<Int>& table) const {
        std::vector<Int> made(table.size());
        for (std::size_t i = 0; i < table.size(); ++i) made[i] = exponential_to_accum_(table[i]);
        return made;
    }
    Int add(Int a, Int b) const { return total_to_accum_(a + b); }
    Int result(Int e, Int inverse) const { return product_to_result_(e * inverse); }

private:
    // The top bits of a format's raw value.
    class top {
    public:
        top(const format& f, int bits) : shift_(f.width - bits), mask_((std::size_t{1} << bits) - 1) {}
        std::size_t operator()(Int x) const { return static_cast<std::size_t>(x >> shift_) & mask_; }

    private:
        int shift_;
        std::size_t mask_;
    };

    top data_, distance_, inverse_;
    caster<Int> difference_to_distance_, exponential_to_accum_, total_to_accum_, accum_to_inverse_, product_to_result_;
};

// The tables' type is the accumulators', too.
template <class Int>
class dynamic_legacy_arith {
public:
    dynamic_legacy_arith(const softmax_formats& f, int exponentials, int inverses)
        : exponentials_(exponentials),
          inverses_(inverses),
          one_(law::cast(Int{1}, -f.exponential.fraction(), f.exponential)),
          difference_steps_(f.difference(), exponentials, 16),
          sum_steps_(f.exponential, inverses, 64),
          total_to_table_(growth::sum(f.exponential, f.exponential), f.exponential),
          table_to_result_(f.inverse, f.result) {}

    static void plan(integer_choice& choice, const softmax_formats& f, int exponentials, int inverses) {
        choice.need(f.result, "the result");
        choice.need(growth::sum(f.exponential, f.exponential), "the sum of two exponentials");
        dynamic_steps<Int>::plan(choice, f.difference(), exponentials);
        dynamic_steps<Int>::plan(choice, f.exponential, inverses);
    }

    Int zero() const { return 0; }
    Int one() const { return one_; }
    Int exponential(Int e) const { return e; }
    Int add(Int sum, Int e) const { return total_to_table_(sum + e); }
    int difference_index(Int a, Int b) const {
        const std::uint32_t steps = static_cast<std::uint32_t>(difference_steps_(a - b));
        return kernels::clamped_index(static_cast<std::int32_t>(steps + static_cast<std::uint32_t>(exponentials_ / 2)),
                                      exponentials_);
    }
    int inverse_index(Int sum) const { return kernels::clamped_index(sum_steps_(sum), inverses_); }
    Int result(Int inverse) const { return table_to_result_(inverse); }

private:
    int exponentials_, inverses_;
    Int one_;
    dynamic_steps<Int> difference_steps_, sum_steps_;
    caster<Int> total_to_table_, table_to_result_;
};

template <class Int>
class dynamic_argmax_arith {
public:
    explicit dynamic_argmax_arith(const format& result) : one_(law::cast(Int{1}, -result.fraction(), result)) {}
    Int one() const { return one_; }
    Int zero() const { return 0; }

private:
    Int one_;
};

// One event after the other: tables and buffers stay.
template <class Int>
class softmax_runner {
public:
    softmax_runner(softmax_kind kind, const softmax_formats& f, const kernels::softmax_shape& shape,
                   const std::vector<Int>& exponentials, const std::vector<Int>& inverses)
        : kind_(kind),
          shape_(shape),
          tables_(f, bits(exponentials), bits(inverses)),
          exponentials_(kind == softmax_kind::legacy ? exponentials : tables_.entries(exponentials)),
          inverses_(inverses),
          legacy_(f, static_cast<int>(exponentials.size()), static_cast<int>(inverses.size())),
          argmax_(f.result),
          in_(buffer()),
          out_(buffer()),
          maxima_(buffer()),
          exps_(buffer()),
          sums_(buffer()) {}

    void operator()(const Int* data, Int* results) {
        if (shape_.outer() == 1 && shape_.inner() == 1) return one_slice(data, results);
        kernels::softmax_slices(shape_, data, results, in_, out_,
                                [this](const Int* in, Int* out) { one_slice(in, out); });
    }

private:
    static int bits(const std::vector<Int>& table) {
        int n = 1;
        while (std::size_t{1} << n < table.size()) ++n;
        return n;
    }
    std::vector<Int> buffer() const { return std::vector<Int>(static_cast<std::size_t>(shape_.size())); }

    void one_slice(const Int* data, Int* results) {
        const Int *e = exponentials_.data(), *v = inverses_.data();
        switch (kind_) {
            case softmax_kind::latency:
                return kernels::softmax_latency(tables_, shape_, data, e, v, results, exps_, sums_);
            case softmax_kind::stable:
                return kernels::softmax_stable(tables_, shape_, data, e, v, results, maxima_, exps_, sums_);
            case softmax_kind::legacy: return kernels::softmax_legacy(legacy_, shape_, data, e, v, results);
            case softmax_kind::argmax: return kernels::softmax_argmax(argmax_, shape_, data, results);
        }
    }

    softmax_kind kind_;
    kernels::softmax_shape shape_;
    dynamic_softmax_arith<Int> tables_;
    std::vector<Int> exponentials_, inverses_;
    dynamic_legacy_arith<Int> legacy_;
    dynamic_argmax_arith<Int> argmax_;
    std::vector<Int> in_, out_, maxima_, exps_, sums_;
};

}  // namespace host
}  // namespace isobit

#endif
