// Drives networks that hls4ml wrote, several in one translation unit, and prints the raw bits of every layer.
//
// Included before the networks' own sources, which stay as they are: hls4ml calls nnet::save_layer_output after each
// layer, and the macro at the end sends those calls here.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

static const char* weights_folder = "";  // of the network that runs; nnet_helpers.h reads this macro at every load
#define WEIGHTS_DIR weights_folder

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include "nnet_utils/nnet_helpers.h"

namespace nnet {
bool trace_enabled = true;
std::map<std::string, void*>* trace_outputs = nullptr;
size_t trace_type_size = sizeof(double);
}  // namespace nnet

namespace tap {

// One number as hexadecimal, most significant first: the same text whatever the width.
template <class T>
void print(T x) {
    for (int low = (T::width - 1) / 32 * 32; low >= 0; low -= 32) {
        const int high = low + 31 < T::width ? low + 31 : T::width - 1;
        std::printf("%08llx", static_cast<unsigned long long>(x.range(high, low).to_uint64()));
    }
    std::printf(" ");
}

template <class T>
void begin(const char* name) {
    std::printf("@%s %d: ", name, int(T::width));
}

template <class T>
void show(const char* name, const T* data, std::size_t size) {
    begin<T>(name);
    for (std::size_t k = 0; k < size; k++) print(data[k]);
    std::printf("\n");
}

// A stream must hold the tensor and nothing else. It is emptied, and filled again unless it is an output.
template <class A>
void show(const char* name, hls::stream<A>& stream, std::size_t size, bool refill = true) {
    std::vector<A> packs;
    for (; !stream.empty(); packs.push_back(stream.read())) {
    }
    if (packs.size() * A::size != size) {
        std::fprintf(stderr, "%s: the stream holds %zu of %zu values\n", name, packs.size() * A::size, size);
        std::exit(4);
    }
    begin<typename A::value_type>(name);
    for (A& values : packs)
        for (std::size_t k = 0; k < A::size; k++) print(values[k]);
    std::printf("\n");
    for (std::size_t pack = 0; refill && pack < packs.size(); pack++) stream.write(packs[pack]);
}

inline double next(std::FILE* file) {
    double value;
    if (std::fread(&value, sizeof value, 1, file) != 1) {
        std::fprintf(stderr, "the events end early\n");
        std::exit(3);
    }
    return value;
}

template <class T>
void fill(std::FILE* file, T* data, std::size_t size) {
    for (std::size_t k = 0; k < size; k++) data[k] = T(next(file));
}

template <class A>
void fill(std::FILE* file, hls::stream<A>& stream, std::size_t size) {
    for (std::size_t pack = 0; pack < size / A::size; pack++) {
        A values;
        for (std::size_t k = 0; k < A::size; k++) values[k] = typename A::value_type(next(file));
        stream.write(values);
    }
}

template <class A>
void drain(const char* name, hls::stream<A>& stream) {
    if (!stream.empty()) {
        std::fprintf(stderr, "%s: the stream holds more than the tensor\n", name);
        std::exit(4);
    }
}

template <class A>
void finish(const char* name, hls::stream<A>& stream, std::size_t size) {
    show(name, stream, size, false);
}

template <class T>
void finish(const char* name, const T* data, std::size_t size) {
    show(name, data, size);
}

struct Network {
    const char* name;
    const char* weights;
    void (*event)(std::FILE*);
};

// argv: network, file of events (doubles), number of events.
inline int run(int argc, char** argv, const std::vector<Network>& networks) {
    if (argc != 4) return 2;
    for (const Network& network : networks) {
        if (std::strcmp(network.name, argv[1]) != 0) continue;
        weights_folder = network.weights;
        std::FILE* file = std::fopen(argv[2], "rb");
        if (file == nullptr) return 3;
        for (long event = std::atol(argv[3]); event > 0; event--) {
            network.event(file);
            std::printf("\n");
        }
        return std::fclose(file);
    }
    return 2;
}

}  // namespace tap

namespace nnet {
template <class T>
void isobit_tap(const T* data, const char* name, std::size_t size) {
    tap::show(name, data, size);
}
template <class A>
void isobit_tap(hls::stream<A>& stream, const char* name, std::size_t size) {
    tap::show(name, stream, size);
}
}  // namespace nnet
#define save_layer_output isobit_tap
