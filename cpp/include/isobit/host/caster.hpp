// A cast between two formats known at run time, prepared once and applied to many values.
#ifndef ISOBIT_HOST_CASTER_HPP
#define ISOBIT_HOST_CASTER_HPP

#include "../law.hpp"
#include "integer_choice.hpp"

namespace isobit {
namespace host {

template <class Int>
class caster {
public:
    caster(const format& source, const format& target)
        : target_(law::as_assigned(source, target)),
          shift_(source.fraction() - target.fraction()),
          copy_(source == target) {}

    Int operator()(Int v) const { return copy_ ? v : law::cast(v, shift_, target_); }

    static void plan(integer_choice& choice, const format& source, const format& target, const char* what) {
        choice.need(source, what);
        choice.need(target, what);
    }

private:
    format target_;
    int shift_;
    bool copy_;
};

}  // namespace host
}  // namespace isobit

#endif
