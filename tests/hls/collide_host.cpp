// Two emulators in one process: by dlopen in either order and mode, linked as libraries, or linked as objects.
//
//   collide_host ORDER [l|g]     prints the results of one fixed event for each letter of ORDER, a or b
//
// Compiled with -DLINKED_A=... -DLINKED_B=..., the models come from these functions instead of A.so and B.so.
#include <dlfcn.h>

#include <any>
#include <cstdio>
#include <cstdlib>

#include "ap_fixed.h"
#include "emulator.h"

typedef hls4mlEmulator::Model Model;
#ifdef LINKED_A
extern "C" Model* LINKED_A();
extern "C" Model* LINKED_B();
static Model* make(char letter, int) { return letter == 'a' ? LINKED_A() : LINKED_B(); }
#else
static Model* make(char letter, int mode) {
    const char* path = letter == 'a' ? "./a/emulator/net_emulator.so" : "./b/emulator/net_emulator.so";
    void* library = dlopen(path, RTLD_NOW | mode);
    if (!library) std::fprintf(stderr, "%s\n", dlerror()), std::exit(3);
    return reinterpret_cast<Model* (*)()>(dlsym(library, "create_model"))();
}
#endif

int main(int, char** argv) {
    for (const char* letter = argv[1]; *letter; ++letter) {
        Model* const model = make(*letter, argv[2][0] == 'g' ? RTLD_GLOBAL : RTLD_LOCAL);
        ap_fixed<16, 6> x[4];
        ap_fixed<18, 8> y[3];
        for (int i = 0; i < 4; ++i) x[i] = 0.25 * i - 0.6;
        model->prepare_input(static_cast<ap_fixed<16, 6>*>(x));
        model->predict();
        model->read_result(static_cast<ap_fixed<18, 8>*>(y));
        for (int i = 0; i < 3; ++i) std::printf("%g ", y[i].to_double());
        std::printf("\n");
    }
}
