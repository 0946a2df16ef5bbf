// The interface of a network in CMS's Level-1 emulation, by the names that its loader expects.
//
// CMSSW brings its own (hls4ml/emulator.h), which is taken where it is found; this one is for everybody else.
#ifndef ISOBIT_EMULATOR_H
#define ISOBIT_EMULATOR_H

#if defined(__has_include)
#if __has_include("hls4ml/emulator.h")
#define ISOBIT_CMS_INTERFACE
#include "hls4ml/emulator.h"
#endif
#endif

#ifndef ISOBIT_CMS_INTERFACE
#include <any>

namespace hls4mlEmulator {

class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};

}  // namespace hls4mlEmulator
#endif

#endif
