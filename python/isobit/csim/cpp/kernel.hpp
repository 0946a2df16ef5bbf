// Calls one HLS function: its parameter types say how each argument is handed over, the declaration says which
// numbers it holds. Whatever does not fit is a static_assert that begins with "isobit:".
#ifndef ISOBIT_CSIM_KERNEL_HPP
#define ISOBIT_CSIM_KERNEL_HPP

#include <memory>
#include <tuple>

#include "fields.hpp"
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

// How an element of type E holds what was declared: itself, or so many numbers or structs of type D.
template <class E, class D>
struct Units : Element<E> {};
template <class E>
struct Units<E, E> {
    static const std::size_t count = 1;
    static E& at(E& e, std::size_t) { return e; }
};

// The memory behind one argument. P is the function's parameter type, Size how many of type D were declared.
template <class E, class D, std::size_t Size>
struct Array {
    typedef E element;
    typedef D declared;
    typedef Units<E, D> Unit;
    static const std::size_t size = Size;
    static const std::size_t elements = Size / Unit::count;
    static_assert(elements * Unit::count == Size && elements > 0,
                  "isobit: the declared shape is no whole number of the elements that the kernel takes");
    std::unique_ptr<E[]> data{new E[elements]()};

    E* port() { return data.get(); }
    D& unit(std::size_t i) { return Unit::at(data[i / Unit::count], i % Unit::count); }
    std::size_t left() const { return 0; }
};

template <class X>
struct Bare {  // without extents and const
    typedef typename std::remove_cv<typename std::remove_all_extents<X>::type>::type type;
};

template <class P, class D, std::size_t Size>
struct Argument : Array<typename std::remove_cv<P>::type, D, Size> {  // a scalar, pack or struct by value
    static_assert(Size == Units<typename std::remove_cv<P>::type, D>::count,
                  "isobit: the kernel takes one element by value, the declaration says an array");
    P pass() { return this->data[0]; }
};
template <class X, class D, std::size_t Size>
struct Argument<X*, D, Size> : Array<typename Bare<X>::type, D, Size> {  // an array
    static const std::size_t count = Units<typename Bare<X>::type, D>::count;
    static_assert(Size % count == 0 && Size * sizeof(typename Bare<X>::type) / count % sizeof(X) == 0,
                  "isobit: the declared shape is no whole number of the kernel's rows");
    X* pass() { return reinterpret_cast<X*>(this->data.get()); }
};
template <class X, class D, std::size_t Size>
struct Argument<X&, D, Size> : Array<typename Bare<X>::type, D, Size> {  // a scalar, pack, struct or array
    typedef typename Bare<X>::type E;
    static_assert(sizeof(X) == sizeof(E) * (Size / Units<E, D>::count),
                  "isobit: the declared shape has another size than the array that the kernel takes by reference");
    X& pass() { return *reinterpret_cast<X*>(this->data.get()); }
};
template <class E, class D, std::size_t Size>
struct Argument<hls::stream<E>&, D, Size> : Array<E, D, Size> {  // the array holds what goes in or came out
    hls::stream<E> queue;

    hls::stream<E>& port() { return queue; }
    std::size_t left() {  // and takes them out
        std::size_t count = 0;
        for (; !queue.empty(); count++) queue.read();
        return count;
    }
    hls::stream<E>& pass() { return queue; }
};

// Structs go through the array, field by field (N: names that may be their members'); numbers straight.
template <class N, class A, bool numbers = is_number<typename A::declared>::value>
struct Way {
    typedef typename A::element E;
    typedef typename A::declared D;

    struct unit_of {
        A& argument;
        D& operator()(std::size_t i) const { return argument.unit(i); }
    };
    static void clear(A& argument) {
        const word zero[64] = {};
        argument.left();
        for (std::size_t i = 0; i < A::size; i++) clear_fields<N>(argument.unit(i), zero);
    }
    static void in(Channel& channel, A& argument, const char* name) {
        for (std::size_t i = 0; i < A::elements; i++) frame(argument.data[i], i + 1 == A::elements);
        fields_in<N, D>(channel, A::size, unit_of{argument}, name);
        if (channel.running()) push(argument, argument.port());
    }
    static void out(Channel& channel, A& argument, const char* name) {
        if (channel.running()) pull(argument, argument.port(), name);
        fields_out<N, D>(channel, A::size, unit_of{argument}, name);
    }

private:
    static void push(A&, E*) {}
    static void push(A& argument, hls::stream<E>& queue) {
        for (std::size_t i = 0; i < A::elements; i++) queue.write(argument.data[i]);
    }
    static void pull(A&, E*, const char*) {}
    static void pull(A& argument, hls::stream<E>& queue, const char* name) {
        drain(queue, A::elements, name, [&](std::size_t i, const E& element) { argument.data[i] = element; });
    }
};
template <class N, class A>
struct Way<N, A, true> {
    static void clear(A& argument) {
        const word zero[64] = {};
        typedef Number<typename A::declared> Form;
        static_assert(Form::words <= 64, "isobit: numbers wider than 4096 bits are not supported");
        argument.left();
        for (std::size_t i = 0; i < A::size; i++) Form::get_raw(argument.unit(i), zero);
    }
    static void in(Channel& channel, A& argument, const char* name) {
        channel.in(argument.port(), A::elements + 0, name);
    }
    static void out(Channel& channel, A& argument, const char* name) {
        channel.out(argument.port(), A::elements + 0, name);
    }
};
// What the kernel does not write is zero, not left from the last event.
template <class N, class A>
void clear(A& argument) {
    Way<N, A>::clear(argument);
}
template <class N, class A>
void input(Channel& channel, A& argument, const char* name) {
    Way<N, A>::in(channel, argument, name);
}
template <class N, class A>
void output(Channel& channel, A& argument, const char* name) {
    Way<N, A>::out(channel, argument, name);
}

// An input stream must be read to its end: in hardware, what is left would meet the next event.
template <class A>
void check_read(A& argument, const char* name) {
    const std::size_t count = argument.left();
    if (count != 0)
        give_up("the input stream '" + std::string(name) + "' still holds " + std::to_string(count) + " of " +
                std::to_string(A::elements + 0) + " elements, which the kernel did not read");
}

// What a declaration of type D speaks of in an element of type E: the element itself, or what it holds.
template <class D, class E>
struct Spoken {
    typedef typename std::conditional<std::is_same<D, E>::value, E, typename Element<E>::number>::type type;
};

// Named so that the compiler's message shows both types.
template <class Declared, class Kernels>
struct declared_and_kernels {
    static const bool same = std::is_same<Declared, Kernels>::value;
    static_assert(same, "declared, and the kernel's");
};

}  // namespace isobit_csim

#endif
