// _core.BatchProgram: a planned network on the batch kernels of the best instruction set that the processor has.
#include <isobit/host/parallel.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>

#include "batch_builder.hpp"
#include "batch_sets.hpp"
#include "bindings.hpp"

namespace isobit {
namespace bindings {

namespace {

class batch_program : public batch_builder {
public:
    using batch_builder::batch_builder;

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
};

}  // namespace

void bind_batch(py::module_& module) {
    module.attr("BATCH_BLOCK") = batch::block;
    module.attr("BATCH_ENTRIES") = most_entries;
    module.def("instruction_sets", &available,
               "Instruction sets of the batch kernels that this processor has, the best first.");
    py::class_<owned_step>(module, "BatchStep", "One step of a stage; see isobit/host/batch/program.hpp.")
        .def(py::init(&make_step), py::kw_only(), py::arg("kind"), py::arg("rounding") = 5, py::arg("overflow") = 3,
             py::arg("shift") = 0, py::arg("width") = 0, py::arg("is_signed") = false, py::arg("saturation_bits") = 0,
             py::arg("low") = py::none(), py::arg("middle") = py::none(), py::arg("high") = py::none(),
             py::arg("a") = py::none(), py::arg("b") = py::none(), py::arg("c") = py::none(), py::arg("d") = py::none(),
             py::arg("watch") = false);
    py::class_<owned_map>(module, "BatchMap", "What a stage does before its steps.")
        .def_static(
            "none", [] { return owned_map{}; }, "Nothing: as many outputs as inputs.")
        .def_static("dense", &dense_map, py::arg("multiply"), py::arg("weights"), py::arg("start"),
                    py::arg("split") = 0, py::arg("whole") = py::none(), py::arg("order") = py::none(),
                    "Sums of products, in any order; of the rows that `order` names, if given.")
        .def_static("sequential", &sequential_map, py::arg("weights"), py::arg("start"), py::arg("order"),
                    py::arg("offset"), py::arg("term"), py::arg("sum"),
                    "Sums of products, with steps after each product and each sum.")
        .def_static("counting", &counting_map, py::arg("multiply"), py::arg("weights"), py::arg("start"),
                    py::arg("order"), py::arg("offset"), py::arg("check"), py::arg("terms"), py::arg("measures"),
                    py::arg("limits"), py::arg("term"), py::arg("sum"), "How often sequential sums overflow.")
        .def_static("gather", &gather_map, py::arg("combine"), py::arg("rows"), py::arg("factors"), py::arg("fill"),
                    py::arg("sum"), py::arg("multiply") = "", py::arg("raised") = std::array<int, 2>{{0, 0}},
                    "Few numbers of any rows for each output, combined; as int16 if multiply is dot16 or mulhi16.");
    py::class_<batch_program>(module, "BatchProgram", "Planned stages, in order; offsets are bytes of the workspace.")
        .def(py::init<std::size_t>(), py::arg("workspace"))
        .def("entry", &batch_program::entry, py::arg("features"), py::arg("scale"), py::arg("quantise"),
             py::arg("quick"), py::arg("rounding"), py::arg("fold"), py::arg("scratch"), py::arg("targets"),
             "Add an input.")
        .def("stage", &batch_program::stage, py::kw_only(), py::arg("map"), py::arg("compute"), py::arg("inputs"),
             py::arg("outputs"), py::arg("source"), py::arg("finish"), py::arg("targets"), "Add a stage.")
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
