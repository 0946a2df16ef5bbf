// half under AMD's header name: isobit/host/half.hpp.
#ifndef ISOBIT_VENDOR_NAMES_HLS_HALF_H
#define ISOBIT_VENDOR_NAMES_HLS_HALF_H

#include <isobit/host/half.hpp>

using half = isobit::host::half;

#endif
