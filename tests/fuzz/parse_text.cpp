// parse_text of any text, in any base and format: refused exactly where the grammar says so, else the value that
// rational arithmetic gives.
#include <isobit/host/parse_text.hpp>

#include "rational.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fuzz;
    constexpr long most = 2000;  // exponents beyond shift every bit of every format here out of its words
    bytes input{data, size < 200 ? size : 200};
    const int radices[] = {0, 0, 2, 8, 10, 16};
    const int radix = radices[input.byte() % 6];
    const int count = input.in(1, 4);
    const int fraction = input.in(-300, 300);
    const std::string text = input.rest();

    std::uint64_t words[4];
    bool accepted = true;
    try {
        isobit::host::parse_text(text.c_str(), radix, fraction, words, count);
    } catch (const std::invalid_argument&) {
        accepted = false;
    }
    reader expected(text, radix);
    require(expected.read(most) == accepted);
    if (!accepted) return 0;

    natural got;
    const bool below = words[count - 1] >> 63 != 0;
    bool carry = below;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t word = below ? ~words[i] + (carry ? 1 : 0) : words[i];
        carry = carry && word == 0;
        got.limbs.push_back(static_cast<std::uint32_t>(word));
        got.limbs.push_back(static_cast<std::uint32_t>(word >> 32));
    }
    got.trim();

    rational& value = expected.value;
    require(got.zero() || below == value.negative);
    require(got.zero() == value.over.zero());
    const std::size_t limit = static_cast<std::size_t>(64 * count - 2);
    if (value.over.zero()) return 0;
    if (expected.huge) {
        natural want = 1;
        if (expected.exponent > 0) want.times_power(2, static_cast<long>(limit));
        require(compare(got, want) == 0);
        return 0;
    }
    value.scale(2, fraction + 2);
    natural rest = value.over;
    natural want = quotient(rest, value.under);
    const bool beyond = want.bits() > limit;
    for (std::size_t i = 0; i <= limit; ++i) {
        const bool bit = i == limit ? beyond : want.bit(i) || (i == 0 && !rest.zero());
        require(got.bit(i) == bit);
    }
    require(got.bits() <= limit + 1);
    return 0;
}
