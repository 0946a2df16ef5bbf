// The core 'mugmt_student' behind CMS's interface (emulator.h): compiled with AMD's ap_fixed, which
// hosts hold in their std::any.
//
// Written by isobit 0.1.0; do not edit, export again.
//
// prepare_input takes a pointer to 5 numbers, ap_fixed<18,6>*,
// read_result a pointer to 3 numbers, ap_fixed<18,6>*.
// The numbers cross this border as raw integers; behind it, the core computes with isobit's own number types.
// clang-format off
#include "emulator.h"

#include <any>
#include <cstdint>
#include <tuple>

#include <isobit/host/raw_words.hpp>

#include "types.hpp"
#include "mugmt_student_c.h"

namespace mugmt_student_core_1a9b9ec0d0_emulator {

class Emulator final : public hls4mlEmulator::Model {
public:
    void prepare_input(std::any input_) override {
        const mugmt_student_core_1a9b9ec0d0::inputs_t* const* constant_ = std::any_cast<const mugmt_student_core_1a9b9ec0d0::inputs_t*>(&input_);
        const mugmt_student_core_1a9b9ec0d0::inputs_t* const inputs = constant_ ? *constant_ : std::any_cast<mugmt_student_core_1a9b9ec0d0::inputs_t*>(input_);
        isobit::host::write_words<true>(inputs, 5, in_ + 0);
    }
    void predict() override { mugmt_student_predict_raw(in_, out_, 1); }
    void read_result(std::any result_) override {
        mugmt_student_core_1a9b9ec0d0::output_result_t* const output_out = std::any_cast<mugmt_student_core_1a9b9ec0d0::output_result_t*>(result_);
        isobit::host::read_words(out_ + 0, 3, output_out);
    }

private:
    std::int64_t in_[MUGMT_STUDENT_INPUT_WORDS] = {};
    std::int64_t out_[MUGMT_STUDENT_OUTPUT_WORDS] = {};
};

}  // namespace mugmt_student_core_1a9b9ec0d0_emulator

// For a loader, which asks the library for these names.
extern "C" __attribute__((visibility("default"))) hls4mlEmulator::Model* create_model() {
    return new mugmt_student_core_1a9b9ec0d0_emulator::Emulator;
}
extern "C" __attribute__((visibility("default"))) void destroy_model(hls4mlEmulator::Model* model) { delete model; }

// For a program that links several models.
extern "C" __attribute__((visibility("default"))) hls4mlEmulator::Model* mugmt_student_create_model() {
    return new mugmt_student_core_1a9b9ec0d0_emulator::Emulator;
}
extern "C" __attribute__((visibility("default"))) void mugmt_student_destroy_model(hls4mlEmulator::Model* model) { delete model; }
