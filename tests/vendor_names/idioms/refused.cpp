// What AMD's open headers accept and isobit refuses, one case each (-DIDIOMS_REFUSED=n). AMD's headers compile all
// cases at once (IDIOMS_OF_VENDOR).
//   1  the names are alias templates in isobit: a template template parameter cannot be deduced from them
//   2  a fixed-point number beside something of a user's that converts to a native number
#include <ap_fixed.h>
#include <ap_int.h>

#ifdef IDIOMS_OF_VENDOR
#define CASE(n) 1
#else
#define CASE(n) (IDIOMS_REFUSED == (n))
#endif

template <template <int> class T, int W>
int width_of(T<W>) {
    return W;
}

struct threshold {
    operator int() const { return 3; }
};

int main() {
    ap_uint<8> x = 7;
    ap_fixed<8, 4> f = 2.5;
    threshold w;
#if CASE(1)
    x = width_of(x);
#endif
#if CASE(2)
    f = f + w;
#endif
    return x.to_int() + f.to_int() + w;
}
