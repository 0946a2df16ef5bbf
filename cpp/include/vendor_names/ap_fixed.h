// Drop-in for AMD's ap_fixed.h and ap_int.h: their global names for isobit's numbers.
//
// The types are aliases: templates over ap_fixed<W,I,Q,O,N> or ap_int<W> deduce as with AMD's. What AMD's headers keep
// inside (ap_private, the member V) is not offered.
#ifndef ISOBIT_VENDOR_NAMES_AP_FIXED_H
#define ISOBIT_VENDOR_NAMES_AP_FIXED_H

#include <isobit/fixed.hpp>

#include "isobit_names.h"

// AMD's headers bring these in, and code written against them relies on it.
#include <math.h>  // as C: abs, sqrt and the like are global names for them
#include <stdlib.h>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>

#ifndef INLINE
#define INLINE inline
#endif

#endif
