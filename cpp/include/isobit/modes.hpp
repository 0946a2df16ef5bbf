// Rounding and overflow modes: enumerations, names and tie rules, all derived from modes.def.
//
// A mode is added, renamed or renumbered in modes.def alone; nothing here lists one by name.
#ifndef ISOBIT_MODES_HPP
#define ISOBIT_MODES_HPP

namespace isobit {

enum class rounding_mode : int {
#define ISOBIT_ROUNDING(name, value, rule) name = value,
#include "modes.def"
};

enum class overflow_mode : int {
#define ISOBIT_OVERFLOW(name, value, rule) name = value,
#include "modes.def"
};

// One line of modes.def, for bindings and tests.
struct mode_entry {
    const char* name;
    int value;
    const char* rule;
};

constexpr mode_entry rounding_modes[] = {
#define ISOBIT_ROUNDING(name, value, rule) {#name, value, rule},
#include "modes.def"
};

constexpr mode_entry overflow_modes[] = {
#define ISOBIT_OVERFLOW(name, value, rule) {#name, value, rule},
#include "modes.def"
};

constexpr bool is_rounding_mode(int value) {
    for (const mode_entry& entry : rounding_modes) {
        if (entry.value == value) return true;
    }
    return false;
}

constexpr bool is_overflow_mode(int value) {
    for (const mode_entry& entry : overflow_modes) {
        if (entry.value == value) return true;
    }
    return false;
}

}  // namespace isobit

#endif
