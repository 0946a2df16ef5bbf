// What a stage does with a tile after its map: its steps, and laying the values down.
#ifndef ISOBIT_HOST_BATCH_FINISH_HPP
#define ISOBIT_HOST_BATCH_FINISH_HPP

#include "lay.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// One stage on one block, with what every tile needs.
struct task {
    const program& p;
    const stage& s;
    char* workspace;

    template <class T>
    ISOBIT_INLINE const T* start() const {
        return static_cast<const T*>(s.start);
    }
    ISOBIT_INLINE const char* source() const { return workspace + s.source; }
};

// What a map does with its tiles: `rows` for some outputs, beginning with `first`, then `of` for each tile of events.

// Any steps and targets.
template <class T>
struct any_finish {
    template <int Rows>
    struct rows {
        const task& t;
        const int first;

        template <int Columns>
        __attribute__((noinline)) void of(tile<T, Rows, Columns>& values, int event) const {
            if constexpr (Rows == 1 || Rows == tile_rows) {
                apply(values, t.s.finish, first, t.p);
            } else {  // those that are left over, one by one
                tile<T, 1, Columns> row;
                for (int r = 0; r < Rows; ++r) {
                    for (int c = 0; c < Columns; ++c) row.v[0][c] = values.v[r][c];
                    apply(row, t.s.finish, first + r, t.p);
                    for (int c = 0; c < Columns; ++c) values.v[r][c] = row.v[0][c];
                }
            }
            lay_any(values, t.s.result, t.s.outputs, first, event, t.workspace);
        }
    };
};

// The usual steps and one target.
template <class T>
struct usual_finish {
    template <int Rows>
    struct rows {
        const task& t;
        const int first;

        template <int Columns>
        ISOBIT_INLINE void of(tile<T, Rows, Columns>& values, int event) const {
            using V = vec<T>;
            const usual_steps& u = *t.s.usual;
            if (u.first_wrap != nullptr) values.each([&](V v, int) { return wrapping<T>::of(v, *u.first_wrap); });
            if (u.affine != nullptr) {
                const T* a = static_cast<const T*>(u.affine->a) + first;
                const T* b = static_cast<const T*>(u.affine->b) + first;
                values.each([&](V v, int r) { return v * a[r] + b[r]; });
            }
            if constexpr (std::is_same<T, std::int32_t>::value) {
                if (u.scale_floor != nullptr) scale_floor(values, *u.scale_floor, first);
            }
            if (u.round != nullptr) {
                if (u.round->rounding == TRN) {
                    values.each([&](V v, int) { return rounding_of<T>::down(v, *u.round); });
                } else if (u.round->rounding == RND) {
                    values.each([&](V v, int) { return rounding_of<T>::half_up(v, *u.round); });
                } else {
                    values.each([&](V v, int) { return rounding_of<T>::to_even(v, *u.round); });
                }
            }
            if (u.wrap != nullptr) values.each([&](V v, int) { return wrapping<T>::of(v, *u.wrap); });
            if (u.clamp != nullptr) {
                const V low = splat(constant<T>(u.clamp->low)), high = splat(constant<T>(u.clamp->high));
                values.each([&](V v, int) { return least(most(v, low), high); });
            }
            if constexpr (std::is_same<T, std::int32_t>::value || std::is_same<T, std::int16_t>::value) {
                if (u.fit != nullptr) fit(values, *u.fit, first);
            }
            if (u.look_up != nullptr) values = looked_up_apart(values, *u.look_up);
            lay_usual(values, t.s.result, t.s.outputs, first, event, t.workspace);
        }
    };
};

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
