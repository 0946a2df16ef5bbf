// A host as CMS's loader is: dlopen, create_model, std::any with AMD's numbers. Two models at once, events in turns.
//
//   cms_host ONE.so TWO.so < raw integers of both models' events > raw results
//
// ONE is mugmt_student; TWO is 'binary' of hls_networks.py, with two inputs and four outputs.
#include <ap_fixed.h>
#include <ap_int.h>
#include <dlfcn.h>

#include <any>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tuple>

#include "emulator.h"

class Loaded {
public:
    explicit Loaded(const char* path) : library_(dlopen(path, RTLD_LAZY | RTLD_LOCAL)) {
        if (library_ == nullptr) fail(dlerror());
        typedef hls4mlEmulator::Model* (*Create)();
        Create create = reinterpret_cast<Create>(dlsym(library_, "create_model"));
        if (create == nullptr) fail(dlerror());
        model_ = create();
    }
    ~Loaded() {
        typedef void (*Destroy)(hls4mlEmulator::Model*);
        reinterpret_cast<Destroy>(dlsym(library_, "destroy_model"))(model_);
        dlclose(library_);
    }
    hls4mlEmulator::Model* operator->() const { return model_; }

private:
    static void fail(const char* why) {
        std::fprintf(stderr, "%s\n", why);
        std::exit(3);
    }

    void* library_;
    hls4mlEmulator::Model* model_;
};

template <class T, int Size>
bool get(T (&numbers)[Size]) {
    long long raw;
    for (int i = 0; i < Size; ++i) {
        if (std::scanf("%lld", &raw) != 1) return false;
        numbers[i].range(T::width - 1, 0) = ap_uint<64>(static_cast<unsigned long long>(raw));
    }
    return true;
}
template <class T, int Size>
void put(const T (&numbers)[Size]) {
    for (int i = 0; i < Size; ++i) std::printf("%lld ", ap_int<64>(numbers[i].range(T::width - 1, 0)).to_int64());
}

int main(int, char** argv) {
    Loaded one(argv[1]), two(argv[2]);
    ap_fixed<18, 6> x[5], y[3];
    ap_fixed<10, 5> a[4];
    ap_ufixed<7, 3> b[3];
    ap_fixed<8, 4> xnor[4];
    ap_int<2> step[4];
    ap_uint<1> tanh[4];
    ap_fixed<5, 5, AP_RND> linear[4];
    while (get(x) && get(a) && get(b)) {
        const ap_fixed<18, 6>* constant = x;
        one->prepare_input(std::any(constant));
        two->prepare_input(std::make_tuple(&a[0], &b[0]));
        two->predict();
        one->predict();
        one->read_result(std::any(&y[0]));
        two->read_result(std::make_tuple(&xnor[0], &step[0], &tanh[0], &linear[0]));
        put(y), put(xnor), put(step), put(tanh), put(linear);
        std::printf("\n");
    }
    ap_fixed<19, 6> wrong[5];
    try {
        one->prepare_input(std::any(&wrong[0]));
        return 1;
    } catch (const std::bad_any_cast&) {
        return 0;  // another type is refused, not misread
    }
}
