// AMD's global names for isobit's numbers, and nothing else: no stream, no C library.
#ifndef ISOBIT_VENDOR_NAMES_ISOBIT_NAMES_H
#define ISOBIT_VENDOR_NAMES_ISOBIT_NAMES_H

#include <isobit/numbers.hpp>

typedef signed long long ap_slong;
typedef unsigned long long ap_ulong;

using ap_q_mode = isobit::rounding_mode;
using ap_o_mode = isobit::overflow_mode;
#define ISOBIT_ROUNDING(name, value, rule) constexpr ap_q_mode AP_##name = ap_q_mode::name;
#define ISOBIT_OVERFLOW(name, value, rule) constexpr ap_o_mode AP_##name = ap_o_mode::name;
#include <isobit/modes.def>

template <int W>
using ap_int = isobit::integer<W, true>;
template <int W>
using ap_uint = isobit::integer<W, false>;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using ap_fixed = isobit::fixed<W, I, true, Q, O, N>;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using ap_ufixed = isobit::fixed<W, I, false, Q, O, N>;

template <int W, bool S>
using ap_int_base = isobit::integer<W, S>;
template <int W, int I, bool S = true, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using ap_fixed_base = isobit::fixed<W, I, S, Q, O, N>;

template <int W, bool S>
using ap_bit_ref = isobit::bit_ref<isobit::integer<W, S>>;
template <int W, bool S>
using ap_range_ref = isobit::range_ref<isobit::integer<W, S>>;
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
using af_bit_ref = isobit::bit_ref<isobit::fixed<W, I, S, Q, O, N>>;
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
using af_range_ref = isobit::range_ref<isobit::fixed<W, I, S, Q, O, N>>;

enum BaseMode { AP_BIN = 2, AP_OCT = 8, AP_DEC = 10, AP_HEX = 16 };

// SystemC's names for the same, unless SystemC itself is there.
#ifndef SYSTEMC_INCLUDED
#define ISOBIT_ROUNDING(name, value, rule) constexpr ap_q_mode SC_##name = ap_q_mode::name;
#define ISOBIT_OVERFLOW(name, value, rule) constexpr ap_o_mode SC_##name = ap_o_mode::name;
#include <isobit/modes.def>
enum { SC_BIN = 2, SC_OCT = 8, SC_DEC = 10, SC_HEX = 16 };
#endif

#endif
