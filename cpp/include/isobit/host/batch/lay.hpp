// Laying tiles down in the forms that later stages read.
#ifndef ISOBIT_HOST_BATCH_LAY_HPP
#define ISOBIT_HOST_BATCH_LAY_HPP

#include "steps.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// Where the numbers of feature `j`, event `e` lie in a buffer of the form.
ISOBIT_INLINE std::size_t place(std::size_t size, int j, int e) {
    return size * (static_cast<std::size_t>(j) * block + static_cast<std::size_t>(e));
}

template <class T, int Rows, int Columns>
ISOBIT_INLINE void lay_pairs(const tile<T, Rows, Columns>& values, char* to, int first, int event, int split,
                             bool high) {
    using I = typename narrow<T>::i;
    constexpr int lanes = vector_of<T>::lanes;
    for (int r = 0; r < Rows; r += 2) {
        for (int c = 0; c < Columns; ++c) {
            I even = convert<I>(values.v[r][c]), odd = {};
            if (r + 1 < Rows) odd = convert<I>(values.v[r + 1 < Rows ? r + 1 : r][c]);
            if (split > 0) {
                const std::int32_t mask = (1 << split) - 1;
                even = high ? even >> split : even & mask;
                odd = high ? odd >> split : odd & mask;
            }
            store(to + place(4, (first + r) / 2, event + c * lanes), (even & 0xffff) | (odd << 16));
        }
    }
}

// Numbers of a narrow lane as numbers of twice their size.
template <class Wide, class T>
ISOBIT_INLINE void lay_wide(vec<T> v, char* to) {
    T numbers[vector_of<T>::lanes];
    Wide wide[vector_of<T>::lanes];
    store(numbers, v);
    for (int i = 0; i < vector_of<T>::lanes; ++i) wide[i] = static_cast<Wide>(numbers[i]);
    std::memcpy(to, wide, sizeof wide);
}

// Lays a tile of the outputs first .. first + Rows - 1 (first even) and the events from `event` on.
template <form To, class T, int Rows, int Columns>
ISOBIT_INLINE void lay_as(const tile<T, Rows, Columns>& values, const target& t, std::int32_t outputs, int first,
                          int event, char* workspace) {
    char* to = workspace + t.offset;
    if constexpr (To == form::i16) {
        for (int r = 0; r < Rows; ++r) {
            for (int c = 0; c < Columns; ++c) {
                char* at = to + place(2, first + r, event + c * vector_of<T>::lanes);
                if constexpr (sizeof(T) == 2) {
                    store(at, values.v[r][c]);
                } else {
                    typedef typename narrow<T>::i I;
                    typedef typename vector_of<std::int16_t, sizeof(I) / 2>::type S;
                    store(at, convert<S>(convert<I>(values.v[r][c])));
                }
            }
        }
    } else if constexpr (sizeof(T) == 2 && To == form::i16_pairs) {
        for (int r = 0; r < Rows; r += 2) {
            for (int c = 0; c < Columns; ++c) {
                const i16 odd = r + 1 < Rows ? values.v[r + 1 < Rows ? r + 1 : r][c] : i16{};
                const paired pairs = ordered(pairs_of(values.v[r][c], odd));
                char* at = to + place(4, (first + r) / 2, event + c * vector_of<T>::lanes);
                store(at, pairs.low);
                store(at + vector_bytes, pairs.high);
            }
        }
    } else if constexpr (sizeof(T) == 2) {
        tile<std::int32_t, Rows, 2 * Columns> wide;
        for (int r = 0; r < Rows; ++r)
            for (int c = 0; c < Columns; ++c) {
                const paired halves = widened_halves(values.v[r][c]);
                wide.v[r][2 * c] = halves.low;
                wide.v[r][2 * c + 1] = halves.high;
            }
        lay_as<To>(wide, t, outputs, first, event, workspace);
    } else if constexpr (To == form::i16_pairs) {
        lay_pairs(values, to, first, event, 0, false);
    } else if constexpr (To == form::i16_split) {
        lay_pairs(values, to, first, event, t.split, false);
        lay_pairs(values, to + place(4, (outputs + 1) / 2, 0), first, event, t.split, true);
    } else {
        constexpr std::size_t size = To == form::f64 || To == form::i64 ? 8 : 4;
        for (int r = 0; r < Rows; ++r) {
            for (int c = 0; c < Columns; ++c) {
                char* at = to + place(size, first + r, event + c * vector_of<T>::lanes);
                const vec<T> v = values.v[r][c];
                if constexpr (To == form::f32) {
                    store(at, convert<typename narrow<T>::f>(v));
                } else if constexpr (To == form::i32) {
                    store(at, convert<typename narrow<T>::i>(v));
                } else if constexpr (To == form::f64 && sizeof(T) == 8) {
                    store(at, convert<f64>(v));
                } else if constexpr (To == form::i64 && sizeof(T) == 8) {
                    store(at, convert<i64>(v));
                } else if constexpr (To == form::f64) {
                    lay_wide<double, T>(v, at);
                } else {
                    lay_wide<std::int64_t, T>(v, at);
                }
            }
        }
    }
}

template <class T, int Rows, int Columns>
ISOBIT_INLINE void lay(const tile<T, Rows, Columns>& values, const targets& all, std::int32_t outputs, int first,
                       int event, char* workspace) {
    for (const target *t = all.data, *end = all.data + all.count; t != end; ++t) {
        switch (t->to) {
            case form::f32: lay_as<form::f32>(values, *t, outputs, first, event, workspace); break;
            case form::f64: lay_as<form::f64>(values, *t, outputs, first, event, workspace); break;
            case form::i16: lay_as<form::i16>(values, *t, outputs, first, event, workspace); break;
            case form::i32: lay_as<form::i32>(values, *t, outputs, first, event, workspace); break;
            case form::i64: lay_as<form::i64>(values, *t, outputs, first, event, workspace); break;
            case form::i16_pairs: lay_as<form::i16_pairs>(values, *t, outputs, first, event, workspace); break;
            case form::i16_split: lay_as<form::i16_split>(values, *t, outputs, first, event, workspace); break;
        }
    }
}

template <class T, int Rows, int Columns>
__attribute__((noinline)) void lay_any(const tile<T, Rows, Columns>& values, const targets& all, std::int32_t outputs,
                                       int first, int event, char* workspace) {
    lay(values, all, outputs, first, event, workspace);
}

// The forms that the stages after a lane usually read.
template <class T>
constexpr bool is_usual(form to) {
    if (std::is_same<T, std::int64_t>::value) return to == form::f64 || to == form::i16_pairs || to == form::i16_split;
    if (to == form::i16_pairs) return true;
    if (std::is_same<T, double>::value) return to == form::f64 || to == form::i16_split;
    if (std::is_same<T, std::int16_t>::value) return to == form::i16 || to == form::f32;
    return to == form::f32 || to == form::i32 || to == form::i16;
}

// The same; one target of a usual form leaves values in registers.
template <form To, form... Others, class T, int Rows, int Columns>
ISOBIT_INLINE void lay_if_usual(const tile<T, Rows, Columns>& values, const targets& all, std::int32_t outputs,
                                int first, int event, char* workspace) {
    if constexpr (is_usual<T>(To)) {
        if (all.data->to == To) return lay_as<To>(values, *all.data, outputs, first, event, workspace);
    }
    if constexpr (sizeof...(Others) > 0) {
        lay_if_usual<Others...>(values, all, outputs, first, event, workspace);
    } else {
        lay_any(values, all, outputs, first, event, workspace);
    }
}

template <class T, int Rows, int Columns>
ISOBIT_INLINE void lay_usual(const tile<T, Rows, Columns>& values, const targets& all, std::int32_t outputs, int first,
                             int event, char* workspace) {
    if (all.count == 0) return;
    if (all.count > 1) return lay_any(values, all, outputs, first, event, workspace);
    lay_if_usual<form::i16_pairs, form::i16, form::f32, form::i32, form::f64, form::i16_split, form::i64>(
        values, all, outputs, first, event, workspace);
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
