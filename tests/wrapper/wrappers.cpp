// Wrappers of small networks, with the arithmetic that trigger emulators have there: offsets and shifts by ap_fixed
// (SHIFTS), integers in and a mean loss out (INTEGERS), another order, a factor and the place of the best score
// (SCORES).
#include <any>
#include <array>
#include <utility>
#include "ap_fixed.h"
#include "ap_int.h"

namespace hls4mlEmulator {
class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};
}  // namespace hls4mlEmulator

// A dense layer with products and sums in one accumulator, as nnet::dense_latency has them.
template <class accum_t, int N, int M, class x_t, class y_t>
static void dense(const x_t* x, y_t* y, const double (&weights)[N][M], const double (&biases)[M]) {
    typedef ap_fixed<8, 4> weight_t;
    for (int j = 0; j < M; j++) {
        accum_t sum = accum_t(weight_t(biases[j]));
        for (int i = 0; i < N; i++) sum += accum_t(x[i] * weight_t(weights[i][j]));
        y[j] = sum;
    }
}

#ifdef SHIFTS
typedef ap_fixed<18, 13> unscaled_t;
typedef ap_fixed<10, 10> offset_t;
typedef ap_fixed<5, 5> shift_t;
typedef ap_fixed<12, 7, AP_RND_CONV, AP_SAT> input_t;
typedef ap_fixed<16, 9> sum_t;
typedef ap_ufixed<10, 6, AP_RND_CONV, AP_SAT> latent_t;
typedef ap_ufixed<18, 14> loss_t;

static const double weights[6][3] = {{1, -0.5, 0.25}, {0.5, 2, -1},   {-1.5, 0.75, 1},
                                     {2, -1, 0.5},    {0.25, 1, 1.5}, {-0.5, 0.5, 3}};
static const double biases[3] = {0.5, -1, 0.25};
static const offset_t offsets[6] = {0, 12, -7, 100, -3, 31};
static shift_t shifts[6] = {-1, 0, 3, 5, 2, -2};

class Emulator : public hls4mlEmulator::Model {
    unscaled_t unscaled[6];
    latent_t latent[3];
    loss_t loss;

public:
    void prepare_input(std::any input) override {
        unscaled_t* given = std::any_cast<unscaled_t*>(input);
        for (int i = 0; i < 6; i++) unscaled[i] = given[i];
    }
    void predict() override {
        input_t scaled[6];
        sum_t sums[3];
        for (int i = 0; i < 6; i++) scaled[i] = (unscaled[i] - offsets[i]) >> shifts[i];
        dense<sum_t>(scaled, sums, weights, biases);
        for (int j = 0; j < 3; j++) latent[j] = sums[j] > 0 ? latent_t(sums[j]) : latent_t(0);
        ap_fixed<36, 28> squares = 0;
        for (int j = 0; j < 3; j++) squares += latent[j] * latent[j];
        loss = squares;
    }
    void read_result(std::any result) override {
        auto* place = std::any_cast<std::pair<std::array<latent_t, 3>, loss_t>*>(result);
        for (int j = 0; j < 3; j++) place->first[j] = latent[j];
        place->second = loss;
    }
};
#endif

#ifdef INTEGERS
typedef ap_ufixed<14, 12> pt_t;
typedef ap_fixed<16, 10, AP_TRN, AP_SAT> input_t;
typedef ap_fixed<14, 8, AP_TRN, AP_SAT> sum_t;

static const double weights[4][2] = {{1, -0.5}, {0.5, 2}, {-1.5, 0.75}, {2, -1}};
static const double biases[2] = {0.5, -1};

class Emulator : public hls4mlEmulator::Model {
    ap_uint<14> pt[2];
    ap_int<12> eta[2];
    ap_fixed<24, 16> mean;

public:
    void prepare_input(std::any input) override {
        auto given = std::any_cast<std::pair<ap_uint<14>*, ap_int<12>*>>(input);
        for (int i = 0; i < 2; i++) {
            pt[i] = given.first[i];
            eta[i] = given.second[i];
        }
    }
    void predict() override {
        input_t x[4];
        sum_t y[2];
        for (int i = 0; i < 2; i++) {
            pt_t scaled;
            scaled.range() = pt[i].range();  // a quarter of the integer
            x[2 * i] = scaled;
            x[2 * i + 1] = eta[i] >> 1;
        }
        dense<sum_t>(x, y, weights, biases);
        ap_fixed<24, 16> sum = 0;
        for (int j = 0; j < 2; j++) {
            ap_fixed<18, 12> difference = y[j] - x[2 * j + 1];
            ap_fixed<20, 14, AP_RND> square = difference * difference;
            sum += square;
        }
        mean = sum / 2;
    }
    void read_result(std::any result) override { *std::any_cast<ap_fixed<24, 16>*>(result) = mean; }
};
#endif

#ifdef SCORES
typedef ap_fixed<16, 10> given_t;
typedef ap_fixed<13, 7, AP_RND, AP_WRAP> input_t;
typedef ap_fixed<15, 9> score_t;

static const double weights[5][4] = {
    {1, -0.5, 0.25, 2}, {0.5, 2, -1, 1}, {-1.5, 0.75, 1, 0}, {2, -1, 0.5, -1}, {1, 1, 1, 1}};
static const double biases[4] = {0.5, 0.5, 0.5, 0.5};

class Emulator : public hls4mlEmulator::Model {
    given_t given[5];
    score_t scores[4];
    ap_fixed<8, 6> halves[4];
    ap_uint<3> best;

public:
    void prepare_input(std::any input) override {
        auto x = std::any_cast<std::array<given_t, 5>>(input);
        for (int i = 0; i < 5; i++) given[i] = x[4 - i];
    }
    void predict() override {
        input_t x[5];
        for (int i = 0; i < 5; i++) x[i] = given[i] * ap_ufixed<4, 0>(0.3125) + ap_int<4>(3);
        dense<score_t>(x, scores, weights, biases);
        int place = 0;
        for (int j = 1; j < 4; j++)
            if (scores[j] > scores[place]) place = j;
        best = place;
        for (int j = 0; j < 4; j++) halves[j] = scores[j] << 1;
    }
    void read_result(std::any result) override {
        auto* place = std::any_cast<std::pair<std::array<ap_fixed<8, 6>, 4>, ap_uint<3>>*>(result);
        for (int j = 0; j < 4; j++) place->first[j] = halves[j];
        place->second = best;
    }
};
#endif

extern "C" hls4mlEmulator::Model* create_model() { return new Emulator; }
extern "C" void destroy_model(hls4mlEmulator::Model* model) { delete model; }
