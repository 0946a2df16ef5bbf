// hls::stream under AMD's header name: isobit/host/stream.hpp.
#ifndef ISOBIT_VENDOR_NAMES_HLS_STREAM_H
#define ISOBIT_VENDOR_NAMES_HLS_STREAM_H

#include <isobit/host/stream.hpp>

namespace hls {

template <class T, int Depth = 0>
using stream = isobit::host::stream<T, Depth>;

}  // namespace hls

#endif
