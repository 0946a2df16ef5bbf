// Which native integer computes a call exactly: int64_t if every intermediate provably fits, otherwise __int128.
#ifndef ISOBIT_HOST_INTEGER_CHOICE_HPP
#define ISOBIT_HOST_INTEGER_CHOICE_HPP

#include <cstdint>
#include <stdexcept>
#include <string>

#include "../format.hpp"
#include "../storage.hpp"

namespace isobit {
namespace host {

// Widest number, sign included, that the run-time kernels compute with: __int128 less the law's headroom.
constexpr int widest = 127;

// Collects the widths of every number a kernel forms and names the widest if it is too wide.
class integer_choice {
public:
    void need(int bits, const char* what) {
        if (bits > bits_) {
            bits_ = bits;
            what_ = what;
        }
    }
    void need(const format& f, const char* what) { need(f.signed_bits(), what); }

    int bits() const { return bits_; }

    // The law needs one bit above its widest format for the bounds, hence 63 and 127.
    template <class Function>
    void call(Function&& function) const {
        if (bits_ <= 63) {
            function(std::int64_t{});
        } else if (bits_ <= widest) {
            function(int128{});
        } else {
            throw std::invalid_argument(std::string(what_) + " needs " + std::to_string(bits_) + " bits; at most " +
                                        std::to_string(widest) + " are supported");
        }
    }

private:
    int bits_ = 1;
    const char* what_ = "the value";
};

}  // namespace host
}  // namespace isobit

#endif
