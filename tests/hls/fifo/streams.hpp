// In place of numbers/*/streams.hpp where a core is compiled as for synthesis: a stream as hardware has it, of a fixed
// depth, which needs nothing of any library.
#ifndef ISOBIT_TEST_FIFO_STREAMS_HPP
#define ISOBIT_TEST_FIFO_STREAMS_HPP

namespace hls {

template <class T>
class stream {
public:
    explicit stream(const char*) {}
    T read() { return packets_[first_++ % depth]; }
    void write(const T& packet) { packets_[last_++ % depth] = packet; }

private:
    static constexpr unsigned depth = 64;
    T packets_[depth] = {};
    unsigned first_ = 0, last_ = 0;
};

}  // namespace hls

#endif
