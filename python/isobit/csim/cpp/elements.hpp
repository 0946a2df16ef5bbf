// What one element of an array or stream holds: a number, a pack of them, or an AXI4-Stream packet with data in it.
#ifndef ISOBIT_CSIM_ELEMENTS_HPP
#define ISOBIT_CSIM_ELEMENTS_HPP

#include "numbers.hpp"

namespace isobit_csim {

template <class, std::size_t>
struct sized {
    typedef void type;
};
template <class...>
struct exist {
    typedef void type;
};

// hls::axis and its like, whichever version of the header declares it: data with side channels.
template <class E, class = void>
struct is_packet : std::false_type {};
template <class E>
struct is_packet<E, typename exist<decltype(E::data), decltype(E::keep), decltype(E::strb), decltype(E::last)>::type>
    : std::true_type {};

// Numbers (or structs, field by field) of an element, in order. Packs may hold packs.
template <class E, class = void>
struct Element {
    typedef E number;
    static const bool is_pack = false;
    static const std::size_t count = 1;
    static E& at(E& e, std::size_t) { return e; }
    static const E& at(const E& e, std::size_t) { return e; }
};
template <class E, class T, std::size_t N>
struct Pack {
    typedef T item;
    typedef typename Element<T>::number number;
    static const bool is_pack = true;
    static const std::size_t items = N;
    static const std::size_t count = N * Element<T>::count;
    static number& at(E& e, std::size_t i) { return Element<T>::at(e[i / Element<T>::count], i % Element<T>::count); }
    static const number& at(const E& e, std::size_t i) {
        return Element<T>::at(e[i / Element<T>::count], i % Element<T>::count);
    }
};
template <class E>  // nnet::array
struct Element<E, typename sized<typename E::value_type, E::size>::type> : Pack<E, typename E::value_type, E::size> {};
template <class T, std::size_t N>
struct Element<std::array<T, N>, void> : Pack<std::array<T, N>, T, N> {};
template <template <class, std::size_t> class Vector, class T, std::size_t N>  // hls::vector
struct Element<Vector<T, N>,
               typename std::enable_if<!std::is_same<Vector<T, N>, std::array<T, N>>::value &&
                                       std::is_same<decltype(std::declval<Vector<T, N>&>()[0]), T&>::value>::type>
    : Pack<Vector<T, N>, T, N> {};
template <class E>
struct Element<E, typename std::enable_if<is_packet<E>::value>::type> {
    typedef Element<decltype(E::data)> Data;
    typedef typename Data::number number;
    static const bool is_pack = false;
    static const std::size_t count = Data::count;
    static number& at(E& e, std::size_t i) { return Data::at(e.data, i); }
    static const number& at(const E& e, std::size_t i) { return Data::at(e.data, i); }
};

// A packet around its data: every byte kept, last set on an event's last one, the other side channels zero.
template <class Signal>
auto assign(Signal& signal, int value, int) -> decltype(static_cast<void>(signal = value)) {
    signal = value;
}
template <class Signal>
void assign(Signal&, int, ...) {}  // has no width

template <class E>
auto frame_others(E& e, int)
    -> decltype(static_cast<void>(e.user), static_cast<void>(e.id), static_cast<void>(e.dest)) {
    assign(e.user, 0, 0);
    assign(e.id, 0, 0);
    assign(e.dest, 0, 0);
}
template <class E>
void frame_others(E&, ...) {}
template <class E>
typename std::enable_if<is_packet<E>::value>::type frame(E& e, bool last) {
    assign(e.keep, -1, 0);
    assign(e.strb, -1, 0);
    assign(e.last, last, 0);
    frame_others(e, 0);
}
template <class E>
typename std::enable_if<!is_packet<E>::value>::type frame(E&, bool) {}

}  // namespace isobit_csim

#endif
