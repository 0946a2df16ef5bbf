// Which integer holds a width: the narrowest native one for storing, a signed one with room for computing.
#ifndef ISOBIT_STORAGE_HPP
#define ISOBIT_STORAGE_HPP

#include <cstdint>
#include <type_traits>

#include "limbs.hpp"
#include "wide.hpp"

namespace isobit {

// Widest declared format. AMD's headers stop there too unless told otherwise (AP_INT_MAX_W).
constexpr int max_width = 4096;

namespace detail {

template <bool First, class A, class B>
using either = typename std::conditional<First, A, B>::type;

// Limbs only where they are named: a conditional on limbs<Bits / 64 + 1> would make it for every narrow width.
template <int Bits, bool Native>
struct computing {
    using type = either<(Bits <= 31), std::int32_t, either<(Bits <= 63), std::int64_t, int128>>;
};
template <int Bits>
struct computing<Bits, false> {
    using type = limbs<Bits / 64 + 1>;
};

template <int Width, bool Native>
struct registers {
    using type = either<(Width <= 32), std::int32_t, either<(Width <= 64), std::int64_t, int128>>;
};
template <int Width>
struct registers<Width, false> {
    using type = limbs<(Width + 63) / 64>;
};

template <int Width, bool Signed, bool Native>
struct storing {
    template <class S, class U>
    using pick = either<Signed, S, U>;
    using type =
        either<(Width <= 8), pick<std::int8_t, std::uint8_t>,
               either<(Width <= 16), pick<std::int16_t, std::uint16_t>,
                      either<(Width <= 32), pick<std::int32_t, std::uint32_t>,
                             either<(Width <= 64), pick<std::int64_t, std::uint64_t>, pick<int128, uint128>>>>>;
};
template <int Width, bool Signed>
struct storing<Width, Signed, false> {
    using type = limbs<(Width + 63) / 64, Signed>;
};

}  // namespace detail

// The narrowest integer of the given signedness with at least Width bits.
template <int Width, bool Signed>
using storage_t = typename detail::storing<Width, Signed, (Width <= 128)>::type;

// The signed integer to compute with when every value fits in Bits bits, sign included, and every bound that the
// law forms as well (hence 63, not 64).
template <int Bits>
using compute_t = typename detail::computing<Bits, (Bits <= 127)>::type;

// The signed integer whose unsigned twin holds the low Width bits of anything: arithmetic modulo 2^Width needs no
// room above it.
template <int Width>
using register_t = typename detail::registers<Width, (Width <= 128)>::type;

namespace detail {

// A register with all bits above the low Width ones copies of the highest (signed) or zero.
template <class Reg>
struct extension {
    using bits = unsigned_of<Reg>;
    template <int Width, bool Signed>
    static constexpr bits of(const bits& v) {
        constexpr int unused = integer_traits<Reg>::bits - Width;
        return Signed ? static_cast<bits>(static_cast<Reg>(as_signed<Reg>(static_cast<bits>(v << unused)) >> unused))
                      : static_cast<bits>(static_cast<bits>(v << unused) >> unused);
    }
};
template <int K>
struct extension<limbs<K, true>> {
    using bits = limbs<K, false>;
    template <int Width, bool Signed>
    static constexpr bits of(const bits& v) {
        constexpr int unused = 64 * K - Width;  // all of them in the top word
        const std::uint64_t top = v.get(K - 1) << unused;
        bits result = v;
        result.set(K - 1,
                   Signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(top) >> unused) : top >> unused);
        return result;
    }
};

}  // namespace detail

namespace words {

// The low Width bits of v, sign- or zero-extended.
template <int Width, bool Signed, class Int>
constexpr storage_t<Width, Signed> fold(const Int& v) {
    using reg = register_t<Width>;
    return static_cast<storage_t<Width, Signed>>(
        detail::extension<reg>::template of<Width, Signed>(static_cast<unsigned_of<reg>>(v)));
}

}  // namespace words

namespace detail {

// What a number holds. AMD's types are aligned to at most 8 bytes (users cast packed words to them), where __int128
// alone would ask for 16.
template <class Native>
struct __attribute__((packed, aligned(8))) packed_native {
    Native value;
    packed_native() = default;
    constexpr packed_native(Native v) : value(v) {}
    constexpr operator Native() const { return value; }
};
template <class T>
using held_t = either<std::is_same<T, int128>::value || std::is_same<T, uint128>::value, packed_native<T>, T>;

}  // namespace detail
}  // namespace isobit

#endif
