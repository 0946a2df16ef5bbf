// Between an hls4ml project and isobit: reads events from a file, taps the raw bits of every layer, writes them.
//
// Included before the project's own source in one translation unit. hls4ml's writer calls nnet::save_layer_output
// after each traced layer; the macro at the end sends those calls here, so the generated source stays as it is.
#ifndef ISOBIT_CSIM_BRIDGE_HPP
#define ISOBIT_CSIM_BRIDGE_HPP

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_helpers.h"

namespace nnet {
bool trace_enabled = true;
std::map<std::string, void*>* trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
}  // namespace nnet

namespace isobit_csim {

static std::vector<std::uint64_t> bits;  // what this block of events gives
static std::string layout;               // one line "name elements width" a tensor, from the first event
static bool tapping = false;
static bool describing = true;

// The bits of one number, low word first, not sign-extended.
template <class T>
void put(T x) {
    for (int low = 0; low < T::width; low += 64) {
        const int high = low + 63 < T::width ? low + 63 : T::width - 1;
        bits.push_back(x.range(high, low).to_uint64());
    }
}

template <class T>
void put_all(const T* data, const char* name, std::size_t size) {
    if (describing)
        layout += std::string(name) + " " + std::to_string(size) + " " + std::to_string(int(T::width)) + "\n";
    for (std::size_t i = 0; i < size; i++) put(data[i]);
}

template <class T>
void tap(const T* data, const char* name, std::size_t size) {
    if (tapping) put_all(data, name, size);
}

inline void read_words(std::FILE* file, void* words, std::size_t count) {
    if (std::fread(words, 8, count, file) != count) {
        std::fprintf(stderr, "the input file ends early\n");
        std::exit(3);
    }
}

// Fills the numbers of one input: raw bits, or doubles for the type's own constructor.
template <class T>
void get_all(std::FILE* file, bool raw, T* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i++) {
        if (!raw) {
            double value;
            read_words(file, &value, 1);
            data[i] = T(value);
            continue;
        }
        for (int low = 0; low < T::width; low += 64) {
            const int high = low + 63 < T::width ? low + 63 : T::width - 1;
            unsigned long long word;
            read_words(file, &word, 1);
            data[i].range(high, low) = ap_uint<64>(word);
        }
    }
}

// argv: program, input file, output file, layout file, events, "raw" or "float", "trace" or "output".
inline int run(int argc, char** argv, void (*event)(std::FILE*, bool)) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: %s INPUT OUTPUT LAYOUT EVENTS raw|float trace|output\n", argv[0]);
        return 2;
    }
    std::FILE* in = std::fopen(argv[1], "rb");
    std::FILE* out = std::fopen(argv[2], "wb");
    const long events = std::atol(argv[4]);
    const bool raw = std::strcmp(argv[5], "raw") == 0;
    tapping = std::strcmp(argv[6], "trace") == 0;
    if (!in || !out) {
        std::fprintf(stderr, "cannot open %s\n", !in ? argv[1] : argv[2]);
        return 3;
    }
    for (long i = 0; i < events; i++) {
        event(in, raw);
        describing = false;
        if (bits.size() >= 1 << 16 || i + 1 == events) {
            if (std::fwrite(bits.data(), 8, bits.size(), out) != bits.size()) return 4;
            bits.clear();
        }
    }
    std::fclose(in);
    if (std::fclose(out) != 0) return 4;
    std::FILE* description = std::fopen(argv[3], "wb");
    if (!description || std::fwrite(layout.data(), 1, layout.size(), description) != layout.size()) return 4;
    return std::fclose(description) == 0 ? 0 : 4;
}

}  // namespace isobit_csim

namespace nnet {
template <class T>
void isobit_tap(const T* data, const char* name, std::size_t size) {
    isobit_csim::tap(data, name, size);
}
}  // namespace nnet
#define save_layer_output isobit_tap

#endif
