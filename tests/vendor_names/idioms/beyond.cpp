// What AMD's open headers refuse, or do at run time only, and isobit offers: constants of the compiler, and operators
// that AMD's headers leave ambiguous. This file has to compile, and to end with 0.
#include <ap_fixed.h>
#include <ap_int.h>

#include <limits>

namespace {

constexpr ap_uint<8> word = 0xA5;
static_assert(word + 1 == 166, "a sum");
static_assert(word[0], "a bit");
static_assert(word(7, 4) == 10, "a range");
static_assert(ap_int<4>(7).range(2, 0) == 7, "a range of a temporary");

constexpr ap_fixed<8, 4> half = 0.5;
static_assert(half == 0.5, "a comparison with double");
static_assert((half * half).to_double() == 0.25, "a product");

constexpr ap_int<8> whole = 3.7;
constexpr float real = half;
constexpr int integer = half;
constexpr bool truth = half;
static_assert(whole == 3 && real == 0.5F && integer == 0 && truth, "conversions");

constexpr ap_uint<8> table[3] = {1, 2, 3};
static_assert(table[1] == 2, "an element");

constexpr ap_uint<16> written_views() {
    ap_uint<8> high = 1, low = 2;
    ap_uint<16> r = (high, low);
    r(3, 0) = 7;
    r[15] = 1;
    r += 3;
    r++;
    return r;
}
static_assert(written_views() == 0x810B, "views are written");

// 2^250 - 1 = 1234567 * quotient + rest
constexpr ap_uint<300> ones() {
    ap_uint<300> r = 1;
    r <<= 250;
    r -= 1;
    return r;
}
static_assert(ones() / ap_uint<300>(1234567) * 1234567 + ones() % ap_uint<300>(1234567) == ones(), "wide division");

constexpr ap_fixed<8, 4, AP_RND, AP_SAT> saturated() {
    ap_fixed<8, 4, AP_RND, AP_SAT> z = 1;
    z /= 3;
    z += 100;
    return z;
}
static_assert(saturated() == 7.9375, "saturation");

constexpr ap_fixed<4, 2000> large = 1e300;
static_assert(large == 0, "below the lowest bit");
static_assert(ap_fixed<4, 2000>::from_raw(1).to_double() == std::numeric_limits<double>::infinity(), "above a double");

template <int N>
struct sized {
    static constexpr int size = N;
};
static_assert(sized<ap_uint<4>(9)>::size == 9, "an argument of a template");

int elements[ap_uint<4>(3)];
static_assert(sizeof(elements) == 3 * sizeof(int), "a bound of an array");

constexpr int chosen(int n) {
    switch (n) {
        case static_cast<int>(ap_uint<4>(2)): return 1;
        default: return 0;
    }
}
static_assert(chosen(2) == 1 && chosen(3) == 0, "a label of a switch");

// AMD's headers cannot choose an operator for these.
int failures = 0;

void require(bool holds) { failures += holds ? 0 : 1; }

void views_beside_numbers() {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 5;
    require(f * x(3, 0) == 7.5);
    require(f + x(3, 0) == 6.5);
    require(x(3, 0) * f == 7.5);
    require(f < x(3, 0));
    require(x[0] > x[1]);
    require(x[0] == f[3]);
}

void concatenations_of_fixed() {
    ap_fixed<8, 4> f = 1.5;
    ap_uint<8> x = 3;
    ap_uint<16> r = (f.range(), x);
    require(r == 0x1803);
    r = (f(3, 0), f(7, 4));
    require(r == 0x81);
    r = (f[3], x[0]);
    require(r == 3);
    r = (x, f(7, 0));
    require(r == 0x318);
}

void members_of_concatenations() {
    ap_uint<8> x = 200, y = 100;
    require((x, y).to_int() == 51300);
    require((x, y).to_uint64() == 51300);
    ap_uint<100> wide = 1;
    wide <<= 80;
    require(wide(99, 0).to_double() == 1208925819614629174706176.0);
}

}  // namespace

int main() {
    views_beside_numbers();
    concatenations_of_fixed();
    members_of_concatenations();
    return failures;
}
