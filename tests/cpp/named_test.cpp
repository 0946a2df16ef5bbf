// The smaller headers under AMD's names: half, hls::vector, AXI4-Stream packets, hls::print, waiting.
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include <ap_axi_sdata.h>
#include <ap_fixed.h>
#include <ap_int.h>
#include <ap_utils.h>
#include <hls_half.h>
#include <hls_print.h>
#include <hls_stream.h>
#include <hls_vector.h>

#include "check.hpp"

namespace {

half of_bits(unsigned bits) { return half::from_bits(static_cast<std::uint16_t>(bits)); }

// Every half; and the double's neighbourhood of every tie between two halves.
void half_values() {
    for (unsigned bits = 0; bits < 0x7c00; ++bits) {
        const half h = of_bits(bits), next = of_bits(bits + 1);
        const double low = float(h), high = bits + 1 == 0x7c00 ? 65536.0 : double(float(next));
        check::that(half(low).get_bits() == bits && half(-low).get_bits() == (bits | 0x8000), "half of its own value");
        const double tie = (low + high) / 2;
        const unsigned even = (bits & 1) == 0 ? bits : bits + 1;
        check::equal(half(tie).get_bits(), even, "ties to even");
        check::equal(half(std::nextafter(tie, 0)).get_bits(), bits, "below a tie");
        check::equal(half(std::nextafter(tie, 1e9)).get_bits(), bits + 1, "above a tie");
    }
    check::that(std::isinf(float(half(1e6))) && std::isnan(float(half(std::nan("")))), "infinity and nan");
    check::equal(half(5e-324).get_bits(), 0, "far too small");
    check::equal(half(-0.0).get_bits(), 0x8000, "minus zero");
}

// Against the compiler's own half where it has one, which rounds every operation.
void half_arithmetic() {
    check::equal(half(half(2049) + half(1)).get_bits(), half(2049).get_bits(), "2048 + 1 rounds to even");
    check::that(half(1) / half(3) == half(1.0 / 3) && half(0.1) * 3 == half(float(half(0.1)) * 3), "quotient, product");
    check::that(half(3) - 1 == 2 && 1 + half(3) == 4 && half(0.5) + 0.25f == 0.75f, "mixed with others");
    half sum = 1;
    sum += half(0.5);
    sum *= 2;
    check::that(sum == half(3) && -sum < half(0), "assignment, order");
    check::that(half(ap_fixed<16, 8>(1.5)) == half(1.5) && ap_fixed<16, 8>(half(1.25)) == 1.25, "to and from ap_fixed");
#if defined(__FLT16_MANT_DIG__) && !defined(__clang__)
    __extension__ typedef _Float16 native_half;
    check::random_bits random(5);
    for (int i = 0; i < 200000; ++i) {
        const auto a = static_cast<std::uint16_t>(random()), b = static_cast<std::uint16_t>(random());
        native_half x, y;
        std::memcpy(&x, &a, sizeof x);
        std::memcpy(&y, &b, sizeof y);
        const auto same = [&](half ours, native_half theirs) {
            std::uint16_t bits = 0;
            std::memcpy(&bits, &theirs, sizeof bits);
            const bool nan = (bits & 0x7fff) > 0x7c00;
            check::that(nan ? std::isnan(float(ours)) : ours.get_bits() == bits, "as _Float16");
        };
        same(of_bits(a) + of_bits(b), static_cast<native_half>(x + y));
        same(of_bits(a) - of_bits(b), static_cast<native_half>(x - y));
        same(of_bits(a) * of_bits(b), static_cast<native_half>(x * y));
        same(of_bits(a) / of_bits(b), static_cast<native_half>(x / y));
    }
#endif
}

void vectors() {
    using vec = hls::vector<int, 4>;
    const vec a = {1, 2, 3, 4};
    vec b = 10;
    check::that(a + b == vec({11, 12, 13, 14}) && b - a == vec({9, 8, 7, 6}) && a * a == vec({1, 4, 9, 16}), "+ - *");
    check::that(b / a == vec({10, 5, 3, 2}) && b % a == vec({0, 0, 1, 2}) && (a << vec(1)) == a + a, "/ % <<");
    check::that(-a == vec(0) - a && ~a == -a - vec(1) && (a & vec(1)) == vec({1, 0, 1, 0}), "- ~ &");
    check::that(a < b && a <= a && b > a && a != b, "lexicographic");
    check::that(a.reduce_add() == 10 && a.reduce_mult() == 24 && a.reduce_or() == 7 && a.reduce_xor() == 4,
                "reductions");
    b[2] = 5;
    check::that(b[2] == 5 && (++b)[2] == 6 && b.size() == 4, "elements");
    check::that(alignof(vec) == 16 && alignof(hls::vector<char, 12>) == 4, "alignment");
    hls::vector<ap_fixed<8, 4>, 3> f = {1.5, 2.25, -3};
    check::that((f + f)[1] == 4.5 && f.reduce_add() == 0.75, "of ap_fixed");
    try {
        const vec wrong = {1, 2, 3};
        check::that(wrong[0] != 1, "a list of another length is refused");
    } catch (const std::invalid_argument& error) {
        check::that(std::string(error.what()).find("4 elements, not 3") != std::string::npos, error.what());
    }
}

void packets() {
    using packet = ap_axiu<32, 1, 0, 5>;
    hls::stream<packet> s("packets");
    packet p;
    p.data = 0xDEADBEEF;
    p.keep_all();
    p.last = 1;
    p.user = 1;
    p.set_dest(17);
    s.write(p);
    const packet q = s.read();
    check::that(q.data == 0xDEADBEEF && q.keep == 15 && q.strb == 15 && q.get_last() == 1, "data, keep, strb, last");
    check::that(q.user == 1 && q.get_dest() == 17, "user, dest");
    ap_axis<12> narrow;
    narrow.data = -5;
    check::that(narrow.data == -5 && decltype(narrow.keep)::width == 2, "signed data, two bytes");
    check::equal(decltype(hls::axis<float>::keep)::width, 4, "bytes of a float");
}

}  // namespace

int main() {
    half_values();
    half_arithmetic();
    vectors();
    packets();
    ap_wait();
    ap_wait_n(3);
    hls::print("named_test prints ");
    hls::print("%d ", 42);
    hls::print("%.2f\n", 0.5);
    return check::report("named_test");
}
