// sizeof and alignof of every width to 200 and of some wide ones: structures that cross a library border, memcpy and
// unions depend on both.
#pragma once

#include "show.hpp"

namespace sizes_idioms {

template <class T>
void size_of() {
    std::cout << ' ' << sizeof(T) << '/' << alignof(T);
}

template <int W>
int sizes_of_width() {
    std::cout << idioms::current() << ": width " << W << " =";
    size_of<ap_uint<W>>();
    size_of<ap_fixed<W, 5>>();
    std::cout << '\n';
    return 0;
}

template <int First, int... Next>
void sizes_from(std::integer_sequence<int, Next...>) {
    const int done[] = {sizes_of_width<First + Next>()...};
    (void)done;
}

IDIOM(sizes_of_every_width_to_200) { sizes_from<1>(std::make_integer_sequence<int, 200>()); }

IDIOM(sizes_of_wide_numbers) {
    sizes_of_width<255>();
    sizes_of_width<256>();
    sizes_of_width<257>();
    sizes_of_width<511>();
    sizes_of_width<512>();
    sizes_of_width<1000>();
    sizes_of_width<1024>();
    sizes_of_width<2048>();
    sizes_of_width<4095>();
    sizes_of_width<4096>();
}

// The layout of a structure follows from both.
struct event {
    ap_uint<1> valid;
    ap_uint<72> word;
    ap_fixed<18, 6> pt;
    ap_int<9> eta;
    ap_ufixed<130, 10> sum;
    ap_uint<3> id;
};

IDIOM(layout_of_a_structure) {
    SHOW(sizeof(event));
    SHOW(alignof(event));
    SHOW(offsetof(event, word));
    SHOW(offsetof(event, pt));
    SHOW(offsetof(event, eta));
    SHOW(offsetof(event, sum));
    SHOW(offsetof(event, id));
    SHOW(sizeof(ap_uint<72>[3]));
    SHOW(sizeof(std::array<ap_int<9>, 5>));
    SHOW(sizeof(std::pair<ap_uint<1>, ap_uint<100>>));
}

}  // namespace sizes_idioms
