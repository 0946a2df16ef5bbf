// hls::vector<T, N> under AMD's header name: N elements with element-wise operators, as UG1399 (HLS Vector Library)
// documents it. Every result is put back into T; comparisons are lexicographic.
#ifndef ISOBIT_VENDOR_NAMES_HLS_VECTOR_H
#define ISOBIT_VENDOR_NAMES_HLS_VECTOR_H

#include <isobit/standard.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace hls {
namespace isobit_vector {

// Sums and products whose order makes no difference: integers, and sums of fixed-point numbers that wrap. UG1399 does
// not say in which order the others are formed.
template <class T, class = void>
struct order_free {
    static constexpr bool sum = std::is_integral<T>::value, product = sum;
};
template <class T>
struct order_free<T, decltype(static_cast<void>(T::iwidth))> {
    template <class U>
    static constexpr auto wraps(int) -> decltype(U::omode, true) {
        return U::omode == decltype(U::omode)::WRAP && U::type().saturation_bits == 0;
    }
    template <class U>
    static constexpr bool wraps(...) {
        return true;
    }
    template <class U>
    static constexpr auto is_int(int) -> decltype(U::omode, true) {
        return false;
    }
    template <class U>
    static constexpr bool is_int(...) {
        return true;
    }
    static constexpr bool sum = wraps<T>(0), product = is_int<T>(0);
};

}  // namespace isobit_vector

template <class T, std::size_t N>
class vector {
    static_assert(N > 0, "hls::vector: at least one element");

    // The greatest power of two that divides the size: UG1399 promises this alignment.
    static constexpr std::size_t alignment = (sizeof(T) * N) & (~(sizeof(T) * N) + 1);

public:
    using value_type = T;

    vector() = default;  // uninitialised, where T is
    vector(const T& value) { data_.fill(value); }
    vector(const std::array<T, N>& values) : data_(values) {}
    vector(std::initializer_list<T> values) {
        if (values.size() != N) {
            throw std::invalid_argument("isobit: hls::vector has " + std::to_string(N) + " elements, not " +
                                        std::to_string(values.size()));
        }
        std::copy(values.begin(), values.end(), data_.begin());
    }

    static constexpr std::size_t size() { return N; }
    T& operator[](std::size_t index) { return data_[index]; }
    const T& operator[](std::size_t index) const { return data_[index]; }
    T* begin() { return data_.data(); }
    T* end() { return data_.data() + N; }
    const T* begin() const { return data_.data(); }
    const T* end() const { return data_.data() + N; }

#define ISOBIT_VECTOR_OPERATOR(op, assign)                                                         \
    vector& operator assign(const vector & other) {                                                \
        for (std::size_t i = 0; i < N; ++i) data_[i] = static_cast<T>(data_[i] op other.data_[i]); \
        return *this;                                                                              \
    }                                                                                              \
    friend vector operator op(vector a, const vector& b) { return a assign b; }
    ISOBIT_VECTOR_OPERATOR(+, +=)
    ISOBIT_VECTOR_OPERATOR(-, -=)
    ISOBIT_VECTOR_OPERATOR(*, *=)
    ISOBIT_VECTOR_OPERATOR(/, /=)
    ISOBIT_VECTOR_OPERATOR(%, %=)
    ISOBIT_VECTOR_OPERATOR(&, &=)
    ISOBIT_VECTOR_OPERATOR(|, |=)
    ISOBIT_VECTOR_OPERATOR(^, ^=)
    ISOBIT_VECTOR_OPERATOR(<<, <<=)
    ISOBIT_VECTOR_OPERATOR(>>, >>=)
#undef ISOBIT_VECTOR_OPERATOR

    vector& operator++() { return *this += T(1); }
    vector& operator--() { return *this -= T(1); }
    vector operator++(int) {
        const vector before = *this;
        ++*this;
        return before;
    }
    vector operator--(int) {
        const vector before = *this;
        --*this;
        return before;
    }
    vector operator-() const {
        return each([](const T& x) { return static_cast<T>(-x); });
    }
    vector operator~() const {
        return each([](const T& x) { return static_cast<T>(~x); });
    }

    friend bool operator==(const vector& a, const vector& b) { return a.data_ == b.data_; }
    friend bool operator!=(const vector& a, const vector& b) { return a.data_ != b.data_; }
    friend bool operator<(const vector& a, const vector& b) { return a.data_ < b.data_; }
    friend bool operator<=(const vector& a, const vector& b) { return a.data_ <= b.data_; }
    friend bool operator>(const vector& a, const vector& b) { return a.data_ > b.data_; }
    friend bool operator>=(const vector& a, const vector& b) { return a.data_ >= b.data_; }

    T reduce_add() const {
        static_assert(isobit_vector::order_free<T>::sum,
                      "hls::vector: reduce_add in this type depends on an order that is not documented");
        return reduced([](const T& a, const T& b) { return static_cast<T>(a + b); });
    }
    T reduce_mult() const {
        static_assert(isobit_vector::order_free<T>::product,
                      "hls::vector: reduce_mult in this type depends on an order that is not documented");
        return reduced([](const T& a, const T& b) { return static_cast<T>(a * b); });
    }
    T reduce_and() const {
        return reduced([](const T& a, const T& b) { return static_cast<T>(a & b); });
    }
    T reduce_or() const {
        return reduced([](const T& a, const T& b) { return static_cast<T>(a | b); });
    }
    T reduce_xor() const {
        return reduced([](const T& a, const T& b) { return static_cast<T>(a ^ b); });
    }

private:
    template <class Function>
    vector each(Function function) const {
        vector result;
        for (std::size_t i = 0; i < N; ++i) result.data_[i] = function(data_[i]);
        return result;
    }
    template <class Function>
    T reduced(Function function) const {
        T result = data_[0];
        for (std::size_t i = 1; i < N; ++i) result = function(result, data_[i]);
        return result;
    }

    alignas(alignment) std::array<T, N> data_;
};

template <class T, std::size_t N>
constexpr std::size_t vector<T, N>::alignment;

}  // namespace hls

#endif
