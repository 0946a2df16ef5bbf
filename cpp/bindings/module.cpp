// isobit._core: the C++ law and the kernels at run-time formats. Raw integers and formats in, raw integers out.
#include "bindings.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "Fixed-point law and inference kernels on raw integers (C++).";
    isobit::bindings::bind_format(module);
    isobit::bindings::bind_law(module);
    isobit::bindings::bind_dense(module);
    isobit::bindings::bind_batchnorm(module);
    isobit::bindings::bind_activation(module);
    isobit::bindings::bind_sets(module);
    isobit::bindings::bind_table(module);
    isobit::bindings::bind_softmax(module);
    isobit::bindings::bind_batch(module);
}
