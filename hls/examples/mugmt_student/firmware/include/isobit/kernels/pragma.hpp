// Directives for synthesis, and the one place in the whole tree that asks whether this is synthesis.
//
// ISOBIT_PRAGMA(HLS UNROLL) and ISOBIT_LOOP(Name) vanish on a host, so that -Wall stays quiet about unknown pragmas
// and unused labels. The text is not macro-expanded: AMD's headers define INLINE.
#ifndef ISOBIT_KERNELS_PRAGMA_HPP
#define ISOBIT_KERNELS_PRAGMA_HPP

#ifdef __SYNTHESIS__
#define ISOBIT_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define ISOBIT_LOOP(label) \
    label:
#else
#define ISOBIT_PRAGMA(...)
#define ISOBIT_LOOP(label)
#endif

#endif
