#include "raw_array.hpp"

#include <algorithm>

namespace isobit {
namespace bindings {

namespace {

bool needs_limbs(const format& f) { return f.width > 63; }

}  // namespace

std::string shape_text(const shape_type& shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

std::string decimal(int128 value) {
    uint128 rest = value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value);
    std::string digits;
    do {
        digits += static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    } while (rest != 0);
    if (value < 0) digits += '-';
    std::reverse(digits.begin(), digits.end());
    return digits;
}

raw_range raw_range::of(const format& f) {
    // SAT_SYM's own minimum is the law's, not the type's: bits written raw may be -2^(W-1).
    const int128 high = law::maximum<int128>(f);
    return raw_range{f.is_signed ? -high - 1 : int128{0}, high};
}

raw_range raw_range::of_exponential(const format& f) {
    const raw_range exponent = of(f);
    return raw_range{2 * exponent.low, 2 * exponent.high + 1};
}

raw_input::raw_input(const py::array& array, const std::string& name, const format& f)
    : raw_input(array, name, needs_limbs(f), raw_range::of(f)) {}

raw_input::raw_input(const py::array& array, const std::string& name, bool limbs, const raw_range& range)
    : array_(array), name_(name), words_(nullptr), limbs_(limbs), size_(1) {
    if (!py::isinstance<py::array_t<std::int64_t>>(array)) {
        throw py::type_error(name + ": raw values must have dtype int64, not " +
                             py::str(array.dtype()).cast<std::string>());
    }
    if (!(array.flags() & py::array::c_style) || !(array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_)) {
        throw py::value_error(name +
                              ": raw values must be C-contiguous and aligned (numpy.require(raw, numpy.int64, 'CA'))");
    }
    shape_.assign(array.shape(), array.shape() + array.ndim());
    if (limbs_) {
        if (shape_.empty() || shape_.back() != 2) {
            throw py::value_error(name + ": a format above 63 bits needs a trailing axis of 2 limbs; the shape is " +
                                  shape_text(shape_));
        }
        shape_.pop_back();
    }
    for (const py::ssize_t extent : shape_) size_ *= static_cast<std::size_t>(extent);
    words_ = static_cast<const std::int64_t*>(array.data());
    check_range(range);
}

void raw_input::check_range(const raw_range& range) const {
    const auto refuse = [&](std::size_t i, int128 value) {
        throw py::value_error(name_ + ": raw value " + decimal(value) + " at flat index " + std::to_string(i) +
                              " is outside its format's range " + decimal(range.low) + " to " + decimal(range.high));
    };
    if (limbs_) {
        for (std::size_t i = 0; i < size_; ++i) {
            const int128 value = load<int128>(i);
            if (value < range.low || value > range.high) refuse(i, value);
        }
        return;
    }
    constexpr int128 least = INT64_MIN, most = INT64_MAX;
    const auto low = static_cast<std::int64_t>(std::max(range.low, least));
    const auto high = static_cast<std::int64_t>(std::min(range.high, most));
    for (std::size_t i = 0; i < size_; ++i) {
        if (words_[i] < low || words_[i] > high) refuse(i, words_[i]);
    }
}

void raw_input::require_shape(const shape_type& wanted, const std::string& what) const {
    if (shape_ != wanted) {
        throw py::value_error(name_ + ": the shape must be " + shape_text(wanted) + " (" + what + "), not " +
                              shape_text(shape_));
    }
}

raw_output::raw_output(shape_type shape, const format& f) : words_(nullptr), limbs_(needs_limbs(f)) {
    if (limbs_) shape.push_back(2);
    array_ = py::array_t<std::int64_t>(shape);
    words_ = array_.mutable_data();
}

}  // namespace bindings
}  // namespace isobit
