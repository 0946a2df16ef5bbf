// Raw integers at the border with NumPy.
//
// A tensor whose format is at most 63 bits wide is a C-contiguous int64 array; a wider one has a trailing axis of two
// limbs, low word first, which are the 128-bit two's complement. Every value must lie in its format: the kernels'
// choice of integer relies on it.
#ifndef ISOBIT_BINDINGS_RAW_ARRAY_HPP
#define ISOBIT_BINDINGS_RAW_ARRAY_HPP

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <isobit/law.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace isobit {
namespace bindings {

namespace py = pybind11;

using shape_type = std::vector<py::ssize_t>;

// "(3, 4)", as Python prints it.
std::string shape_text(const shape_type& shape);
std::string decimal(int128 value);

// The bounds of the values a tensor may hold.
struct raw_range {
    int128 low, high;
    static raw_range of(const format& f);
    // hls4ml's exponential weights: 2 * exponent + sign, the exponent an ap_[u]int of the format's width.
    static raw_range of_exponential(const format& f);
};

class raw_input {
public:
    // Throws TypeError or ValueError, naming `name`, unless the array is as described above.
    raw_input(const py::array& array, const std::string& name, const format& f);
    raw_input(const py::array& array, const std::string& name, bool limbs, const raw_range& range);

    const shape_type& shape() const { return shape_; }
    std::size_t size() const { return size_; }
    bool limbs() const { return limbs_; }

    template <class Int>
    Int load(std::size_t i) const {
        if (!limbs_) return static_cast<Int>(words_[i]);
        return static_cast<Int>(static_cast<uint128>(static_cast<std::uint64_t>(words_[2 * i + 1])) << 64 |
                                static_cast<std::uint64_t>(words_[2 * i]));
    }

    template <class Int>
    std::vector<Int> load_all() const {
        std::vector<Int> values(size_);
        for (std::size_t i = 0; i < size_; ++i) values[i] = load<Int>(i);
        return values;
    }

    // Throws ValueError unless the shape is exactly this.
    void require_shape(const shape_type& wanted, const std::string& what) const;

private:
    void check_range(const raw_range& range) const;

    py::array array_;  // keeps the words alive
    std::string name_;
    const std::int64_t* words_;
    bool limbs_;
    shape_type shape_;
    std::size_t size_;
};

class raw_output {
public:
    raw_output(shape_type shape, const format& f);

    template <class Int>
    void store(std::size_t i, Int value) {
        if (!limbs_) {
            words_[i] = static_cast<std::int64_t>(value);
            return;
        }
        words_[2 * i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(value));
        words_[2 * i + 1] = static_cast<std::int64_t>(static_cast<int128>(value) >> 64);
    }

    py::array array() const { return array_; }

private:
    py::array_t<std::int64_t> array_;
    std::int64_t* words_;
    bool limbs_;
};

}  // namespace bindings
}  // namespace isobit

#endif
