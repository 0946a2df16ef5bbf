// Whether the steps of a stage are the usual ones in their usual order, for which the kernels have code of their own.
#ifndef ISOBIT_BINDINGS_BATCH_USUAL_HPP
#define ISOBIT_BINDINGS_BATCH_USUAL_HPP

#include <isobit/host/batch/program.hpp>
#include <isobit/modes.hpp>

namespace isobit {
namespace bindings {

namespace batch = host::batch;

inline bool rounds_by(const batch::step& s, rounding_mode mode) { return s.rounding == static_cast<int>(mode); }

inline bool make_usual(const batch::stage& s, batch::usual_steps& u) {
    if (s.result.count != 1) return false;
    u = {};
    const batch::step* step = s.finish.data;
    const batch::step* const end = step + s.finish.count;
    const auto take = [&](batch::step_kind kind) { return step != end && step->kind == kind ? step++ : nullptr; };
    u.first_wrap = take(batch::step_kind::wrap);
    u.affine = take(batch::step_kind::affine);
    if (u.affine == nullptr) u.scale_floor = take(batch::step_kind::scale_floor);
    if (step != end && (step->rounding == static_cast<int>(rounding_mode::TRN) ||
                        step->rounding == static_cast<int>(rounding_mode::RND) ||
                        step->rounding == static_cast<int>(rounding_mode::RND_CONV)))
        u.round = take(batch::step_kind::round);
    u.wrap = take(batch::step_kind::wrap);
    u.clamp = take(batch::step_kind::clamp);
    if (u.round == nullptr && u.wrap == nullptr && u.clamp == nullptr) {
        u.clamp = u.round = take(batch::step_kind::floor_clamp);
    }
    u.fit = take(batch::step_kind::fit);
    u.look_up = take(batch::step_kind::look_up);
    if (step != end) return false;
    return true;
}

inline bool make_usual(const batch::stage& s, batch::usual_observed_steps& u) {
    u = {};
    const batch::step* step = s.finish.data;
    const batch::step* const end = step + s.finish.count;
    const auto take = [&](batch::step_kind kind) { return step != end && step->kind == kind ? step++ : nullptr; };
    // That of an accumulator, which nobody counts; a watched one is `wrap` below.
    if (step != end && step->watch < 0) u.first_wrap = take(batch::step_kind::wrap);
    u.observe = take(batch::step_kind::observe);
    u.affine = take(batch::step_kind::affine);
    if (u.affine == nullptr) u.scale_floor = take(batch::step_kind::scale_floor);
    u.first_clamp = take(batch::step_kind::clamp);
    if (step != end && (step->rounding == static_cast<int>(rounding_mode::TRN) ||
                        step->rounding == static_cast<int>(rounding_mode::RND_CONV)))
        u.round = take(batch::step_kind::round);
    u.wrap = take(batch::step_kind::wrap);
    u.observe_wrapped = take(batch::step_kind::observe);
    u.clamp = take(batch::step_kind::clamp);
    if (step != end) return false;
    return true;
}

}  // namespace bindings
}  // namespace isobit

#endif
