// The way of the data: words of one event in, words of its results out, and what each of them is.
#ifndef ISOBIT_CSIM_CHANNEL_HPP
#define ISOBIT_CSIM_CHANNEL_HPP

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "elements.hpp"
#include "hls_stream.h"

namespace isobit_csim {

// Ends the process: the caller in Python repeats the message.
[[noreturn]] inline void give_up(const std::string& why) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", why.c_str());
    std::fflush(stderr);
    std::_Exit(3);
}

// Takes exactly so many elements out of an output stream.
template <class E, class Function>
void drain(hls::stream<E>& data, std::size_t elements, const char* name, Function function) {
    for (std::size_t i = 0; i < elements; i++) {
        if (data.empty())
            give_up("the output stream '" + std::string(name) + "' holds " + std::to_string(i) + " of " +
                    std::to_string(elements) + " elements");
        function(i, data.read());
    }
    if (!data.empty())
        give_up("the output stream '" + std::string(name) + "' holds more than " + std::to_string(elements) +
                " elements");
}

class Channel {
public:
    bool describing = false;  // only say what the arguments are; the design is not called
    bool raw = false;         // inputs are bits, not doubles for the types' own constructors
    bool tapping = false;     // layers are wanted, too
    std::string ports;        // one line "direction type numbers name" an argument or tap

    bool running() const { return !describing; }

    void source(const word* begin, const word* end) {
        next_ = begin;
        end_ = end;
    }
    void sink(int file) { file_ = file; }

    template <class E>
    void in(E* data, std::size_t elements, const char* name) {
        if (describing) return port<E>("in", elements, name);
        for (std::size_t i = 0; i < elements; i++) {
            get(data[i]);
            frame(data[i], i + 1 == elements);
        }
    }
    template <class E>
    void in(hls::stream<E>& data, std::size_t elements, const char* name) {
        if (describing) return port<E>("in", elements, name);
        for (std::size_t i = 0; i < elements; i++) {
            E element;
            get(element);
            frame(element, i + 1 == elements);
            data.write(element);
        }
    }
    template <class E>
    void out(const E* data, std::size_t elements, const char* name) {
        if (describing) return port<E>("out", elements, name);
        for (std::size_t i = 0; i < elements; i++) put(data[i]);
    }
    template <class E>
    void out(hls::stream<E>& data, std::size_t elements, const char* name) {
        if (describing) return port<E>("out", elements, name);
        drain(data, elements, name, [this](std::size_t, const E& element) { put(element); });
    }

    // For fields of structs (fields.hpp): one number's words, whose form its functions know.
    void describe(const char* direction, const std::string& kind, std::size_t numbers, const std::string& name) {
        ports += std::string(direction) + " " + kind + " " + std::to_string(numbers) + " " + name + "\n";
    }
    const word* take(std::size_t words) {
        if (static_cast<std::size_t>(end_ - next_) < words) give_up("the input ends early");
        next_ += words;
        return next_ - words;
    }
    word* give(std::size_t words) {
        results_.resize(results_.size() + words);
        return results_.data() + results_.size() - words;
    }

    // Taps come in the order of computation; the first event says what they are.
    template <class E>
    void tap(const E* data, std::size_t elements, const char* name) {
        if (!tapping) return;
        if (first_) port<E>("tap", elements, name);
        for (std::size_t i = 0; i < elements; i++) put(data[i]);
    }
    template <class E>
    void tap(hls::stream<E>& data, std::size_t numbers, const char* name) {
        if (!tapping) return;
        const std::size_t elements = numbers / Element<E>::count;
        if (first_) port<E>("tap", elements, name);
        for (std::size_t i = 0; i < elements; i++) {
            E element = data.read();
            put(element);
            data.write(element);
        }
    }

    void begin(bool first) { first_ = first; }
    void flush(bool all) {
        if (!all && results_.size() < (1u << 16)) return;
        const char* bytes = reinterpret_cast<const char*>(results_.data());
        std::size_t left = results_.size() * sizeof(word);
        while (left > 0) {
            const ssize_t done = ::write(file_, bytes, left);
            if (done <= 0) give_up("the results cannot be written");
            bytes += done;
            left -= static_cast<std::size_t>(done);
        }
        results_.clear();
    }

private:
    template <class E>
    void port(const char* direction, std::size_t elements, const char* name) {
        typedef Element<E> Pack;
        describe(direction, Number<typename Pack::number>::name(), elements * Pack::count, name);
    }
    template <class E>
    void get(E& element) {
        typedef Element<E> Pack;
        typedef Number<typename Pack::number> Form;
        for (std::size_t i = 0; i < Pack::count; i++) {
            if (raw)
                Form::get_raw(Pack::at(element, i), take(Form::words));
            else
                Form::get_value(Pack::at(element, i), take(1));
        }
    }
    template <class E>
    void put(const E& element) {
        typedef Element<E> Pack;
        typedef Number<typename Pack::number> Form;
        word* const to = give(Form::words * Pack::count);
        for (std::size_t i = 0; i < Pack::count; i++) Form::put(Pack::at(element, i), to + Form::words * i);
    }

    const word* next_ = nullptr;
    const word* end_ = nullptr;
    std::vector<word> results_;
    int file_ = -1;
    bool first_ = true;
};

}  // namespace isobit_csim

#endif
