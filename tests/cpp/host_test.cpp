// What only a host has: the choice of integer, its refusal, names, and threads that carry exceptions home.
#include <isobit/host/activation.hpp>
#include <isobit/host/dense.hpp>
#include <isobit/host/parallel.hpp>

#include <atomic>
#include <stdexcept>
#include <string>

#include "check.hpp"

namespace h = isobit::host;
using isobit::fixed_format;

namespace {

// The message of the std::invalid_argument that f throws, or "" if it does not.
template <class Function>
std::string refusal(const Function& f) {
    try {
        f();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::size_t bytes_for(int bits) {
    h::integer_choice choice;
    choice.need(bits, "the test");
    std::size_t bytes = 0;
    choice.call([&](auto zero) { bytes = sizeof(zero); });
    return bytes;
}

}  // namespace

int main() {
    check::that(bytes_for(63) == 8 && bytes_for(64) == 16 && bytes_for(127) == 16,
                "int64 up to 63 bits, int128 up to 127");
    const std::string wide = refusal([] { bytes_for(128); });
    check::that(contains(wide, "128 bits") && contains(wide, "the test"), "128 bits are refused by name: " + wide);

    h::integer_choice choice;
    const h::dense_formats narrow{fixed_format(18, 6, true),  fixed_format(18, 6, true), fixed_format(18, 6, true),
                                  fixed_format(40, 16, true), fixed_format(18, 6, true), h::product_kind::mult};
    h::dynamic_dense_arith<std::int64_t>::plan(choice, narrow, 64);
    check::equal(choice.bits(), 41, "the widest number of an 18-bit layer with 40-bit accumulators");

    check::that(contains(refusal([] { h::product_of("times"); }), "weight_exponential"),
                "an unknown product names the allowed");
    check::that(contains(refusal([] { h::activation_of("selu"); }), "leaky_relu"),
                "an unknown activation names the allowed");
    check::that(contains(refusal([] { h::dense_kernel_of("latency_", isobit::kernels::dense_shape(4, 3, 1)); }),
                         "resource_rf_gt_nin_rem0"),
                "an unknown kernel names the allowed");
    check::that(
        contains(refusal([] { h::dense_kernel_of("resource_rf_leq_nin", isobit::kernels::dense_shape(4, 3, 3)); }),
                 "divisors"),
        "a reuse factor that would read past the weights is refused");
    check::that(
        contains(refusal([] { h::dense_kernel_of("resource_unrolled", isobit::kernels::dense_shape(4, 3, 12)); }),
                 "but for 1 and n_in * n_out"),
        "unrolled code has no greatest reuse factor");
    check::that(!refusal([] {
                     h::product_format(h::product_kind::weight_ternary, fixed_format(8, 4, true),
                                       fixed_format(2, 1, true));
                 }).empty(),
                "ternary weights have no fraction");

    for (const int threads : {1, 2, 7, 100}) {
        std::atomic<long> sum{0};
        h::parallel_for(50, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) sum += static_cast<long>(i);
        });
        check::equal(sum, 49 * 50 / 2, "every index once");
    }
    check::that(refusal([] {
                    h::parallel_for(8, 4, [](std::size_t begin, std::size_t) {
                        if (begin >= 4) throw std::invalid_argument("from a thread");
                    });
                }) == "from a thread",
                "exceptions cross threads");
    check::that(contains(refusal([] { h::parallel_for(1, 0, [](std::size_t, std::size_t) {}); }), "at least 1, not 0"),
                "no threads are refused");
    h::parallel_for(0, 4, [](std::size_t begin, std::size_t end) { check::that(begin == end, "nothing to do"); });
    return check::report("host_test");
}
