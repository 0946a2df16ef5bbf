// Which reuse factors a dense layer may have: one rule, for every kernel and, through the binding, for Python's tests.
//
// The set is that of hls4ml's FPGABackend.get_valid_reuse_factors (backends/fpga/fpga_backend.py). hls4ml's own kernels
// assert less, and read past the weights for some of the rest: see docs/semantics.md.
#ifndef ISOBIT_KERNELS_REUSE_FACTOR_HPP
#define ISOBIT_KERNELS_REUSE_FACTOR_HPP

#include "../standard.hpp"

namespace isobit {
namespace kernels {

// A multiplier serves `factor` weights: a part of one neuron's that divides its inputs evenly, or several whole
// neurons, as many for each multiplier.
constexpr bool legal_reuse_factor(int n_in, int n_out, int factor) {
    return factor >= 1 && (factor <= n_in ? n_in % factor == 0 : factor % n_in == 0 && n_out % (factor / n_in) == 0);
}

template <class Shape>
constexpr bool legal_reuse_factor(const Shape& s) {
    return legal_reuse_factor(s.n_in(), s.n_out(), s.reuse_factor());
}

template <class Shape>
constexpr bool legal_rf_leq_nin(const Shape& s) {
    return legal_reuse_factor(s) && s.reuse_factor() <= s.n_in();
}

template <class Shape>
constexpr bool legal_rf_gt_nin_rem0(const Shape& s) {
    return legal_reuse_factor(s) && s.reuse_factor() > s.n_in();
}

// Unrolled code is written for factors between the least and the greatest legal one: with 1 there is nothing to share,
// and the greatest is left out (set_closest_reuse_factor with include_max_rf=False).
template <class Shape>
constexpr bool legal_unrolled(const Shape& s) {
    return legal_reuse_factor(s) && s.reuse_factor() > 1 && s.reuse_factor() / s.n_in() < s.n_out();
}

// The stored weights come in whole turns; hls4ml's kernel would read past them.
template <class Shape>
constexpr bool legal_compressed(const Shape& s) {
    return legal_reuse_factor(s) && s.stored() > 0 && s.stored() % s.reuse_factor() == 0;
}

}  // namespace kernels
}  // namespace isobit

#endif
