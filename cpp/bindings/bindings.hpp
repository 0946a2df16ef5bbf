// One function a category; module.cpp calls them in order (Format first: later signatures name it).
#ifndef ISOBIT_BINDINGS_BINDINGS_HPP
#define ISOBIT_BINDINGS_BINDINGS_HPP

#include <pybind11/pybind11.h>

namespace isobit {
namespace bindings {

void bind_format(pybind11::module_& module);
void bind_law(pybind11::module_& module);
void bind_dense(pybind11::module_& module);
void bind_batchnorm(pybind11::module_& module);
void bind_activation(pybind11::module_& module);
void bind_sets(pybind11::module_& module);
void bind_table(pybind11::module_& module);
void bind_softmax(pybind11::module_& module);
void bind_batch(pybind11::module_& module);

}  // namespace bindings
}  // namespace isobit

#endif
