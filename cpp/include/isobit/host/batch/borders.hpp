// From the caller's [event][feature] into the forms of a block, and back.
#ifndef ISOBIT_HOST_BATCH_BORDERS_HPP
#define ISOBIT_HOST_BATCH_BORDERS_HPP

#include "lay.hpp"

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
            const Source* first_event =
                from + (static_cast<std::size_t>(event) * stride + static_cast<std::size_t>(first + r));
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
    for (; first + 2 <= in.features; first += 2)
        good &= enter_rows<T, Source, 2>(p, in, from, first, events, workspace);
    if (first < in.features) good &= enter_rows<T, Source, 1>(p, in, from, first, events, workspace);
    return good;
}

// -- the quick way: quantise along memory, then transpose
// ----------------------------------------------------------------

// Floats beyond this, in units of the LSB, do not go through int32.
constexpr float largest_quick = 1073741824.0f;  // 2^30

// Bytes between the numbers that are read and those that are asked for: the processor's own prefetching ends with each
// page. Beyond the data this asks for nothing.
constexpr std::size_t fetched_ahead = 2048;

// Raw numbers as the form needs them: int32, or int16 where they are to lie in pairs.
ISOBIT_INLINE void put(std::int32_t* to, i32 raw) { store(to, raw); }
ISOBIT_INLINE void put(std::int16_t* to, i32 raw) {
    typedef typename vector_of<std::int16_t, vector_bytes / 2>::type half;
    store(to, convert<half>(raw));
}

#if defined(__x86_64__)
// Whatever int32 does not hold, NaN too, converts to the least int32.
constexpr bool converts_to_least = true;
#else
constexpr bool converts_to_least = false;
#endif

// `count` numbers in the caller's order as raw integers: rounded by `whole`, then through `fold`. False if one is
// beyond 2^30, NaN or infinite.
template <class T, class Raw, class Whole, class Fold>
ISOBIT_INLINE bool quantise_by(T scale, const T* from, int count, Raw* to, const Whole& whole, const Fold& fold) {
    using V = vec<T>;
    constexpr int lanes = vector_of<T>::lanes;
    constexpr int parts = vector_of<std::int32_t>::lanes / lanes;
    constexpr int group = parts * lanes;
    auto good = V{} == V{};
    i32 beyond{};  // by the sign: the two highest bits of a number within 2^30 are the same
    const auto raw = [&](const T* numbers) {
        typename narrow<T>::i converted[parts];
        for (int part = 0; part < parts; ++part) {
            const V v = load<V>(numbers + part * lanes) * scale;
            if constexpr (!converts_to_least)
                good &= (v < static_cast<T>(largest_quick)) & (v > static_cast<T>(-largest_quick));
            converted[part] = convert<typename narrow<T>::i>(whole(v));
        }
        const i32 found = joined(converted);
        if constexpr (converts_to_least) beyond |= found ^ (found << 1);
        return fold(found);
    };
    int i = 0;
    for (; i + group <= count; i += group) {
        for (int line = 0; line < group; line += 64 / static_cast<int>(sizeof(T)))
            __builtin_prefetch(from + i + line + fetched_ahead / sizeof(T));
        put(to + i, raw(from + i));
    }
    if (i < count) {
        T rest[group] = {};
        std::memcpy(rest, from + i, static_cast<std::size_t>(count - i) * sizeof(T));
        put(to + i, raw(rest));
    }
    bool all = true;
    for (int lane = 0; lane < lanes; ++lane) all = all && good[lane] != 0;
    for (int lane = 0; lane < group; ++lane) all = all && beyond[lane] >= 0;
    return all;
}

// The usual rounding and overflow have loops of their own.
template <class T, class Raw>
inline bool quantise(const program& p, const entry& in, const T* from, int count, Raw* to) {
    const T scale = static_cast<T>(in.scale);
    const auto down = [](vec<T> v) { return floor(v); };
    const auto any = [&](vec<T> v) { return round_any(v, in.rounding); };
    const auto general = [&](i32 v) {
        tile<std::int32_t, 1, 1> raw;
        raw.v[0][0] = v;
        apply_in_loop(raw, in.fold, 0, p);
        return raw.v[0][0];
    };
    if (in.rounding != TRN) return quantise_by(scale, from, count, to, any, general);
    if (in.fold.count == 0) return quantise_by(scale, from, count, to, down, [](i32 v) { return v; });
    if (in.fold.count == 1 && in.fold.data[0].kind == step_kind::wrap) {
        const step& wrap = in.fold.data[0];
        const int unused = 32 - wrap.width;
        if (wrap.is_signed)
            return quantise_by(scale, from, count, to, down, [=](i32 v) { return v << unused >> unused; });
        const std::int32_t mask = static_cast<std::int32_t>(~std::uint32_t{} >> unused);
        return quantise_by(scale, from, count, to, down, [=](i32 v) { return v & mask; });
    }
    return quantise_by(scale, from, count, to, down, general);
}

#if ISOBIT_VECTOR_BYTES >= 32
// Eight rows of eight numbers, `stride` apart: columns.
ISOBIT_INLINE void transpose8(const std::int32_t* from, std::size_t stride, __m256i* columns) {
    __m256i a[8], b[8];
    for (std::size_t i = 0; i < 8; ++i) a[i] = load<__m256i>(from + i * stride);
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int i = 0; i < 4; ++i) {
        columns[i] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x20);
        columns[i + 4] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x31);
    }
}
#endif

constexpr int transposed_features = 8;

// Eight features (those beyond the last are whatever lies there) of one vector of events.
ISOBIT_INLINE void transpose(const std::int32_t* from, std::size_t stride, i32* columns) {
#if ISOBIT_VECTOR_BYTES == 64
    __m256i low[8], high[8];
    transpose8(from, stride, low);
    transpose8(from + 8 * stride, stride, high);
    for (int i = 0; i < 8; ++i) {
        std::memcpy(&columns[i], &low[i], 32);
        std::memcpy(reinterpret_cast<char*>(&columns[i]) + 32, &high[i], 32);
    }
#elif ISOBIT_VECTOR_BYTES == 32
    __m256i found[8];
    transpose8(from, stride, found);
    std::memcpy(columns, found, sizeof found);
#else
    for (int i = 0; i < transposed_features; ++i)
        for (int e = 0; e < vector_of<std::int32_t>::lanes; ++e)
            columns[i][e] = from[static_cast<std::size_t>(e) * stride + static_cast<std::size_t>(i)];
#endif
}

template <int Rows>
ISOBIT_INLINE void lay_columns(const entry& in, const i32* columns, int first, int event, char* workspace) {
    tile<std::int32_t, Rows, 1> values;
    for (int r = 0; r < Rows; ++r) values.v[r][0] = columns[r];
    lay(values, in.result, in.features, first, event, workspace);
}

// The columns from `first` on, of which `rows` are left, in the forms that later stages read.
struct as_they_are {
    using raw = std::int32_t;
    static int columns(const entry& in) { return in.features; }
    static ISOBIT_INLINE void lay(const entry& in, const i32* columns, int first, int rows, int event,
                                  char* workspace) {
        if (rows >= transposed_features) return lay_columns<transposed_features>(in, columns, first, event, workspace);
        for (int r = 0; r + 1 < rows; r += 2) lay_columns<2>(in, columns + r, first + r, event, workspace);
        if (rows % 2 != 0) lay_columns<1>(in, columns + rows - 1, first + rows - 1, event, workspace);
    }
};

// Two features that lie side by side as int16 are a pair already, and half as many columns are transposed.
struct as_pairs {
    using raw = std::int16_t;
    static int columns(const entry& in) { return in.features / 2; }
    static bool fit(const entry& in) {
        return in.features % 2 == 0 && in.result.count == 1 && in.result.data[0].to == form::i16_pairs;
    }
    static ISOBIT_INLINE void lay(const entry& in, const i32* columns, int first, int rows, int event,
                                  char* workspace) {
        char* to = workspace + in.result.data[0].offset;
        for (int r = 0; r < (rows < transposed_features ? rows : transposed_features); ++r)
            store(to + place(4, first + r, event), columns[r]);
    }
};

// Raw numbers of 32 bits that stay in the first-level cache between quantising and transposing.
constexpr int cached_numbers = 4096;

// Some events at a time; events beyond the last are zero.
template <class As, class T>
inline bool enter_as(const program& p, const entry& in, const T* from, int events, char* workspace) {
    constexpr int lanes = vector_of<std::int32_t>::lanes;
    auto* raw = reinterpret_cast<typename As::raw*>(workspace + in.scratch);
    auto* words = reinterpret_cast<std::int32_t*>(raw);
    const int columns = As::columns(in), fitting = cached_numbers / columns / lanes * lanes;
    const int part = fitting < lanes ? lanes : fitting;
    for (int start = 0; start < block; start += part) {
        const int rest = block - start, here = rest < part ? rest : part;
        const int left = events - start, given = left < 0 ? 0 : left < here ? left : here;
        const auto skipped = static_cast<std::size_t>(start) * static_cast<std::size_t>(in.features);
        if (given > 0 && !quantise(p, in, from + skipped, given * in.features, raw)) return false;
        for (int zero = given * columns; zero < here * columns; ++zero) words[zero] = 0;
        for (int first = 0; first < columns; first += transposed_features) {
            for (int event = 0; event < here; event += lanes) {
                i32 found[transposed_features];
                transpose(words + (event * columns + first), static_cast<std::size_t>(columns), found);
                As::lay(in, found, first, columns - first, start + event, workspace);
            }
        }
    }
    return true;
}

template <class T>
inline bool enter_quickly(const program& p, const entry& in, const T* from, int events, char* workspace) {
    if (as_pairs::fit(in)) return enter_as<as_pairs>(p, in, from, events, workspace);
    return enter_as<as_they_are>(p, in, from, events, workspace);
}

// float32 rounds like float64: numbers times a power of two keep their significand (baseline rounds by adding a large
// number, for which float32 is too short).
inline bool enter(const program& p, const entry& in, const entry_data& data, std::size_t event, int events,
                  char* workspace) {
    const std::size_t skip = event * static_cast<std::size_t>(in.features);
    if (data.kind == number::f32) {
        const float* from = static_cast<const float*>(data.data) + skip;
        const bool quick = in.quick != 0 && vector_bytes > 16;
        return (quick && enter_quickly(p, in, from, events, workspace)) ||
               enter<double>(p, in, from, events, workspace);
    }
    if (data.kind == number::f64) {
        const double* from = static_cast<const double*>(data.data) + skip;
        return (in.quick != 0 && enter_quickly(p, in, from, events, workspace)) ||
               enter<double>(p, in, from, events, workspace);
    }
    return enter<std::int64_t>(p, in, static_cast<const std::int64_t*>(data.data) + skip, events, workspace);
}

// A feature's numbers of a block. Integers have no negative zero, and none leaves; adding 0 to one would not help where
// the processor rounds down.
template <class T>
ISOBIT_INLINE void numbers_of(const T* from, double lsb, double* to) {
    for (int e = 0; e < block; ++e) {
        const double number = static_cast<double>(from[e]);
        to[e] = (is_floating<T>::value && number == 0 ? 0.0 : number) * lsb;
    }
}
template <class T>
ISOBIT_INLINE void numbers_of(const T* from, double, std::int64_t* to) {
    for (int e = 0; e < block; ++e) to[e] = static_cast<std::int64_t>(from[e]);
}

template <class T, class To>
inline void leave_as(const exit& out, To* to, int events, const char* workspace) {
    const auto features = static_cast<std::size_t>(out.features);
    const T* from = reinterpret_cast<const T*>(workspace + out.offset);
    for (std::size_t j = 0; j < features; ++j, from += block) {
        To numbers[block];
        numbers_of(from, out.lsb, numbers);
        for (int e = 0; e < events; ++e) to[static_cast<std::size_t>(e) * features + j] = numbers[e];
    }
}

template <class T>
inline void leave_from(const exit& out, const exit_data& to, std::size_t event, int events, const char* workspace) {
    const std::size_t skip = event * static_cast<std::size_t>(out.features);
    if (to.kind == number::f64) {
        leave_as<T>(out, static_cast<double*>(to.data) + skip, events, workspace);
    } else {
        leave_as<T>(out, static_cast<std::int64_t*>(to.data) + skip, events, workspace);
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
