"""What an adder tree of da4ml computes: the weights and biases of a layer, read from the C++ that hls4ml writes.

With ``Strategy: distributed_arithmetic`` hls4ml keeps no weights of a layer: da4ml solves them, as float32 and without
regard to the layer's weight format, into additions of shifted numbers (``DistributedArithmeticCodegen`` in
backends/vivado/passes/distributed_arithmetic.py; codegen/hls/hls_codegen.py in da4ml). Every intermediate number has a
format that holds it, for the input's format of the conversion. So the function is the exact sum ``W x + b``, and one
cast. Here each line is followed as a linear form of the inputs, and each of its formats is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.weights import Weight

__all__ = ["AdderTree", "read_adder_tree"]

#: Coefficients are integers at this many fraction bits, more than any float32 needs.
_PLACES = 512

_FUNCTION = re.compile(r"void (\w+)\(inp_t model_inp\[(\d+)\], out_t model_out\[(\d+)\]\)")
_TYPE = r"ap_u?fixed<-?\d+, ?-?\d+>"
_ASSIGNED = re.compile(rf"({_TYPE}) v(\d+) = (.+)")
_RESULT = re.compile(rf"model_out\[(\d+)\] = (?:({_TYPE})\((.+)\)|0)")
_TERM = re.compile(
    rf"(?P<sign>[-+]?) ?(?:model_inp\[(?P<input>\d+)\]|bit_shift<(?P<shift>-?\d+)>\(v(?P<shifted>\d+)\)|v(?P<value>\d+)"
    rf"|{_TYPE}\((?P<typed>[-+.\de]+)\)|(?P<number>[.\d][-+.\de]*))\s*"
)


@dataclass(frozen=True)
class AdderTree:
    """What a tree computes.

    Attributes
    ----------
    weight
        Shape (n_in, n_out).
    bias
        Shape (n_out,).
    results
        Format of each neuron's exact sum, as the C++ has it; None where the sum is 0.
    """

    weight: Weight
    bias: Weight
    results: tuple[FixedType | None, ...]


def read_adder_tree(code: str, data: FixedType, layer: str) -> AdderTree:
    """Read the function that da4ml wrote.

    Parameters
    ----------
    code
        The C++ (``da_codegen`` of hls4ml's node).
    data
        Format of the layer's input.
    layer
        Name of the layer, for errors.

    Raises
    ------
    UnsupportedError
        For statements that are no sum of shifted numbers, as a quantiser of HGQ that hls4ml fuses into the function.
    FirmwareError
        If a format does not hold its numbers, so that the function is no exact sum.
    """
    function = _FUNCTION.search(code)
    if function is None:
        raise UnsupportedError(f"the adder tree of layer {layer!r} is no function as da4ml 0.5 writes it")
    tree = _Tree(int(function[2]), data, layer)
    outputs: dict[int, tuple[Any, FixedType | None]] = {}
    body = code[code.index("{", function.end()) + 1 :].partition("\n}")[0]
    for statement in (line.strip().rstrip(";") for line in re.sub(r"//[^\n]*", "", body).splitlines()):
        if not statement or statement.startswith("#pragma"):
            continue
        if (found := _ASSIGNED.fullmatch(statement)) is not None:
            tree.values[int(found[2])] = tree.held(tree.form(found[3], statement), found[1], statement)
        elif (found := _RESULT.fullmatch(statement)) is not None:
            form = tree.zero if found[2] is None else tree.held(tree.form(found[3], statement), found[2], statement)
            outputs[int(found[1])] = form, None if found[2] is None else FixedType.parse(found[2])
        else:
            raise tree.unknown(statement)
    if sorted(outputs) != list(range(int(function[3]))):
        raise FirmwareError(f"the adder tree of layer {layer!r} gives the outputs {sorted(outputs)} of {function[3]}")
    forms = np.stack([outputs[neuron][0] for neuron in range(len(outputs))], axis=1)
    weight, bias = _weight("weight", forms[:-1], layer), _weight("bias", forms[-1], layer)
    return AdderTree(weight, bias, tuple(outputs[neuron][1] for neuron in range(len(outputs))))


class _Tree:
    """Linear forms: for each value, coefficients of the inputs and a constant, Python integers, shape (n_in + 1,)."""

    def __init__(self, n_in: int, data: FixedType, layer: str) -> None:
        self.data, self.layer = data, layer
        self.values: dict[int, Any] = {}
        self.zero = np.zeros(n_in + 1, dtype=object)

    def unknown(self, statement: str) -> UnsupportedError:
        what = "fuses a quantiser of its inputs into it" if "model_inp_q" in statement else "computes"
        return UnsupportedError(
            f"the adder tree of layer {self.layer!r} {what} {statement!r}, which is not supported; supported: sums of "
            "shifted numbers"
        )

    def form(self, text: str, statement: str) -> Any:
        """The sum of the terms in an expression."""
        total, position = self.zero, 0
        while position < len(text):
            term = _TERM.match(text, position)
            if term is None or (position and not term["sign"]):
                raise self.unknown(statement)
            one = self._term(term, statement)
            total = total - one if term["sign"] == "-" else total + one
            position = term.end()
        return total

    def _term(self, term: re.Match[str], statement: str) -> Any:
        if term["input"] is not None:
            unit = self.zero.copy()
            unit[int(term["input"])] = 1 << _PLACES
            return unit
        if (number := term["typed"] or term["number"]) is not None:
            constant = self.zero.copy()
            constant[-1] = self._whole(Fraction(float(number)) * (1 << _PLACES), statement)
            return constant
        value = self.values[int(term["value"] or term["shifted"])]
        shift = int(term["shift"] or 0)
        if shift >= 0:
            return value << shift
        if (value & ((1 << -shift) - 1)).any():
            raise self.unknown(statement)
        return value >> -shift

    def _whole(self, value: Fraction, statement: str) -> int:
        if value.denominator != 1:
            raise self.unknown(statement)
        return value.numerator

    def held(self, form: Any, name: str, statement: str) -> Any:
        """A form, if the format of this name holds its numbers for every input."""
        kind = FixedType.parse(name)
        lsb = _PLACES - kind.fraction  # of the form's integers, at the data's LSB
        raw = form[:-1], form[-1] << self.data.fraction if self.data.fraction >= 0 else form[-1] >> -self.data.fraction
        low, high = self.data.raw_min, self.data.raw_max
        least, most = raw[0] * low, raw[0] * high
        ends = np.minimum(least, most).sum() + raw[1], np.maximum(least, most).sum() + raw[1]
        unit = 1 << (lsb + self.data.fraction)
        exact = all(int(value) % unit == 0 for value in (*raw[0], raw[1]))
        if not exact or ends[0] < kind.raw_min * unit or ends[1] > kind.raw_max * unit:
            raise FirmwareError(
                f"in the adder tree of layer {self.layer!r}, {statement!r} loses bits for inputs of {self.data}, for "
                "which it was not solved; convert the network again"
            )
        return form


def _weight(name: str, integers: Any, layer: str) -> Weight:
    """The coefficients as weights of the narrowest format that has them all."""
    largest = max((abs(int(value)) for value in integers.ravel()), default=0)
    together = 0
    for value in integers.ravel():
        together |= abs(int(value))
    zeros = (together & -together).bit_length() - 1 if together else _PLACES
    fraction = _PLACES - zeros
    width = max(largest.bit_length() - zeros, 0) + 1
    kind = FixedType(width, width - fraction)
    values = np.array([float(Fraction(int(value), 1 << _PLACES)) for value in integers.ravel()]).reshape(integers.shape)
    weight = Weight.from_written(name, values, kind)
    if [int(raw) << zeros for raw in weight.raw.ravel()] != [int(value) for value in integers.ravel()]:
        raise UnsupportedError(f"layer {layer!r} has numbers in {name} that no double holds")
    return weight
