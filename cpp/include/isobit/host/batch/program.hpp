// A network as the batch kernels run it: stages of (linear map, steps) over blocks of events, on machine arithmetic
// that the caller has proven exact (isobit.plan.plan). Plain data, shared by the translation units of every
// instruction set; nothing here may hold inline code that a linker could take from the wrong one.
#ifndef ISOBIT_HOST_BATCH_PROGRAM_HPP
#define ISOBIT_HOST_BATCH_PROGRAM_HPP

#include "../../standard.hpp"

#include <cstddef>
#include <cstdint>

namespace isobit {
namespace host {
namespace batch {

// Events of a block: a multiple of every tile of every instruction set, few enough for activations to stay in L1.
constexpr int block = 96;

// Rows of a buffer, at most.
constexpr std::int32_t most_rows = 1 << 29;

// Outputs that one register tile computes side by side.
constexpr int tile_rows = 4;

// Arithmetic of accumulators and steps.
enum class lane : std::int32_t { f32, f64, i16, i32, i64 };

// How a linear map multiplies. dot16: products of int16 pairs, summed in int32. dot16_split: the data in two int16
// parts, high * 2^split + low, summed apart. floor32: each product of float32 rounded down to an integer (a fused
// multiply-add that rounds down does that exactly for products of any size), summed in int32. mulhi16: the same of
// int16 by the upper half of the product, for weights of -1/2 .. 1/2; whole parts of larger weights are apart
// (`whole`), sums are int16. floor16: floor32 of data that lies as int16 (counting maps only).
enum class product : std::int32_t { f32, f64, i32, i64, dot16, dot16_split, floor32, mulhi16, floor16 };

// How values lie in a block: [feature][event] of one number each; i16_pairs: [feature / 2][event] of two int16 in 32
// bits, the even feature low; i16_split: the same twice, low parts first.
enum class form : std::int32_t { f32, f64, i16, i32, i64, i16_pairs, i16_split };

// What happens to a value after the linear map; each step is exact in the stage's lane.
enum class step_kind : std::int32_t {
    affine,       // v * a[j] + b[j]
    scale_floor,  // v * a[j] rounded down, + b[j]; lane i32, a float32
    round,        // v / 2^shift, rounded by `rounding`; in floating-point lanes the step before has divided
    clamp,        // into low .. high
    floor_clamp,  // both at once, rounding down
    wrap,         // modulo 2^width into the (signed) range
    zero,         // 0 outside low .. high
    slopes,       // v > a[j] ? v * low : v * b[j]
    at_least,     // v >= a[j] ? high : low
    between,      // v > a[j] ? high : v > b[j] ? middle : low
    round_any,    // round, float64 of any significand (exact where adding half would round)
    fit,          // (v * a[j] + b[j] >> c[j]) + d[j], modulo the lane's integers; lanes i16, i32
    look_up,      // a[v - low], a[0] and a[high - low] beyond; in floating-point lanes v is cut toward zero
    law,          // round and overflow by the law on int64, one value at a time: the modes that are rare
    observe       // the smallest and the largest value, into the statistics
};

struct constants {
    double f64;
    float f32;
    std::int16_t i16;
    std::int32_t i32;
    std::int64_t i64;
};

struct step {
    step_kind kind;
    std::int32_t rounding;  // number of isobit::rounding_mode
    std::int32_t overflow;  // number of isobit::overflow_mode (law)
    std::int32_t shift, width, is_signed, saturation_bits;
    constants low, middle, high;
    const void* a;  // one value per output, in the stage's lane (look_up: the entries)
    const void* b;
    const void* c;  // fit: as a, b
    const void* d;
    std::int32_t watch;  // observed stages: first vector of the step's statistics, or -1 (see `program::statistics`)
    const std::int32_t* fraction;  // watched scale_floor: the bits of v that are zero if v * a[j] is whole
};

// Where and how a stage leaves its result; several consumers may want several forms.
struct target {
    form to;
    std::int32_t split;  // low bits of i16_split
    std::size_t offset;  // bytes into the workspace
};

struct steps {
    const step* data;
    std::int32_t count;
};

struct targets {
    const target* data;
    std::int32_t count;
};

// The usual steps in their usual order, each of which may be left out (null). With one target they need no loop over
// steps, and values stay in registers.
struct usual_steps {
    const step* first_wrap;
    const step* affine;
    const step* scale_floor;
    const step* round;
    const step* wrap;
    const step* clamp;  // clamp or floor_clamp
    const step* fit;
    const step* look_up;
};

// The usual steps of observed stages, in their order; each may be left out.
struct usual_observed_steps {
    const step* first_wrap;
    const step* observe;
    const step* affine;
    const step* scale_floor;
    const step* first_clamp;
    const step* round;
    const step* wrap;
    const step* observe_wrapped;
    const step* clamp;
};

// Whole parts of weights: for output j those in places[j] .. places[j + 1] - 1.
struct whole_weights {
    const std::int32_t* places;
    const std::int32_t* inputs;
    const std::int16_t* weights;
};

// counting: a sequential map that gives nothing but how often its sums overflow. gather: few numbers of any buffers for
// each output, combined.
enum class map_kind : std::int32_t { none, dense, sequential, counting, gather };

// How gathered numbers become one: added, multiplied, the smallest or the largest; dot: neighbouring turns multiplied,
// the products added, without factors and constant.
enum class combination : std::int32_t { sum, product, least, most, dot };

// gather: for each of `count` turns the row that every output takes, in bytes of the workspace ([turn][output], -1 is
// the constant `fill`), and the factor of the turn. Rows have the form of the lane, whichever stage or input gave them;
// with the product dot16 they are int16 (sums and dots in the lane i32, fill 0). With mulhi16 two numbers are
// multiplied, each times a power of two (`raised`), and the upper half of the product is taken (lane i16).
struct gathered {
    std::int32_t count;
    combination combine;
    std::int32_t raised[2];
    const std::int64_t* rows;
    const void* factors;  // [turn][output]; null: all 1
    constants fill;
};

// counting: the casts of products and sums into the accumulator, `sum` being what overflow makes of a number.
struct counted {
    std::int32_t watch;  // vectors of every output: events, times
    std::int32_t
        check;  // width of the accumulator if a sum beyond it shows in the bit of that number, or -1: count all
    std::int32_t terms;  // whether a product may overflow by itself, where an input exceeds its measure
    // No sum of a tile of outputs can overflow in an event whose inputs' magnitudes, each times its measure, sum up to
    // no more than the tile's limit and are no more than 1. Null: not known.
    const float* measures;
    const float* limits;
};

struct stage {
    map_kind map;
    product multiply;
    lane compute;
    std::int32_t inputs, outputs;
    std::int32_t split;         // low bits of dot16_split
    std::size_t source;         // bytes into the workspace
    const void* weights;        // packed by tiles of rows, [tile][input][row] (dot16: [input / 2][row] pairs)
    const void* start;          // initial accumulator of every output
    whole_weights whole;        // mulhi16
    const std::int32_t* order;  // the row after `source` that each step of the sum takes; dense: null if in order
    constants offset;           // sequential: added to each product before its steps
    steps term, sum, finish;    // sequential: after each product, after each sum (gather, too); all: after the map
    targets result;
    const usual_steps* usual;                    // the same as finish, if that and result are the usual ones; else null
    std::int32_t observed;                       // whether steps of `finish` have statistics
    const usual_observed_steps* usual_observed;  // then the same as finish, if those are the usual ones; else null
    counted count;
    gathered gather;
};

// How an input enters. Floating-point data is multiplied by `scale` and taken through `quantise` (round_any first, on
// float64); raw integers go as they are. Formats of up to 31 bits have a quicker way through int32: `rounding`, then
// `fold` on int32, in a scratch buffer.
struct entry {
    std::int32_t features;
    double scale;
    steps quantise;
    std::int32_t quick, rounding;
    steps fold;
    std::size_t scratch;  // bytes into the workspace: features * block int32, and a vector more
    targets result;
};

// How an output leaves: raw integers or float64 (times `lsb`).
struct exit {
    std::int32_t features;
    form from;
    std::size_t offset;
    double lsb;
};

enum class number : std::int32_t { f32, f64, i64 };

struct entry_data {
    const void* data;  // [event][feature]
    number kind;
};

struct exit_data {
    void* data;
    number kind;  // i64: raw integers, f64: values
};

struct program {
    const entry* entries;
    std::int32_t entry_count;
    const stage* stages;
    std::int32_t stage_count;
    const exit* exits;
    std::int32_t exit_count;
    std::size_t workspace;  // bytes
    // Bytes into the workspace, where observed stages keep vectors: of a step that observes two for every output (the
    // smallest and largest value), of others one (how often a rounding dropped set bits, or overflow changed a value),
    // in the stage's lane, or integers as wide. Every event of a block counts.
    std::size_t statistics;
    std::int64_t (*law)(std::int64_t value, const step& how);
    // Runs dense stages of dot16 and dot16_split where the processor has an instruction for them that its instruction
    // set alone lacks; null: the set's own.
    void (*dots)(const program& p, const stage& s, char* workspace);
};

// Computes `events` events, beginning with `first`. Returns false, with outputs undefined, if a floating-point input is
// NaN, infinite, or too large for float64 to be scaled exactly: the caller then takes the exact door.
using run_function = bool (*)(const program& p, const entry_data* inputs, const exit_data* outputs, std::size_t first,
                              std::size_t events, void* workspace);

namespace baseline {
bool run(const program&, const entry_data*, const exit_data*, std::size_t, std::size_t, void*);
}
namespace avx2 {
bool run(const program&, const entry_data*, const exit_data*, std::size_t, std::size_t, void*);
}
namespace avx512 {
bool run(const program&, const entry_data*, const exit_data*, std::size_t, std::size_t, void*);
}
namespace avx512_vnni {
void dots(const program&, const stage&, char*);
}

}  // namespace batch
}  // namespace host
}  // namespace isobit

#endif
