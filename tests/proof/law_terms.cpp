// Writes what isobit/law.hpp computes as SMT-LIB2 terms of the unknown raw value v, one case a line of the input:
//
//   cast BITS SHIFT FORMAT            law::cast<Int>(v, shift, format)
//   round BITS SHIFT MODE             law::round_shift<Int>(v, shift, mode)
//   between BITS FORMAT FORMAT        law::cast_between<Int>(v, source, target)
//   way BITS FORMAT FORMAT            the same by the way that cast.hpp takes between these two formats
//   taken 64 FORMAT FORMAT RAW        the number that cast_between gives for a raw value on the native integer
//   value 64 SHIFT FORMAT RAW         the numbers that round_shift and cast give for a raw value on the native integer
//
// BITS (32, 64 or 128) is the size of the Int; a FORMAT is: width, integer bits, signed, rounding, overflow, saturation
// bits, is_int. Each answer ends with a line "; end". The templates are instantiated as they are: symbolic.hpp is the
// Int.
#include <isobit/cast.hpp>
#include <isobit/law.hpp>

#include "symbolic.hpp"

// After law.hpp on purpose: the law must not need to know this type.
#include <iostream>
#include <sstream>

namespace {

isobit::format read_format(std::istream& in) {
    int width, integer, is_signed, rounding, overflow, n, is_int;
    in >> width >> integer >> is_signed >> rounding >> overflow >> n >> is_int;
    return isobit::format{width,
                          integer,
                          is_signed != 0,
                          static_cast<isobit::rounding_mode>(rounding),
                          static_cast<isobit::overflow_mode>(overflow),
                          n,
                          is_int != 0};
}

// The ways of cast.hpp, which there are types, over one Int: which way is taken (way_of) is theirs, the steps are
// written again, with the law's interpret() for fold().
template <class Int>
Int by_way(const Int& v, const isobit::format& source, const isobit::format& given) {
    using U = isobit::unsigned_of<Int>;
    const isobit::format target = isobit::law::as_assigned(source, given);
    const int right = source.fraction() - target.fraction();
    switch (isobit::detail::way_of(source, given)) {
        case isobit::detail::way::copy: return v;
        case isobit::detail::way::exact:
            return isobit::law::interpret<Int>(static_cast<U>(isobit::shift_left(v, -right)), target);
        case isobit::detail::way::modular:
            if (target.rounding == isobit::rounding_mode::TRN &&
                right + target.width <= isobit::integer_traits<Int>::bits)
                return isobit::law::interpret<Int>(static_cast<U>(v) >> right, target);
            return isobit::law::interpret<Int>(static_cast<U>(isobit::law::round_shift(v, right, target.rounding)),
                                               target);
        case isobit::detail::way::lawful: return isobit::law::cast(v, right, target);
    }
    return v;
}

template <int Bits>
std::string terms_of(const std::string& kind, std::istream& in) {
    using number = proof::integer<Bits, true>;
    if (kind == "between" || kind == "way") {
        const isobit::format source = read_format(in), target = read_format(in);
        if (kind == "way") return proof::explore<Bits>([&](const number& v) { return by_way(v, source, target); });
        return proof::explore<Bits>([&](const number& v) { return isobit::law::cast_between(v, source, target); });
    }
    int shift, mode;
    in >> shift;
    if (kind == "cast") {
        const isobit::format target = read_format(in);
        return proof::explore<Bits>([&](const number& v) { return isobit::law::cast(v, shift, target); });
    }
    in >> mode;
    return proof::explore<Bits>(
        [&](const number& v) { return isobit::law::round_shift(v, shift, static_cast<isobit::rounding_mode>(mode)); });
}

std::string value(std::istream& in) {
    int shift;
    in >> shift;
    const isobit::format target = read_format(in);
    std::int64_t raw;
    in >> raw;
    return std::to_string(isobit::law::round_shift<std::int64_t>(raw, shift, target.rounding)) + " " +
           std::to_string(isobit::law::cast<std::int64_t>(raw, shift, target)) + "\n";
}

std::string taken(std::istream& in) {
    const isobit::format source = read_format(in), target = read_format(in);
    std::int64_t raw;
    in >> raw;
    return std::to_string(isobit::law::cast_between<std::int64_t>(raw, source, target)) + "\n";
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::string kind, answer;
        int bits;
        in >> kind >> bits;
        if (kind == "taken")
            answer = taken(in);
        else if (kind == "value")
            answer = value(in);
        else if (bits == 32)
            answer = terms_of<32>(kind, in);
        else if (bits == 64)
            answer = terms_of<64>(kind, in);
        else if (bits == 128)
            answer = terms_of<128>(kind, in);
        else
            in.setstate(std::ios::failbit);
        if (in.fail()) {
            std::cerr << "not understood: " << line << "\n";
            return 2;
        }
        std::cout << answer << "; end" << std::endl;
    }
}
