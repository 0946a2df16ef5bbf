// Softmax by tables of exponentials and inverses: hls4ml's `latency` and `stable`, and `argmax` without any table.
//
// As hls4ml's softmax_latency, softmax_stable, softmax_argmax and softmax_multidim (nnet_utils/nnet_activation.h),
// the balanced trees of nnet_common.h included: with a saturating accumulator they decide the bits.
#ifndef ISOBIT_KERNELS_SOFTMAX_HPP
#define ISOBIT_KERNELS_SOFTMAX_HPP

#include "pragma.hpp"

namespace isobit {
namespace kernels {

// `size` values that are normalised together, in each of `outer` x `inner` slices; a slice's values are `inner` apart.
template <int Size, int Outer = 1, int Inner = 1>
struct static_softmax_shape {
    static_assert(Size > 0 && Outer > 0 && Inner > 0, "isobit: a softmax shape needs positive sizes");
    static constexpr int size() { return Size; }
    static constexpr int outer() { return Outer; }
    static constexpr int inner() { return Inner; }
};

class softmax_shape {
public:
    constexpr softmax_shape(int size, int outer, int inner) : size_(size), outer_(outer), inner_(inner) {}
    constexpr int size() const { return size_; }
    constexpr int outer() const { return outer_; }
    constexpr int inner() const { return inner_; }

private:
    int size_, outer_, inner_;
};

// values[0] = all `count` values joined by a balanced tree, in place. Invariant: before each level values[i], for every
// multiple i of `apart`, joins the values i .. i + apart - 1, as far as there are such.
template <class Value, class Operation>
void reduce_tree(Value* values, int count, const Operation& operation) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Level)
    for (int apart = 1; apart < count; apart *= 2) {
        ISOBIT_PRAGMA(HLS UNROLL)
        ISOBIT_LOOP(Pair)
        for (int i = 0; i + apart < count; i += 2 * apart) {
            ISOBIT_PRAGMA(HLS UNROLL)
            values[i] = operation(values[i], values[i + apart]);
        }
    }
}

template <class Arith>
struct tree_add {
    const Arith& arith;
    template <class Value>
    Value operator()(const Value& a, const Value& b) const {
        return arith.add(a, b);
    }
};

struct tree_max {
    template <class Value>
    Value operator()(const Value& a, const Value& b) const {
        return a >= b ? a : b;
    }
};

// exps[size] -> results[size]: each times the inverse of their sum. Arith: add(a, b) of two exponentials gives one,
// inverse_index(s) addresses inverses[], result(e, v) is their product as a result. `sums` (size) is a buffer.
template <class Arith, class Shape, class Exps, class Inverse, class Result, class Sums>
void softmax_normalise(const Arith& arith, const Shape& shape, const Exps& exps, const Inverse* inverses,
                       Result* results, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Copy)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        sums[i] = exps[i];
    }
    reduce_tree(&sums[0], shape.size(), tree_add<Arith>{arith});
    const Inverse inverse = inverses[arith.inverse_index(sums[0])];
    ISOBIT_LOOP(Scale)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = arith.result(exps[i], inverse);
    }
}

// data[size], exponentials[], inverses[] -> results[size]. Arith: data_index(x) addresses exponentials[],
// exponential(e) casts an entry for the sum. `exps` and `sums` (size each) are the caller's accum_t buffers.
template <class Arith, class Shape, class Data, class Exponential, class Inverse, class Result, class Exps, class Sums>
void softmax_latency(const Arith& arith, const Shape& shape, const Data* data, const Exponential* exponentials,
                     const Inverse* inverses, Result* results, Exps& exps, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Exponentiate)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        exps[i] = arith.exponential(exponentials[arith.data_index(data[i])]);
    }
    softmax_normalise(arith, shape, exps, inverses, results, sums);
}

// The same on the distances from the largest value. Arith: distance_index(max, x) addresses exponentials[]; `maxima`
// (size) is a buffer of data.
template <class Arith, class Shape, class Data, class Exponential, class Inverse, class Result, class Maxima,
          class Exps, class Sums>
void softmax_stable(const Arith& arith, const Shape& shape, const Data* data, const Exponential* exponentials,
                    const Inverse* inverses, Result* results, Maxima& maxima, Exps& exps, Sums& sums) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Copy)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        maxima[i] = data[i];
    }
    reduce_tree(&maxima[0], shape.size(), tree_max());
    ISOBIT_LOOP(Exponentiate)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        exps[i] = arith.exponential(exponentials[arith.distance_index(maxima[0], data[i])]);
    }
    softmax_normalise(arith, shape, exps, inverses, results, sums);
}

// data[size] -> results[size]: one at the first of the largest values, otherwise zero. Arith: one(), zero().
template <class Arith, class Shape, class Data, class Result>
void softmax_argmax(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    int largest = 0;
    ISOBIT_LOOP(Compare)
    for (int i = 1; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        if (data[i] > data[largest]) largest = i;
    }
    ISOBIT_LOOP(Mark)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        results[i] = i == largest ? arith.one() : arith.zero();
    }
}

// Every slice of data[outer][size][inner] -> results likewise; one_slice(in, out) computes a slice, `in` and `out`
// (size each) are the caller's buffers.
template <class Shape, class Data, class Result, class In, class Out, class Slice>
void softmax_slices(const Shape& shape, const Data* data, Result* results, In& in, Out& out, const Slice& one_slice) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Outer)
    for (int i = 0; i < shape.outer(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        ISOBIT_LOOP(Inner)
        for (int k = 0; k < shape.inner(); ++k) {
            ISOBIT_PRAGMA(HLS UNROLL)
            const int first = i * shape.size() * shape.inner() + k;
            ISOBIT_LOOP(Gather)
            for (int j = 0; j < shape.size(); ++j) {
                ISOBIT_PRAGMA(HLS UNROLL)
                in[j] = data[first + j * shape.inner()];
            }
            one_slice(&in[0], &out[0]);
            ISOBIT_LOOP(Scatter)
            for (int j = 0; j < shape.size(); ++j) {
                ISOBIT_PRAGMA(HLS UNROLL)
                results[first + j * shape.inner()] = out[j];
            }
        }
    }
}

// The top `Bits` bits of a number, an index.
template <int Bits, class T>
unsigned top_bits(const T& x) {
    ISOBIT_PRAGMA(HLS INLINE)
    return static_cast<unsigned>(x.range(T::width - 1, T::width - Bits).to_uint());
}

// Distance is the type of max - x (hls4ml's inp_norm_t), Sum the type of the sum that is inverted (inv_inp_t).
template <class Accum, class Sum, class Result, class Distance, int ExponentialBits, int InverseBits>
struct softmax_arith {
    using accum_type = Accum;

    template <class Data>
    static unsigned data_index(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return top_bits<ExponentialBits>(x);
    }
    template <class Data>
    static unsigned distance_index(const Data& largest, const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return top_bits<ExponentialBits>(Distance(largest - x));
    }
    template <class Exponential>
    static Accum exponential(const Exponential& e) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(e);
    }
    static Accum add(const Accum& a, const Accum& b) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(a + b);
    }
    static unsigned inverse_index(const Accum& sum) {
        ISOBIT_PRAGMA(HLS INLINE)
        return top_bits<InverseBits>(Sum(sum));
    }
    template <class Inverse>
    static Result result(const Accum& e, const Inverse& inverse) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(e * inverse);
    }
};

template <class Result>
struct argmax_arith {
    static Result one() { return Result(1); }
    static Result zero() { return Result(0); }
};

}  // namespace kernels
}  // namespace isobit

#endif
