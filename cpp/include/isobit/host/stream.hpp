// hls::stream for C simulation: a queue without bound, as UG1399 (HLS Stream Library) documents it.
//
// Reading an empty stream is an error that names the stream: hardware would wait for ever, and a simulation that goes
// on with a made-up value gives wrong numbers. Elements lie in one ring; its size is guessed from what earlier streams
// of the type needed, because firmware makes its streams anew for every event. One thread at a time.
#ifndef ISOBIT_HOST_STREAM_HPP
#define ISOBIT_HOST_STREAM_HPP

#include "../standard.hpp"

#include <climits>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace isobit {
namespace host {
namespace detail {

// A name kept in place, so that naming a stream costs no allocation. Longer names are cut.
class short_name {
public:
    explicit short_name(const char* text) {
        const std::size_t length = std::strlen(text);
        const std::size_t kept = length < sizeof text_ ? length : sizeof text_ - 1;
        std::memcpy(text_, text, kept);
        text_[kept] = '\0';
        if (kept < length) std::memcpy(text_ + kept - 3, "...", 3);
    }
    const char* text() const { return text_; }

private:
    char text_[64];
};

// Data left in a stream is a warning, and firmware may leave some at every event: the first few say enough.
inline void warn_of_leftover(const std::string& name, std::size_t count) {
    constexpr int shown = 10;
    static int warnings = 0;
    const int before = __atomic_fetch_add(&warnings, 1, __ATOMIC_RELAXED);  // <atomic> costs every user compile time
    if (before < shown) {
        std::fprintf(stderr, "WARNING: %s ends with %zu elements that nobody read\n", name.c_str(), count);
    }
    if (before == shown) std::fprintf(stderr, "WARNING: further streams with unread elements are not listed\n");
}

}  // namespace detail

template <class T, int Depth = 0>
class stream;

template <class T>
class stream<T, 0> {
public:
    using value_type = T;

    stream() : stream("") {}
    explicit stream(const char* name) : name_(name) {}
    explicit stream(const std::string& name) : name_(name.c_str()) {}
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() {
        if (size_ != 0) detail::warn_of_leftover(described(), size_);
        delete[] ring_;
    }

    T read() {
        if (size_ == 0) fail_empty();
        return take();
    }
    void read(T& value) { value = read(); }
    bool read_nb(T& value) {
        if (size_ == 0) return false;
        value = take();
        return true;
    }
    void operator>>(T& value) { value = read(); }

    void write(const T& value) {
        if (size_ == capacity_) grow();
        ring_[(first_ + size_) & (capacity_ - 1)] = value;
        ++size_;
    }
    bool write_nb(const T& value) {
        write(value);
        return true;
    }
    void operator<<(const T& value) { write(value); }

    bool empty() const { return size_ == 0; }
    bool full() const { return false; }
    unsigned size() const { return static_cast<unsigned>(size_); }
    // UG1399: a theoretical limit in C simulation, whatever the depth.
    unsigned capacity() const { return INT_MAX; }
    const char* name() const { return name_.text(); }

private:
    T take() {
        T value = std::move(ring_[first_]);
        --size_;
        // An emptied ring starts again in front, where the cache is warm.
        first_ = size_ == 0 ? 0 : (first_ + 1) & (capacity_ - 1);
        return value;
    }

    // The largest ring that a stream of this type has needed.
    static std::size_t& usual_capacity() {
        static std::size_t capacity = 16;
        return capacity;
    }

    void grow() {
        const std::size_t usual = __atomic_load_n(&usual_capacity(), __ATOMIC_RELAXED);
        const std::size_t wanted = capacity_ == 0 ? usual : 2 * capacity_;  // a power of two
        T* larger = new T[wanted];
        for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(ring_[(first_ + i) & (capacity_ - 1)]);
        delete[] ring_;
        ring_ = larger;
        first_ = 0;
        capacity_ = wanted;
        if (wanted > usual) __atomic_store_n(&usual_capacity(), wanted, __ATOMIC_RELAXED);
    }

    std::string described() const {
        if (*name() != '\0') return "stream '" + std::string(name()) + "'";
        return "a stream without a name, of " + type_text();
    }
    // The compiler's own words for T: no run-time type information needed.
    static std::string type_text() {
        const std::string text = __PRETTY_FUNCTION__;
        const std::size_t first = text.find("T = ") + 4;
        return text.substr(first, text.find_first_of(";]", first) - first);
    }

    [[noreturn]] void fail_empty() const {
        throw std::runtime_error("isobit: " + described() + " was read while empty");
    }

    T* ring_ = nullptr;
    std::size_t first_ = 0, size_ = 0, capacity_ = 0;
    detail::short_name name_;
};

// The depth is the hardware's; a stream with one may be passed where any stream of its type is taken.
template <class T, int Depth>
class stream : public stream<T, 0> {
    static_assert(Depth > 0, "hls::stream: the depth must be positive");

public:
    using stream<T, 0>::stream;
};

}  // namespace host
}  // namespace isobit

#endif
