// Steps of stages, with the arrays that they point to.
#ifndef ISOBIT_BINDINGS_BATCH_STEPS_HPP
#define ISOBIT_BINDINGS_BATCH_STEPS_HPP

#include <isobit/law.hpp>

#include <cstdint>
#include <string>

#include "batch_names.hpp"

namespace isobit {
namespace bindings {

namespace py = pybind11;
namespace batch = host::batch;

inline batch::constants constants_of(const py::object& value) {
    batch::constants c{};
    if (value.is_none()) return c;
    c.f64 = value.cast<double>();
    c.f32 = static_cast<float>(c.f64);
    if (py::isinstance<py::float_>(value)) {
        // Integers that a float holds, such as the half that is added to a product.
        if (c.f64 >= -9e18 && c.f64 <= 9e18) c.i64 = static_cast<std::int64_t>(c.f64);
    } else {
        c.i64 = value.cast<std::int64_t>();
    }
    if (c.i64 >= INT16_MIN && c.i64 <= INT16_MAX) c.i16 = static_cast<std::int16_t>(c.i64);
    if (c.i64 >= INT32_MIN && c.i64 <= INT32_MAX) c.i32 = static_cast<std::int32_t>(c.i64);
    return c;
}

// Entries that a look_up may have: more would not stay in the cache.
constexpr int most_entries = 1 << 16;

struct owned_step {
    batch::step step{};
    py::object a, b, c, d;  // keep the arrays alive
    bool watch = false;
};

inline owned_step make_step(const std::string& kind, int rounding, int overflow, int shift, int width, bool is_signed,
                            int saturation_bits, const py::object& low, const py::object& middle,
                            const py::object& high, const py::object& a, const py::object& b, const py::object& c,
                            const py::object& d, bool watch) {
    owned_step made;
    made.step.kind = named(kinds, kind, "step");
    if (rounding < 0 || rounding > 6 || overflow < 0 || overflow > 4 || shift < 0 || shift > 62 || width < 0 ||
        width > 63 || saturation_bits < 0 || saturation_bits > width)
        throw py::value_error("step '" + kind + "': a mode, shift or width is out of range");
    made.step.rounding = rounding;
    made.step.overflow = overflow;
    made.step.shift = shift;
    made.step.width = width;
    made.step.is_signed = is_signed;
    made.step.saturation_bits = saturation_bits;
    made.step.low = constants_of(low);
    made.step.middle = constants_of(middle);
    made.step.high = constants_of(high);
    made.step.watch = -1;
    made.watch = watch;
    made.a = a;
    made.b = b;
    made.c = c;
    made.d = d;
    return made;
}

inline std::int64_t by_law(std::int64_t value, const batch::step& s) {
    const format f{s.width,
                   s.width,
                   s.is_signed != 0,
                   static_cast<rounding_mode>(s.rounding),
                   static_cast<overflow_mode>(s.overflow),
                   s.saturation_bits,
                   false};
    return law::cast(value, s.shift, f);
}

}  // namespace bindings
}  // namespace isobit

#endif
