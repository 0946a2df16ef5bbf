// Compiled twice, against AMD's open headers and against isobit's under the same names; what the two print must be
// equal, line by line. ISOBIT_PART is one of its four parts, where it is defined.
#include <ap_fixed.h>
#include <ap_int.h>
#include <hls_math.h>
#include <utils/x_hls_utils.h>
// ap_float.h of the open headers defines abs(), hence behind the others.
#include <ap_float.h>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include "../cpp/check.hpp"

namespace {

template <class T>
std::string bits(const T& x) {
    std::string text;
    for (int i = T::width; i-- > 0;) text += static_cast<bool>(x[i]) ? '1' : '0';
    return text;
}

template <class T>
T number(std::uint64_t raw) {
    T x = 0;
    for (int i = 0; i < T::width; ++i) x[i] = (raw >> i & 1) != 0;
    return x;
}

// Every value of up to 10 bits, else random ones.
template <class T, class Use>
void each_value(Use use) {
    check::random_bits random(T::width);
    for (int i = 0; i < 1024; ++i) {
        if (T::width <= 10 && i >> T::width != 0) return;
        use(number<T>(T::width <= 10 ? static_cast<std::uint64_t>(i) : random()));
    }
}

template <class T>
void mathematics(const char* name) {
    each_value<T>([&](const T& x) {
        std::cout << "math " << name << ' ' << bits(x) << ' ' << bits(hls::exp(x)) << ' ' << bits(hls::sin(x)) << ' '
                  << bits(hls::cos(x)) << ' ' << bits(hls::atan(x));
        if (x.to_double() >= -1 && x.to_double() <= 1) {
            std::cout << ' ' << bits(hls::asin(x)) << ' ' << bits(hls::acos(x));
        }
        std::cout << '\n';
    });
}

template <class T>
void limits(const char* name) {
    using limit = hls::numeric_limits<T>;
    std::cout << "limits " << name << ' ' << bits(limit::min()) << ' ' << bits(limit::max()) << ' '
              << bits(limit::epsilon()) << '\n';
}

template <int M, int E, int E0, class T>
void floating(const char* name) {
    const ap_fixed<10, 4> factor = 2.640625;
    each_value<T>([&](const T& x) {
        ap_float<M, E, E0> f;
        f = ap_fixed_base<T::width, T::iwidth, true>(x);
        std::cout << "ap_float<" << M << ',' << E << ',' << E0 << "> from " << name << ' ' << bits(x) << ' '
                  << f.is_negative << bits(f.mantissa) << ' ' << bits(f.exponent) << ' ' << bits(f.to_ap_fixed()) << ' '
                  << bits(f * factor) << ' ' << bits(factor * f) << ' ' << double(f) << ' ' << f << '\n';
    });
    for (double value : {0.0, 1.0, -3.3, 0.01, 255.75, -1e-5, 1000.5, 7.96875}) {
        const ap_float<M, E, E0> f(value);
        std::cout << "ap_float<" << M << ',' << E << ',' << E0 << ">(" << value << ") " << f.is_negative
                  << bits(f.mantissa) << ' ' << bits(f.exponent) << '\n';
    }
}

}  // namespace

#ifdef ISOBIT_PART
#define ISOBIT_HAS(part) (ISOBIT_PART == (part))
#else
#define ISOBIT_HAS(part) 1
#endif
#define ISOBIT_TYPE(use, ...) use<__VA_ARGS__>(#__VA_ARGS__)

int main() {
    using fixed_8_4 = ap_fixed<8, 4>;
    using rounded_10_3 = ap_fixed<10, 3, AP_RND_CONV, AP_SAT>;
    using unsigned_9_2 = ap_ufixed<9, 2, AP_RND, AP_SAT>;
    using fixed_18_6 = ap_fixed<18, 6, AP_TRN_ZERO, AP_SAT_SYM>;
    using fixed_40_12 = ap_fixed<40, 12, AP_RND, AP_WRAP>;
    using integer_9 = ap_int<9>;
#if ISOBIT_HAS(0)
    ISOBIT_TYPE(mathematics, fixed_8_4);
    ISOBIT_TYPE(mathematics, rounded_10_3);
    ISOBIT_TYPE(mathematics, unsigned_9_2);
#endif
#if ISOBIT_HAS(1)
    ISOBIT_TYPE(mathematics, fixed_18_6);
    ISOBIT_TYPE(mathematics, fixed_40_12);
    ISOBIT_TYPE(mathematics, integer_9);
#endif
#if ISOBIT_HAS(2)
    ISOBIT_TYPE(limits, fixed_8_4);
    ISOBIT_TYPE(limits, unsigned_9_2);
    ISOBIT_TYPE(limits, fixed_18_6);
    ISOBIT_TYPE(limits, ap_fixed<1, 1>);
    ISOBIT_TYPE(limits, ap_fixed<4, 6>);
    ISOBIT_TYPE(limits, ap_fixed<4, -2>);
    ISOBIT_TYPE(limits, ap_fixed<100, 40, AP_RND, AP_SAT>);
    ISOBIT_TYPE(limits, ap_ufixed<64, 0>);
    ISOBIT_TYPE(limits, ap_int<1>);
    ISOBIT_TYPE(limits, ap_int<33>);
    ISOBIT_TYPE(limits, ap_uint<200>);
    std::cout << "limits float " << hls::numeric_limits<float>::min() << ' ' << hls::numeric_limits<int>::max() << '\n';

    floating<4, 3, 0, fixed_8_4>("<8,4>");
    floating<4, 3, 0, ap_fixed<10, 2>>("<10,2>");
#endif
#if ISOBIT_HAS(3)
    floating<3, 4, 0, ap_fixed<9, 5>>("<9,5>");
    floating<2, 3, 2, ap_fixed<10, 6>>("<10,6>");
    floating<5, 2, -1, ap_fixed<10, 3>>("<10,3>");
    floating<8, 4, 0, ap_fixed<24, 8>>("<24,8>");
    floating<10, 4, 1, ap_fixed<32, 16>>("<32,16>");
#endif
}
