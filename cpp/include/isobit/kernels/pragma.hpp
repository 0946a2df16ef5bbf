// Directives for synthesis, and the one place in the whole tree that asks whether this is synthesis.
//
// ISOBIT_PRAGMA(HLS UNROLL) and ISOBIT_LOOP(Name) vanish on a host, so that -Wall stays quiet about unknown pragmas
// and unused labels. The text is not macro-expanded: AMD's headers define INLINE. What stands in ISOBIT_SIMULATION
// is the other way round: checks of a simulation, of which synthesis sees nothing.
#ifndef ISOBIT_KERNELS_PRAGMA_HPP
#define ISOBIT_KERNELS_PRAGMA_HPP

#include "../standard.hpp"

#ifdef __SYNTHESIS__
#define ISOBIT_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define ISOBIT_LOOP(label) \
    label:
#define ISOBIT_SIMULATION(...)
#else
#define ISOBIT_PRAGMA(...)
#define ISOBIT_LOOP(label)
#define ISOBIT_SIMULATION(...) __VA_ARGS__
#endif

#endif
