// int16: products of pairs of them, upper halves of products, and pairs made of two vectors.
#ifndef ISOBIT_HOST_BATCH_PAIRS_HPP
#define ISOBIT_HOST_BATCH_PAIRS_HPP

#include "vectors.hpp"

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

// Sum of the products of the two int16 in every 32 bits, added to the accumulator.
ISOBIT_INLINE i32 dot_add(i32 sum, i32 a, i32 b) {
#if defined(__AVX512VNNI__) && ISOBIT_VECTOR_BYTES == 64
    return (i32)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#elif ISOBIT_VECTOR_BYTES == 64
    return sum + (i32)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif ISOBIT_VECTOR_BYTES == 32
    return sum + (i32)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return sum + (i32)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return sum + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// Pairs of int16, one of each vector (the first one low), of the events of both halves; see `ordered`.
struct paired {
    i32 low, high;
};
ISOBIT_INLINE paired pairs_of(i16 a, i16 b) {
#if ISOBIT_VECTOR_BYTES == 64
    return {(i32)_mm512_unpacklo_epi16((__m512i)a, (__m512i)b), (i32)_mm512_unpackhi_epi16((__m512i)a, (__m512i)b)};
#elif ISOBIT_VECTOR_BYTES == 32
    return {(i32)_mm256_unpacklo_epi16((__m256i)a, (__m256i)b), (i32)_mm256_unpackhi_epi16((__m256i)a, (__m256i)b)};
#elif defined(__SSE2__)
    return {(i32)_mm_unpacklo_epi16((__m128i)a, (__m128i)b), (i32)_mm_unpackhi_epi16((__m128i)a, (__m128i)b)};
#else
    std::int16_t pairs[4 * vector_of<std::int32_t>::lanes];
    for (int i = 0; i < vector_of<std::int16_t>::lanes; ++i) {
        pairs[2 * i] = a[i];
        pairs[2 * i + 1] = b[i];
    }
    return {load<i32>(pairs), load<i32>(reinterpret_cast<const char*>(pairs) + vector_bytes)};
#endif
}

// What has been computed of such pairs, in the order of the events: instructions pair within 128 bits.
ISOBIT_INLINE paired ordered(paired p) {
#if ISOBIT_VECTOR_BYTES == 64
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    return {(i32)_mm512_permutex2var_epi64((__m512i)p.low, first, (__m512i)p.high),
            (i32)_mm512_permutex2var_epi64((__m512i)p.low, second, (__m512i)p.high)};
#elif ISOBIT_VECTOR_BYTES == 32
    return {(i32)_mm256_permute2x128_si256((__m256i)p.low, (__m256i)p.high, 0x20),
            (i32)_mm256_permute2x128_si256((__m256i)p.low, (__m256i)p.high, 0x31)};
#else
    return p;
#endif
}

// int16 as int32, in the order of the events.
ISOBIT_INLINE paired widened_halves(i16 v) {
#if ISOBIT_VECTOR_BYTES == 64
    return {(i32)_mm512_cvtepi16_epi32(_mm512_castsi512_si256((__m512i)v)),
            (i32)_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64((__m512i)v, 1))};
#elif ISOBIT_VECTOR_BYTES == 32
    return {(i32)_mm256_cvtepi16_epi32(_mm256_castsi256_si128((__m256i)v)),
            (i32)_mm256_cvtepi16_epi32(_mm256_extracti128_si256((__m256i)v, 1))};
#else
    const paired twice = pairs_of(v, v);
    return {twice.low >> 16, twice.high >> 16};
#endif
}

// Upper half of the products of int16: the product over 2^16, rounded down.
ISOBIT_INLINE i16 multiply_high(i16 a, i16 b) {
#if ISOBIT_VECTOR_BYTES == 64
    return (i16)_mm512_mulhi_epi16((__m512i)a, (__m512i)b);
#elif ISOBIT_VECTOR_BYTES == 32
    return (i16)_mm256_mulhi_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (i16)_mm_mulhi_epi16((__m128i)a, (__m128i)b);
#else
    i16 high;
    for (int i = 0; i < vector_of<std::int16_t>::lanes; ++i) high[i] = static_cast<std::int16_t>(a[i] * b[i] >> 16);
    return high;
#endif
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
