// What AMD's open headers accept and isobit refuses, one case each (-DIDIOMS_REFUSED=n). AMD's headers compile all
// cases at once (IDIOMS_OF_VENDOR).
//   1  the names are alias templates in isobit: a template template parameter cannot be deduced from them
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

int main() {
    ap_uint<8> x = 7;
#if CASE(1)
    x = width_of(x);
#endif
    return x.to_int();
}
