// The bare loop of bench_headers.py: loads one library, keeps the events in memory and waits for orders.
//
//     loop LIBRARY SYMBOL EVENTS_FILE OUTPUT_FILE COUNT INPUTS OUTPUTS
//
// SYMBOL is hls4ml's bridge, void(double *in, double *out). An empty line on stdin runs through all events once;
// the answer is one line, nanoseconds of CPU and of wall time. At the end of stdin the last outputs are written.
#include <dlfcn.h>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace {

long long nanoseconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<long long>(now.tv_sec) * 1000000000LL + now.tv_nsec;
}

int fail(const char* what, const char* detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) return fail("usage", "LIBRARY SYMBOL EVENTS_FILE OUTPUT_FILE COUNT INPUTS OUTPUTS");
    void* library = dlopen(argv[1], RTLD_NOW);
    if (library == nullptr) return fail("dlopen", dlerror());
    auto* event = reinterpret_cast<void (*)(double*, double*)>(dlsym(library, argv[2]));
    if (event == nullptr) return fail("dlsym", dlerror());
    const std::size_t count = std::strtoul(argv[5], nullptr, 10);
    const std::size_t inputs = std::strtoul(argv[6], nullptr, 10);
    const std::size_t outputs = std::strtoul(argv[7], nullptr, 10);
    std::vector<double> in(count * inputs), out(count * outputs);
    std::FILE* file = std::fopen(argv[3], "rb");
    if (file == nullptr || std::fread(in.data(), sizeof(double), in.size(), file) != in.size())
        return fail("events", argv[3]);
    std::fclose(file);
    // A library that wants to see all events before the clock runs says so by this name.
    if (auto* prepare = reinterpret_cast<void (*)(const double*, std::size_t)>(dlsym(library, "prepare")))
        prepare(in.data(), in.size());
    while (std::getchar() == '\n') {
        const long long wall = nanoseconds(CLOCK_MONOTONIC);
        const long long cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        for (std::size_t k = 0; k < count; ++k) event(&in[k * inputs], &out[k * outputs]);
        std::printf("%lld %lld\n", nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu, nanoseconds(CLOCK_MONOTONIC) - wall);
        std::fflush(stdout);
    }
    file = std::fopen(argv[4], "wb");
    if (file == nullptr || std::fwrite(out.data(), sizeof(double), out.size(), file) != out.size() ||
        std::fclose(file) != 0)
        return fail("outputs", argv[4]);
    return 0;
}
