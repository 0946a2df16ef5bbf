// fixed<W,I,S,Q,O,N>: ap_fixed<W,I,Q,O,N> and ap_ufixed<W,I,Q,O,N>, with their values and members. Include fixed.hpp.
//
// Operators are exact and their types grow (growth.hpp, operators.hpp); only conversion rounds and overflows (law.hpp).
// Storage is the narrowest native integer, limbs above 128 bits; a number is trivially copyable and constexpr.
#ifndef ISOBIT_FIXED_CLASS_HPP
#define ISOBIT_FIXED_CLASS_HPP

#include <string>

#include "bits.hpp"
#include "cast.hpp"
#include "floating.hpp"
#include "integer_class.hpp"
#include "operand.hpp"

namespace isobit {

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
class fixed : public bit_level<fixed<W, I, S, Q, O, N>, W, S> {
    static_assert(W >= 1 && W <= max_width, "isobit::fixed: the width must be 1 to 4096 bits");
    static_assert(N >= 0 && N <= W, "isobit::fixed: the saturation bits must be 0 to the width");
    static_assert(S || O != overflow_mode::WRAP_SM, "isobit::fixed: WRAP_SM needs a signed format");

    using whole_type = integer<(I > 1 ? I : 1), S>;

public:
    static constexpr int width = W;
    static constexpr int iwidth = I;
    static constexpr bool is_signed = S;
    static constexpr rounding_mode qmode = Q;
    static constexpr overflow_mode omode = O;

    using storage_type = storage_t<W, S>;
    using raw_type = compute_t<W + (S ? 0 : 1)>;  // signed, holds every raw value

    static constexpr format type() { return format{W, I, S, Q, O, N, false}; }

    fixed() = default;  // uninitialised, as a native integer

    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr fixed(const fixed<W2, I2, S2, Q2, O2, N2>& source) : raw_(detail::assigned<fixed>(source)) {}
    template <int W2, bool S2>
    constexpr fixed(const integer<W2, S2>& source) : raw_(detail::assigned<fixed>(source)) {}
    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr fixed(const volatile fixed<W2, I2, S2, Q2, O2, N2>& source) : fixed(source.read()) {}
    template <int W2, bool S2>
    constexpr fixed(const volatile integer<W2, S2>& source) : fixed(source.read()) {}

#define ISOBIT_FROM_NATIVE(T) \
    constexpr fixed(T value) : fixed(detail::native_number<T>(value)) {}
    ISOBIT_NATIVE_INTEGERS(ISOBIT_FROM_NATIVE)
#undef ISOBIT_FROM_NATIVE

    // Rounding and overflow are the format's own, of the exact value.
    constexpr fixed(double value) : raw_(from_real(detail::taken_apart(value))) {}
    constexpr fixed(float value) : fixed(static_cast<double>(value)) {}
    fixed(const host::half& value);  // host/half.hpp

    // Base 2, 8, 10 or 16; 0 takes it from the prefix 0b, 0o or 0x. The text's exact value is rounded once.
    fixed(const char* text, int radix = 0);

    template <class Owner>
    constexpr fixed(const bit_ref<Owner>& source) : fixed(static_cast<bool>(source)) {}
    template <class Owner>
    constexpr fixed(const range_ref<Owner>& source) : fixed(source.get()) {}
    template <class A, class B>
    constexpr fixed(const concat_ref<A, B>& source) : fixed(source.get()) {}

    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr fixed& operator=(const fixed<W2, I2, S2, Q2, O2, N2>& source) {
        raw_ = detail::assigned<fixed>(source);
        return *this;
    }
    // Of a volatile number (a register in memory), from whatever a plain one takes. As templates, so that copying stays
    // trivial; the plain one beside it keeps the choice unambiguous.
    template <class T, detail::if_source<T> = 0>
    constexpr fixed& operator=(T source) {
        return *this = fixed(source);
    }
    template <class T, detail::if_source<T> = 0>
    void operator=(T source) volatile {
        write(fixed(source));
    }

    static constexpr fixed from_storage(const storage_type& raw) {
        fixed result{};
        result.raw_ = raw;
        return result;
    }
    // The number whose bits are the low W bits of `bits`.
    template <class Bits>
    static constexpr fixed from_bits(const Bits& bits) {
        return from_storage(fold<W, S>(bits));
    }
    template <class Raw>
    static constexpr fixed from_raw(const Raw& raw) {
        return from_bits(raw);
    }

    constexpr storage_type storage() const { return raw_; }
    constexpr raw_type raw() const { return static_cast<raw_type>(storage()); }

    fixed read() const volatile { return const_cast<const fixed&>(*this); }
    void write(const fixed& value) volatile { const_cast<fixed&>(*this) = value; }
    constexpr fixed& setBits(unsigned long long bits) { return *this = from_bits(bits); }
    // The raw integer, sign-extended.
    constexpr unsigned long long bits_to_uint64() const { return static_cast<unsigned long long>(storage()); }

    // The integer part: toward zero, or down if not `toward_zero` (0 where there are no integer bits).
    constexpr whole_type to_ap_int_base(bool toward_zero = true) const {
        return toward_zero ? whole_type(*this)
               : I <= 0    ? whole_type(0)
                           : whole_type(fixed<(I > 1 ? I : 1), (I > 1 ? I : 1), S>(*this));
    }

    constexpr char to_char() const { return to_ap_int_base().to_char(); }
    constexpr int to_int() const { return to_ap_int_base().to_int(); }
    constexpr unsigned to_uint() const { return to_ap_int_base().to_uint(); }
    constexpr long long to_int64() const { return to_ap_int_base().to_int64(); }
    constexpr unsigned long long to_uint64() const { return to_ap_int_base().to_uint64(); }
    // To the nearest double or float, ties to even.
    constexpr double to_double() const { return detail::to_double<W, W - I>(raw()); }
    constexpr float to_float() const { return detail::to_float<W, W - I>(raw()); }
    // Base 2, 8, 10 or 16, with the prefix 0b, 0o or 0x; `sign`: a minus instead of two's complement.
    std::string to_string(int radix = 2, bool sign = S) const;

    constexpr operator bool() const { return this->or_reduce(); }
    constexpr operator char() const { return static_cast<char>(to_int()); }
    constexpr operator signed char() const { return static_cast<signed char>(to_int()); }
    constexpr operator unsigned char() const { return static_cast<unsigned char>(to_uint()); }
    constexpr operator short() const { return static_cast<short>(to_int()); }
    constexpr operator unsigned short() const { return static_cast<unsigned short>(to_uint()); }
    constexpr operator int() const { return to_int(); }
    constexpr operator unsigned() const { return to_uint(); }
    constexpr operator long() const { return static_cast<long>(to_int64()); }
    constexpr operator unsigned long() const { return static_cast<unsigned long>(to_uint64()); }
    constexpr operator long long() const { return to_int64(); }
    constexpr operator unsigned long long() const { return to_uint64(); }
    constexpr operator float() const { return to_float(); }
    constexpr operator double() const { return to_double(); }
    constexpr operator long double() const { return to_double(); }

    constexpr int wl() const { return W; }
    constexpr int iwl() const { return I; }
    constexpr rounding_mode q_mode() const { return Q; }
    constexpr overflow_mode o_mode() const { return O; }
    constexpr int n_bits() const { return N; }

    // The bit of weight 2^index.
    constexpr bool get_bit(int index) const { return this->test(index + W - I); }
    constexpr bit_ref<fixed> get_bit(int index) { return bit_ref<fixed>(*this, index + W - I); }

    // The point moved, no bit changed.
    template <int Places>
    constexpr fixed<W, I + Places, S> lshift() const {
        return fixed<W, I + Places, S>::from_storage(raw_);
    }
    template <int Places>
    constexpr fixed<W, I - Places, S> rshift() const {
        return fixed<W, I - Places, S>::from_storage(raw_);
    }
    // -x in W bits.
    constexpr fixed<W, I, true, Q, O, N> getNeg() const {
        using bits_type = typename bit_level<fixed, W, S>::bits_type;
        using result = fixed<W, I, true, Q, O, N>;
        return result::from_bits(static_cast<bits_type>(bits_type{0} - result(*this).bits()));
    }

private:
    __attribute__((noinline)) static constexpr storage_type from_real(const detail::real& x) {
        using wide = compute_t<detail::max_of(W + (S ? 0 : 1), 54) + 1>;
        return static_cast<storage_type>(law::cast(static_cast<wide>(x.mantissa), -x.exponent - (W - I), type()));
    }

    detail::held_t<storage_type> raw_;
};

template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr int fixed<W, I, S, Q, O, N>::width;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr int fixed<W, I, S, Q, O, N>::iwidth;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr bool fixed<W, I, S, Q, O, N>::is_signed;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr rounding_mode fixed<W, I, S, Q, O, N>::qmode;
template <int W, int I, bool S, rounding_mode Q, overflow_mode O, int N>
constexpr overflow_mode fixed<W, I, S, Q, O, N>::omode;

}  // namespace isobit

#endif
