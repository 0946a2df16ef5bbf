"""
Fixed-point law and inference kernels on raw integers (C++).
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['ACTIVATIONS', 'BATCH_BLOCK', 'BATCH_ENTRIES', 'BatchMap', 'BatchProgram', 'BatchStep', 'Format', 'MAX_WIDTH', 'MODE_RULES', 'OVERFLOW_MODES', 'ROUNDING_MODES', 'SOFTMAX_IMPLEMENTATIONS', 'TABLE_ACTIVATIONS', 'activation', 'cast', 'dense', 'instruction_sets', 'legal_reuse_factors', 'normalize', 'pooling', 'softmax', 'softmax_exponentials', 'softmax_inverses', 'table_activation', 'table_values', 'threshold']
class Format:
    """
    Fixed-point format: ap_[u]fixed<width, integer, ...>, or ap_[u]int if is_int.
    """
    def __eq__(self, other: object, /) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, width: int, integer: int, signed: bool = True, rounding: int = 5, overflow: int = 3, saturation_bits: int = 0, is_int: bool = False) -> None:
        ...
    def __ne__(self, other: object, /) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def fraction(self) -> int:
        ...
    @property
    def integer(self) -> int:
        ...
    @property
    def is_int(self) -> bool:
        ...
    @property
    def overflow(self) -> int:
        ...
    @property
    def rounding(self) -> int:
        ...
    @property
    def saturation_bits(self) -> int:
        ...
    @property
    def signed(self) -> bool:
        ...
    @property
    def width(self) -> int:
        ...
class BatchStep:
    """
    One step of a stage; see isobit/host/batch/program.hpp.
    """
    def __init__(self, *, kind: str, rounding: int = 5, overflow: int = 3, shift: int = 0, width: int = 0, is_signed: bool = False, saturation_bits: int = 0, low: typing.Any = None, middle: typing.Any = None, high: typing.Any = None, a: typing.Any = None, b: typing.Any = None, c: typing.Any = None, d: typing.Any = None, watch: bool = False) -> None:
        ...
class BatchMap:
    """
    What a stage does before its steps.
    """
    @staticmethod
    def counting(multiply: str, weights: typing.Any, start: typing.Any, order: typing.Any, offset: typing.SupportsFloat | typing.SupportsIndex, check: int, terms: bool, measures: typing.Any, limits: typing.Any, term: collections.abc.Sequence[BatchStep], sum: collections.abc.Sequence[BatchStep]) -> BatchMap:
        """
        How often sequential sums overflow.
        """
    @staticmethod
    def dense(multiply: str, weights: typing.Any, start: typing.Any, split: int = 0, whole: typing.Any = None, order: typing.Any = None) -> BatchMap:
        """
        Sums of products, in any order; of the rows that `order` names, if given.
        """
    @staticmethod
    def gather(combine: str, rows: typing.Any, factors: typing.Any, fill: typing.Any, sum: collections.abc.Sequence[BatchStep], multiply: str = '', raised: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [0, 0]) -> BatchMap:
        """
        Few numbers of any rows for each output, combined; as int16 if multiply is dot16 or mulhi16.
        """
    @staticmethod
    def none() -> BatchMap:
        """
        Nothing: as many outputs as inputs.
        """
    @staticmethod
    def sequential(weights: typing.Any, start: typing.Any, order: typing.Any, offset: typing.SupportsFloat | typing.SupportsIndex, term: collections.abc.Sequence[BatchStep], sum: collections.abc.Sequence[BatchStep]) -> BatchMap:
        """
        Sums of products, with steps after each product and each sum.
        """
class BatchProgram:
    """
    Planned stages, in order; offsets are bytes of the workspace.
    """
    def __init__(self, workspace: int) -> None:
        ...
    def entry(self, features: int, scale: typing.SupportsFloat | typing.SupportsIndex, quantise: collections.abc.Sequence[BatchStep], quick: bool, rounding: int, fold: collections.abc.Sequence[BatchStep], scratch: int, targets: collections.abc.Sequence[tuple[str, int, int]]) -> None:
        """
        Add an input.
        """
    def exit(self, features: int, form: str, offset: int, lsb: typing.SupportsFloat | typing.SupportsIndex) -> None:
        """
        Add an output.
        """
    def observe(self, inputs: collections.abc.Sequence[numpy.ndarray[typing.Any, typing.Any]], outputs: collections.abc.Sequence[numpy.ndarray[typing.Any, typing.Any]], threads: int, instruction_set: str = '') -> typing.Any:
        """
        As run, on whole blocks of events, with statistics of every watched step in the order of the stages.

        Returns arrays of shape (outputs, 2) for steps that observe (smallest, largest value in the lane's
        numbers), (outputs, 1) for others (how often a rounding dropped set bits, or overflow changed a value),
        (outputs, 2) for counting stages (events, times); None for floats that run refuses.
        """
    def run(self, inputs: collections.abc.Sequence[numpy.ndarray[typing.Any, typing.Any]], outputs: collections.abc.Sequence[numpy.ndarray[typing.Any, typing.Any]], threads: int, instruction_set: str = '') -> bool:
        """
        Compute arrays of shape (events, features): float32, float64 or raw int64 in, raw int64 or float64 out.

        Returns False, with undefined outputs, if a float is NaN, infinite or beyond 2**50 LSB.
        """
    def stage(self, *, map: BatchMap, compute: str, inputs: int, outputs: int, source: int, finish: collections.abc.Sequence[BatchStep], targets: collections.abc.Sequence[tuple[str, int, int]]) -> None:
        """
        Add a stage.
        """
def activation(raw: numpy.ndarray[typing.Any, typing.Any], name: str, *, data: Format, result: Format, param: numpy.ndarray[typing.Any, typing.Any] | None = None, param_format: Format | None = None, shift: numpy.ndarray[typing.Any, typing.Any] | None = None, shift_format: Format | None = None, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Elementwise activation on raw (n, ...). `param` is leaky_relu's alpha or the slope of hard_sigmoid
    and hard_tanh, `shift` the latter two's constant: raw values of their formats.
    """
def cast(raw: numpy.ndarray[typing.Any, typing.Any], source: Format, target: Format, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Raw values of `source` assigned to variables of `target`; equal formats copy bits. Any shape.
    """
def dense(raw: numpy.ndarray[typing.Any, typing.Any], weights: numpy.ndarray[typing.Any, typing.Any], biases: numpy.ndarray[typing.Any, typing.Any], *, data: Format, weight: Format, bias: Format, accum: Format, result: Format, n_in: int, n_out: int, product: str = 'mult', kernel: str = 'latency', reuse_factor: int = 1, threads: int = 1, kept: typing.Any = None, rows: typing.Any = None, columns: typing.Any = None) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Dense layer in the hardware's order: raw (n, n_in) to (n, n_out).

    `weights` are flat in the layout that hls4ml's kernel reads: [n_in][n_out] for 'latency', transposed
    [n_out][n_in] for the resource kernels; for product 'weight_exponential' each is 2 * exponent + sign
    (sign 1 is plus) and `weight` is the exponent's ap_[u]int.

    'resource_unrolled' reads the weights where `kept` is true; 'compressed' takes only the stored weights,
    neuron by neuron, with their inputs in `rows` and their neurons in `columns`.
    """
def instruction_sets() -> list[str]:
    """
    Instruction sets of the batch kernels that this processor has, the best first.
    """
def legal_reuse_factors(n_in: typing.Annotated[numpy.typing.ArrayLike, numpy.int32], n_out: typing.Annotated[numpy.typing.ArrayLike, numpy.int32], factors: typing.Annotated[numpy.typing.ArrayLike, numpy.int32]) -> typing.Any:
    """
    Whether the kernels' rule allows reuse factors at a shape, elementwise: bool, arguments broadcast.
    """
def normalize(raw: numpy.ndarray[typing.Any, typing.Any], scale: numpy.ndarray[typing.Any, typing.Any], bias: numpy.ndarray[typing.Any, typing.Any], *, data: Format, scale_format: Format, bias_format: Format, result: Format, product: str = 'mult', threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    x * scale + bias, exact, then one cast. raw (n, ...); scale and bias (k,), repeated over the last axis.
    """
def pooling(raw: numpy.ndarray[typing.Any, typing.Any], windows: typing.Annotated[numpy.typing.ArrayLike, numpy.int64], divisors: typing.Annotated[numpy.typing.ArrayLike, numpy.int64], *, function: str, order: str, data: Format, accum: Format, result: Format, channels: int, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Maximum or average over windows: raw (n, positions * channels) to (n, w * channels).

    `windows` (w, k) are positions, -1 for padding; `divisors` (w,) what an average divides by.
    """
def softmax(raw: numpy.ndarray[typing.Any, typing.Any], exponentials: numpy.ndarray[typing.Any, typing.Any] | None, inverses: numpy.ndarray[typing.Any, typing.Any] | None, implementation: str, *, data: Format, distance: Format, exponential: Format, accum: Format, inverse_input: Format, inverse: Format, result: Format, size: int, outer: int = 1, inner: int = 1, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Softmax on raw (n, ...), over `size` values of each of outer x inner slices. Tables are raw, of the
    formats `exponential` and `inverse`; `distance` is hls4ml's inp_norm_t, `inverse_input` inv_inp_t.
    """
def softmax_exponentials(integer: int, is_signed: bool, bits: int, scale: typing.SupportsFloat | typing.SupportsIndex, distances: bool) -> numpy.typing.NDArray[numpy.float64]:
    """
    exp(scale * x) of every x that the top bits of a format give, (2^bits,); exp(-scale * x) of distances.
    Infinite where float overflows.
    """
def softmax_inverses(integer: int, is_signed: bool, bits: int) -> numpy.typing.NDArray[numpy.float64]:
    """
    1 / x of every x that the top bits of a format give, (2^bits,); infinite for 0.
    """
def table_activation(raw: numpy.ndarray[typing.Any, typing.Any], table: numpy.ndarray[typing.Any, typing.Any], name: str, *, data: Format, table_format: Format, result: Format, factor: numpy.ndarray[typing.Any, typing.Any] | None = None, factor_format: Format | None = None, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Activation by table on raw (n, ...). table (entries,); `factor` is elu's alpha or selu's lambda.
    """
def table_values(function: str, entries: int) -> numpy.typing.NDArray[numpy.float64]:
    """
    The values of a table before they are rounded, (entries,): by the C library, in float as hls4ml's.
    """
def threshold(raw: numpy.ndarray[typing.Any, typing.Any], threshold: numpy.ndarray[typing.Any, typing.Any], threshold_low: numpy.ndarray[typing.Any, typing.Any] | None = None, *, data: Format, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Merged batch normalisation and tanh. Binary: x >= threshold as an ap_uint<1>. With threshold_low
    ternary, an ap_int<2>: 1 where x > threshold, otherwise -1 where x <= threshold_low, otherwise 0.
    Thresholds (k,) are of the data's format.
    """
ACTIVATIONS: tuple[str, ...]
BATCH_BLOCK: int = 96
BATCH_ENTRIES: int = 65536
MAX_WIDTH: int = 127
MODE_RULES: dict[str, str]
OVERFLOW_MODES: dict[str, int]
ROUNDING_MODES: dict[str, int]
SOFTMAX_IMPLEMENTATIONS: tuple[str, ...]
TABLE_ACTIVATIONS: tuple[str, ...]
