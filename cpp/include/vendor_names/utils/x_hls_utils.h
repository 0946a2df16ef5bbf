// hls::numeric_limits under AMD's header name: isobit/host/numeric_limits.hpp.
#ifndef ISOBIT_VENDOR_NAMES_UTILS_X_HLS_UTILS_H
#define ISOBIT_VENDOR_NAMES_UTILS_X_HLS_UTILS_H

#include <isobit/host/numeric_limits.hpp>

#include "../ap_fixed.h"

namespace hls {

using isobit::host::numeric_limits;

}  // namespace hls

#endif
