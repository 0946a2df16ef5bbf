// Numbers of one array or several in another order, some left out, repeated or zero: every output is one of them, cast.
//
// Which ones is worked out beforehand: hls4ml's transpositions, paddings, croppings, upsamplings and concatenations
// (nnet_transpose.h, nnet_padding.h, nnet_cropping.h, nnet_image.h, nnet_merge.h) move numbers in just this way.
#ifndef ISOBIT_KERNELS_SELECT_HPP
#define ISOBIT_KERNELS_SELECT_HPP

#include "linear.hpp"
#include "pragma.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

// The number at a place among those of all arrays, one array after the other, of these sizes.
template <int Size, class Arith, class Data>
auto number_at(const Arith& arith, int place, const Data* data) {
    ISOBIT_PRAGMA(HLS INLINE)
    return arith.result(data[place]);
}

template <int Size, int Next, int... Sizes, class Arith, class Data, class... More>
auto number_at(const Arith& arith, int place, const Data* data, const More*... more) {
    ISOBIT_PRAGMA(HLS INLINE)
    return place < Size ? arith.result(data[place]) : number_at<Next, Sizes...>(arith, place - Size, more...);
}

// data[Sizes]..., sources[size] -> results[size]; sources are constants, so that synthesis makes wires, and -1 is zero.
// Arith: result(x) casts, zero() is a result.
template <int... Sizes, class Arith, class Shape, class Source, class Result, class... Data>
void select(const Arith& arith, const Shape& shape, const Source* sources, Result* results, const Data*... data) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Move)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = sources[i] < 0 ? arith.zero() : number_at<Sizes...>(arith, sources[i], data...);
    }
}

template <class Result>
struct select_arith : linear_arith<Result> {
    static Result zero() { return Result(0); }
};

}  // namespace kernels
}  // namespace isobit

#endif
