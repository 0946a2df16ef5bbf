"""What an adder tree of da4ml computes: the weights and biases of a layer, read from the C++ that hls4ml writes.

With ``Strategy: distributed_arithmetic`` hls4ml keeps no weights of a layer: da4ml solves them, as float32 and without
regard to the layer's weight format, into additions of shifted numbers (``DistributedArithmeticCodegen`` in
backends/vivado/passes/distributed_arithmetic.py; codegen/hls/hls_codegen.py in da4ml). Every intermediate number has a
format that holds it, for the input's format of the conversion. So the function is the exact sum ``W x + b``, and one
cast. Here each line is followed as a linear form of the inputs, and each of its formats is checked.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.weights import Weight

__all__ = ["AdderTree", "adder_bits", "read_adder_tree"]

#: Coefficients are integers at this many fraction bits, more than any float32 needs.
_PLACES = 512

_FUNCTION = re.compile(r"void (\w+)\(inp_t model_inp\[(\d+)\], out_t model_out\[(\d+)\]\)")
_TYPE = r"ap_u?fixed<-?\d+, ?-?\d+>"
_ASSIGNED = re.compile(rf"({_TYPE}) v(\d+) = (.+)")
_RESULT = re.compile(rf"model_out\[(\d+)\] = (?:({_TYPE})\((.+)\)|0)")
_QUANTISED = re.compile(r"(ap_u?fixed<[-\w, ]+>) model_inp_q_(\d+) = (?:(model_inp\[\2\])|0)")
_TERM = re.compile(
    rf"(?P<sign>[-+]?) ?(?:model_inp\[(?P<input>\d+)\]|model_inp_q_(?P<quantised>\d+)"
    rf"|bit_shift<(?P<shift>-?\d+)>\(v(?P<shifted>\d+)\)|v(?P<value>\d+)"
    rf"|(?P<type>{_TYPE})\((?P<typed>[-+.\de]+)\)|(?P<number>[.\d][-+.\de]*))\s*"
)

#: Smallest and largest number, and the step.
_Interval = tuple[Fraction, Fraction, Fraction]


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
    elements
        Formats to which the inputs are cast first, of a quantiser that hls4ml fused into the function
        (``FuseQuantizerIntoDALayers``); an empty text for one that is zero. Empty without a quantiser.
    """

    weight: Weight
    bias: Weight
    results: tuple[FixedType | None, ...]
    elements: tuple[str, ...] = ()


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
        For statements that are no sum of shifted numbers.
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
        if (found := _QUANTISED.fullmatch(statement)) is not None:
            tree.elements[int(found[2])] = FixedType.parse(found[1]) if found[3] else None
        elif (found := _ASSIGNED.fullmatch(statement)) is not None:
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
    kinds = tuple(str(tree.elements[place] or "") for place in sorted(tree.elements))
    return AdderTree(weight, bias, tuple(outputs[neuron][1] for neuron in range(len(outputs))), kinds)


def adder_bits(code: str, data: FixedType) -> int:
    """Bits of all adders in a function that da4ml wrote, which is nearly what it takes in LUTs.

    An addition needs the bits in which its two numbers overlap, and those above; bits below the coarser LSB are one
    number's own (``cost_add`` in da4ml's cmvm/core/state_opr.py). One of a constant needs the constant's bits.

    Parameters
    ----------
    code
        The C++, of which :func:`read_adder_tree` has checked each statement.
    data
        Format of the layer's input.
    """
    text = re.sub(r" *//[^\n]*|;", "", code)
    elements = {name: FixedType.parse(kind) for kind, name, _ in _QUANTISED.findall(text)}
    known: dict[str, _Interval] = {}
    total = 0
    for name, value in ((found[1], found[2]) for found in _ASSIGNED.findall(text)):
        sums: list[_Interval] = []
        for term in _TERM.finditer(value):
            if (typed := term["type"]) is not None:
                total += FixedType.parse(typed).width
                number = Fraction(float(f"{term['sign']}{term['typed']}"))
                sums[0] = sums[0][0] + number, sums[0][1] + number, min(sums[0][2], FixedType.parse(typed).lsb)
            elif (place := term["quantised"] or term["input"]) is not None:
                kind = elements.get(place, data)
                sums.append((kind.raw_min * kind.lsb, kind.raw_max * kind.lsb, kind.lsb))
            elif (read := term["value"] or term["shifted"]) is not None:
                factor = Fraction(2) ** int(term["shift"] or 0)
                least, most, step = (end * factor for end in known[read])
                sums.append((-most, -least, step) if term["sign"] == "-" else (least, most, step))
        if len(sums) == 2:
            (low, high, step), (other_low, other_high, other_step) = sums
            coarse = max(step, other_step)
            largest = max(abs(low), abs(other_low), abs(high + step), abs(other_high + other_step))
            total += max(0, (low < 0 or other_low < 0) + (math.ceil(largest / coarse) - 1).bit_length())
            sums = [(low + other_low, high + other_high, min(step, other_step))]
        known[name] = sums[0] if sums else (Fraction(0), Fraction(0), Fraction(1))
    return total


class _Tree:
    """Linear forms: for each value, coefficients of the inputs and a constant, Python integers, shape (n_in + 1,)."""

    def __init__(self, n_in: int, data: FixedType, layer: str) -> None:
        self.data, self.layer = data, layer
        self.values: dict[int, Any] = {}
        #: Formats to which inputs are cast first; None: zero.
        self.elements: dict[int, FixedType | None] = {}
        self.zero = np.zeros(n_in + 1, dtype=object)

    def unknown(self, statement: str) -> UnsupportedError:
        return UnsupportedError(
            f"the adder tree of layer {self.layer!r} computes {statement!r}, which is not supported; supported: sums "
            "of shifted numbers"
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
        if (place := term["quantised"] or term["input"]) is not None:
            if (term["quantised"] is None) == bool(self.elements):
                raise self.unknown(statement)
            unit = self.zero.copy()
            unit[int(place)] = 1 << _PLACES
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
        if self.elements and sorted(self.elements) != list(range(len(form) - 1)):
            raise UnsupportedError(f"the adder tree of layer {self.layer!r} quantises some of its inputs alone")
        kind = FixedType.parse(name)
        inputs = [self.elements[i] if self.elements else self.data for i in range(len(form) - 1)]
        places = max((each.fraction for each in inputs if each is not None), default=0)
        unit = 1 << (_PLACES - kind.fraction + places)  # an LSB of the format, in those of the finest product
        least = most = form[-1] << places if places >= 0 else form[-1] >> -places
        exact = least % unit == 0
        for factor, each in zip(form[:-1], inputs, strict=True):
            if each is not None:
                step = factor << (places - each.fraction)
                least, most = (
                    least + min(step * each.raw_min, step * each.raw_max),
                    most + max(step * each.raw_min, step * each.raw_max),
                )
                exact = exact and step % unit == 0
        if not exact or least < kind.raw_min * unit or most > kind.raw_max * unit:
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
