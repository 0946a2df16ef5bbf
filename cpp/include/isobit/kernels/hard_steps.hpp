// Hard sigmoid and hard tanh: a straight line clipped to [0, 1], for tanh then stretched to [-1, 1].
//
// As hls4ml's nnet::hard_sigmoid and hard_tanh (nnet_utils/nnet_activation.h): the line is exact in its grown type,
// and the clip assigns 1 or 0 to a variable of that type.
#ifndef ISOBIT_KERNELS_HARD_STEPS_HPP
#define ISOBIT_KERNELS_HARD_STEPS_HPP

#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// Arith: line(slope, x, shift), above_one(l), negative(l), one(l) and nought(l) (of l's type).
template <class Arith, class Data, class Slope, class Shift>
auto clipped_line(const Arith& arith, const Slope& slope, const Data& x, const Shift& shift)
    -> decltype(arith.line(slope, x, shift)) {
    ISOBIT_PRAGMA(HLS INLINE)
    const auto line = arith.line(slope, x, shift);
    return arith.above_one(line) ? arith.one(line) : arith.negative(line) ? arith.nought(line) : line;
}

// data[size], slope, shift -> results[size]; Arith as above, and result(l).
template <class Arith, class Shape, class Data, class Slope, class Shift, class Result>
void hard_sigmoid(const Arith& arith, const Shape& shape, const Data* data, const Slope& slope, const Shift& shift,
                  Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Clip)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.result(clipped_line(arith, slope, data[i], shift));
    }
}

// data[size], slope, shift -> results[size]; Arith as above, and stretched(l), which is 2 l - 1 as a result.
template <class Arith, class Shape, class Data, class Slope, class Shift, class Result>
void hard_tanh(const Arith& arith, const Shape& shape, const Data* data, const Slope& slope, const Shift& shift,
               Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Clip)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.stretched(clipped_line(arith, slope, data[i], shift));
    }
}

template <class Result>
struct hard_arith {
    template <class Slope, class Data, class Shift>
    static auto line(const Slope& slope, const Data& x, const Shift& shift) -> decltype(slope * x + shift) {
        return slope * x + shift;
    }
    template <class Line>
    static bool above_one(const Line& l) {
        return l > 1;
    }
    template <class Line>
    static bool negative(const Line& l) {
        return l < 0;
    }
    template <class Line>
    static Line one(const Line&) {
        return Line(1);
    }
    template <class Line>
    static Line nought(const Line&) {
        return Line(0);
    }
    template <class Line>
    static Result result(const Line& l) {
        return Result(l);
    }
    template <class Line>
    static Result stretched(const Line& l) {
        return Result(2 * l - 1);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
