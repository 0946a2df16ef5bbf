// One case a compilation: code that a static_assert must refuse (see isobit_refusal in CMakeLists.txt).
#include <isobit/kernels/dense.hpp>
#include <isobit/kernels/isobit_numbers.hpp>

using isobit::fixed;
using isobit::overflow_mode;
using isobit::rounding_mode;

#if defined(ISOBIT_TEST_UNSIGNED_WRAP_SM)
fixed<8, 4, false, rounding_mode::TRN, overflow_mode::WRAP_SM> value;
#elif defined(ISOBIT_TEST_SATURATION_BITS)
fixed<8, 4, true, rounding_mode::TRN, overflow_mode::WRAP, 9> value;
#elif defined(ISOBIT_TEST_WIDE_PRODUCT)
auto value = fixed<2049, 32>() * fixed<2049, 32>();
#elif defined(ISOBIT_TEST_REUSE_FACTOR)
using number = fixed<8, 4>;
void run(const number* x, const number* w, const number* b, number* y) {
    isobit::kernels::dense_resource_rf_leq_nin<isobit::kernels::dense_arith<number, number, number, number, number, 4>,
                                               isobit::kernels::static_dense_shape<4, 3, 3>>(x, w, b, y);
}
#endif
