// AMD's open simulation types beside ours: the same format as ap_fixed, as isobit::fixed and as a run-time format.
#ifndef ISOBIT_TESTS_VENDOR_TYPES_HPP
#define ISOBIT_TESTS_VENDOR_TYPES_HPP

#include <ap_fixed.h>
#include <ap_int.h>

#include <isobit/fixed.hpp>
#include <isobit/format.hpp>
#include <isobit/kernels/amd.hpp>
#include <isobit/kernels/isobit_numbers.hpp>
#include <isobit/kernels/number.hpp>

namespace vendor {

// modes.def gives AMD's numbers, so that a mode converts by value.
#define ISOBIT_ROUNDING(name, value, rule) static_assert(static_cast<int>(AP_##name) == value, "AP_" #name);
#define ISOBIT_OVERFLOW(name, value, rule) static_assert(static_cast<int>(AP_##name) == value, "AP_" #name);
#include <isobit/modes.def>

using isobit::format;
using isobit::overflow_mode;
using isobit::rounding_mode;

constexpr rounding_mode of(ap_q_mode mode) { return static_cast<rounding_mode>(static_cast<int>(mode)); }
constexpr overflow_mode of(ap_o_mode mode) { return static_cast<overflow_mode>(static_cast<int>(mode)); }

// twin<T>: `type`, ours; `of()`, the run-time format; `word`, the ap_[u]int that carries T's bits.
template <class T>
struct twin;

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct twin<ap_fixed<W, I, Q, O, N>> {
    using type = isobit::fixed<W, I, true, vendor::of(Q), vendor::of(O), N>;
    using word = ap_int<W>;
    static format of() { return isobit::fixed_format(W, I, true, vendor::of(Q), vendor::of(O), N); }
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct twin<ap_ufixed<W, I, Q, O, N>> {
    using type = isobit::fixed<W, I, false, vendor::of(Q), vendor::of(O), N>;
    using word = ap_uint<W>;
    static format of() { return isobit::fixed_format(W, I, false, vendor::of(Q), vendor::of(O), N); }
};
template <int W>
struct twin<ap_int<W>> {
    using type = isobit::integer<W, true>;
    using word = ap_int<W>;
    static format of() { return isobit::integer_format(W, true); }
};
template <int W>
struct twin<ap_uint<W>> {
    using type = isobit::integer<W, false>;
    using word = ap_uint<W>;
    static format of() { return isobit::integer_format(W, false); }
};

// Formats of at most 63 bits: the raw value as a long long, in either family, and back.
template <class T>
T make(long long raw) {
    typename twin<T>::word bits = raw;
    T value;
    value.V = bits.V;
    return value;
}
template <class T>
long long raw_of(const T& value) {
    typename twin<T>::word bits;
    bits.V = value.V;
    return bits.to_int64();
}
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
long long raw_of(const isobit::fixed<W, I, S, Q, O, N>& value) {
    return static_cast<long long>(value.raw());
}
template <int W, bool S>
long long raw_of(const isobit::integer<W, S>& value) {
    return static_cast<long long>(value.raw());
}

}  // namespace vendor

#endif
