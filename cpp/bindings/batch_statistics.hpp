// What observed stages find: where it lies in a thread's workspace, and its sum over blocks and threads.
#ifndef ISOBIT_BINDINGS_BATCH_STATISTICS_HPP
#define ISOBIT_BINDINGS_BATCH_STATISTICS_HPP

#include <isobit/host/batch/program.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <pybind11/numpy.h>

namespace isobit {
namespace bindings {

// extent: smallest and largest value of every output; times: one count; overflows: events and times.
enum class statistic_kind { extent, times, overflows };

struct statistic {
    statistic_kind kind;
    host::batch::lane lane;
    int outputs;
    std::int32_t first;  // vector

    int each() const { return kind == statistic_kind::times ? 1 : 2; }
    bool floating() const { return lane == host::batch::lane::f32 || lane == host::batch::lane::f64; }
};

class statistics {
public:
    // Makes room; returns the first vector.
    std::int32_t add(statistic_kind kind, host::batch::lane lane, int outputs) {
        const statistic one{kind, lane, outputs, vectors_};
        vectors_ += one.each() * outputs;
        all_.push_back(one);
        return one.first;
    }

    std::size_t vectors() const { return static_cast<std::size_t>(vectors_); }

    // Numbers of every statistic, [output][each]; extents of floating-point lanes are float64.
    struct totals {
        std::vector<std::vector<std::int64_t>> integers;
        std::vector<std::vector<double>> floats;
    };

    totals nothing() const {
        totals t;
        for (const statistic& s : all_) {
            const auto count = static_cast<std::size_t>(s.outputs * s.each());
            const bool extent = s.kind == statistic_kind::extent;
            t.integers.emplace_back(extent && s.floating() ? 0 : count);
            t.floats.emplace_back(extent && s.floating() ? count : 0);
            for (std::size_t i = 0; extent && i < count; ++i) {
                if (s.floating()) {
                    t.floats.back()[i] = start<double>(i % 2 == 0);
                } else {
                    t.integers.back()[i] = start<std::int64_t>(i % 2 == 0);
                }
            }
        }
        return t;
    }

    void clear(char* memory, std::size_t vector_bytes) const {
        std::memset(memory, 0, vectors() * vector_bytes);
        for (const statistic& s : all_) {
            if (s.kind != statistic_kind::extent) continue;
            char* at = memory + static_cast<std::size_t>(s.first) * vector_bytes;
            in_lane(s.lane, [&](auto zero) {
                using T = decltype(zero);
                for (int v = 0; v < 2 * s.outputs; ++v)
                    for (std::size_t i = 0; i < vector_bytes; i += sizeof(T), at += sizeof(T)) {
                        const T value = start<T>(v % 2 == 0);
                        std::memcpy(at, &value, sizeof(T));
                    }
            });
        }
    }

    void collect(const char* memory, std::size_t vector_bytes, totals& into) const {
        for (std::size_t place = 0; place < all_.size(); ++place) {
            const statistic& s = all_[place];
            const char* at = memory + static_cast<std::size_t>(s.first) * vector_bytes;
            const bool extent = s.kind == statistic_kind::extent;
            in_lane(extent ? s.lane : counter(s.lane), [&](auto zero) {
                using T = decltype(zero);
                for (int v = 0; v < s.each() * s.outputs; ++v)
                    for (std::size_t i = 0; i < vector_bytes; i += sizeof(T), at += sizeof(T)) {
                        T value;
                        std::memcpy(&value, at, sizeof(T));
                        if (extent && s.floating()) {
                            join(into.floats[place][static_cast<std::size_t>(v)], static_cast<double>(value),
                                 v % 2 == 0);
                        } else if (extent) {
                            join(into.integers[place][static_cast<std::size_t>(v)], static_cast<std::int64_t>(value),
                                 v % 2 == 0);
                        } else {
                            into.integers[place][static_cast<std::size_t>(v)] += static_cast<std::int64_t>(value);
                        }
                    }
            });
        }
    }

    void merge(const totals& from, totals& into) const {
        for (std::size_t place = 0; place < all_.size(); ++place) {
            const bool extent = all_[place].kind == statistic_kind::extent;
            for (std::size_t i = 0; i < from.floats[place].size(); ++i)
                join(into.floats[place][i], from.floats[place][i], i % 2 == 0);
            for (std::size_t i = 0; i < from.integers[place].size(); ++i) {
                std::int64_t& to = into.integers[place][i];
                if (extent) {
                    join(to, from.integers[place][i], i % 2 == 0);
                } else {
                    to += from.integers[place][i];
                }
            }
        }
    }

    // One array for each statistic, of shape (outputs, each).
    pybind11::list arrays(const totals& t) const {
        pybind11::list list;
        for (std::size_t place = 0; place < all_.size(); ++place) {
            const std::vector<pybind11::ssize_t> shape{all_[place].outputs, all_[place].each()};
            if (t.floats[place].empty()) {
                list.append(pybind11::array_t<std::int64_t>(shape, t.integers[place].data()));
            } else {
                list.append(pybind11::array_t<double>(shape, t.floats[place].data()));
            }
        }
        return list;
    }

private:
    template <class T>
    static T start(bool lowest) {
        return lowest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
    }

    template <class T>
    static void join(T& to, T value, bool lowest) {
        to = lowest ? std::min(to, value) : std::max(to, value);
    }

    // Counts are integers as wide as the lane's numbers.
    static host::batch::lane counter(host::batch::lane lane) {
        if (lane == host::batch::lane::f32) return host::batch::lane::i32;
        return lane == host::batch::lane::f64 ? host::batch::lane::i64 : lane;
    }

    template <class F>
    static void in_lane(host::batch::lane lane, const F& f) {
        switch (lane) {
            case host::batch::lane::f32: f(float{}); break;
            case host::batch::lane::f64: f(double{}); break;
            case host::batch::lane::i16: f(std::int16_t{}); break;
            case host::batch::lane::i32: f(std::int32_t{}); break;
            case host::batch::lane::i64: f(std::int64_t{}); break;
        }
    }

    std::vector<statistic> all_;
    std::int32_t vectors_ = 0;
};

}  // namespace bindings
}  // namespace isobit

#endif
