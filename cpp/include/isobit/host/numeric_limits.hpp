// hls::numeric_limits for C simulation: of every ap_ type whatever its modes and saturation bits (the open header's
// specialisations know N = 0 only), of C++'s own types the standard library's.
//
// min and max are the extreme bit patterns, also where SAT_SYM never yields the lower one; epsilon is one LSB.
#ifndef ISOBIT_HOST_NUMERIC_LIMITS_HPP
#define ISOBIT_HOST_NUMERIC_LIMITS_HPP

#include <limits>

#include "math.hpp"

namespace isobit {
namespace host {
namespace detail {

template <class T, bool Number>
struct limits {
    static T max() { return std::numeric_limits<T>::max(); }
    static T min() { return std::numeric_limits<T>::min(); }
    static T epsilon() { return std::numeric_limits<T>::epsilon(); }
};

template <class T>
struct limits<T, true> {
    static T max() {
        const T low = min();
        return ~low;
    }
    static T min() {
        const T top = one_bit(T::width - 1);
        return top < 0 ? top : T(0);
    }
    static T epsilon() { return one_bit(0); }

private:
    static T one_bit(int index) {
        T x = 0;
        x[index] = 1;
        return x;
    }
};

}  // namespace detail

template <class T>
class numeric_limits : public detail::limits<T, math::detail::is_number<T>::value> {};

}  // namespace host
}  // namespace isobit

#endif
