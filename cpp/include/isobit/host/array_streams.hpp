// Packets of an output as an array, for those who call an exported core with streams on a host (C++14).
#ifndef ISOBIT_HOST_ARRAY_STREAMS_HPP
#define ISOBIT_HOST_ARRAY_STREAMS_HPP

#include <string>

#include "../kernels/packets.hpp"
#include "stream_faults.hpp"

namespace isobit {
namespace host {

// stream -> numbers[Packets * Size]; it must hold these packets and no more.
template <int Packets, int Size, class Stream, class T>
void take_packets(Stream& stream, T* numbers, const char* name) {
    for (int p = 0; p < Packets; ++p) {
        if (stream.empty()) {
            stream_fault("stream " + std::string(name) + " ends after " + std::to_string(p) + " of " +
                         std::to_string(Packets) + " packets");
        }
        const kernels::packet<T, Size> taken = stream.read();
        for (int c = 0; c < Size; ++c) numbers[p * Size + c] = taken[c];
    }
    expect_empty(stream, name);
}

}  // namespace host
}  // namespace isobit

#endif
