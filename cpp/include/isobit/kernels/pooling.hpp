// Maximum and average over windows of positions, channel by channel; as hls4ml's nnet_utils/nnet_pooling.h and, with
// io_stream, nnet_pooling_stream.h.
#ifndef ISOBIT_KERNELS_POOLING_HPP
#define ISOBIT_KERNELS_POOLING_HPP

#include "pragma.hpp"

namespace isobit {
namespace kernels {

// All positions at once: the sum, mean or maximum over a set.
template <int Positions, int Channels>
struct static_global_pool_shape {
    static_assert(Positions > 0 && Channels > 0, "isobit: a pooling shape needs positive sizes");
    static constexpr int channels() { return Channels; }
    static constexpr int windows() { return 1; }
    static constexpr int window_size() { return Positions; }
    static constexpr int position(int, int k) { return k; }
    static constexpr int divisor(int) { return Positions; }
};

// Windows of an image (Height 1: of a sequence) without padding.
template <int Height, int Width, int Channels, int PoolHeight, int PoolWidth, int StrideHeight, int StrideWidth>
struct static_pool_shape {
    static_assert(Height >= PoolHeight && Width >= PoolWidth && PoolHeight > 0 && PoolWidth > 0 && StrideHeight > 0 &&
                      StrideWidth > 0 && Channels > 0,
                  "isobit: a window must be positive and fit into the image");
    static constexpr int columns() { return (Width - PoolWidth) / StrideWidth + 1; }
    static constexpr int channels() { return Channels; }
    static constexpr int windows() { return ((Height - PoolHeight) / StrideHeight + 1) * columns(); }
    static constexpr int window_size() { return PoolHeight * PoolWidth; }
    static constexpr int position(int window, int k) {
        return (window / columns() * StrideHeight + k / PoolWidth) * Width + window % columns() * StrideWidth +
               k % PoolWidth;
    }
    static constexpr int divisor(int) { return PoolHeight * PoolWidth; }
};

// Rows x Columns windows, the first PadTop and PadLeft positions before the image; what lies beyond its end is padding,
// too. CountPad: an average is divided by the whole window, otherwise by the positions of the image in it.
template <int Height, int Width, int Channels, int PoolHeight, int PoolWidth, int StrideHeight, int StrideWidth,
          int PadTop, int PadLeft, int Rows, int Columns, bool CountPad>
struct static_padded_pool_shape {
    static_assert(Height > 0 && Width > 0 && PoolHeight > 0 && PoolWidth > 0 && StrideHeight > 0 && StrideWidth > 0 &&
                      Channels > 0 && PadTop >= 0 && PadLeft >= 0 && Rows > 0 && Columns > 0,
                  "isobit: a pooling shape needs positive sizes");
    static constexpr int channels() { return Channels; }
    static constexpr int windows() { return Rows * Columns; }
    static constexpr int window_size() { return PoolHeight * PoolWidth; }
    static constexpr int position(int window, int k) {
        return within(top(window) + k / PoolWidth, left(window) + k % PoolWidth);
    }
    static constexpr int divisor(int window) {
        return CountPad ? PoolHeight * PoolWidth
                        : covered(top(window), PoolHeight, Height) * covered(left(window), PoolWidth, Width);
    }

private:
    static constexpr int top(int window) { return window / Columns * StrideHeight - PadTop; }
    static constexpr int left(int window) { return window % Columns * StrideWidth - PadLeft; }
    static constexpr int within(int y, int x) {
        return y >= 0 && y < Height && x >= 0 && x < Width ? y * Width + x : -1;
    }
    // How many of the `size` places from `first` on lie in [0, extent).
    static constexpr int covered(int first, int size, int extent) {
        return (first + size < extent ? first + size : extent) - (first > 0 ? first : 0);
    }
};

// Rows of numbers, one after the other; each sum is divided by Divisor.
template <int Rows, int Size, int Divisor = 1>
struct static_row_shape {
    static_assert(Rows > 0 && Size > 0 && Divisor > 0, "isobit: a pooling shape needs positive sizes");
    static constexpr int channels() { return 1; }
    static constexpr int windows() { return Rows; }
    static constexpr int window_size() { return Size; }
    static constexpr int position(int window, int k) { return window * Size + k; }
    static constexpr int divisor(int) { return Divisor; }
};

// Shape: windows(), window_size(), channels(); position(window, k) of the input, negative for padding; divisor(window).
// Arith: zero(), lowest() and padding() are accumulators, add(a, x) and larger(a, x) take data into one,
// quotient(a, n) is cut toward zero at the accumulator's LSB, result(a) casts.

// Sums in the order of the positions, each cast to the accumulator.
template <class Arith, class Shape, class Data, class Result>
void average_pool(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Window)
    for (int w = 0; w < shape.windows(); ++w) {
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < shape.channels(); ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            auto sum = arith.zero();
            // Invariant: sum holds the positions before k, cast after each addition; padding adds nothing.
            ISOBIT_LOOP(Add)
            for (int k = 0; k < shape.window_size(); ++k) {
                ISOBIT_PRAGMA(HLS UNROLL)
                const int p = shape.position(w, k);
                if (p >= 0) sum = arith.add(sum, data[p * shape.channels() + c]);
            }
            results[w * shape.channels() + c] = arith.result(arith.quotient(sum, shape.divisor(w)));
        }
    }
}

// Sums in a balanced tree (nnet::reduce), for windows without padding. `values` are window_size() accumulators.
template <class Arith, class Shape, class Data, class Result, class Values>
void average_pool_tree(const Arith& arith, const Shape& shape, const Data* data, Result* results, Values& values) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Window)
    for (int w = 0; w < shape.windows(); ++w) {
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < shape.channels(); ++c) {
            ISOBIT_LOOP(Take)
            for (int k = 0; k < shape.window_size(); ++k) {
                ISOBIT_PRAGMA(HLS UNROLL)
                values[k] = arith.taken(data[shape.position(w, k) * shape.channels() + c]);
            }
            // Invariant: values[k], k a multiple of distance, sums those from k on that lie below k + distance.
            ISOBIT_LOOP(Level)
            for (int distance = 1; distance < shape.window_size(); distance *= 2) {
                ISOBIT_PRAGMA(HLS UNROLL)
                ISOBIT_LOOP(Add)
                for (int k = 0; k + distance < shape.window_size(); k += 2 * distance) {
                    ISOBIT_PRAGMA(HLS UNROLL)
                    values[k] = arith.both(values[k], values[k + distance]);
                }
            }
            results[w * shape.channels() + c] = arith.result(arith.quotient(values[0], shape.divisor(w)));
        }
    }
}

template <class Arith, class Shape, class Data, class Result>
void max_pool(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    ISOBIT_LOOP(Window)
    for (int w = 0; w < shape.windows(); ++w) {
        ISOBIT_LOOP(Channel)
        for (int c = 0; c < shape.channels(); ++c) {
            ISOBIT_PRAGMA(HLS UNROLL)
            auto largest = arith.lowest();
            // Invariant: largest is that of the positions before k, or the least number.
            ISOBIT_LOOP(Compare)
            for (int k = 0; k < shape.window_size(); ++k) {
                ISOBIT_PRAGMA(HLS UNROLL)
                const int p = shape.position(w, k);
                const auto x = p >= 0 ? arith.taken(data[p * shape.channels() + c]) : arith.padding();
                largest = x > largest ? x : largest;
            }
            results[w * shape.channels() + c] = arith.result(largest);
        }
    }
}

// Compile-time formats. Cast: whether a number is cast to the accumulator before it is added, as with io_stream.
template <class Data, class Accum, class Result, bool Cast = false>
struct pool_arith {
    using accum_type = Accum;

    static Accum zero() { return Accum(0); }
    // Only the top bit set: the least number of a signed format, half of the range of an unsigned one.
    static Accum padding() {
        Accum x = 0;
        x[Accum::width - 1] = 1;
        return x;
    }
    static Accum lowest() {
        const Accum x = padding();
        return x < 0 ? x : Accum(0);
    }
    static Accum taken(const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(x);
    }
    static Accum add(const Accum& a, const Data& x) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Cast ? Accum(a + Accum(x)) : Accum(a + x);
    }
    static Accum both(const Accum& a, const Accum& b) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(a + b);
    }
    static Accum quotient(const Accum& a, int n) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Accum(a / static_cast<unsigned>(n));
    }
    static Result result(const Accum& a) {
        ISOBIT_PRAGMA(HLS INLINE)
        return Result(a);
    }
};

template <class Arith, class Shape, class Data, class Result>
void average_pool_tree(const Arith& arith, const Shape& shape, const Data* data, Result* results) {
    ISOBIT_PRAGMA(HLS INLINE)
    typename Arith::accum_type values[Shape::window_size()];
    ISOBIT_PRAGMA(HLS ARRAY_PARTITION variable = values complete)
    average_pool_tree(arith, shape, data, results, values);
}

}  // namespace kernels
}  // namespace isobit

#endif
