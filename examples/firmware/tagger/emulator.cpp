// The class around the network, as emulators of the trigger have it: features in units of the detector in, scores and
// the place of the best one out.
#include <any>
#include <array>
#include <utility>

#include "firmware/tagger.cpp"

namespace hls4mlEmulator {  // the interface that the trigger's software loads
class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};
}  // namespace hls4mlEmulator

typedef ap_fixed<18, 13> feature_t;
static const ap_fixed<8, 8> offsets[6] = {40, 0, 0, 12, -3, 1};
static const int shifts[6] = {5, 2, 2, 3, 0, 1};

class Emulator : public hls4mlEmulator::Model {
    feature_t features[6];
    result_t scores[3];

public:
    void prepare_input(std::any input) override {
        const feature_t* given = std::any_cast<feature_t*>(input);
        for (int i = 0; i < 6; i++) features[i] = given[i];
    }
    void predict() override {
        input_t jet[6];
        for (int i = 0; i < 6; i++) jet[i] = (features[i] - offsets[i]) >> shifts[i];
        tagger(jet, scores);
    }
    void read_result(std::any result) override {
        auto* place = std::any_cast<std::pair<std::array<result_t, 3>, ap_uint<2>>*>(result);
        int best = 0;
        for (int i = 0; i < 3; i++) {
            place->first[i] = scores[i];
            if (scores[i] > scores[best]) best = i;
        }
        place->second = best;
    }
};

#define VISIBLE __attribute__((visibility("default")))
extern "C" VISIBLE hls4mlEmulator::Model* create_model() { return new Emulator; }
extern "C" VISIBLE void destroy_model(hls4mlEmulator::Model* model) { delete model; }
