// The number types of an exported project, from AMD: for Vitis HLS, and for a host with the open ap_types headers.
//
// Which family a build uses is decided by its include path (numbers/amd or numbers/isobit), not by an #ifdef.
#ifndef ISOBIT_PROJECT_NUMBERS_HPP
#define ISOBIT_PROJECT_NUMBERS_HPP

#include <ap_fixed.h>
#include <ap_int.h>

#include <isobit/kernels/amd.hpp>

#endif
