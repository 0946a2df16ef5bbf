// ap_shift_reg for C simulation, as UG1399 (Mapping Directly into SRL Resources) documents it: location 0 is the
// newest.
//
// A ring: shifting moves its start, not its elements. The register begins with zeros, as the hardware's does.
#ifndef ISOBIT_HOST_SHIFT_REGISTER_HPP
#define ISOBIT_HOST_SHIFT_REGISTER_HPP

#include "../standard.hpp"

#include <stdexcept>
#include <string>

namespace isobit {
namespace host {

template <class T, unsigned Depth = 32>
class shift_register {
    static_assert(Depth > 0, "ap_shift_reg: the depth must be positive");

public:
    shift_register() = default;
    explicit shift_register(const char*) {}  // the name is for the synthesis tool
    shift_register(const shift_register&) = delete;
    shift_register& operator=(const shift_register&) = delete;

    T read(unsigned address = Depth - 1) const {
        if (address >= Depth) {
            throw std::out_of_range("isobit: ap_shift_reg has locations 0 to " + std::to_string(Depth - 1) + ", not " +
                                    std::to_string(address));
        }
        const unsigned place = first_ + address;
        return ring_[place >= Depth ? place - Depth : place];
    }

    // Reads, then (if enabled) shifts every element one up and puts the new one into location 0.
    T shift(const T& value, unsigned address = Depth - 1, bool enable = true) {
        const T result = read(address);
        if (enable) {
            first_ = first_ == 0 ? Depth - 1 : first_ - 1;
            ring_[first_] = value;
        }
        return result;
    }

private:
    T ring_[Depth]{};
    unsigned first_ = 0;
};

}  // namespace host
}  // namespace isobit

#endif
