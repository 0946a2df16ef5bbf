// Look-ups by index: embeddings, as hls4ml's nnet::embedding (nnet_utils/nnet_embed.h), whose numbers are indices;
// nnet::unary_lut (nnet_activation.h), by all bits of a number; and 1/sqrt as in nnet::layernormalize
// (nnet_layernorm.h).
#ifndef ISOBIT_KERNELS_LOOKUP_HPP
#define ISOBIT_KERNELS_LOOKUP_HPP

#include "number.hpp"
#include "pragma.hpp"
#include "shape.hpp"
#include "table.hpp"

namespace isobit {
namespace kernels {

// data[size], table -> results[size * Row]. Arith: first(x) is where the row of an index begins, entry(e) a result. No
// index leaves the table: that is checked where the network is read.
template <int Row, class Arith, class Shape, class Data, class Entry, class Result>
void lookup_rows(const Arith& arith, const Shape& shape, const Data* data, const Entry* table, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Look)
    for (int i = 0; i < shape.size(); ++i) {
        ISOBIT_PRAGMA(HLS UNROLL)
        const int first = arith.first(data[i]);
        ISOBIT_LOOP(Row)
        for (int k = 0; k < Row; ++k) {
            ISOBIT_PRAGMA(HLS UNROLL)
            results[i * Row + k] = arith.entry(table[first + k]);
        }
    }
}

template <class Result>
struct entry_arith {
    template <class Entry>
    static Result entry(const Entry& e) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(e);
    }
};

// The row is the number times Times, cut to a whole one; rows begin Stride entries apart.
template <class Result, int Times, int Stride>
struct row_arith : entry_arith<Result> {
    template <class Data>
    static int first(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return static_cast<int>(x * Times) * Stride;
    }
};

// For table_activation (table.hpp): an entry for every number of a format of up to 31 bits, in their order, of which
// the first has the raw integer Least, 0 or less.
template <class Result, int Least>
struct counted_table_arith : entry_arith<Result> {
    template <class Data>
    static int index(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        constexpr unsigned long long mask = (1ULL << number<Data>::width) - 1;
        return static_cast<int>((number<Data>::word(x, 0) + static_cast<unsigned>(-Least)) & mask);
    }
};

// For table_activation: entries from zero up to 2^-Power. The index is cut toward zero.
template <class Result, int Entries, int Power>
struct first_table_arith : entry_arith<Result> {
    template <class Data>
    static int index(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return clamped_index(static_cast<int>(x * (static_cast<unsigned>(Entries) << Power)), Entries);
    }
};

}  // namespace kernels
}  // namespace isobit

#endif
