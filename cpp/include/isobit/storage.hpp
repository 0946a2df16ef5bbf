// Which native integer holds a width: the narrowest one for storing, a signed one for computing.
#ifndef ISOBIT_STORAGE_HPP
#define ISOBIT_STORAGE_HPP

#include <cstdint>
#include <type_traits>

#include "wide.hpp"

namespace isobit {

// Widest raw value, sign included, that the native integers here can hold beside its bounds.
constexpr int max_width = 127;

// The narrowest native integer of the given signedness with at least Width bits.
template <int Width, bool Signed>
struct storage {
    static_assert(Width >= 1 && Width <= max_width, "isobit::fixed: the width must be 1 to 127 bits");
    template <class S, class U>
    using pick = typename std::conditional<Signed, S, U>::type;
    using type = typename std::conditional<
        (Width <= 8), pick<std::int8_t, std::uint8_t>,
        typename std::conditional<
            (Width <= 16), pick<std::int16_t, std::uint16_t>,
            typename std::conditional<(Width <= 32), pick<std::int32_t, std::uint32_t>,
                                      typename std::conditional<(Width <= 64), pick<std::int64_t, std::uint64_t>,
                                                                pick<int128, uint128>>::type>::type>::type>::type;
};

template <int Width, bool Signed>
using storage_t = typename storage<Width, Signed>::type;

// The signed integer to compute with when every value fits in Bits bits, sign included, and every bound that the
// law forms as well (hence 63, not 64).
template <int Bits>
using compute_t = typename std::conditional<(Bits <= 63), std::int64_t, int128>::type;

}  // namespace isobit

#endif
