// What the plain test executables share: a check that prints, counts and keeps going, and seeded random numbers.
#ifndef ISOBIT_TESTS_CHECK_HPP
#define ISOBIT_TESTS_CHECK_HPP

#include <cstdint>
#include <cstdio>
#include <string>

namespace check {

struct tally {
    long compared = 0;
    long failed = 0;
};

inline tally& total() {
    static tally counts;
    return counts;
}

// Prints the first five failures in full; the count says how many more there are.
inline void that(bool ok, const std::string& what) {
    ++total().compared;
    if (ok) return;
    if (++total().failed <= 5) std::printf("FAILED: %s\n", what.c_str());
}

inline void equal(long long got, long long want, const std::string& what) {
    that(got == want, got == want ? what : what + ": got " + std::to_string(got) + ", want " + std::to_string(want));
}

// The exit status of a test's main().
inline int report(const char* name) {
    std::printf("%s: %ld compared, %ld differ\n", name, total().compared, total().failed);
    return total().failed == 0 && total().compared > 0 ? 0 : 1;
}

// splitmix64: the same numbers on every machine.
class random_bits {
public:
    explicit random_bits(std::uint64_t seed) : state_(seed) {}
    std::uint64_t operator()() {
        state_ += 0x9E3779B97F4A7C15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    // A value of `width` bits, extremes and values near zero more often than chance.
    std::int64_t value(int width, bool is_signed) {
        const std::uint64_t mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
        const std::uint64_t top = std::uint64_t{1} << (width - 1);
        std::uint64_t bits = (*this)();
        switch ((*this)() % 8) {
            case 0: bits = top; break;
            case 1: bits = top - 1; break;
            case 2: bits = bits % 3; break;
            case 3: bits = ~(bits % 3); break;
            default: break;
        }
        bits &= mask;
        if (is_signed && (bits & top) != 0) bits |= ~mask;
        return static_cast<std::int64_t>(bits);
    }

private:
    std::uint64_t state_;
};

}  // namespace check

#endif
