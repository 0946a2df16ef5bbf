// The most multiply-accumulates a second that one core of this machine does, per kind of arithmetic.
//
//     peak [SECONDS_A_KIND]
//
// Prints one line per kind that the CPU has: name and MAC/s (best of many short runs, CPU time).
// Each loop holds CHAINS accumulators that do not depend on one another, so that throughput and not latency counts, and
// touches no memory. An empty asm makes the compiler believe that an operand changes at every step; else it would hoist
// the products of integers out of the loop. Results are compared with what n steps must give, exactly; peak.py counts
// the instructions of every loop in the disassembly.
#include <immintrin.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>

namespace {

// An FMA takes 4 cycles and two may start in each: 8 chains would just do. 16 registers hold 12 and the operands.
constexpr int CHAINS = 12;

double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// one + product, into the register of one: g++ 12 takes a third register for some of these sums, and moves it back.
#define ADDED(INSTRUCTION)                                                                                  \
    __attribute__((always_inline, target("avx512f"))) inline __m512i added_##INSTRUCTION(__m512i one,       \
                                                                                         __m512i product) { \
        asm(#INSTRUCTION " %1, %0, %0" : "+v"(one) : "v"(product));                                         \
        return one;                                                                                         \
    }

ADDED(vpaddd)
ADDED(vpaddq)

}  // namespace

// One loop over vectors of 64 bytes or less. Not inlined, under a name of its own, so that the disassembly shows it.
#define LOOP(NAME, TARGET, VECTOR, STEP)                                                                     \
    extern "C" __attribute__((noinline, target(TARGET))) std::size_t loop_##NAME(long steps, const void* a,  \
                                                                                 const void* b, void* out) { \
        VECTOR x, y, sum[CHAINS];                                                                            \
        std::memcpy(&x, a, sizeof x);                                                                        \
        std::memcpy(&y, b, sizeof y);                                                                        \
        _Pragma("GCC unroll 16") for (auto& one : sum) one = VECTOR{};                                       \
        for (long step = 0; step < steps; ++step) {                                                          \
            _Pragma("GCC unroll 16") for (auto& one : sum) {                                                 \
                one = STEP;                                                                                  \
                asm volatile("" : "+x"(one), "+x"(x));                                                       \
            }                                                                                                \
        }                                                                                                    \
        _Pragma("GCC unroll 16") for (int k = 0; k < CHAINS; ++k)                                            \
            std::memcpy(static_cast<char*>(out) + sizeof x * k, &sum[k], sizeof x);                          \
        return sizeof x;                                                                                     \
    }

LOOP(float64_avx2, "avx2,fma", __m256d, _mm256_fmadd_pd(x, y, one))
LOOP(float32_avx2, "avx2,fma", __m256, _mm256_fmadd_ps(x, y, one))
LOOP(int8_avx2, "avx2", __m256i, _mm256_add_epi16(one, _mm256_maddubs_epi16(x, y)))
LOOP(int16_avx2, "avx2", __m256i, _mm256_add_epi32(one, _mm256_madd_epi16(x, y)))
LOOP(int32_avx2, "avx2", __m256i, _mm256_add_epi32(one, _mm256_mullo_epi32(x, y)))
LOOP(int64_avx2, "avx2", __m256i, _mm256_add_epi64(one, _mm256_mul_epi32(x, y)))
LOOP(float64_avx512, "avx512f", __m512d, _mm512_fmadd_pd(x, y, one))
LOOP(float32_avx512, "avx512f", __m512, _mm512_fmadd_ps(x, y, one))
LOOP(int16_avx512, "avx512f,avx512bw", __m512i, added_vpaddd(one, _mm512_madd_epi16(x, y)))
LOOP(int32_avx512, "avx512f", __m512i, added_vpaddd(one, _mm512_mullo_epi32(x, y)))
LOOP(int64_avx512, "avx512f", __m512i, added_vpaddq(one, _mm512_mul_epi32(x, y)))
LOOP(int16_vnni, "avx512f,avx512vnni", __m512i, _mm512_dpwssd_epi32(one, x, y))

namespace {

// Times one loop for so many seconds and prints the best. An accumulator, Sum, takes `products` factors of type Factor
// a step.
template <class Sum, class Factor>
void measure(const char* name, std::size_t (*loop)(long, const void*, const void*, void*), double seconds) {
    constexpr long STEPS = (1 << 17) - 1;  // odd, so that wrapped sums tell; 15 times it is exact in float32
    constexpr int PRODUCTS = sizeof(Sum) == 2 * sizeof(Factor) ? 2 : 1;
    constexpr int VECTOR = 64;
    Factor three[VECTOR / sizeof(Factor)], five[VECTOR / sizeof(Factor)];
    Sum sums[CHAINS * VECTOR / sizeof(Sum)];
    std::fill(std::begin(three), std::end(three), static_cast<Factor>(3));
    std::fill(std::begin(five), std::end(five), static_cast<Factor>(5));
    double best = 1e9;
    std::size_t lanes = 0;
    const double end = cpu_seconds() + seconds;
    do {
        std::fill(std::begin(sums), std::end(sums), static_cast<Sum>(-1));
        const double begin = cpu_seconds();
        lanes = loop(STEPS, three, five, sums) / sizeof(Sum);
        best = std::min(best, cpu_seconds() - begin);
        for (std::size_t k = 0; k < CHAINS * lanes; ++k) {
            if (sums[k] != static_cast<Sum>(15 * PRODUCTS * STEPS)) {
                std::fprintf(stderr, "%s: sum %zu is wrong\n", name, k);
                std::exit(1);
            }
        }
    } while (cpu_seconds() < end);
    std::printf("%s %.6g\n", name, static_cast<double>(STEPS) * CHAINS * static_cast<double>(lanes) * PRODUCTS / best);
}

}  // namespace

#define MEASURE(NAME, SUM, FACTOR) measure<SUM, FACTOR>(#NAME, loop_##NAME, seconds)

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        MEASURE(float64_avx2, double, double);
        MEASURE(float32_avx2, float, float);
        MEASURE(int8_avx2, std::int16_t, std::int8_t);
        MEASURE(int16_avx2, std::int32_t, std::int16_t);
        MEASURE(int32_avx2, std::int32_t, std::int32_t);
        MEASURE(int64_avx2, std::int64_t, std::int64_t);
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
        MEASURE(float64_avx512, double, double);
        MEASURE(float32_avx512, float, float);
        MEASURE(int16_avx512, std::int32_t, std::int16_t);
        MEASURE(int32_avx512, std::int32_t, std::int32_t);
        MEASURE(int64_avx512, std::int64_t, std::int64_t);
    }
    if (__builtin_cpu_supports("avx512vnni")) MEASURE(int16_vnni, std::int32_t, std::int16_t);
    return 0;
}
