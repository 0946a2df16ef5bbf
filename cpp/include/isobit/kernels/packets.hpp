// Packets: the numbers that pass through a stream together, which are the channels of one position of a tensor.
//
// As hls4ml's nnet::array (nnet_utils/nnet_types.h) and the loops at either end of its layers (nnet_dense_stream.h).
// Of a stream only read(), write(packet) and empty() are used, the last in simulations alone.
#ifndef ISOBIT_KERNELS_PACKETS_HPP
#define ISOBIT_KERNELS_PACKETS_HPP

#include "../host/stream_faults.hpp"
#include "pragma.hpp"

namespace isobit {
namespace kernels {

template <class T, int Size>
struct packet {
    static_assert(Size > 0, "isobit: a packet holds one number at least");
    T data[Size];

    T& operator[](int channel) { return data[channel]; }
    const T& operator[](int channel) const { return data[channel]; }
};

// The next packet. Hardware waits until it is written; a simulation of layers one after the other would wait for ever.
template <class Stream>
auto read_packet(Stream& stream) -> decltype(stream.read()) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_SIMULATION(host::expect_packet(stream);)
    return stream.read();
}

// stream -> numbers[Packets * Size]
template <int Packets, int Size, class Stream, class T>
void read_packets(Stream& stream, T* numbers) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Packet)
    for (int p = 0; p < Packets; ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1)
        const packet<T, Size> taken = read_packet(stream);
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < Size; ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            numbers[p * Size + c] = taken[c];
        }
    }
}

// numbers[Packets * Size] -> stream
template <int Packets, int Size, class Stream, class T>
void write_packets(const T* numbers, Stream& stream) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Packet)
    for (int p = 0; p < Packets; ++p) {
        ISOBIT_PRAGMA(HLS PIPELINE II = 1)
        packet<T, Size> given;
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < Size; ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            given[c] = numbers[p * Size + c];
        }
        stream.write(given);
    }
}

}  // namespace kernels
}  // namespace isobit

#endif
