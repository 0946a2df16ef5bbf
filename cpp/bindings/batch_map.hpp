// The map of a stage as Python describes it; checked when a stage of some size takes it.
#ifndef ISOBIT_BINDINGS_BATCH_MAP_HPP
#define ISOBIT_BINDINGS_BATCH_MAP_HPP

#include <array>
#include <string>
#include <vector>

#include <pybind11/stl.h>

#include "batch_steps.hpp"

namespace isobit {
namespace bindings {

// What a kind does not use stays as it is here.
struct owned_map {
    batch::map_kind kind = batch::map_kind::none;
    batch::product multiply = batch::product::i32;
    int split = 0, check = -1;
    std::array<int, 2> raised{{0, 0}};
    double offset = 0;
    bool terms = true;
    batch::combination combine = batch::combination::sum;
    py::object weights = py::none(), start = py::none(), order = py::none();
    py::object whole = py::none(), measures = py::none(), limits = py::none();
    py::object rows = py::none(), factors = py::none(), fill = py::none();
    std::vector<owned_step> term, sum;
};

inline owned_map dense_map(const std::string& multiply, const py::object& weights, const py::object& start, int split,
                           const py::object& whole, const py::object& order) {
    owned_map m;
    m.kind = batch::map_kind::dense;
    m.multiply = named(products, multiply, "product");
    m.weights = weights;
    m.start = start;
    m.split = split;
    m.whole = whole;
    m.order = order;
    return m;
}

inline owned_map sequential_map(const py::object& weights, const py::object& start, const py::object& order,
                                double offset, const std::vector<owned_step>& term,
                                const std::vector<owned_step>& sum) {
    owned_map m;
    m.kind = batch::map_kind::sequential;
    m.weights = weights;
    m.start = start;
    m.order = order;
    m.offset = offset;
    m.term = term;
    m.sum = sum;
    return m;
}

inline owned_map counting_map(const std::string& multiply, const py::object& weights, const py::object& start,
                              const py::object& order, double offset, int check, bool terms, const py::object& measures,
                              const py::object& limits, const std::vector<owned_step>& term,
                              const std::vector<owned_step>& sum) {
    owned_map m = sequential_map(weights, start, order, offset, term, sum);
    m.kind = batch::map_kind::counting;
    m.multiply = named(products, multiply, "product");
    m.check = check;
    m.terms = terms;
    m.measures = measures;
    m.limits = limits;
    return m;
}

inline owned_map gather_map(const std::string& combine, const py::object& rows, const py::object& factors,
                            const py::object& fill, const std::vector<owned_step>& sum, const std::string& multiply,
                            std::array<int, 2> raised) {
    owned_map m;
    m.kind = batch::map_kind::gather;
    m.combine = named(combinations, combine, "combination");
    m.rows = rows;
    m.factors = factors;
    m.fill = fill;
    m.sum = sum;
    if (!multiply.empty()) m.multiply = named(products, multiply, "product");
    m.raised = raised;
    return m;
}

}  // namespace bindings
}  // namespace isobit

#endif
