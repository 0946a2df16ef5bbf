// _core.BatchProgram: a planned network on the batch kernels of the best instruction set that the processor has.
#include <isobit/host/batch/program.hpp>
#include <isobit/host/parallel.hpp>
#include <isobit/law.hpp>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#ifdef ISOBIT_BATCH_X86
#include <xmmintrin.h>
#endif

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "batch_statistics.hpp"
#include "bindings.hpp"

namespace isobit {
namespace bindings {

namespace py = pybind11;
namespace batch = host::batch;

namespace {

// -- names
// -------------------------------------------------------------------------------------------------------------

template <class E>
E named(const std::map<std::string, E>& names, const std::string& name, const char* what) {
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    std::string all;
    for (const auto& entry : names) all += (all.empty() ? "" : ", ") + entry.first;
    throw py::value_error(std::string(what) + " '" + name + "' is unknown; known: " + all);
}

const std::map<std::string, batch::lane> lanes{{"f32", batch::lane::f32},
                                               {"f64", batch::lane::f64},
                                               {"i16", batch::lane::i16},
                                               {"i32", batch::lane::i32},
                                               {"i64", batch::lane::i64}};
const std::map<std::string, batch::product> products{
    {"f32", batch::product::f32},         {"f64", batch::product::f64},
    {"i32", batch::product::i32},         {"i64", batch::product::i64},
    {"dot16", batch::product::dot16},     {"dot16_split", batch::product::dot16_split},
    {"floor32", batch::product::floor32}, {"mulhi16", batch::product::mulhi16},
    {"floor16", batch::product::floor16}};
const std::map<std::string, batch::form> forms{{"f32", batch::form::f32},
                                               {"f64", batch::form::f64},
                                               {"i32", batch::form::i32},
                                               {"i16", batch::form::i16},
                                               {"i64", batch::form::i64},
                                               {"i16_pairs", batch::form::i16_pairs},
                                               {"i16_split", batch::form::i16_split}};
const std::map<std::string, batch::map_kind> maps{{"none", batch::map_kind::none},
                                                  {"dense", batch::map_kind::dense},
                                                  {"sequential", batch::map_kind::sequential},
                                                  {"counting", batch::map_kind::counting}};
const std::map<std::string, batch::step_kind> kinds{
    {"affine", batch::step_kind::affine},   {"scale_floor", batch::step_kind::scale_floor},
    {"round", batch::step_kind::round},     {"clamp", batch::step_kind::clamp},
    {"wrap", batch::step_kind::wrap},       {"zero", batch::step_kind::zero},
    {"leaky", batch::step_kind::leaky},     {"at_least", batch::step_kind::at_least},
    {"between", batch::step_kind::between}, {"round_any", batch::step_kind::round_any},
    {"law", batch::step_kind::law},         {"observe", batch::step_kind::observe}};

std::size_t bytes_of(batch::lane lane) {
    if (lane == batch::lane::i16) return 2;
    return lane == batch::lane::f32 || lane == batch::lane::i32 ? 4 : 8;
}

bool is_dot16(batch::product p) { return p == batch::product::dot16 || p == batch::product::dot16_split; }

// Bytes that a tensor takes in a form.
std::size_t extent(batch::form form, int features) {
    const auto rows = static_cast<std::size_t>(features), pairs = static_cast<std::size_t>(features + 1) / 2;
    switch (form) {
        case batch::form::f64:
        case batch::form::i64: return 8 * rows * batch::block;
        case batch::form::i16: return 2 * rows * batch::block;
        case batch::form::i16_pairs: return 4 * pairs * batch::block;
        case batch::form::i16_split: return 8 * pairs * batch::block;
        default: return 4 * rows * batch::block;
    }
}

// -- steps
// -------------------------------------------------------------------------------------------------------------

batch::constants constants_of(const py::object& value) {
    batch::constants c{};
    if (value.is_none()) return c;
    c.f64 = value.cast<double>();
    c.f32 = static_cast<float>(c.f64);
    if (py::isinstance<py::float_>(value)) {
        // Integers that a float holds, such as the half that is added to a product.
        if (c.f64 >= -9e18 && c.f64 <= 9e18) c.i64 = static_cast<std::int64_t>(c.f64);
    } else {
        c.i64 = value.cast<std::int64_t>();
    }
    if (c.i64 >= INT16_MIN && c.i64 <= INT16_MAX) c.i16 = static_cast<std::int16_t>(c.i64);
    if (c.i64 >= INT32_MIN && c.i64 <= INT32_MAX) c.i32 = static_cast<std::int32_t>(c.i64);
    return c;
}

struct owned_step {
    batch::step step{};
    py::object a, b;  // keep the arrays alive
    bool watch = false;
};

owned_step make_step(const std::string& kind, int rounding, int overflow, int shift, int width, bool is_signed,
                     int saturation_bits, const py::object& low, const py::object& middle, const py::object& high,
                     const py::object& a, const py::object& b, bool watch) {
    owned_step made;
    made.step.kind = named(kinds, kind, "step");
    if (rounding < 0 || rounding > 6 || overflow < 0 || overflow > 4 || shift < 0 || shift > 62 || width < 0 ||
        width > 63 || saturation_bits < 0 || saturation_bits > width)
        throw py::value_error("step '" + kind + "': a mode, shift or width is out of range");
    made.step.rounding = rounding;
    made.step.overflow = overflow;
    made.step.shift = shift;
    made.step.width = width;
    made.step.is_signed = is_signed;
    made.step.saturation_bits = saturation_bits;
    made.step.low = constants_of(low);
    made.step.middle = constants_of(middle);
    made.step.high = constants_of(high);
    made.step.watch = -1;
    made.watch = watch;
    made.a = a;
    made.b = b;
    return made;
}

std::int64_t by_law(std::int64_t value, const batch::step& s) {
    const format f{s.width,
                   s.width,
                   s.is_signed != 0,
                   static_cast<rounding_mode>(s.rounding),
                   static_cast<overflow_mode>(s.overflow),
                   s.saturation_bits,
                   false};
    return law::cast(value, s.shift, f);
}

// -- programs
// ----------------------------------------------------------------------------------------------------------

struct instruction_set {
    const char* name;
    batch::run_function run;
    void (*dots)(const batch::program&, const batch::stage&, char*);  // null: those of `run`
    bool (*present)();
    bool rounds_down;  // whether its products are rounded by the processor's rounding direction (vectors.hpp)
    std::size_t vector_bytes;
};

#ifdef ISOBIT_BATCH_X86
// What the kernels are compiled with, see CMakeLists.txt.
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
bool has_avx512_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#endif

// The best first.
const instruction_set instruction_sets[] = {
#ifdef ISOBIT_BATCH_X86
    {"avx512-vnni", &batch::avx512::run, &batch::avx512_vnni::dots, &has_avx512_vnni, true, 64},
    {"avx512", &batch::avx512::run, nullptr, &has_avx512, true, 64},
    {"avx2", &batch::avx2::run, nullptr, &has_avx2, true, 32},
#endif
    {"baseline", &batch::baseline::run, nullptr, [] { return true; }, false, 16},
};

std::vector<std::string> available() {
    std::vector<std::string> names;
    for (const instruction_set& set : instruction_sets)
        if (set.present()) names.emplace_back(set.name);
    return names;
}

const instruction_set& set_of(const std::string& name) {
    for (const instruction_set& set : instruction_sets)
        if (set.present() && (name.empty() || name == set.name)) return set;
    std::string all;
    for (const std::string& known : available()) all += (all.empty() ? "" : ", ") + known;
    throw py::value_error("instruction set '" + name + "' is not here; this processor has: " + all);
}

// Rounding toward minus infinity while it lives. Exact operations, which are all others, do not notice.
class rounding_down {
public:
    explicit rounding_down(bool wanted) {
#ifdef ISOBIT_BATCH_X86
        before_ = _mm_getcsr();
        if (wanted) _mm_setcsr((before_ & ~0x6000u) | 0x2000u);
#else
        static_cast<void>(wanted);
#endif
    }
    ~rounding_down() {
#ifdef ISOBIT_BATCH_X86
        _mm_setcsr(before_);
#endif
    }
    rounding_down(const rounding_down&) = delete;
    rounding_down& operator=(const rounding_down&) = delete;

private:
    unsigned before_ = 0;
};

using target_list = std::vector<std::tuple<std::string, int, std::size_t>>;

// Transposing reads whole vectors, beyond the last number.
constexpr std::size_t scratch_slack = 64;

class batch_program {
public:
    explicit batch_program(std::size_t workspace) { program_.workspace = workspace; }

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

    void stage(const std::string& map, const std::string& multiply, const std::string& compute, int inputs, int outputs,
               int split, std::size_t source, const py::object& weights, const py::object& start,
               const py::object& whole, const py::object& order, double offset, int check, bool terms,
               const py::object& measures, const py::object& limits, const std::vector<owned_step>& term,
               const std::vector<owned_step>& sum, const std::vector<owned_step>& finish, const target_list& result) {
        batch::stage s{};
        s.map = named(maps, map, "map");
        s.multiply = named(products, multiply, "product");
        s.compute = named(lanes, compute, "lane");
        s.inputs = positive(inputs, "inputs");
        s.outputs = positive(outputs, "outputs");
        s.split = split;
        s.source = source;
        const bool dot = is_dot16(s.multiply), floor16 = s.multiply == batch::product::floor16;
        const bool floors = floor16 || s.multiply == batch::product::floor32;
        const bool high = s.multiply == batch::product::mulhi16;
        const bool may_floor = floors && s.map == batch::map_kind::counting && s.compute == batch::lane::i32;
        if ((dot || floors || high) && s.map != batch::map_kind::dense && !may_floor)
            throw py::value_error(multiply + " is a way to multiply dense maps only");
        if (s.map == batch::map_kind::dense && high != (s.compute == batch::lane::i16))
            throw py::value_error("mulhi16 and the lane i16 belong together");
        const bool steps_fit = s.compute == batch::lane::f64 ||
                               (s.compute == batch::lane::i32 && s.multiply != batch::product::dot16_split);
        if (floor16 && s.map != batch::map_kind::counting) throw py::value_error("floor16 is for counting maps");
        if ((dot || floors) && !steps_fit) throw py::value_error(multiply + " has no steps in the lane " + compute);
        const bool counts = s.map == batch::map_kind::counting,
                   in_order = counts || s.map == batch::map_kind::sequential;
        if (in_order && s.compute == batch::lane::i16) throw py::value_error("sequential sums have no lane i16");
        if (counts && s.compute != batch::lane::i32 && s.compute != batch::lane::i64)
            throw py::value_error("overflows are counted on integers, not in the lane " + compute);
        batch::form read = forms.at(compute);
        if (s.multiply == batch::product::dot16) read = batch::form::i16_pairs;
        if (s.multiply == batch::product::dot16_split) read = batch::form::i16_split;
        if (floors) read = floor16 ? batch::form::i16 : batch::form::f32;
        within(source, read, inputs);
        const std::size_t number = dot || floors || high ? 4 : bytes_of(s.compute);
        const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
        if (s.map == batch::map_kind::none) {
            if (inputs != outputs) throw py::value_error("a stage without a map has as many outputs as inputs");
        } else {
            s.weights = array(weights, number, (dot ? (in + 1) / 2 : in) * out, "weights");
            s.start = array(start, high ? 2 : number, out, "start");
        }
        if (high) s.whole = whole_of(whole, in, out);
        if (in_order) {
            s.order = static_cast<const std::int32_t*>(array(order, 4, in, "order"));
            for (std::size_t i = 0; i < in; ++i)
                if (s.order[i] < 0 || s.order[i] >= inputs) throw py::value_error("order: an index is out of range");
        }
        s.offset = constants_of(py::float_(offset));
        s.term = keep(term, s.compute, outputs);
        s.sum = keep(sum, s.compute, outputs);
        s.finish = keep(finish, s.compute, outputs, true);
        for (const owned_step& one : finish) s.observed |= static_cast<std::int32_t>(one.watch);
        s.result = keep(result, outputs);
        if (s.observed == 0) {
            s.usual = usual_of(s);
        } else {
            s.usual_observed = usual_observed_of(s);
        }
        if (counts) {
            // The bias of products that are rounded by a fused multiply-add (vectors.hpp) begins at bit 22.
            if (check > (s.compute == batch::lane::i64 ? 61 : floors ? 21 : 30))
                throw py::value_error("bit " + std::to_string(check) + " cannot be checked in the lane " + compute);
            s.count = {statistics_.add(statistic_kind::overflows, s.compute, outputs), check, terms, nullptr, nullptr};
            if (!measures.is_none()) {
                s.count.measures = static_cast<const float*>(array(measures, 4, in, "measures"));
                s.count.limits = static_cast<const float*>(array(limits, 4, out / 4 + out % 4 / 2 + out % 2, "limits"));
            }
            most_inputs_ = std::max(most_inputs_, in);
        }
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

    // False if the floats need the exact door; the outputs are undefined then.
    bool run(const std::vector<py::array>& inputs, const std::vector<py::array>& outputs, int threads,
             const std::string& set) {
        return execute(inputs, outputs, threads, set, nullptr);
    }

    // The statistics, or None if the floats need the exact door.
    py::object observe(const std::vector<py::array>& inputs, const std::vector<py::array>& outputs, int threads,
                       const std::string& set) {
        if (!inputs.empty() && inputs[0].ndim() > 0 && inputs[0].shape(0) % batch::block != 0)
            throw py::value_error("observed are whole blocks of " + std::to_string(batch::block) + " events, not " +
                                  std::to_string(inputs[0].shape(0)) + " events");
        statistics::totals found = statistics_.nothing();
        if (!execute(inputs, outputs, threads, set, &found)) return py::none();
        return statistics_.arrays(found);
    }

private:
    bool execute(const std::vector<py::array>& inputs, const std::vector<py::array>& outputs, int threads,
                 const std::string& set, statistics::totals* found) {
        const instruction_set& kernels = set_of(set);
        if (inputs.size() != entries_.size() || outputs.size() != exits_.size())
            throw py::value_error("the program has " + std::to_string(entries_.size()) + " inputs and " +
                                  std::to_string(exits_.size()) + " outputs");
        std::vector<batch::entry_data> in;
        std::vector<batch::exit_data> out;
        const py::array* any = !outputs.empty() ? outputs.data() : !inputs.empty() ? inputs.data() : nullptr;
        const py::ssize_t events = any == nullptr || any->ndim() == 0 ? 0 : any->shape(0);
        for (std::size_t i = 0; i < inputs.size(); ++i)
            in.push_back({inputs[i].data(), number_of(inputs[i], events, entries_[i].features)});
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            out.push_back({const_cast<void*>(outputs[i].data()), number_of(outputs[i], events, exits_[i].features)});
            if (!outputs[i].writeable() || out.back().kind == batch::number::f32)
                throw py::value_error("outputs must be writeable int64 or float64");
        }
        batch::program p = program_;
        p.entries = entries_.data();
        p.entry_count = static_cast<std::int32_t>(entries_.size());
        p.stages = stages_.data();
        p.stage_count = static_cast<std::int32_t>(stages_.size());
        p.exits = exits_.data();
        p.exit_count = static_cast<std::int32_t>(exits_.size());
        p.law = &by_law;
        p.dots = kernels.dots;
        p.statistics = (p.workspace + 63) / 64 * 64;
        const std::size_t bytes = p.statistics + statistics_.vectors() * kernels.vector_bytes;
        const auto count = static_cast<std::size_t>(events);
        const std::size_t blocks = (count + batch::block - 1) / batch::block;
        // Counts of lanes must be taken out before they overflow: an int16 counts at most 12 events of a block, an
        // int32 at most 24 events with two overflows an input.
        const std::size_t piece =
            found == nullptr
                ? count
                : batch::block * std::max<std::size_t>(1, std::min<std::size_t>(2048, 40000000 / most_inputs_));
        std::atomic<bool> good{true};
        std::mutex merging;
        const py::gil_scoped_release release;
        // Shares are taken one after the other, so that a thread whose core others use, too, takes fewer.
        const std::size_t workers = std::min(blocks, static_cast<std::size_t>(std::max(threads, 1)));
        const std::size_t most = found == nullptr ? 64 : 2048;  // statistics are taken out after each
        const std::size_t share = std::max<std::size_t>(1, std::min(most, blocks / (8 * workers + 1)));
        std::atomic<std::size_t> next{0};
        host::parallel_for(workers, threads, [&](std::size_t, std::size_t) {
            const std::unique_ptr<char, void (*)(void*)> memory(
                static_cast<char*>(std::aligned_alloc(64, (bytes + 127) / 64 * 64)), std::free);
            if (!memory) throw std::bad_alloc();
            const rounding_down direction(kernels.rounds_down);
            statistics::totals own = found == nullptr ? statistics::totals{} : statistics_.nothing();
            for (std::size_t begin; (begin = next.fetch_add(share)) < blocks;) {
                const std::size_t last = std::min(count, (begin + share) * batch::block);
                for (std::size_t first = begin * batch::block; first < last; first += piece) {
                    if (found != nullptr) statistics_.clear(memory.get() + p.statistics, kernels.vector_bytes);
                    const std::size_t some = std::min(piece, last - first);
                    if (!kernels.run(p, in.data(), out.data(), first, some, memory.get())) good = false;
                    if (found != nullptr) statistics_.collect(memory.get() + p.statistics, kernels.vector_bytes, own);
                }
            }
            if (found != nullptr) {
                const std::lock_guard<std::mutex> lock(merging);
                statistics_.merge(own, *found);
            }
        });
        return good;
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
            for (const auto& [from, to] : {std::pair{&one.a, &s.a}, std::pair{&one.b, &s.b}})
                if (!from->is_none())
                    *to = array(*from, bytes_of(lane), static_cast<std::size_t>(outputs), "constants");
            const bool scales = s.kind == batch::step_kind::affine || s.kind == batch::step_kind::scale_floor;
            if (s.kind == batch::step_kind::scale_floor && lane != batch::lane::i32)
                throw py::value_error("scale_floor is a step of the lane i32");
            const bool needs_a = scales || s.kind == batch::step_kind::at_least || s.kind == batch::step_kind::between;
            const bool needs_b = scales || s.kind == batch::step_kind::between;
            if (needs_a != (s.a != nullptr) || needs_b != (s.b != nullptr))
                throw py::value_error("a step lacks its constants, or has some that it does not use");
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
        if (s.result.count != 1) return nullptr;
        batch::usual_steps u{};
        const batch::step* step = s.finish.data;
        const batch::step* const end = step + s.finish.count;
        const auto take = [&](batch::step_kind kind) { return step != end && step->kind == kind ? step++ : nullptr; };
        u.first_wrap = take(batch::step_kind::wrap);
        u.affine = take(batch::step_kind::affine);
        if (u.affine == nullptr) u.scale_floor = take(batch::step_kind::scale_floor);
        if (step != end && (step->rounding == static_cast<int>(rounding_mode::TRN) ||
                            step->rounding == static_cast<int>(rounding_mode::RND_CONV)))
            u.round = take(batch::step_kind::round);
        u.wrap = take(batch::step_kind::wrap);
        u.clamp = take(batch::step_kind::clamp);
        if (u.round == nullptr && u.wrap == nullptr && u.clamp == nullptr) {
            u.clamp = u.round = take(batch::step_kind::floor_clamp);
        }
        if (step != end) return nullptr;
        usual_.push_back(u);
        return &usual_.back();
    }

    const batch::usual_observed_steps* usual_observed_of(const batch::stage& s) {
        batch::usual_observed_steps u{};
        const batch::step* step = s.finish.data;
        const batch::step* const end = step + s.finish.count;
        const auto take = [&](batch::step_kind kind) { return step != end && step->kind == kind ? step++ : nullptr; };
        u.first_wrap = take(batch::step_kind::wrap);
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
        if (step != end) return nullptr;
        usual_observed_.push_back(u);
        return &usual_observed_.back();
    }

    static batch::number number_of(const py::array& values, py::ssize_t events, int features) {
        if (values.ndim() != 2 || values.shape(0) != events || values.shape(1) != features ||
            !(values.flags() & py::array::c_style))
            throw py::value_error("expected a C-contiguous array of shape (" + std::to_string(events) + ", " +
                                  std::to_string(features) + ")");
        if (py::isinstance<py::array_t<double>>(values)) return batch::number::f64;
        if (py::isinstance<py::array_t<float>>(values)) return batch::number::f32;
        if (py::isinstance<py::array_t<std::int64_t>>(values)) return batch::number::i64;
        throw py::type_error("expected float32, float64 or int64");
    }

    batch::program program_{};
    std::vector<batch::entry> entries_;
    std::vector<batch::stage> stages_;
    std::vector<batch::exit> exits_;
    std::deque<std::vector<batch::step>> steps_;
    std::deque<std::vector<batch::target>> targets_;
    std::deque<batch::usual_steps> usual_;
    std::deque<batch::usual_observed_steps> usual_observed_;
    std::deque<std::vector<std::int32_t>> fractions_;
    std::vector<py::object> kept_;
    statistics statistics_;
    std::size_t most_inputs_ = 1;
};

}  // namespace

void bind_batch(py::module_& module) {
    module.attr("BATCH_BLOCK") = batch::block;
    module.def("instruction_sets", &available,
               "Instruction sets of the batch kernels that this processor has, the best first.");
    py::class_<owned_step>(module, "BatchStep", "One step of a stage; see isobit/host/batch/program.hpp.")
        .def(py::init(&make_step), py::kw_only(), py::arg("kind"), py::arg("rounding") = 5, py::arg("overflow") = 3,
             py::arg("shift") = 0, py::arg("width") = 0, py::arg("is_signed") = false, py::arg("saturation_bits") = 0,
             py::arg("low") = py::none(), py::arg("middle") = py::none(), py::arg("high") = py::none(),
             py::arg("a") = py::none(), py::arg("b") = py::none(), py::arg("watch") = false);
    py::class_<batch_program>(module, "BatchProgram", "Planned stages, in order; offsets are bytes of the workspace.")
        .def(py::init<std::size_t>(), py::arg("workspace"))
        .def("entry", &batch_program::entry, py::arg("features"), py::arg("scale"), py::arg("quantise"),
             py::arg("quick"), py::arg("rounding"), py::arg("fold"), py::arg("scratch"), py::arg("targets"),
             "Add an input.")
        .def("stage", &batch_program::stage, py::kw_only(), py::arg("map"), py::arg("multiply"), py::arg("compute"),
             py::arg("inputs"), py::arg("outputs"), py::arg("split"), py::arg("source"), py::arg("weights"),
             py::arg("start"), py::arg("whole"), py::arg("order"), py::arg("offset"), py::arg("check") = -1,
             py::arg("terms") = true, py::arg("measures") = py::none(), py::arg("limits") = py::none(), py::arg("term"),
             py::arg("sum"), py::arg("finish"), py::arg("targets"), "Add a stage.")
        .def("exit", &batch_program::exit, py::arg("features"), py::arg("form"), py::arg("offset"), py::arg("lsb"),
             "Add an output.")
        .def("run", &batch_program::run, py::arg("inputs"), py::arg("outputs"), py::arg("threads"),
             py::arg("instruction_set") = "",
             "Compute arrays of shape (events, features): float32, float64 or raw int64 in, raw int64 or float64 "
             "out.\n\n"
             "Returns False, with undefined outputs, if a float is NaN, infinite or beyond 2**50 LSB.")
        .def("observe", &batch_program::observe, py::arg("inputs"), py::arg("outputs"), py::arg("threads"),
             py::arg("instruction_set") = "",
             "As run, on whole blocks of events, with statistics of every watched step in the order of the stages.\n\n"
             "Returns arrays of shape (outputs, 2) for steps that observe (smallest, largest value in the lane's\n"
             "numbers), (outputs, 1) for others (how often a rounding dropped set bits, or overflow changed a value),\n"
             "(outputs, 2) for counting stages (events, times); None for floats that run refuses.");
}

}  // namespace bindings
}  // namespace isobit
