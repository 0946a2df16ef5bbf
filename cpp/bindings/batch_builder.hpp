// Builds a program of the batch kernels: checks what Python gives, and keeps what the program points to.
#ifndef ISOBIT_BINDINGS_BATCH_BUILDER_HPP
#define ISOBIT_BINDINGS_BATCH_BUILDER_HPP

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>

#include "batch_map.hpp"
#include "batch_statistics.hpp"
#include "batch_usual.hpp"

namespace isobit {
namespace bindings {

using target_list = std::vector<std::tuple<std::string, int, std::size_t>>;

// Transposing reads whole vectors, beyond the last number.
constexpr std::size_t scratch_slack = 64;

class batch_builder {
public:
    explicit batch_builder(std::size_t workspace) { program_.workspace = workspace; }

    // `quantise` for float64; quick formats: `rounding`, and the same after it on int32, with `scratch` bytes on.
    void entry(int features, double scale, const std::vector<owned_step>& quantise, bool quick, int rounding,
               const std::vector<owned_step>& fold, std::size_t scratch, const target_list& result) {
        batch::entry in{};
        in.features = positive(features, "features");
        in.scale = scale;
        in.quantise = keep(quantise, batch::lane::f64, features);
        in.quick = quick;
        in.rounding = rounding;
        in.fold = keep(fold, batch::lane::i32, features);
        in.scratch = scratch;
        if (quick) {
            within(scratch, batch::form::i32, features);
            if (program_.workspace - scratch < 4 * static_cast<std::size_t>(features) * batch::block + scratch_slack)
                throw py::value_error("the scratch of an entry needs " + std::to_string(scratch_slack) + " bytes more");
        }
        in.result = keep(result, features);
        entries_.push_back(in);
    }

    void stage(const owned_map& map, const std::string& compute, int inputs, int outputs, std::size_t source,
               const std::vector<owned_step>& finish, const target_list& result) {
        batch::stage s{};
        s.map = map.kind;
        s.multiply = map.multiply;
        s.compute = named(lanes, compute, "lane");
        s.inputs = positive(inputs, "inputs");
        s.outputs = positive(outputs, "outputs");
        s.split = map.split;
        s.source = source;
        refuse_unknown(s);
        if (s.map == batch::map_kind::gather) {
            gather(s, map);
        } else {
            if (map.order.is_none()) within(source, form_read(s.multiply, forms.at(compute)), inputs);
            if (s.map == batch::map_kind::none) {
                if (inputs != outputs) throw py::value_error("a stage without a map has as many outputs as inputs");
            } else {
                multiply(s, map, form_read(s.multiply, forms.at(compute)));
            }
        }
        s.term = keep(map.term, s.compute, outputs);
        s.sum = keep(map.sum, s.compute, outputs);
        s.finish = keep(finish, s.compute, outputs, true);
        for (const owned_step& one : finish) s.observed |= static_cast<std::int32_t>(one.watch);
        s.result = keep(result, outputs);
        if (s.observed != 0 && s.map == batch::map_kind::dense && s.order != nullptr)
            throw py::value_error("steps after a map of windows are not observed");
        if (s.observed == 0) {
            s.usual = usual_of(s);
        } else {
            s.usual_observed = usual_observed_of(s);
        }
        if (s.map == batch::map_kind::counting) count(s, map);
        stages_.push_back(s);
    }

    void exit(int features, const std::string& form, std::size_t offset, double lsb) {
        batch::exit out{};
        out.features = positive(features, "features");
        out.from = named(forms, form, "form");
        out.offset = offset;
        out.lsb = lsb;
        within(offset, out.from, features);
        exits_.push_back(out);
    }

protected:
    batch::program program_{};
    std::vector<batch::entry> entries_;
    std::vector<batch::stage> stages_;
    std::vector<batch::exit> exits_;
    statistics statistics_;
    std::size_t most_inputs_ = 1;

private:
    // Combinations that the kernels do not have.
    static void refuse_unknown(const batch::stage& s) {
        const bool dot = is_dot16(s.multiply), high = s.multiply == batch::product::mulhi16;
        const bool counts = s.map == batch::map_kind::counting;
        if (s.map == batch::map_kind::gather) return;
        if ((dot || floors(s.multiply) || high) && s.map != batch::map_kind::dense &&
            !(floors(s.multiply) && counts && s.compute == batch::lane::i32))
            throw py::value_error("dots, rounded and upper products are for dense maps, in some lanes for counting");
        if (s.map == batch::map_kind::dense && high != (s.compute == batch::lane::i16))
            throw py::value_error("mulhi16 and the lane i16 belong together");
        if (s.multiply == batch::product::floor16 && !counts) throw py::value_error("floor16 is for counting maps");
        const bool steps_fit = s.compute == batch::lane::f64 ||
                               (s.compute == batch::lane::i32 && s.multiply != batch::product::dot16_split);
        if ((dot || floors(s.multiply)) && !steps_fit)
            throw py::value_error("these products have no steps in the lane");
        if ((counts || s.map == batch::map_kind::sequential) && s.compute == batch::lane::i16)
            throw py::value_error("sequential sums have no lane i16");
        if (counts && s.compute != batch::lane::i32 && s.compute != batch::lane::i64)
            throw py::value_error("overflows are counted on integers");
    }

    // Weights, start and order of a map that multiplies.
    void multiply(batch::stage& s, const owned_map& map, batch::form form) {
        const bool dot = is_dot16(s.multiply), high = s.multiply == batch::product::mulhi16;
        const std::size_t number = dot || floors(s.multiply) || high ? 4 : bytes_of(s.compute);
        const auto in = static_cast<std::size_t>(s.inputs), out = static_cast<std::size_t>(s.outputs);
        s.weights = array(map.weights, number, (dot ? (in + 1) / 2 : in) * out, "weights");
        s.start = array(map.start, high ? 2 : number, out, "start");
        if (high) s.whole = whole_of(map.whole, in, out);
        const bool dense = s.map == batch::map_kind::dense;
        if (!dense) s.offset = constants_of(py::float_(map.offset));
        if (dense && map.order.is_none()) return;
        if (s.multiply == batch::product::dot16_split) throw py::value_error("dot16_split reads neighbours alone");
        const std::size_t steps = dot ? (in + 1) / 2 : in;
        s.order = static_cast<const std::int32_t*>(array(map.order, 4, steps, "order"));
        const auto [least, most] = std::minmax_element(s.order, s.order + steps);
        const bool measured = s.map == batch::map_kind::counting && !map.measures.is_none();  // reads neighbours, too
        if (*least < 0 || *most >= batch::most_rows || (measured && *most >= s.inputs))
            throw py::value_error("order: an index is out of range");
        within(s.source, form, measured ? s.inputs : dot ? 2 * (*most + 1) : *most + 1);
    }

    void gather(batch::stage& s, const owned_map& map) {
        const auto out = static_cast<std::size_t>(s.outputs);
        const py::array given = py::array::ensure(map.rows);
        const int each = map.combine == batch::combination::dot ? 2 : 1;
        if (!given || given.ndim() != 2 || given.shape(0) < 1 || given.shape(0) % each != 0)
            throw py::value_error(
                "rows: expected an array of shape (turns, outputs), for dot of an even number of turns");
        const auto turns = static_cast<std::size_t>(given.shape(0));
        s.gather.count = static_cast<std::int32_t>(turns);
        s.gather.combine = map.combine;
        s.gather.fill = constants_of(map.fill);
        s.gather.rows = static_cast<const std::int64_t*>(array(map.rows, 8, turns * out, "rows"));
        if (!map.factors.is_none()) s.gather.factors = array(map.factors, bytes_of(s.compute), turns * out, "factors");
        if (each == 2 && !map.factors.is_none()) throw py::value_error("the numbers of dot have no factors");
        const bool dot = s.multiply == batch::product::dot16, high = s.multiply == batch::product::mulhi16;
        s.gather.raised[0] = map.raised[0];
        s.gather.raised[1] = map.raised[1];
        if (dot && (s.compute != batch::lane::i32 || !map.sum.empty() || s.gather.fill.i64 != 0 ||
                    (map.combine != batch::combination::sum && each == 1)))
            throw py::value_error("int16 that are summed as int32 are for sums and dots, filled with 0, without steps");
        if (high && (s.compute != batch::lane::i16 || map.combine != batch::combination::product || turns != 2 ||
                     !map.factors.is_none() || std::min(map.raised[0], map.raised[1]) < 0 ||
                     std::max(map.raised[0], map.raised[1]) > 15))
            throw py::value_error("upper halves are those of products of two int16 without factors");
        const std::size_t row = (dot ? 2 : bytes_of(s.compute)) * batch::block;
        for (std::size_t i = 0; i < turns * out; ++i) {
            const std::int64_t at = s.gather.rows[i];
            if (at == -1 && each == 1 && !high) continue;
            const auto offset = static_cast<std::size_t>(at);
            if (at < 0 || offset % 64 != 0 || offset > program_.workspace || row > program_.workspace - offset)
                throw py::value_error("rows: " + std::to_string(at) + " does not lie in the workspace");
        }
    }

    void count(batch::stage& s, const owned_map& map) {
        const auto in = static_cast<std::size_t>(s.inputs), out = static_cast<std::size_t>(s.outputs);
        // The bias of products that are rounded by a fused multiply-add (vectors.hpp) begins at bit 22.
        if (map.check > (s.compute == batch::lane::i64 ? 61 : floors(s.multiply) ? 21 : 30))
            throw py::value_error("bit " + std::to_string(map.check) + " cannot be checked in this lane");
        s.count = {statistics_.add(statistic_kind::overflows, s.compute, s.outputs), map.check, map.terms, nullptr,
                   nullptr};
        if (!map.measures.is_none()) {
            s.count.measures = static_cast<const float*>(array(map.measures, 4, in, "measures"));
            s.count.limits = static_cast<const float*>(array(map.limits, 4, out / 4 + out % 4 / 2 + out % 2, "limits"));
        }
        most_inputs_ = std::max(most_inputs_, in);
    }

    static int positive(int value, const char* what) {
        if (value < 1) throw py::value_error(std::string(what) + " must be positive, not " + std::to_string(value));
        return value;
    }

    void within(std::size_t offset, batch::form form, int features) const {
        if (offset % 64 != 0 || offset > program_.workspace || extent(form, features) > program_.workspace - offset)
            throw py::value_error("a buffer at " + std::to_string(offset) + " does not lie in the workspace");
    }

    const void* array(const py::object& given, std::size_t number, std::size_t count, const char* what) {
        const py::array values = py::array::ensure(given);
        if (!values || static_cast<std::size_t>(values.itemsize()) != number ||
            static_cast<std::size_t>(values.size()) != count || !(values.flags() & py::array::c_style))
            throw py::value_error(std::string(what) + ": expected " + std::to_string(count) +
                                  " contiguous numbers of " + std::to_string(number) + " bytes");
        kept_.push_back(values);
        return values.data();
    }

    // (places, inputs, weights), see whole_weights.
    batch::whole_weights whole_of(const py::object& given, std::size_t inputs, std::size_t outputs) {
        const auto parts = given.cast<std::vector<py::array>>();
        if (parts.size() != 3) throw py::value_error("whole: expected places, inputs and weights");
        const auto count = static_cast<std::size_t>(parts[1].size());
        batch::whole_weights w{static_cast<const std::int32_t*>(array(parts[0], 4, outputs + 1, "places")),
                               static_cast<const std::int32_t*>(array(parts[1], 4, count, "inputs")),
                               static_cast<const std::int16_t*>(array(parts[2], 2, count, "whole weights"))};
        bool good = w.places[0] == 0 && static_cast<std::size_t>(w.places[outputs]) == count;
        for (std::size_t j = 0; j < outputs; ++j) good = good && w.places[j] <= w.places[j + 1];
        for (std::size_t i = 0; i < count; ++i)
            good = good && w.inputs[i] >= 0 && static_cast<std::size_t>(w.inputs[i]) < inputs;
        if (!good) throw py::value_error("whole: an index is out of range");
        return w;
    }

    // Watched steps get room for their statistics where `observed` stages have them.
    batch::steps keep(const std::vector<owned_step>& given, batch::lane lane, int outputs, bool observed = false) {
        std::vector<batch::step> steps;
        for (const owned_step& one : given) {
            batch::step s = one.step;
            const bool looks = s.kind == batch::step_kind::look_up;
            if (looks && (s.high.i64 < s.low.i64 || s.high.i64 - s.low.i64 >= most_entries))
                throw py::value_error("look_up has no entry, or too many");
            const auto count = static_cast<std::size_t>(looks ? s.high.i32 - s.low.i32 + 1 : outputs);
            for (const auto& [from, to] :
                 {std::pair{&one.a, &s.a}, std::pair{&one.b, &s.b}, std::pair{&one.c, &s.c}, std::pair{&one.d, &s.d}})
                if (!from->is_none()) *to = array(*from, bytes_of(lane), count, "constants");
            const bool scales = s.kind == batch::step_kind::affine || s.kind == batch::step_kind::scale_floor;
            if (s.kind == batch::step_kind::scale_floor && lane != batch::lane::i32)
                throw py::value_error("scale_floor is a step of the lane i32");
            const bool fits = s.kind == batch::step_kind::fit;
            if (fits && lane != batch::lane::i32 && lane != batch::lane::i16)
                throw py::value_error("fit is a step of the lanes i16 and i32");
            const bool two =
                fits || scales || s.kind == batch::step_kind::between || s.kind == batch::step_kind::slopes;
            const bool needs_a = two || looks || s.kind == batch::step_kind::at_least, needs_b = two;
            if (needs_a != (s.a != nullptr) || needs_b != (s.b != nullptr) || fits != (s.c != nullptr) ||
                fits != (s.d != nullptr))
                throw py::value_error("a step lacks its constants, or has some that it does not use");
            if (fits) check_drops(s.c, lane, count);
            const bool observes = s.kind == batch::step_kind::observe;
            if ((observes && !one.watch) || (one.watch && !observed))
                throw py::value_error("only steps after a map are watched; a step that observes must be");
            if (one.watch)
                s.watch = statistics_.add(observes ? statistic_kind::extent : statistic_kind::times, lane, outputs);
            if (one.watch && s.kind == batch::step_kind::scale_floor) s.fraction = fractions(s, outputs);
            const bool clamps = s.kind == batch::step_kind::clamp && !observed_any(given) && !steps.empty() &&
                                steps.back().kind == batch::step_kind::round &&
                                steps.back().rounding == static_cast<int>(rounding_mode::TRN);
            if (clamps) {
                s.kind = batch::step_kind::floor_clamp;
                s.shift = steps.back().shift;
                steps.back() = s;
            } else {
                steps.push_back(s);
            }
        }
        steps_.push_back(std::move(steps));
        return {steps_.back().data(), static_cast<std::int32_t>(steps_.back().size())};
    }

    static void check_drops(const void* drops, batch::lane lane, std::size_t count) {
        for (std::size_t j = 0; j < count; ++j) {
            const bool narrow = lane == batch::lane::i16;
            const int drop =
                narrow ? static_cast<const std::int16_t*>(drops)[j] : static_cast<const std::int32_t*>(drops)[j];
            if (drop < 0 || drop >= (narrow ? 16 : 32))
                throw py::value_error("fit cannot drop " + std::to_string(drop) + " bits");
        }
    }

    // See step::fraction. The factor is odd * 2^e; a product is whole if the number has -e trailing zeros.
    const std::int32_t* fractions(const batch::step& s, int outputs) {
        std::vector<std::int32_t> bits;
        for (int j = 0; j < outputs; ++j) {
            const float factor = static_cast<const float*>(s.a)[j];
            int places = 0;
            if (factor != 0) {
                float odd = std::frexp(factor, &places);
                for (; odd != std::trunc(odd); odd *= 2) --places;
            }
            bits.push_back(places >= 0 ? 0 : places <= -32 ? -1 : static_cast<std::int32_t>((1u << -places) - 1));
        }
        fractions_.push_back(std::move(bits));
        return fractions_.back().data();
    }

    // The kernels that observe know no joined steps.
    static bool observed_any(const std::vector<owned_step>& given) {
        return std::any_of(given.begin(), given.end(), [](const owned_step& s) { return s.watch; });
    }

    batch::targets keep(const target_list& given, int features) {
        std::vector<batch::target> targets;
        for (const auto& [form, split, offset] : given) {
            targets.push_back({named(forms, form, "form"), split, offset});
            within(offset, targets.back().to, features);
        }
        targets_.push_back(std::move(targets));
        return {targets_.back().data(), static_cast<std::int32_t>(targets_.back().size())};
    }

    const batch::usual_steps* usual_of(const batch::stage& s) {
        batch::usual_steps u{};
        if (!make_usual(s, u)) return nullptr;
        usual_.push_back(u);
        return &usual_.back();
    }

    const batch::usual_observed_steps* usual_observed_of(const batch::stage& s) {
        batch::usual_observed_steps u{};
        if (!make_usual(s, u)) return nullptr;
        usual_observed_.push_back(u);
        return &usual_observed_.back();
    }

    std::deque<std::vector<batch::step>> steps_;
    std::deque<std::vector<batch::target>> targets_;
    std::deque<batch::usual_steps> usual_;
    std::deque<batch::usual_observed_steps> usual_observed_;
    std::deque<std::vector<std::int32_t>> fractions_;
    std::vector<py::object> kept_;
};

}  // namespace bindings
}  // namespace isobit

#endif
