// From the caller's [event][feature] into the forms of a block, and back.
#ifndef ISOBIT_HOST_BATCH_BORDERS_HPP
#define ISOBIT_HOST_BATCH_BORDERS_HPP

#include "steps.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// Floating-point data beyond this, in units of the LSB, is left to the exact door.
constexpr double largest_scaled = 1125899906842624.0;  // 2^50

// One vector of a feature's events; events beyond the last repeat it.
template <class T, class Source>
ISOBIT_INLINE vec<T> gather(const Source* from, std::size_t stride) {
    constexpr int lanes = vector_of<T>::lanes;
    T values[lanes];
    for (int i = 0; i < lanes; ++i) values[i] = static_cast<T>(from[static_cast<std::size_t>(i) * stride]);
    return load<vec<T>>(values);
}
template <class T, class Source>
inline vec<T> gather_some(const Source* from, std::size_t stride, int count) {
    T values[vector_of<T>::lanes];
    for (int i = 0; i < vector_of<T>::lanes; ++i)
        values[i] = static_cast<T>(from[static_cast<std::size_t>(i < count ? i : count - 1) * stride]);
    return load<vec<T>>(values);
}

template <class T, class Source>
ISOBIT_INLINE vec<T> gather(const Source* from, std::size_t stride, int count) {
    if (count >= vector_of<T>::lanes) return gather<T>(from, stride);
    return count <= 0 ? vec<T>{} : gather_some<T>(from, stride, count);
}

// Two features at a time, so that pairs of int16 come together.
template <class T, class Source, int Rows>
ISOBIT_INLINE bool enter_rows(const program& p, const entry& in, const Source* from, int first, int events,
                              char* workspace) {
    constexpr int lanes = vector_of<T>::lanes;
    const auto stride = static_cast<std::size_t>(in.features);
    i64 good = i64{} - 1;
    for (int event = 0; event < block; event += lanes) {
        tile<T, Rows, 1> values;
        for (int r = 0; r < Rows; ++r) {
            const Source* first_event = from + (static_cast<std::size_t>(event) * stride + static_cast<std::size_t>(first + r));
            values.v[r][0] = gather<T>(first_event, stride, events - event);
            if constexpr (is_floating<T>::value) {
                const vec<T> scaled = values.v[r][0] * in.scale;
                values.v[r][0] = scaled;
                good &= (scaled < largest_scaled) & (scaled > -largest_scaled);
            }
        }
        if constexpr (is_floating<T>::value) apply(values, in.quantise, first, p);
        lay(values, in.result, in.features, first, event, workspace);
    }
    bool all = true;
    for (int i = 0; i < vector_of<std::int64_t>::lanes; ++i) all = all && good[i] != 0;
    return all;
}

template <class T, class Source>
inline bool enter(const program& p, const entry& in, const Source* from, int events, char* workspace) {
    int first = 0;
    bool good = true;
    for (; first + 2 <= in.features; first += 2) good &= enter_rows<T, Source, 2>(p, in, from, first, events, workspace);
    if (first < in.features) good &= enter_rows<T, Source, 1>(p, in, from, first, events, workspace);
    return good;
}

inline bool enter(const program& p, const entry& in, const entry_data& data, std::size_t event, int events,
                  char* workspace) {
    const std::size_t skip = event * static_cast<std::size_t>(in.features);
    switch (data.kind) {
        case number::f32: return enter<double>(p, in, static_cast<const float*>(data.data) + skip, events, workspace);
        case number::f64: return enter<double>(p, in, static_cast<const double*>(data.data) + skip, events, workspace);
        default:
            return enter<std::int64_t>(p, in, static_cast<const std::int64_t*>(data.data) + skip, events, workspace);
    }
}

template <class T>
inline void leave_from(const exit& out, const exit_data& to, std::size_t event, int events, const char* workspace) {
    const auto features = static_cast<std::size_t>(out.features);
    const T* from = reinterpret_cast<const T*>(workspace + out.offset);
    if (to.kind == number::f64) {
        double* values = static_cast<double*>(to.data) + event * features;
        for (std::size_t j = 0; j < features; ++j)
            for (int e = 0; e < events; ++e)  // + 0.0: no negative zero
                values[static_cast<std::size_t>(e) * features + j] =
                    static_cast<double>(from[j * block + static_cast<std::size_t>(e)]) * out.lsb + 0.0;
    } else {
        std::int64_t* raw = static_cast<std::int64_t*>(to.data) + event * features;
        for (std::size_t j = 0; j < features; ++j)
            for (int e = 0; e < events; ++e)
                raw[static_cast<std::size_t>(e) * features + j] =
                    static_cast<std::int64_t>(from[j * block + static_cast<std::size_t>(e)]);
    }
}

inline void leave(const exit& out, const exit_data& to, std::size_t event, int events, const char* workspace) {
    switch (out.from) {
        case form::f32: leave_from<float>(out, to, event, events, workspace); break;
        case form::f64: leave_from<double>(out, to, event, events, workspace); break;
        case form::i16: leave_from<std::int16_t>(out, to, event, events, workspace); break;
        case form::i32: leave_from<std::int32_t>(out, to, event, events, workspace); break;
        default: leave_from<std::int64_t>(out, to, event, events, workspace); break;
    }
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
