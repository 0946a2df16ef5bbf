// The hls:: functions under AMD's header name: isobit/host/math.hpp.
#ifndef ISOBIT_VENDOR_NAMES_HLS_MATH_H
#define ISOBIT_VENDOR_NAMES_HLS_MATH_H

#include <isobit/host/math.hpp>

#include "ap_fixed.h"

namespace hls {

using namespace isobit::host::math;

}  // namespace hls

#endif
