// Included before an hls4ml project's source in one translation unit: hls4ml's writer calls nnet::save_layer_output
// after each traced layer; the macro at the end sends those calls here, so the generated source stays as it is.
#ifndef ISOBIT_CSIM_PROJECT_HPP
#define ISOBIT_CSIM_PROJECT_HPP

#include <cassert>
#include <map>
#include <sstream>

#include "worker.hpp"  // before hls4ml's headers, which take the ap_ types for granted

#include "nnet_utils/nnet_types.h"

#include "nnet_utils/nnet_helpers.h"

namespace nnet {
bool trace_enabled = false;  // what hls4ml's own bridge defines for nnet_helpers.h
std::map<std::string, void*>* trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
}  // namespace nnet

namespace isobit_csim {
static Channel* current = nullptr;
}

namespace nnet {
template <class T>
void isobit_tap(const T* data, const char* name, std::size_t size) {
    isobit_csim::current->tap(data, size, name);
}
template <class T>
void isobit_tap(hls::stream<T>& data, const char* name, std::size_t size) {
    isobit_csim::current->tap(data, size, name);
}
}  // namespace nnet
#define save_layer_output isobit_tap

#endif
