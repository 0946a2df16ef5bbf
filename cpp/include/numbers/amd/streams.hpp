// The streams of an exported project, from AMD: Vitis HLS's own, and on a host the copy beside the open ap_types.
#ifndef ISOBIT_PROJECT_STREAMS_HPP
#define ISOBIT_PROJECT_STREAMS_HPP

#include <hls_stream.h>

#endif
