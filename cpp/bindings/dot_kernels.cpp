// The integer dot products for processors that have an instruction for them which the rest of their instruction set
// does not need: compiled apart, so that the other batch kernels are not compiled once more.
#include <isobit/host/batch/stages.hpp>

namespace isobit {
namespace host {
namespace batch {
namespace ISOBIT_ISA {

void dots(const program& p, const stage& s, char* workspace) { run_dots(task{p, s, workspace}); }

}  // namespace ISOBIT_ISA
}  // namespace batch
}  // namespace host
}  // namespace isobit
