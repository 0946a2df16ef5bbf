// Vectors of one instruction set: ISOBIT_VECTOR_BYTES wide, in the namespace ISOBIT_ISA, so that no inline function of
// one set can stand in for another's. GCC's and clang's vector types; intrinsics only where those have no operator.
//
// Domain of the floating-point rounding below: |v| < 2^51 (float64), 2^22 (float32).
#ifndef ISOBIT_HOST_BATCH_VECTORS_HPP
#define ISOBIT_HOST_BATCH_VECTORS_HPP

#include "../../standard.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>

#if ISOBIT_VECTOR_BYTES > 16
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ISOBIT_INLINE inline __attribute__((always_inline))

#if defined(__clang__)
#define ISOBIT_UNROLL_TWICE _Pragma("clang loop unroll_count(2)")
#else
#define ISOBIT_UNROLL_TWICE _Pragma("GCC unroll 2")
#endif

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

constexpr int vector_bytes = ISOBIT_VECTOR_BYTES;

template <class T, int Bytes = vector_bytes>
struct vector_of {
    typedef T type __attribute__((vector_size(Bytes)));
    typedef T unaligned __attribute__((vector_size(Bytes), aligned(alignof(T)), may_alias));
    static constexpr int lanes = Bytes / static_cast<int>(sizeof(T));
};

template <class T>
using vec = typename vector_of<T>::type;

using f64 = vec<double>;
using f32 = vec<float>;
using i32 = vec<std::int32_t>;
using i16 = vec<std::int16_t>;
using i64 = vec<std::int64_t>;
using i32_half = vector_of<std::int32_t, vector_bytes / 2>::type;
using f32_half = vector_of<float, vector_bytes / 2>::type;

template <class T>
ISOBIT_INLINE vec<T> splat(T value) {
    return vec<T>{} + value;
}
template <>
ISOBIT_INLINE f64 splat(double value) {
    return value - f64{};
}
template <>
ISOBIT_INLINE f32 splat(float value) {
    return value - f32{};
}

template <class V>
ISOBIT_INLINE V load(const void* from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class V>
ISOBIT_INLINE void store(void* to, V v) {
    std::memcpy(to, &v, sizeof v);
}

// -- minimum, maximum, rounding --------------------------------------------------------------------------------------

template <class V>
ISOBIT_INLINE V least(V a, V b) {
    return a < b ? a : b;
}
template <class V>
ISOBIT_INLINE V most(V a, V b) {
    return a > b ? a : b;
}

#if ISOBIT_VECTOR_BYTES == 64
ISOBIT_INLINE f64 least(f64 a, f64 b) { return _mm512_min_pd(a, b); }
ISOBIT_INLINE f64 most(f64 a, f64 b) { return _mm512_max_pd(a, b); }
ISOBIT_INLINE f32 least(f32 a, f32 b) { return _mm512_min_ps(a, b); }
ISOBIT_INLINE f32 most(f32 a, f32 b) { return _mm512_max_ps(a, b); }
ISOBIT_INLINE i32 least(i32 a, i32 b) { return (i32)_mm512_min_epi32((__m512i)a, (__m512i)b); }
ISOBIT_INLINE i32 most(i32 a, i32 b) { return (i32)_mm512_max_epi32((__m512i)a, (__m512i)b); }
ISOBIT_INLINE i16 least(i16 a, i16 b) { return (i16)_mm512_min_epi16((__m512i)a, (__m512i)b); }
ISOBIT_INLINE i16 most(i16 a, i16 b) { return (i16)_mm512_max_epi16((__m512i)a, (__m512i)b); }
ISOBIT_INLINE f64 nearest(f64 v) { return _mm512_roundscale_pd(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 floor(f64 v) { return _mm512_roundscale_pd(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 ceil(f64 v) { return _mm512_roundscale_pd(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 truncate(f64 v) { return _mm512_roundscale_pd(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 nearest(f32 v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 floor(f32 v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 ceil(f32 v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 truncate(f32 v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
#elif ISOBIT_VECTOR_BYTES == 32
ISOBIT_INLINE f64 least(f64 a, f64 b) { return _mm256_min_pd(a, b); }
ISOBIT_INLINE f64 most(f64 a, f64 b) { return _mm256_max_pd(a, b); }
ISOBIT_INLINE f32 least(f32 a, f32 b) { return _mm256_min_ps(a, b); }
ISOBIT_INLINE f32 most(f32 a, f32 b) { return _mm256_max_ps(a, b); }
ISOBIT_INLINE i32 least(i32 a, i32 b) { return (i32)_mm256_min_epi32((__m256i)a, (__m256i)b); }
ISOBIT_INLINE i32 most(i32 a, i32 b) { return (i32)_mm256_max_epi32((__m256i)a, (__m256i)b); }
ISOBIT_INLINE i16 least(i16 a, i16 b) { return (i16)_mm256_min_epi16((__m256i)a, (__m256i)b); }
ISOBIT_INLINE i16 most(i16 a, i16 b) { return (i16)_mm256_max_epi16((__m256i)a, (__m256i)b); }
ISOBIT_INLINE f64 nearest(f64 v) { return _mm256_round_pd(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 floor(f64 v) { return _mm256_round_pd(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 ceil(f64 v) { return _mm256_round_pd(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f64 truncate(f64 v) { return _mm256_round_pd(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 nearest(f32 v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 floor(f32 v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 ceil(f32 v) { return _mm256_round_ps(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
ISOBIT_INLINE f32 truncate(f32 v) { return _mm256_round_ps(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
#else
// Adding and taking away 1.5 * 2^52 leaves no fraction bit, rounded to nearest even.
ISOBIT_INLINE f64 nearest(f64 v) { return (v + 6755399441055744.0) - 6755399441055744.0; }
ISOBIT_INLINE f32 nearest(f32 v) { return (v + 12582912.0f) - 12582912.0f; }
template <class V>
ISOBIT_INLINE V floor(V v) {
    const V n = nearest(v);
    return n > v ? n - 1 : n;
}
template <class V>
ISOBIT_INLINE V ceil(V v) {
    const V n = nearest(v);
    return n < v ? n + 1 : n;
}
template <class V>
ISOBIT_INLINE V truncate(V v) {
    return v < 0 ? ceil(v) : floor(v);
}
#endif

// -- products that are rounded down ---------------------------------------------------------------------------------

// The product rounded down to an integer, plus floor_bias; its magnitude must be below 2^22. With a fused multiply-add
// the exact product is rounded once, to the integers that 1.5 * 2^23 leaves room for: down, since the caller has set
// that rounding direction. The integer then stands in the low bits.
#ifdef __FMA__
constexpr std::int32_t floor_bias = 0x4b400000;
class floor_product {
public:
    // The compiler is not to know the number, lest it load it with every product where registers are few.
    ISOBIT_INLINE floor_product() : bias_(splat(12582912.0f)) { __asm__("" : "+v"(bias_)); }

    ISOBIT_INLINE i32 operator()(f32 a, f32 b) const {
#if ISOBIT_VECTOR_BYTES == 64
        return (i32)_mm512_fmadd_ps(a, b, bias_);
#else
        return (i32)_mm256_fmadd_ps(a, b, bias_);
#endif
    }

private:
    f32 bias_;
};
#else
constexpr std::int32_t floor_bias = 0;
struct floor_product {
    ISOBIT_INLINE i32 operator()(f32 a, f32 b) const {
        i32 product;
        for (int i = 0; i < vector_of<float>::lanes; ++i) {
            const double exact = static_cast<double>(a[i]) * static_cast<double>(b[i]);
            const std::int32_t whole = static_cast<std::int32_t>(exact);
            product[i] = whole - (static_cast<double>(whole) > exact ? 1 : 0);
        }
        return product;
    }
};
#endif

// -- tables -----------------------------------------------------------------------------------------------------------

// Entries by their places, of 32 bits each. Two places leave the vector in one register, and entries are joined in
// registers: faster than gather instructions, and than going through memory, where a load waits for all its stores.
#if defined(__SSE2__)
ISOBIT_INLINE __m128 four_entries(const float* entries, __m128i places) {
    const auto one = static_cast<std::uint64_t>(_mm_cvtsi128_si64(places));
    const auto two = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(places, places)));
    const __m128 low =
        _mm_unpacklo_ps(_mm_load_ss(entries + static_cast<std::uint32_t>(one)), _mm_load_ss(entries + (one >> 32)));
    const __m128 high =
        _mm_unpacklo_ps(_mm_load_ss(entries + static_cast<std::uint32_t>(two)), _mm_load_ss(entries + (two >> 32)));
    return _mm_movelh_ps(low, high);
}
#endif
ISOBIT_INLINE f32 entries_at(const float* entries, i32 places) {
#if ISOBIT_VECTOR_BYTES == 64
    const __m512i at = (__m512i)places;
    const __m256 low =
        _mm256_insertf128_ps(_mm256_castps128_ps256(four_entries(entries, _mm512_extracti32x4_epi32(at, 0))),
                             four_entries(entries, _mm512_extracti32x4_epi32(at, 1)), 1);
    const __m256 high =
        _mm256_insertf128_ps(_mm256_castps128_ps256(four_entries(entries, _mm512_extracti32x4_epi32(at, 2))),
                             four_entries(entries, _mm512_extracti32x4_epi32(at, 3)), 1);
    return (f32)_mm512_insertf64x4(_mm512_castpd256_pd512((__m256d)low), (__m256d)high, 1);
#elif ISOBIT_VECTOR_BYTES == 32
    const __m256i at = (__m256i)places;
    return (f32)_mm256_insertf128_ps(_mm256_castps128_ps256(four_entries(entries, _mm256_castsi256_si128(at))),
                                     four_entries(entries, _mm256_extracti128_si256(at, 1)), 1);
#elif defined(__SSE2__)
    return (f32)four_entries(entries, (__m128i)places);
#else
    f32 found;
    for (int i = 0; i < vector_of<float>::lanes; ++i) found[i] = entries[places[i]];
    return found;
#endif
}

// -- conversions, all of integers that both sides hold ----------------------------------------------------------------

template <class To, class From>
struct conversion {
    static ISOBIT_INLINE To of(From v) { return __builtin_convertvector(v, To); }
};
template <class V>
struct conversion<V, V> {
    static ISOBIT_INLINE V of(V v) { return v; }
};
#if !defined(__AVX512DQ__)
// Without an instruction for it: integers of up to 51 bits are the low bits of 1.5 * 2^52 + v.
template <>
struct conversion<i64, f64> {
    static ISOBIT_INLINE i64 of(f64 v) { return (i64)(v + 6755399441055744.0) - 0x4338000000000000; }
};
template <>
struct conversion<f64, i64> {
    static ISOBIT_INLINE f64 of(i64 v) { return (f64)(v + 0x4338000000000000) - 6755399441055744.0; }
};
#endif

template <class To, class From>
ISOBIT_INLINE To convert(From v) {
    return conversion<To, From>::of(v);
}

// What a lane's vector is as int32 and float32 of as many events.
template <class T>
struct narrow {
    using i = i32_half;
    using f = f32_half;
};
template <>
struct narrow<float> {
    using i = i32;
    using f = f32;
};
template <>
struct narrow<std::int32_t> {
    using i = i32;
    using f = f32;
};

// Halves as one vector, in registers: through memory, the load would wait for both stores.
ISOBIT_INLINE i32 joined(const i32 (&whole)[1]) { return whole[0]; }
ISOBIT_INLINE i32 joined(const i32_half (&halves)[2]) {
#if ISOBIT_VECTOR_BYTES == 64
    return (i32)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)halves[0]), (__m256i)halves[1], 1);
#elif ISOBIT_VECTOR_BYTES == 32
    return (i32)_mm256_inserti128_si256(_mm256_castsi128_si256((__m128i)halves[0]), (__m128i)halves[1], 1);
#else
    return load<i32>(halves);
#endif
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
