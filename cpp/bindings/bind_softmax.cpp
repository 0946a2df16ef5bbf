// _core.softmax: every implementation of hls4ml's softmax.
#include <pybind11/stl.h>
#include <isobit/host/softmax.hpp>

#include <optional>

#include "bindings.hpp"
#include "elementwise.hpp"

namespace isobit {
namespace bindings {

namespace {

// A table of a softmax; empty where the implementation has none.
struct softmax_table {
    std::optional<raw_input> words;

    softmax_table(const std::optional<py::array>& table, const char* name, bool wanted, const format& f) {
        if (wanted != table.has_value()) {
            throw py::value_error(std::string("this softmax takes ") + (wanted ? "a table " : "no ") + name);
        }
        if (!wanted) return;
        words.emplace(*table, name, f);
        if (words->shape().size() != 1 || words->size() < 1 || words->size() > (std::size_t{1} << 24)) {
            throw py::value_error(std::string(name) + ": the shape must be (entries,) with 1 to 2^24 of them, not " +
                                  shape_text(words->shape()));
        }
    }

    std::size_t size() const { return words ? words->size() : 0; }
    template <class Int>
    std::vector<Int> load() const {
        return words ? words->load_all<Int>() : std::vector<Int>();
    }
};

py::array softmax(const py::array& raw, const std::optional<py::array>& exponentials,
                  const std::optional<py::array>& inverses, const std::string& implementation, const format& data,
                  const format& distance, const format& exponential, const format& accum, const format& inverse_input,
                  const format& inverse, const format& result, int size, int outer, int inner, int threads) {
    const host::softmax_kind kind = host::softmax_of(implementation);
    const host::softmax_formats formats{data, distance, exponential, accum, inverse_input, inverse, result};
    const bool tables = kind != host::softmax_kind::argmax, legacy = kind == host::softmax_kind::legacy;
    const bool stable = kind == host::softmax_kind::stable;
    const raw_input input(raw, "raw", data);
    const softmax_table exps(exponentials, "exponentials", tables, exponential);
    const softmax_table invs(inverses, "inverses", tables, inverse);
    const batch events(input);
    if (size < 1 || outer < 1 || inner < 1 ||
        static_cast<std::size_t>(size) * static_cast<std::size_t>(outer) * static_cast<std::size_t>(inner) !=
            events.size) {
        throw py::value_error("size x outer x inner must be the " + std::to_string(events.size) +
                              " values of an event, not " + std::to_string(size) + " x " + std::to_string(outer) +
                              " x " + std::to_string(inner));
    }
    host::integer_choice choice;
    if (legacy) {
        if (exponential != inverse) throw py::value_error("a legacy softmax has one format for both tables");
        host::dynamic_legacy_arith<int128>::plan(choice, formats, static_cast<int>(exps.size()),
                                                 static_cast<int>(invs.size()));
    } else if (tables) {
        host::index_bits(exps.size(), stable ? distance : data, "exponentials");
        host::index_bits(invs.size(), inverse_input, "inverses");
        host::dynamic_softmax_arith<int128>::plan(choice, formats, stable);
    } else {
        choice.need(data, "the data");
        choice.need(result, "the result");
    }
    raw_output output(input.shape(), result);
    {
        const py::gil_scoped_release release;
        choice.call([&](auto zero) {
            using integer = decltype(zero);
            const std::vector<integer> e = exps.load<integer>(), v = invs.load<integer>();
            const kernels::softmax_shape shape(size, outer, inner);
            host::parallel_for(events.events, threads, [&](std::size_t begin, std::size_t end) {
                host::softmax_runner<integer> run(kind, formats, shape, e, v);
                std::vector<integer> x(events.size), y(events.size);
                for (std::size_t event = begin; event < end; ++event) {
                    const std::size_t first = event * events.size;
                    for (std::size_t i = 0; i < events.size; ++i) x[i] = input.load<integer>(first + i);
                    run(x.data(), y.data());
                    for (std::size_t i = 0; i < events.size; ++i) output.store(first + i, y[i]);
                }
            });
        });
    }
    return output.array();
}

}  // namespace

void bind_softmax(py::module_& module) {
    module.def("softmax", &softmax, py::arg("raw"), py::arg("exponentials"), py::arg("inverses"),
               py::arg("implementation"), py::kw_only(), py::arg("data"), py::arg("distance"), py::arg("exponential"),
               py::arg("accum"), py::arg("inverse_input"), py::arg("inverse"), py::arg("result"), py::arg("size"),
               py::arg("outer") = 1, py::arg("inner") = 1, py::arg("threads") = 1,
               "Softmax on raw (n, ...), over `size` values of each of outer x inner slices. Tables are raw, of the\n"
               "formats `exponential` and `inverse`; `distance` is hls4ml's inp_norm_t, `inverse_input` inv_inp_t.");
    py::list names;
    for (const host::softmax_name& entry : host::softmax_names) names.append(entry.name);
    module.attr("SOFTMAX_IMPLEMENTATIONS") = py::tuple(names);
}

}  // namespace bindings
}  // namespace isobit
