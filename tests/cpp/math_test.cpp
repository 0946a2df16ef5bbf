// hls:: functions and numeric_limits beyond the open headers (tests/vendor_names compares with those): the exact ones
// against their definition, wide formats, C++'s own types.
#include <cmath>
#include <limits>
#include <string>

#include <ap_fixed.h>
#include <ap_int.h>
#include <hls_math.h>
#include <utils/x_hls_utils.h>

#include "check.hpp"

namespace {

// floor, ceil, trunc, round, abs, min, max of every value, through doubles, which hold them exactly.
template <class T>
void exhaustive(const std::string& name) {
    for (long long i = 0; i < 1ll << T::width; ++i) {
        const T x = T::from_raw(i), y = T::from_raw(i * 7 + 3);
        const double d = x.to_double(), e = y.to_double();
        const std::string what = name + " " + std::to_string(d);
        check::that(hls::floor(x) == T(std::floor(d)), what + " floor");
        check::that(hls::ceil(x) == T(std::ceil(d)), what + " ceil");
        check::that(hls::trunc(x) == T(std::trunc(d)), what + " trunc");
        check::that(hls::round(x) == T(std::round(d)), what + " round");
        check::that(hls::abs(x) == T(std::fabs(d)) && hls::fabs(x) == T(std::fabs(d)), what + " abs");
        check::that(hls::max(x, y) == T(std::fmax(d, e)) && hls::fmin(x, y) == T(std::fmin(d, e)), what + " max, min");
        check::that(!hls::isnan(x) && !hls::isinf(x) && hls::isfinite(x), what + " is finite");
        check::that(hls::signbit(x) == (d < 0), what + " sign");
    }
}

void wide() {
    // One above and one below an integer that a double cannot tell apart.
    using T = ap_fixed<120, 60>;
    const T one_lsb = T::from_raw(1);
    const T big = T(1) << 58;
    const T above = big + one_lsb, below = big - one_lsb;
    check::that(hls::floor(above) == big && hls::ceil(above) == T(big + 1), "wide, just above");
    check::that(hls::floor(below) == T(big - 1) && hls::ceil(below) == big, "wide, just below");
    check::that(hls::round(above) == big && hls::round(below) == big, "wide, to the nearest");
    check::that(hls::trunc(T(-above)) == T(-big) && hls::round(T(-below)) == T(-big), "wide, below zero");
}

void limits() {
    using kept = ap_fixed<8, 4, AP_RND, AP_SAT_SYM, 2>;
    check::equal(static_cast<long long>(hls::numeric_limits<kept>::min().raw()), -128, "saturation bits do not matter");
    check::equal(static_cast<long long>(hls::numeric_limits<kept>::max().raw()), 127, "max");
    check::equal(static_cast<long long>(hls::numeric_limits<ap_ufixed<8, 4, AP_RND, AP_WRAP, 3>>::max().raw()), 255,
                 "u");
    check::equal(static_cast<long long>(hls::numeric_limits<kept>::epsilon().raw()), 1, "epsilon");
    check::that(hls::numeric_limits<double>::epsilon() == std::numeric_limits<double>::epsilon(), "native");
}

void native() {
    check::that(hls::exp(1.5f) == std::exp(1.5f) && hls::exp(1.5) == std::exp(1.5), "float and double of their own");
    check::that(hls::atan2(1.0f, 2.0f) == std::atan2(1.0f, 2.0f), "atan2");
    check::that(hls::pow(2.0, 0.5) == std::pow(2.0, 0.5) && hls::sqrt(2.0f) == std::sqrt(2.0f), "pow, sqrt");
    check::that(hls::isnan(std::nan("")) && !hls::isinf(1.0f) && hls::round(-0.5) == -1.0, "classification, rounding");
    check::that(hls::abs(-3) == 3 && hls::abs(-2.5f) == 2.5f && hls::max(2, 3) == 3 && hls::min(2.0, 3.0) == 2.0,
                "abs");
    check::that(hls::fmax(std::nan(""), 1.0) == 1.0, "fmax passes a number over nan");
    check::that(hls::recip(4.0f) == 0.25f && hls::rsqrt(4.0) == 0.5, "recip, rsqrt");
    float sine = 0, cosine = 0;
    hls::sincos(0.5f, &sine, &cosine);
    check::that(sine == std::sin(0.5f) && cosine == std::cos(0.5f), "sincos");
    using T = ap_fixed<20, 8>;
    check::that(hls::pow(T(2), T(3)) == 8 && hls::sqrt(T(2.25)) == 1.5 && hls::recip(T(8)) == 0.125, "of ap_fixed");
    check::that(hls::atan2(T(1), T(2)) == T(std::atan2(1.0, 2.0)), "atan2 of ap_fixed");
}

}  // namespace

int main() {
    exhaustive<ap_fixed<8, 4>>("<8,4>");
    exhaustive<ap_fixed<8, 4, AP_TRN, AP_SAT>>("<8,4,SAT>");
    exhaustive<ap_ufixed<7, 3>>("u<7,3>");
    exhaustive<ap_fixed<6, 0>>("<6,0>");
    exhaustive<ap_ufixed<6, 0, AP_RND, AP_SAT>>("u<6,0,SAT>");
    exhaustive<ap_fixed<6, -2>>("<6,-2>");
    exhaustive<ap_fixed<6, 1>>("<6,1>");
    exhaustive<ap_fixed<6, 6>>("<6,6>");
    exhaustive<ap_fixed<5, 8>>("<5,8>");
    exhaustive<ap_int<7>>("int<7>");
    exhaustive<ap_uint<7>>("uint<7>");
    wide();
    limits();
    native();
    return check::report("math_test");
}
