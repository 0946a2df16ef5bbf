// The streams of an exported project, from isobit under AMD's name: for a host, without any vendor header.
#ifndef ISOBIT_PROJECT_STREAMS_HPP
#define ISOBIT_PROJECT_STREAMS_HPP

#include <vendor_names/hls_stream.h>

#endif
