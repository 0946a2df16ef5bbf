// Streams in a simulation: a packet that nobody wrote, or that nobody reads, is an error.
//
// AMD's streams only print a warning, go on with made-up numbers and end with what is left; hardware would hang, or
// begin the next event with the last one's rest. Synthesis sees empty functions that nobody calls (C++14).
#ifndef ISOBIT_HOST_STREAM_FAULTS_HPP
#define ISOBIT_HOST_STREAM_FAULTS_HPP

#include <stdexcept>
#include <string>

#include "../kernels/pragma.hpp"

namespace isobit {
namespace host {

inline void stream_fault(const std::string& what) {
    static_cast<void>(what);
    ISOBIT_SIMULATION(throw std::runtime_error("isobit: " + what);)
}

template <class Stream>
void expect_packet(Stream& stream) {
    if (stream.empty()) stream_fault("a layer reads a stream that is empty: a packet is missing");
}

// Takes what is left, so that the stream itself does not complain, too.
template <class Stream>
void expect_empty(Stream& stream, const char* name) {
    int left = 0;
    for (; !stream.empty(); ++left) stream.read();
    if (left > 0) {
        stream_fault("stream " + std::string(name) + ": packets left that nobody has read, " + std::to_string(left));
    }
}

}  // namespace host
}  // namespace isobit

#endif
