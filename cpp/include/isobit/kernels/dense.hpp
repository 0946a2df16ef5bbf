// Dense layers at compile-time formats: each function owns the registers of one kernel and runs it.
//
// All are inlined: what limits multipliers, or pipelines the unrolled ones, stands in the layer's function that calls
// them, because a function that is inlined loses such directives (UG1399, pragma HLS inline).
//
// Layouts: weights[n_in][n_out] for latency, transposed [n_out][n_in] for the resource kernels, as hls4ml stores them;
// for compressed weights compressed_weight[stored], neuron by neuron.
#ifndef ISOBIT_KERNELS_DENSE_HPP
#define ISOBIT_KERNELS_DENSE_HPP

#include "dense_arith.hpp"
#include "dense_compressed.hpp"
#include "dense_latency.hpp"
#include "dense_resource_rf_gt_nin_rem0.hpp"
#include "dense_resource_rf_leq_nin.hpp"
#include "dense_resource_unrolled.hpp"
#include "pragma.hpp"
#include "reuse_factor.hpp"
#include "shape.hpp"

namespace isobit {
namespace kernels {

template <class Arith, class Shape>
void dense_latency(const typename Arith::data_type data[Shape::n_in()],
                   const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                   const typename Arith::bias_type biases[Shape::n_out()],
                   typename Arith::result_type results[Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    typename Arith::accum_type products[Shape::n_in() * Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = products complete)
    typename Arith::accum_type sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    dense_latency(Arith(), Shape(), data, weights, biases, results, products, sums);
}

template <class Arith, class Shape>
void dense_resource_rf_leq_nin(const typename Arith::data_type data[Shape::n_in()],
                               const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                               const typename Arith::bias_type biases[Shape::n_out()],
                               typename Arith::result_type results[Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    static_assert(legal_rf_leq_nin(Shape()), "isobit: rf_leq_nin needs a reuse factor that divides n_in");
    typename Arith::accum_type sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    dense_resource_rf_leq_nin(Arith(), Shape(), data, weights, biases, results, sums);
}

template <class Arith, class Shape>
void dense_resource_rf_gt_nin_rem0(const typename Arith::data_type data[Shape::n_in()],
                                   const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                                   const typename Arith::bias_type biases[Shape::n_out()],
                                   typename Arith::result_type results[Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    static_assert(legal_rf_gt_nin_rem0(Shape()),
                  "isobit: rf_gt_nin_rem0 needs a reuse factor k * n_in, k > 1, k divides n_out");
    typename Arith::accum_type sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    dense_resource_rf_gt_nin_rem0(Arith(), Shape(), data, weights, biases, results, sums);
}

// Kept::at(w), constexpr, says which weights are multiplied: those that are not zero.
template <class Arith, class Shape, class Kept>
void dense_resource_unrolled(const typename Arith::data_type data[Shape::n_in()],
                             const typename Arith::weight_type weights[Shape::n_in() * Shape::n_out()],
                             const typename Arith::bias_type biases[Shape::n_out()],
                             typename Arith::result_type results[Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    static_assert(legal_unrolled(Shape()),
                  "isobit: resource_unrolled needs a legal reuse factor above 1 and below n_in * n_out");
    typename Arith::accum_type sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    dense_resource_unrolled(Arith(), Shape(), Kept(), data, weights, biases, results, sums);
}

template <class Arith, class Shape, class Index>
void dense_compressed(const typename Arith::data_type data[Shape::n_in()],
                      const compressed_weight<Index, typename Arith::weight_type> weights[Shape::stored()],
                      const typename Arith::bias_type biases[Shape::n_out()],
                      typename Arith::result_type results[Shape::n_out()]) {
    ISOBIT_PRAGMA(HLS INLINE)
    static_assert(legal_compressed(Shape()),
                  "isobit: compressed needs a legal reuse factor that divides the number of stored weights");
    typename Arith::accum_type turn_sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = turn_sums complete)
    typename Arith::accum_type sums[Shape::n_out()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = sums complete)
    dense_compressed(Arith(), Shape(), data, weights, biases, results, turn_sums, sums);
}

}  // namespace kernels
}  // namespace isobit

#endif
