// Shape policies: the loop bounds of a kernel, as constants for synthesis or as numbers for run-time formats.
//
// Kernels see only the member functions; derived sizes are stated once, below, for both.
#ifndef ISOBIT_KERNELS_SHAPE_HPP
#define ISOBIT_KERNELS_SHAPE_HPP

#include "../standard.hpp"

namespace isobit {
namespace kernels {

template <int NIn, int NOut, int ReuseFactor = 1>
struct static_dense_shape {
    static_assert(NIn > 0 && NOut > 0 && ReuseFactor > 0, "isobit: a dense shape needs positive sizes");
    static constexpr int n_in() { return NIn; }
    static constexpr int n_out() { return NOut; }
    static constexpr int reuse_factor() { return ReuseFactor; }
};

class dense_shape {
public:
    constexpr dense_shape(int n_in, int n_out, int reuse_factor)
        : n_in_(n_in), n_out_(n_out), reuse_factor_(reuse_factor) {}
    constexpr int n_in() const { return n_in_; }
    constexpr int n_out() const { return n_out_; }
    constexpr int reuse_factor() const { return reuse_factor_; }

private:
    int n_in_, n_out_, reuse_factor_;
};

template <class Shape>
constexpr int weight_count(const Shape& shape) {
    return shape.n_in() * shape.n_out();
}

// Multipliers that work in one turn of the reuse loop: each serves `reuse_factor` weights.
template <class Shape>
constexpr int multipliers(const Shape& shape) {
    return (weight_count(shape) + shape.reuse_factor() - 1) / shape.reuse_factor();
}

// A dense layer that keeps `stored` of its weights, each with its place (dense_compressed.hpp).
template <int NIn, int NOut, int Stored, int ReuseFactor = 1>
struct static_compressed_shape : static_dense_shape<NIn, NOut, ReuseFactor> {
    static constexpr int stored() { return Stored; }
};

class compressed_shape : public dense_shape {
public:
    constexpr compressed_shape(const dense_shape& dense, int stored) : dense_shape(dense), stored_(stored) {}
    constexpr int stored() const { return stored_; }

private:
    int stored_;
};

// Elementwise layers: `size` values that share `parameters` scales, biases or thresholds cyclically (channels last;
// hls4ml's n_filt, or the size itself where n_filt is -1).
template <int Size, int Parameters = Size>
struct static_vector_shape {
    static_assert(Size > 0 && Parameters > 0, "isobit: a vector shape needs positive sizes");
    static constexpr int size() { return Size; }
    static constexpr int parameters() { return Parameters; }
};

class vector_shape {
public:
    constexpr vector_shape(int size, int parameters) : size_(size), parameters_(parameters) {}
    constexpr int size() const { return size_; }
    constexpr int parameters() const { return parameters_; }

private:
    int size_, parameters_;
};

}  // namespace kernels
}  // namespace isobit

#endif
