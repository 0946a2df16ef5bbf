// hls::stream and ap_shift_reg as UG1399 documents them, and what is isobit's: an empty stream names itself.
#include <string>
#include <vector>

#include <ap_shift_reg.h>
#include <hls_stream.h>

#include "check.hpp"

namespace {

void queue() {
    hls::stream<int> s("numbers");
    check::that(s.empty() && !s.full() && s.size() == 0, "a new stream is empty");
    check::that(s.capacity() > 1000000, "without bound");
    long written = 0, read = 0;
    check::random_bits bits(1);
    // Bursts of any length, so that the ring grows while its elements lie around its end.
    for (int burst = 0; burst < 200; ++burst) {
        for (auto n = bits() % 100; n-- > 0;) s.write(static_cast<int>(written++));
        for (auto n = bits() % 90; n-- > 0 && !s.empty();) check::equal(s.read(), read++, "order");
        check::equal(s.size(), written - read, "size");
    }
    int value = 0;
    while (s.read_nb(value)) check::equal(value, read++, "read_nb");
    check::that(read == written && s.empty(), "everything came out");

    s << 5;
    check::that(s.write_nb(6), "write_nb");
    s >> value;
    check::equal(value, 5, "<< and >>");
    s.read(value);
    check::equal(value, 6, "read into a variable");
    check::that(!s.read_nb(value) && value == 6, "read_nb of an empty stream leaves the variable");
}

struct pixel {
    int data[3];
};

template <class T>
int first_of(hls::stream<T>& s) {
    return s.read().data[0];
}

void types() {
    hls::stream<pixel, 8> deep("with a depth");
    deep.write({{7, 8, 9}});
    check::equal(first_of(deep), 7, "a stream with a depth passes as one without");
    hls::stream<std::string> texts;
    texts.write("a text that owns memory, longer than any short-string buffer");
    check::that(texts.read().size() == 60, "elements that own memory");
    hls::stream<int> many[4];
    std::vector<hls::stream<int>> vector(3);
    many[3].write(1);
    vector[2].write(2);
    check::equal(many[3].read() + vector[2].read(), 3, "arrays and vectors of streams");
}

template <class T>
std::string refusal(hls::stream<T>& s) {
    try {
        s.read();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "nothing thrown";
}

void empty() {
    hls::stream<int> named("layer2_out");
    check::that(refusal(named).find("stream 'layer2_out' was read while empty") != std::string::npos, refusal(named));
    hls::stream<pixel> unnamed;
    check::that(refusal(unnamed).find("pixel") != std::string::npos, refusal(unnamed));
    const std::string longest(200, 'x');
    hls::stream<int> cut(longest);
    check::that(std::string(cut.name()) == std::string(60, 'x') + "...", cut.name());
    hls::stream<int> temporary(std::string("a name that goes away with its string, soon").c_str());
    check::that(refusal(temporary).find("goes away with its string, soon'") != std::string::npos, refusal(temporary));
    named.write(1);
    check::equal(named.read(), 1, "usable after the error");
}

void shift_register() {
    static ap_shift_reg<int, 4> r;
    check::equal(r.read(0) + r.read(3), 0, "begins with zeros");
    for (int i = 1; i <= 9; ++i) {
        check::equal(r.shift(i), i > 4 ? i - 4 : 0, "shift gives the oldest");
        for (unsigned a = 0; a < 4; ++a) {
            check::equal(r.read(a), i > static_cast<int>(a) ? i - static_cast<int>(a) : 0, "read");
        }
    }
    check::equal(r.shift(10, 1), 8, "reads before it shifts");
    check::equal(r.shift(11, 0, false), 10, "not enabled");
    check::equal(r.read(0), 10, "nothing was shifted");
    ap_shift_reg<int, 1> one("named");
    check::equal(one.shift(3), 0, "one location");
    check::equal(one.shift(4), 3, "one location");
    try {
        r.read(4);
        check::that(false, "an address beyond the depth is refused");
    } catch (const std::out_of_range& error) {
        check::that(std::string(error.what()).find("0 to 3, not 4") != std::string::npos, error.what());
    }
    ap_shift_reg<float> usual;
    check::that(usual.shift(1.5f, 0) == 0 && usual.read(0) == 1.5f, "the documented depth, 32");
}

}  // namespace

int main() {
    queue();
    types();
    empty();
    shift_register();
    return check::report("stream_test");
}
