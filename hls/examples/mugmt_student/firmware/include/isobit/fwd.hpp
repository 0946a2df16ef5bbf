// Declarations of the number family, and the one list of C++'s own integers with the widths they count as.
#ifndef ISOBIT_FWD_HPP
#define ISOBIT_FWD_HPP

#include "modes.hpp"

namespace isobit {

template <int W, int I, bool S = true, rounding_mode Q = rounding_mode::TRN, overflow_mode O = overflow_mode::WRAP,
          int N = 0>
class fixed;

template <int W, bool S = true>
class integer;

template <class Owner>
class bit_ref;
template <class Owner>
class range_ref;
template <class High, class Low>
class concat_ref;

namespace host {
class half;
}

// X(type): the native integers that operators and constructors take, each as an ap_[u]int of its width, bool as one
// bit (ap_int_base.h and ap_fixed_base.h, ALL_OP_WITH_INT). __int128 is none of them.
#define ISOBIT_NATIVE_INTEGERS(X) \
    X(bool)                       \
    X(char)                       \
    X(signed char)                \
    X(unsigned char)              \
    X(short)                      \
    X(unsigned short)             \
    X(int)                        \
    X(unsigned int)               \
    X(long)                       \
    X(unsigned long)              \
    X(long long)                  \
    X(unsigned long long)

}  // namespace isobit

#endif
