// Whole stages: which map on which lane, with which steps after it.
#ifndef ISOBIT_HOST_BATCH_STAGES_HPP
#define ISOBIT_HOST_BATCH_STAGES_HPP

#include "counting.hpp"
#include "gather.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

template <class Map, class Finish>
inline void run_map(const task& t) {
    static_assert(block % Map::events == 0, "a block must be whole tiles");
    const auto* weights = static_cast<const typename Map::weight*>(t.s.weights);
    const std::size_t depth = Map::depth(t.s.inputs);
    int first = 0;
    for (; first + tile_rows <= t.s.outputs; first += tile_rows) {
        Map::template run<4, Finish>(t, weights, first);
        if (weights != nullptr) weights += 4 * depth;
    }
    if (t.s.outputs - first >= 2) {
        Map::template run<2, Finish>(t, weights, first);
        if (weights != nullptr) weights += 2 * depth;
        first += 2;
    }
    if (first < t.s.outputs) Map::template run<1, Finish>(t, weights, first);
}

template <class T>
inline void run_counting(const task& t) {
    if constexpr (std::is_same<T, std::int32_t>::value) {
        if (t.s.multiply == product::floor32) return counting<T, true, float>::run(t);
        if (t.s.multiply == product::floor16) return counting<T, true, std::int16_t>::run(t);
    }
    counting<T, false, T>::run(t);
}

template <class Map>
constexpr bool is_usual_map() {
    return std::is_same<Map, mulhi16<>>::value || std::is_same<Map, dot16<std::int32_t>>::value ||
           std::is_same<Map, floor32<std::int32_t>>::value;
}

template <class Map, class T>
inline void run_any(const task& t) {
    if (t.s.observed != 0) return run_map<Map, observed_finish<T, is_usual_map<Map>()>>(t);
    run_map<Map, any_finish<T>>(t);
}

// int64, whose products take most of the time, has no code of its own for the usual steps.
template <class Map, class T>
inline void run_finish(const task& t) {
    if constexpr (!std::is_same<T, std::int64_t>::value) {
        if (t.s.usual != nullptr) return run_map<Map, usual_finish<T>>(t);
    }
    run_any<Map, T>(t);
}

// Windows are not observed.
template <class Map, class T>
inline void run_windows(const task& t) {
    if constexpr (!std::is_same<T, std::int64_t>::value) {
        if (t.s.usual != nullptr) return run_map<Map, usual_finish<T>>(t);
    }
    run_map<Map, any_finish<T>>(t);
}

// Which lanes the steps after a way to multiply may have; the binding refuses others.
inline void run_dots(const task& t) {
    const bool window = t.s.order != nullptr;
    if (t.s.multiply == product::dot16_split) return run_finish<dot16_split<double>, double>(t);
    if (t.s.compute == lane::f64) {
        return window ? run_windows<dot16<double, true>, double>(t) : run_finish<dot16<double>, double>(t);
    }
    if (window) return run_windows<dot16<std::int32_t, true>, std::int32_t>(t);
    run_finish<dot16<std::int32_t>, std::int32_t>(t);
}

template <class T>
inline void run_dense(const task& t) {
    const bool window = t.s.order != nullptr;
    if constexpr (std::is_same<T, double>::value || std::is_same<T, std::int32_t>::value) {
        if (t.s.multiply == product::floor32) {
            return window ? run_windows<floor32<T, true>, T>(t) : run_finish<floor32<T>, T>(t);
        }
    }
    if (window) return run_windows<plain<T, true>, T>(t);
    run_finish<plain<T>, T>(t);
}

ISOBIT_INLINE bool multiplies_dots(const stage& s) {
    return s.map == map_kind::dense && (s.multiply == product::dot16 || s.multiply == product::dot16_split);
}

template <class T>
inline void run_lane(const task& t) {
    switch (t.s.map) {
        case map_kind::none:
            if constexpr (std::is_same<T, std::int32_t>::value) {
                run_finish<elementwise<T>, T>(t);
            } else {
                run_any<elementwise<T>, T>(t);
            }
            break;
        case map_kind::sequential: run_any<sequential<T>, T>(t); break;
        case map_kind::gather:
            if constexpr (std::is_same<T, std::int32_t>::value) {
                run_finish<gathering<T>, T>(t);
            } else {
                run_any<gathering<T>, T>(t);
            }
            break;
        case map_kind::counting:
            if constexpr (std::is_integral<T>::value) run_counting<T>(t);
            break;
        case map_kind::dense: run_dense<T>(t); break;
    }
}

// int16 has elementwise and gathering stages and one way to multiply.
inline void run_int16(const task& t) {
    if (t.s.map == map_kind::none) {
        run_finish<elementwise<std::int16_t>, std::int16_t>(t);
    } else if (t.s.map == map_kind::gather) {
        run_finish<gathering<std::int16_t>, std::int16_t>(t);
    } else {
        t.s.order != nullptr ? run_windows<mulhi16<true>, std::int16_t>(t) : run_finish<mulhi16<>, std::int16_t>(t);
    }
}

inline void run_stage(const task& t) {
    if (multiplies_dots(t.s)) return t.p.dots == nullptr ? run_dots(t) : t.p.dots(t.p, t.s, t.workspace);
    switch (t.s.compute) {
        case lane::i16: run_int16(t); break;
        case lane::f32: run_lane<float>(t); break;
        case lane::f64: run_lane<double>(t); break;
        case lane::i32: run_lane<std::int32_t>(t); break;
        case lane::i64: run_lane<std::int64_t>(t); break;
    }
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
