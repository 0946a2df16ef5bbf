// The batch kernels for one instruction set. CMake compiles this file once for each, with ISOBIT_ISA,
// ISOBIT_VECTOR_BYTES and the compiler's flags for it; _core takes the best that the processor has.
#include <isobit/host/batch/borders.hpp>
#include <isobit/host/batch/stages.hpp>

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

bool run(const program& p, const entry_data* inputs, const exit_data* outputs, std::size_t first, std::size_t events,
         void* workspace) {
    char* memory = static_cast<char*>(workspace);
    for (std::size_t done = 0; done < events; done += block) {
        const std::size_t left = events - done;
        const int count = left < block ? static_cast<int>(left) : block;
        bool good = true;
        for (int i = 0; i < p.entry_count; ++i) good &= enter(p, p.entries[i], inputs[i], first + done, count, memory);
        if (!good) return false;
        for (int i = 0; i < p.stage_count; ++i) run_stage(task{p, p.stages[i], memory});
        for (int i = 0; i < p.exit_count; ++i) leave(p.exits[i], outputs[i], first + done, count, memory);
    }
    return true;
}

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit
