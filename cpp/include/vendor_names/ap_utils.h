// AMD's header name; a simulation has no clock to wait for.
#ifndef ISOBIT_VENDOR_NAMES_AP_UTILS_H
#define ISOBIT_VENDOR_NAMES_AP_UTILS_H

#include "ap_int.h"

inline void ap_wait() {}
inline void ap_wait_n(unsigned) {}

#endif
