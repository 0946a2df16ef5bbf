// Calls one HLS function: its parameter types say how each argument is handed over, the declaration says which
// numbers it holds. Whatever does not fit is a static_assert that begins with "isobit:".
#ifndef ISOBIT_CSIM_KERNEL_HPP
#define ISOBIT_CSIM_KERNEL_HPP

#include <memory>
#include <tuple>

#include "worker.hpp"

namespace isobit_csim {

template <class F>
struct Signature;
template <class R, class... A>
struct Signature<R (*)(A...)> {
    typedef R result;
    static const std::size_t arity = sizeof...(A);
    template <std::size_t K>
    struct at {
        typedef typename std::tuple_element<K, std::tuple<A..., void>>::type type;
    };
};
#ifdef __cpp_noexcept_function_type
template <class R, class... A>
struct Signature<R (*)(A...) noexcept> : Signature<R (*)(A...)> {};
#endif

// The memory behind one argument. P is the function's parameter type, Size the numbers that were declared.
template <class E, std::size_t Size>
struct Array {
    typedef E element;
    static const std::size_t elements = Size / Element<E>::count;
    static_assert(elements * Element<E>::count == Size && elements > 0,
                  "isobit: the declared shape is no whole number of the elements that the kernel takes");
    std::unique_ptr<E[]> data{new E[elements]()};

    E* port() { return data.get(); }
    std::size_t left() const { return 0; }
    void clear() {  // what the kernel does not write is zero, not left from the last event
        const word zero[64] = {};
        typedef Number<typename Element<E>::number> Form;
        static_assert(Form::words <= 64, "isobit: numbers wider than 4096 bits are not supported");
        for (std::size_t i = 0; i < elements; i++)
            for (std::size_t k = 0; k < Element<E>::count; k++) Form::get_raw(Element<E>::at(data[i], k), zero);
    }
};

template <class P, std::size_t Size>
struct Argument : Array<typename std::remove_cv<P>::type, Size> {  // a scalar or a pack by value
    static_assert(Size == Element<typename std::remove_cv<P>::type>::count,
                  "isobit: the kernel takes one element by value, the declaration says an array");
    P pass() { return this->data[0]; }
};
template <class X, std::size_t Size>
struct Argument<X*, Size>
    : Array<typename std::remove_cv<typename std::remove_all_extents<X>::type>::type, Size> {  // an array
    static_assert(Size % Element<typename std::remove_cv<typename std::remove_all_extents<X>::type>::type>::count ==
                          0 &&
                      Size * sizeof(typename std::remove_all_extents<X>::type) /
                              Element<typename std::remove_cv<typename std::remove_all_extents<X>::type>::type>::count %
                              sizeof(X) ==
                          0,
                  "isobit: the declared shape is no whole number of the kernel's rows");
    X* pass() { return reinterpret_cast<X*>(this->data.get()); }
};
template <class X, std::size_t Size>
struct Argument<X&, Size> : Array<typename std::remove_cv<typename std::remove_all_extents<X>::type>::type,
                                  Size> {  // a scalar, pack or array
    typedef typename std::remove_cv<typename std::remove_all_extents<X>::type>::type E;
    static_assert(sizeof(X) == sizeof(E) * (Size / Element<E>::count),
                  "isobit: the declared shape has another size than the array that the kernel takes by reference");
    X& pass() { return *reinterpret_cast<X*>(this->data.get()); }
};
template <class E, std::size_t Size>
struct Argument<hls::stream<E>&, Size> {
    typedef E element;
    static const std::size_t elements = Size / Element<E>::count;
    static_assert(elements * Element<E>::count == Size && elements > 0,
                  "isobit: the declared shape is no whole number of the stream's elements");
    hls::stream<E> data;

    hls::stream<E>& port() { return data; }
    std::size_t left() {  // and takes them out
        std::size_t count = 0;
        for (; !data.empty(); count++) data.read();
        return count;
    }
    hls::stream<E>& pass() { return data; }
    void clear() {
        while (!data.empty()) data.read();
    }
};

// An input stream must be read to its end: in hardware, what is left would meet the next event.
template <class A>
void check_read(A& argument, const char* name) {
    const std::size_t count = argument.left();
    if (count != 0)
        give_up("the input stream '" + std::string(name) + "' still holds " + std::to_string(count) + " of " +
                std::to_string(A::elements + 0) + " elements, which the kernel did not read");
}

// Named so that the compiler's message shows both types.
template <class Declared, class Kernels>
struct declared_and_kernels {
    static const bool same = std::is_same<Declared, Kernels>::value;
    static_assert(same, "declared, and the kernel's");
};

}  // namespace isobit_csim

#endif
