// A network as hls4ml writes one, in small: global weights, structs called config2, template layers, and a table in a
// static variable. NET_W, NET_B and NET_STEP tell networks apart; NET_SPACE puts one into a namespace of its own.
#include <any>
#include <array>
#include <utility>
#include "ap_fixed.h"

namespace hls4mlEmulator {
class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};
}  // namespace hls4mlEmulator

typedef ap_fixed<16, 6> input_t;
typedef ap_fixed<16, 6> result_t;

namespace nnet {
template <class data_T, class res_T, class CONFIG>
void dense(data_T data[], res_T res[], input_t w[], input_t b[]) {
    for (unsigned j = 0; j < CONFIG::n_out; j++) {
        res_T sum = b[j];
        for (unsigned i = 0; i < CONFIG::n_in; i++) sum += data[i] * w[i];
        res[j] = sum;
    }
}
template <class data_T, class res_T, class CONFIG>
void table(data_T data[], res_T res[]) {
    static bool initialized = false;
    static res_T entries[64];
    if (!initialized) {
        for (int i = 0; i < 64; i++) entries[i] = res_T(i * CONFIG::step / 64.0);
        initialized = true;
    }
    for (unsigned j = 0; j < CONFIG::n_out; j++) {
        int k = (data[j] * 64).to_int();
        res[j] = entries[k < 0 ? 0 : k > 63 ? 63 : k];
    }
}
}  // namespace nnet

#ifdef NET_SPACE
namespace NET_SPACE {
#endif
input_t w2[4] = {NET_W};
input_t b2[1] = {NET_B};
struct config2 {
    static const unsigned n_in = 4;
    static const unsigned n_out = 1;
    static constexpr double step = NET_STEP;
};
#ifdef NET_ELSEWHERE
void myproject(input_t x[4], result_t y[1]);
#else
void myproject(input_t x[4], result_t y[1]) {
    result_t sum[1];
    nnet::dense<input_t, result_t, config2>(x, sum, w2, b2);
    nnet::table<result_t, result_t, config2>(sum, y);
}
#endif
class Emulator : public hls4mlEmulator::Model {
    input_t x[4];
    result_t y[1];

public:
    void prepare_input(std::any input) override {
        input_t* given = std::any_cast<input_t*>(input);
        for (int i = 0; i < 4; i++) x[i] = given[i];
    }
    void predict() override { myproject(x, y); }
    void read_result(std::any result) override {
        auto* place = std::any_cast<std::pair<std::array<result_t, 1>, result_t>*>(result);
        place->first[0] = y[0];
        place->second = y[0] + y[0];
    }
};
#ifdef NET_SPACE
}
using namespace NET_SPACE;
#endif

#define ISOBIT_VISIBLE __attribute__((visibility("default")))
#ifndef NET_BARE
extern "C" ISOBIT_VISIBLE hls4mlEmulator::Model* create_model() { return new Emulator; }
extern "C" ISOBIT_VISIBLE void destroy_model(hls4mlEmulator::Model* m) { delete m; }
#else
hls4mlEmulator::Model* create_model() { return new Emulator; }
#endif
