// Assignment between two compile-time formats: the law, by the shortest way that their formats allow.
//
// Each way gives what law::cast_between gives; the choice is made at compile time, so that a cast costs what its
// formats need and nothing more. Target and Source are fixed<> or integer<>.
#ifndef ISOBIT_CAST_HPP
#define ISOBIT_CAST_HPP

#include "law.hpp"
#include "storage.hpp"

namespace isobit {
namespace detail {

enum class way {
    copy,     // one and the same type: bits are copied, no law applies
    exact,    // no bit is dropped and overflow is impossible or modular: shift left, keep the low bits
    modular,  // rounded, then modulo 2^width
    lawful,   // all of the law
};

// Whether every value of the source has its place in the target.
constexpr bool holds(const format& source, const format& target) {
    const int spare = (target.integer - (target.is_signed ? 1 : 0)) - (source.integer - (source.is_signed ? 1 : 0));
    const bool symmetric = target.overflow == overflow_mode::SAT_SYM && target.is_signed && source.is_signed;
    return source.fraction() <= target.fraction() && (target.is_signed || !source.is_signed) &&
           spare >= (symmetric ? 1 : 0);
}

constexpr way way_of(const format& source, const format& target) {
    const bool wraps = target.overflow == overflow_mode::WRAP && target.saturation_bits == 0;
    return source == target                         ? way::copy
           : holds(source, target)                  ? way::exact
           : !wraps                                 ? way::lawful
           : source.fraction() <= target.fraction() ? way::exact
                                                    : way::modular;
}

constexpr int max_of(int a, int b) { return a > b ? a : b; }

template <class Target, class Source, way>
struct assignment;

template <class Target, class Source>
struct assignment<Target, Source, way::copy> {
    static constexpr typename Target::storage_type of(const Source& x) { return x.storage(); }
};

template <class Target, class Source>
struct assignment<Target, Source, way::exact> {
    static constexpr typename Target::storage_type of(const Source& x) {
        using reg = register_t<Target::width>;
        constexpr int left = Target::type().fraction() - Source::type().fraction();
        return fold<Target::width, Target::is_signed>(shift_left(static_cast<reg>(x.raw()), left));
    }
};

template <class Target, class Source>
struct assignment<Target, Source, way::modular> {
    static constexpr typename Target::storage_type of(const Source& x) {
        using wide = compute_t<Source::type().signed_bits() + 1>;
        constexpr format target = law::as_assigned(Source::type(), Target::type());
        constexpr int right = Source::type().fraction() - target.fraction();
        // Dropped bits that leave the kept ones inside the word need no sign: a plain shift, which SIMD has.
        constexpr bool plain =
            target.rounding == rounding_mode::TRN && right + target.width <= integer_traits<wide>::bits;
        return fold<Target::width, Target::is_signed>(
            plain ? as_signed<wide>(static_cast<unsigned_of<wide>>(static_cast<wide>(x.raw())) >> (plain ? right : 0))
                  : law::round_shift(static_cast<wide>(x.raw()), right, target.rounding));
    }
};

template <class Target, class Source>
struct assignment<Target, Source, way::lawful> {
    static constexpr typename Target::storage_type of(const Source& x) {
        using wide = compute_t<max_of(Target::type().signed_bits(), Source::type().signed_bits()) + 1>;
        constexpr format target = law::as_assigned(Source::type(), Target::type());
        return static_cast<typename Target::storage_type>(
            law::cast(static_cast<wide>(x.raw()), Source::type().fraction() - target.fraction(), target));
    }
};

template <class Target, class Source>
constexpr typename Target::storage_type assigned(const Source& x) {
    return assignment<Target, Source, way_of(Source::type(), Target::type())>::of(x);
}

}  // namespace detail
}  // namespace isobit

#endif
