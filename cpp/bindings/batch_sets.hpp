// The instruction sets that the batch kernels are compiled for.
#ifndef ISOBIT_BINDINGS_BATCH_SETS_HPP
#define ISOBIT_BINDINGS_BATCH_SETS_HPP

#include <isobit/host/batch/program.hpp>

#include <cstddef>
#include <string>
#include <vector>

#ifdef ISOBIT_BATCH_X86
#include <xmmintrin.h>
#endif

#include <pybind11/pybind11.h>

namespace isobit {
namespace bindings {

namespace py = pybind11;
namespace batch = host::batch;

struct instruction_set {
    const char* name;
    batch::run_function run;
    void (*dots)(const batch::program&, const batch::stage&, char*);  // null: those of `run`
    bool (*present)();
    bool rounds_down;  // whether its products are rounded by the processor's rounding direction (vectors.hpp)
    std::size_t vector_bytes;
};

#ifdef ISOBIT_BATCH_X86
// What the kernels are compiled with, see CMakeLists.txt.
inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
inline bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
inline bool has_avx512_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#endif

// The best first.
inline const instruction_set instruction_sets[] = {
#ifdef ISOBIT_BATCH_X86
    {"avx512-vnni", &batch::avx512::run, &batch::avx512_vnni::dots, &has_avx512_vnni, true, 64},
    {"avx512", &batch::avx512::run, nullptr, &has_avx512, true, 64},
    {"avx2", &batch::avx2::run, nullptr, &has_avx2, true, 32},
#endif
    {"baseline", &batch::baseline::run, nullptr, [] { return true; }, false, 16},
};

inline std::vector<std::string> available() {
    std::vector<std::string> names;
    for (const instruction_set& set : instruction_sets)
        if (set.present()) names.emplace_back(set.name);
    return names;
}

inline const instruction_set& set_of(const std::string& name) {
    for (const instruction_set& set : instruction_sets)
        if (set.present() && (name.empty() || name == set.name)) return set;
    std::string all;
    for (const std::string& known : available()) all += (all.empty() ? "" : ", ") + known;
    throw py::value_error("instruction set '" + name + "' is not here; this processor has: " + all);
}

// Rounding toward minus infinity while it lives. Exact operations, which are all others, do not notice.
class rounding_down {
public:
    explicit rounding_down(bool wanted) {
#ifdef ISOBIT_BATCH_X86
        before_ = _mm_getcsr();
        if (wanted) _mm_setcsr((before_ & ~0x6000u) | 0x2000u);
#else
        static_cast<void>(wanted);
#endif
    }
    ~rounding_down() {
#ifdef ISOBIT_BATCH_X86
        _mm_setcsr(before_);
#endif
    }
    rounding_down(const rounding_down&) = delete;
    rounding_down& operator=(const rounding_down&) = delete;

private:
    unsigned before_ = 0;
};

}  // namespace bindings
}  // namespace isobit

#endif
