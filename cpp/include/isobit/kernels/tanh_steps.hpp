// Binary and ternary tanh: the sign of the input, and its sign outside a dead zone.
//
// As hls4ml's nnet::binary_tanh and ternary_tanh (nnet_utils/nnet_activation.h), overflow of the doubling included.
#ifndef ISOBIT_KERNELS_TANH_STEPS_HPP
#define ISOBIT_KERNELS_TANH_STEPS_HPP

#include "number.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// data[size] -> results[size]: 1 where x >= 0, otherwise -1; a binary result (ap_uint<1>) codes -1 as 0.
// Arith: negative(x), plus_one(), minus_one() (results, the latter coded).
template <class Arith, class Shape, class Data, class Result>
void binary_tanh(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Sign)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.negative(data[i]) ? arith.minus_one() : arith.plus_one();
    }
}

// data[size] -> results[size]: with d = 2 x held in x's own type, 1 where d > 1, -1 where d <= -1, otherwise 0.
// Arith: twice(x), above_one(d), above_minus_one(d), plus_one(), zero(), minus_one().
template <class Arith, class Shape, class Data, class Result>
void ternary_tanh(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Step)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        const Data twice = arith.twice(data[i]);
        results[i] = arith.above_one(twice)         ? arith.plus_one()
                     : arith.above_minus_one(twice) ? arith.zero()
                                                    : arith.minus_one();
    }
}

template <class Data, class Result>
struct binary_tanh_arith {
    using sign = typename number<Data>::template integer<2>;
    static bool negative(const Data& x) { return x < 0; }
    static Result plus_one() { return Result(sign(1)); }
    static Result minus_one() { return number<Result>::is_bit ? Result(0) : Result(sign(-1)); }
};

template <class Data, class Result>
struct ternary_tanh_arith {
    static Data twice(const Data& x) { return Data(2 * x); }
    static bool above_one(const Data& x) { return x > 1; }
    static bool above_minus_one(const Data& x) { return x > -1; }
    static Result plus_one() { return Result(1); }
    static Result zero() { return Result(0); }
    static Result minus_one() { return Result(-1); }
};

}  // namespace kernels
}  // namespace isobit

#endif
