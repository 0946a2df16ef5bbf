// One case a compilation: code that a static_assert must refuse (see isobit_refusal in CMakeLists.txt).
#include <isobit/integer.hpp>
#include <isobit/kernels/dense.hpp>
#include <isobit/kernels/isobit_numbers.hpp>

using isobit::fixed;
using isobit::overflow_mode;
using isobit::rounding_mode;

#if defined(ISOBIT_TEST_UNSIGNED_WRAP_SM)
fixed<8, 4, false, rounding_mode::TRN, overflow_mode::WRAP_SM> value;
#elif defined(ISOBIT_TEST_SATURATION_BITS)
fixed<8, 4, true, rounding_mode::TRN, overflow_mode::WRAP, 9> value;
#elif defined(ISOBIT_TEST_NEGATIVE_SATURATION_BITS)
fixed<8, 4, true, rounding_mode::TRN, overflow_mode::WRAP, -1> value;
#elif defined(ISOBIT_TEST_NO_WIDTH)
fixed<0, 0> value;
#elif defined(ISOBIT_TEST_NEGATIVE_WIDTH)
fixed<-3, 0> value;
#elif defined(ISOBIT_TEST_TOO_WIDE)
fixed<4097, 8> value;
#elif defined(ISOBIT_TEST_INTEGER_WITHOUT_WIDTH)
isobit::integer<0, true> value;
#elif defined(ISOBIT_TEST_INTEGER_TOO_WIDE)
isobit::integer<4097, false> value;
#elif defined(ISOBIT_TEST_WIDE_PRODUCT)
auto value = fixed<2049, 32>() * fixed<2049, 32>();
#elif defined(ISOBIT_TEST_REUSE_FACTOR)
using number = fixed<8, 4>;
void run(const number* x, const number* w, const number* b, number* y) {
    isobit::kernels::dense_resource_rf_leq_nin<isobit::kernels::dense_arith<number, number, number, number, number, 4>,
                                               isobit::kernels::static_dense_shape<4, 3, 3>>(x, w, b, y);
}
#elif defined(ISOBIT_TEST_REUSE_FACTOR_ABOVE)
using number = fixed<8, 4>;
void run(const number* x, const number* w, const number* b, number* y) {
    isobit::kernels::dense_resource_rf_gt_nin_rem0<
        isobit::kernels::dense_arith<number, number, number, number, number, 4>,
        isobit::kernels::static_dense_shape<4, 3, 8>>(x, w, b, y);
}
#elif defined(ISOBIT_TEST_REUSE_FACTOR_UNROLLED)
using number = fixed<8, 4>;
struct kept {
    static constexpr bool at(int) { return true; }
};
void run(const number* x, const number* w, const number* b, number* y) {
    isobit::kernels::dense_resource_unrolled<isobit::kernels::dense_arith<number, number, number, number, number, 4>,
                                             isobit::kernels::static_dense_shape<4, 3, 12>, kept>(x, w, b, y);
}
#elif defined(ISOBIT_TEST_REUSE_FACTOR_COMPRESSED)
using number = fixed<8, 4>;
void run(const number* x, const isobit::kernels::compressed_weight<int, number>* w, const number* b, number* y) {
    isobit::kernels::dense_compressed<isobit::kernels::dense_arith<number, number, number, number, number, 4>,
                                      isobit::kernels::static_compressed_shape<4, 3, 7, 2>>(x, w, b, y);
}
#endif
