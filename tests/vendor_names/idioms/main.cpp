// The idioms of one subject: -DIDIOMS_SUBJECT="bits.hpp". Without it, those of all subjects.
#ifdef IDIOMS_SUBJECT
#include IDIOMS_SUBJECT
#else
#include "arithmetic.hpp"
#include "bits.hpp"
#include "concatenation.hpp"
#include "containers.hpp"
#include "control_flow.hpp"
#include "conversions.hpp"
#include "memory.hpp"
#include "natives.hpp"
#include "packing.hpp"
#include "ranges.hpp"
#include "sizes.hpp"
#include "text_and_streams.hpp"
#include "user_templates.hpp"
#include "user_types.hpp"
#endif

int main() {
    for (const idioms::idiom& each : idioms::all()) {
        idioms::current() = each.name;
        each.run();
    }
}
