// Rounding and overflow modes: enumerations, names and tie rules, all derived from modes.def.
//
// A mode is added, renamed or renumbered in modes.def alone; nothing here lists one by name.
#ifndef ISOBIT_MODES_HPP
#define ISOBIT_MODES_HPP

#include "standard.hpp"

namespace isobit {

// In namespaces of their own: the enumerators convert to int, as AMD's ap_q_mode and ap_o_mode do, but are only ever
// written rounding_mode::RND, overflow_mode::SAT.
namespace rounding_modes {
enum rounding_mode : int {
#define ISOBIT_ROUNDING(name, value, rule) name = value,
#include "modes.def"
};
}  // namespace rounding_modes

namespace overflow_modes {
enum overflow_mode : int {
#define ISOBIT_OVERFLOW(name, value, rule) name = value,
#include "modes.def"
};
}  // namespace overflow_modes

using overflow_modes::overflow_mode;
using rounding_modes::rounding_mode;

// One line of modes.def, for bindings and tests.
struct mode_entry {
    const char* name;
    int value;
    const char* rule;
};

constexpr mode_entry rounding_mode_list[] = {
#define ISOBIT_ROUNDING(name, value, rule) {#name, value, rule},
#include "modes.def"
};

constexpr mode_entry overflow_mode_list[] = {
#define ISOBIT_OVERFLOW(name, value, rule) {#name, value, rule},
#include "modes.def"
};

constexpr bool is_rounding_mode(int value) {
    for (const mode_entry& entry : rounding_mode_list) {
        if (entry.value == value) return true;
    }
    return false;
}

constexpr bool is_overflow_mode(int value) {
    for (const mode_entry& entry : overflow_mode_list) {
        if (entry.value == value) return true;
    }
    return false;
}

}  // namespace isobit

#endif
