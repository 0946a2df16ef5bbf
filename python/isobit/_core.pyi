"""
Fixed-point law and inference kernels on raw integers (C++).
"""
from __future__ import annotations
import numpy
import typing
__all__: list[str] = ['ACTIVATIONS', 'Format', 'MAX_WIDTH', 'MODE_RULES', 'OVERFLOW_MODES', 'ROUNDING_MODES', 'activation', 'cast', 'dense', 'normalize', 'threshold']
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
def activation(raw: numpy.ndarray[typing.Any, typing.Any], name: str, *, data: Format, result: Format, param: numpy.ndarray[typing.Any, typing.Any] | None = None, param_format: Format | None = None, shift: numpy.ndarray[typing.Any, typing.Any] | None = None, shift_format: Format | None = None, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Elementwise activation on raw (n, ...). `param` is leaky_relu's alpha or the slope of hard_sigmoid
    and hard_tanh, `shift` the latter two's constant: raw values of their formats.
    """
def cast(raw: numpy.ndarray[typing.Any, typing.Any], source: Format, target: Format, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Raw values of `source` assigned to variables of `target`; equal formats copy bits. Any shape.
    """
def dense(raw: numpy.ndarray[typing.Any, typing.Any], weights: numpy.ndarray[typing.Any, typing.Any], biases: numpy.ndarray[typing.Any, typing.Any], *, data: Format, weight: Format, bias: Format, accum: Format, result: Format, n_in: int, n_out: int, product: str = 'mult', kernel: str = 'latency', reuse_factor: int = 1, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Dense layer in the hardware's order: raw (n, n_in) to (n, n_out).

    `weights` are flat in the layout that hls4ml's kernel reads: [n_in][n_out] for 'latency', transposed
    [n_out][n_in] for the resource kernels; for product 'weight_exponential' each is 2 * exponent + sign
    (sign 1 is plus) and `weight` is the exponent's ap_[u]int.
    """
def normalize(raw: numpy.ndarray[typing.Any, typing.Any], scale: numpy.ndarray[typing.Any, typing.Any], bias: numpy.ndarray[typing.Any, typing.Any], *, data: Format, scale_format: Format, bias_format: Format, result: Format, product: str = 'mult', threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    x * scale + bias, exact, then one cast. raw (n, ...); scale and bias (k,), repeated over the last axis.
    """
def threshold(raw: numpy.ndarray[typing.Any, typing.Any], threshold: numpy.ndarray[typing.Any, typing.Any], threshold_low: numpy.ndarray[typing.Any, typing.Any] | None = None, *, data: Format, threads: int = 1) -> numpy.ndarray[typing.Any, typing.Any]:
    """
    Merged batch normalisation and tanh. Binary: x >= threshold as an ap_uint<1>. With threshold_low
    ternary, an ap_int<2>: 1 where x > threshold, otherwise -1 where x <= threshold_low, otherwise 0.
    Thresholds (k,) are of the data's format.
    """
ACTIVATIONS: tuple[str, ...]
MAX_WIDTH: int = 127
MODE_RULES: dict[str, str]
OVERFLOW_MODES: dict[str, int]
ROUNDING_MODES: dict[str, int]
