// A wrapper of hls4ml's firmware: features moved and shifted by ap_fixed, the scores and the place of the best one.
#include <any>
#include <array>
#include <map>
#include <string>
#include <utility>
#include "myproject.h"

namespace nnet {  // what hls4ml's sources refer to where they trace layers
bool trace_enabled = false;
std::map<std::string, void*>* trace_outputs = nullptr;
size_t trace_type_size = sizeof(double);
}  // namespace nnet

namespace hls4mlEmulator {
class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};
}  // namespace hls4mlEmulator

typedef ap_fixed<18, 13> unscaled_t;
static const ap_fixed<10, 10> offsets[16] = {0, 4, 0, 0, -2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 1};
static ap_fixed<5, 5> shifts[16] = {-1, 0, 3, 3, 3, 2, 2, 2, 5, 4, 4, 4, 4, 4, 4, 0};

class Emulator : public hls4mlEmulator::Model {
    unscaled_t unscaled[16];
    result_t scores[5];

public:
    void prepare_input(std::any input) override {
        unscaled_t* given = std::any_cast<unscaled_t*>(input);
        for (int i = 0; i < 16; i++) unscaled[i] = given[i];
    }
    void predict() override {
        input_t scaled[16];
        for (int i = 0; i < 16; i++) scaled[i] = (unscaled[i] - offsets[i]) >> shifts[i];
        myproject(scaled, scores);
    }
    void read_result(std::any result) override {
        auto* place = std::any_cast<std::pair<std::array<result_t, 5>, ap_uint<3>>*>(result);
        int best = 0;
        for (int j = 0; j < 5; j++) {
            place->first[j] = scores[j];
            if (scores[j] > scores[best]) best = j;
        }
        place->second = best;
    }
};

extern "C" hls4mlEmulator::Model* create_model() { return new Emulator; }
extern "C" void destroy_model(hls4mlEmulator::Model* model) { delete model; }
