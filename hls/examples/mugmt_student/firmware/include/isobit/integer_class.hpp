// integer<W,S>: ap_int<W> and ap_uint<W>. Include integer.hpp.
#ifndef ISOBIT_INTEGER_CLASS_HPP
#define ISOBIT_INTEGER_CLASS_HPP

#include <string>
#include <type_traits>

#include "bits.hpp"
#include "cast.hpp"
#include "floating.hpp"
#include "operand.hpp"

namespace isobit {

template <int W, bool S>
class integer : public bit_level<integer<W, S>, W, S> {
    static_assert(W >= 1 && W <= max_width, "isobit::integer: the width must be 1 to 4096 bits");

public:
    static constexpr int width = W;
    static constexpr int iwidth = W;
    static constexpr bool is_signed = S;

    using storage_type = storage_t<W, S>;
    using raw_type = compute_t<W + (S ? 0 : 1)>;  // signed, holds every value
    using bits_type = typename bit_level<integer, W, S>::bits_type;
    using native_type = typename std::conditional<S, long long, unsigned long long>::type;

    static constexpr format type() { return integer_format(W, S); }

    integer() = default;  // uninitialised, as a native integer

    template <int W2, bool S2>
    constexpr integer(const integer<W2, S2>& source) : raw_(detail::assigned<integer>(source)) {}
    // Toward zero, then modulo 2^W.
    template <int W2, int I2, bool S2, rounding_mode Q2, overflow_mode O2, int N2>
    constexpr integer(const fixed<W2, I2, S2, Q2, O2, N2>& source) : raw_(detail::assigned<integer>(source)) {}
    template <int W2, bool S2>
    constexpr integer(const volatile integer<W2, S2>& source) : integer(source.read()) {}

#define ISOBIT_FROM_NATIVE(T) \
    constexpr integer(T value) : raw_(fold<W, S>(value)) {}
    ISOBIT_NATIVE_INTEGERS(ISOBIT_FROM_NATIVE)
#undef ISOBIT_FROM_NATIVE

    // Toward zero, then modulo 2^W; as the open headers, numbers between -1/2 and 0 give 1 (docs/semantics.md, B15).
    constexpr integer(double value) : raw_(from_real(detail::taken_apart(value))) {}
    constexpr integer(float value) : integer(static_cast<double>(value)) {}
    integer(const host::half& value);  // host/half.hpp

    // Base 2, 8, 10 or 16; 0 takes it from the prefix 0b, 0o or 0x.
    integer(const char* text, int radix = 0);

    template <class Owner>
    constexpr integer(const bit_ref<Owner>& source) : integer(static_cast<bool>(source)) {}
    template <class Owner>
    constexpr integer(const range_ref<Owner>& source) : integer(source.get()) {}
    template <class A, class B>
    constexpr integer(const concat_ref<A, B>& source) : integer(source.get()) {}

    template <int W2, bool S2>
    constexpr integer& operator=(const integer<W2, S2>& source) {
        raw_ = detail::assigned<integer>(source);
        return *this;
    }
    // Of a volatile number (a register in memory), from whatever a plain one takes. As templates, so that copying stays
    // trivial; the plain one beside it keeps the choice unambiguous.
    template <class T, detail::if_source<T> = 0>
    constexpr integer& operator=(T source) {
        return *this = integer(source);
    }
    template <class T, detail::if_source<T> = 0>
    void operator=(T source) volatile {
        write(integer(source));
    }

    static constexpr integer from_storage(const storage_type& raw) {
        integer result{};
        result.raw_ = raw;
        return result;
    }
    // The number whose bits are the low W bits of `bits`.
    template <class Bits>
    static constexpr integer from_bits(const Bits& bits) {
        return from_storage(fold<W, S>(bits));
    }
    template <class Raw>
    static constexpr integer from_raw(const Raw& raw) {
        return from_bits(raw);
    }

    constexpr storage_type storage() const { return raw_; }
    constexpr raw_type raw() const { return static_cast<raw_type>(storage()); }

    integer read() const volatile { return const_cast<const integer&>(*this); }
    void write(const integer& value) volatile { const_cast<integer&>(*this) = value; }

    // The low 64 bits. The only implicit conversion, so that `switch (x)` and `n += x` know what is meant.
    constexpr operator native_type() const { return static_cast<native_type>(storage()); }
    // Asked for by name, they see all bits at every width (docs/semantics.md, B18).
    constexpr explicit operator float() const { return to_float(); }
    constexpr explicit operator double() const { return to_double(); }
    constexpr explicit operator bool() const { return this->or_reduce(); }

    constexpr bool to_bool() const { return this->or_reduce(); }
    constexpr char to_char() const { return static_cast<char>(storage()); }
    constexpr signed char to_schar() const { return static_cast<signed char>(storage()); }
    constexpr unsigned char to_uchar() const { return static_cast<unsigned char>(storage()); }
    constexpr short to_short() const { return static_cast<short>(storage()); }
    constexpr unsigned short to_ushort() const { return static_cast<unsigned short>(storage()); }
    constexpr int to_int() const { return static_cast<int>(storage()); }
    constexpr unsigned to_uint() const { return static_cast<unsigned>(storage()); }
    constexpr long to_long() const { return static_cast<long>(storage()); }
    constexpr unsigned long to_ulong() const { return static_cast<unsigned long>(storage()); }
    constexpr long long to_int64() const { return static_cast<long long>(storage()); }
    constexpr unsigned long long to_uint64() const { return static_cast<unsigned long long>(storage()); }
    constexpr double to_double() const { return detail::to_double<W, 0>(raw()); }
    constexpr float to_float() const { return detail::to_float<W, 0>(raw()); }
    // Base 2, 8, 10 or 16, with the prefix 0b, 0o or 0x; `sign`: a minus instead of two's complement.
    std::string to_string(int radix = 2, bool sign = S) const;

    constexpr bool iszero() const { return this->is_zero(); }
    constexpr bool sign() const { return this->is_neg(); }
    constexpr bool get_bit(int index) const { return this->test(index); }
    constexpr void set_bit(int index, bool value) { set(index, value); }
    using bit_level<integer, W, S>::set;
    template <int W2, bool S2>
    constexpr void set(const integer<W2, S2>& value) {
        *this = integer(value);
    }
    constexpr integer& get() { return *this; }
    constexpr const integer& get() const { return *this; }

    template <class Other>
    constexpr concat_ref<integer, Other> concat(const Other& low) const {
        return {*this, low};
    }

private:
    __attribute__((noinline)) static constexpr storage_type from_real(const detail::real& x) {
        using wide = compute_t<detail::max_of(W + 1, 54) + 1>;
        if (x.mantissa < 0 && x.exponent <= -54) return fold<W, S>(1);  // |x| < 1/2
        return fold<W, S>(law::round_shift(static_cast<wide>(x.mantissa), -x.exponent, rounding_mode::TRN_ZERO));
    }

    detail::held_t<storage_type> raw_;
};

template <int W, bool S>
constexpr int integer<W, S>::width;
template <int W, bool S>
constexpr int integer<W, S>::iwidth;
template <int W, bool S>
constexpr bool integer<W, S>::is_signed;

}  // namespace isobit

#endif
