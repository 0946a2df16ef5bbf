"""What each primitive costs: multipliers, bits of adders and registers, clock cycles, bit operations.

Counts of multipliers are those of hls4ml's own limits; bits of adders, multiplexers and registers are what a design has
before synthesis, and :mod:`isobit.cost.fabric` turns them into LUT and FF. Latencies are rules of thumb: an adder tree
takes a clock cycle per two levels, a product and a table one each.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from typing import Any

import numpy as np

from isobit.cost.multipliers import dsp_slices, multipliers
from isobit.cost.report import LayerCost
from isobit.errors import UnsupportedError
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.expressions import Constant, Input, Minus, Multiplied, Plus, Result, Times, form_of, nodes_of
from isobit.model.hardware import Spread
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Opaque, Select
from isobit.model.products import Product
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

__all__ = ["RULES", "cost_of"]

#: Bits of a block RAM of 36 Kbit, and of its widest word.
_BRAM_BITS, _BRAM_WORD = 36864, 72
#: What a table of fewer bits takes is built in LUTs, 64 bits each.
_LUT_TABLE_BITS = 2048

Rule = Callable[[Any, Tensors, Spread], LayerCost]
RULES: dict[type[Op], Rule] = {}


def register_cost(kind: type[Op]) -> Callable[[Rule], Rule]:
    """Register what a primitive costs."""

    def add(rule: Rule) -> Rule:
        RULES[kind] = rule
        return rule

    return add


def cost_of(op: Op, tensors: Tensors, spread: Spread) -> LayerCost:
    """What a primitive costs.

    Parameters
    ----------
    op, tensors
        The primitive and its input tensors.
    spread
        How its layer is spread over time and multipliers.

    Raises
    ------
    UnsupportedError
        For a layer of which only the reference is known.
    """
    rule = RULES.get(type(op))
    if rule is None:
        raise UnsupportedError(
            f"the cost of layer {op.name!r} ({op.tag}) is not known; give your layer a lowering (docs/layers.md)"
        )
    return rule(op, tensors, spread)


def _levels(numbers: int) -> int:
    """Levels of a tree of adders."""
    return ceil(log2(numbers)) if numbers > 1 else 0


def _tree_cycles(numbers: int) -> int:
    return ceil(_levels(numbers) / 2)


def _cast_bits(source: FixedType, target: FixedType) -> int:
    """Bits of the adder that rounds, and of the comparison and choice that saturate."""
    rounds = target.rounding not in (Rounding.TRN, Rounding.TRN_ZERO) and source.fraction > target.fraction
    clips = target.overflow is not Overflow.WRAP and source.integer > target.integer - (source.signed < target.signed)
    return target.width * (rounds + 2 * clips)


def _effective_bits(raw: Any) -> int:
    """Bits from the first to the last one that is set, over all constants."""
    magnitudes = [abs(int(value)) for value in np.asarray(raw).ravel()]
    return sum((value // (value & -value)).bit_length() for value in magnitudes if value)


def _digits(raw: Any) -> int:
    """Nonzero signed digits of all constants (canonical signed digit form): adders of products with constants."""
    count = 0
    for value in np.asarray(raw).ravel():
        number = abs(int(value))
        count += ((number * 3) ^ number).bit_count()
    return count


@register_cost(Dot)
def _dot(op: Dot, tensors: Tensors, spread: Spread) -> LayerCost:
    """Weighted sums: the windows of ``spread.parallel`` positions side by side, each in ``reuse_factor`` turns."""
    (tensor,) = tensors
    n_in, n_out = op.weight.shape
    weight, data, reuse = op.weight, tensor.type, op.reuse_factor
    side_by_side = min(spread.parallel, op.positions)
    turns = ceil(op.positions / side_by_side)
    built = multipliers(weight.raw, reuse) if op.product is Product.MULT and not spread.trees else 0
    sums = 0.0 if spread.trees else _sums_bits(op, data, built)
    logic = sums + n_out * _cast_bits(op.accum, op.output.type)
    word = ceil(weight.raw.size / reuse) * weight.type.width
    in_memory = reuse > 1 and op.strategy == "resource" and word * reuse > _LUT_TABLE_BITS
    effort = data.width * weight.type.width + data.width + weight.type.width + log2(max(2, n_in))
    return LayerCost(
        op.name,
        built * side_by_side,
        built * side_by_side * dsp_slices(data, weight.type),
        reuse * turns,
        1 + _tree_cycles(n_in) + (reuse - 1) + reuse * (turns - 1),
        n_in * n_out * effort * op.positions,
        _effective_bits(weight.raw) * data.width * op.positions,
        weight.raw.size * weight.type.width + op.bias.raw.size * op.bias.type.width,
        ceil(word / _BRAM_WORD) * ceil(reuse / 512) if in_memory else 0.0,
        logic * side_by_side,
        (built * op.accum.width / 2 + n_out * op.output.type.width) * side_by_side,
        _adder_bits(op, data, spread) * side_by_side if spread.trees else 0.0,
    )


def _adder_bits(op: Dot, data: FixedType, spread: Spread) -> float:
    """Bits of the adders of one position's tree; if that is not known, of one for each nonzero signed digit."""
    if spread.adder_bits is not None:
        return float(spread.adder_bits)
    return _digits(op.weight.raw) * (data.width + _levels(op.weight.shape[0]) / 2)


def _sums_bits(op: Dot, data: FixedType, built: int) -> float:
    """Bits of what one position's sums take in LUTs."""
    weight, reuse = op.weight, op.reuse_factor
    nonzero, digits = int(np.count_nonzero(weight.raw)), _digits(weight.raw)
    bits = float(nonzero * op.accum.width)
    if reuse > 1:
        bits += built * (data.width + weight.type.width) * (reuse - 1) / 3  # a LUT of 6 inputs chooses one of 4 bits
    if op.product is Product.MULT and not dsp_slices(data, weight.type):
        bits += (digits - nonzero) * data.width if reuse == 1 else built * data.width * weight.type.width
    return bits


@register_cost(Formula)
def _formula(op: Formula, tensors: Tensors, spread: Spread) -> LayerCost:
    """An expression for every output: constants are multiplied in ``reuse_factor`` turns, other products at once."""
    types, size, kind = [tensor.type for tensor in tensors], op.output.size, op.output.type
    total = LayerCost(op.name)
    bits = 0.0
    for node in nodes_of(op.outcome):
        if isinstance(node, Multiplied) or (isinstance(node, Times) and isinstance(node.b, Constant)):
            assert isinstance(node.b, Constant)
            total = total.plus(_constant_products(op, node, types, spread))
        elif isinstance(node, Times):
            a, b = form_of(node.a, types), form_of(node.b, types)
            slices = dsp_slices(a, b)
            bits += 0 if slices else size * a.width * b.width
            work = float(size * (a.width * b.width + a.width + b.width))
            total = total.plus(LayerCost(op.name, size, size * slices, 1, 1, work, size * a.width * b.width))
        elif isinstance(node, (Plus, Minus)):
            bits += size * form_of(node, types).width
        elif isinstance(node, Result):
            bits += size * _cast_bits(node.form, kind)
    simple = isinstance(op.outcome, Result) and isinstance(op.outcome.value, Input)
    own = LayerCost(
        op.name, latency=0 if simple and not bits else 1, lut_bits=bits, register_bits=float(size * kind.width)
    )
    return total.plus(own)


def _constant_products(op: Formula, node: Multiplied | Times, types: list[FixedType], spread: Spread) -> LayerCost:
    """Products with a constant, one for every output or one for all."""
    assert isinstance(node.b, Constant)
    weight, data, size = node.b.weight, form_of(node.a, types), op.output.size
    raw = np.broadcast_to(weight.raw.ravel(), (size,)) if weight.raw.size == 1 else weight.raw.ravel()
    plain = not isinstance(node, Multiplied) or node.kind is Product.MULT
    built = multipliers(raw, spread.reuse_factor) if plain else 0
    slices = dsp_slices(data, weight.type)
    lut = 0.0 if slices else float((_digits(raw) - np.count_nonzero(raw)) * data.width)
    return LayerCost(
        op.name,
        built,
        built * slices,
        spread.reuse_factor,
        1,
        float(size * (data.width * weight.type.width + data.width + weight.type.width)),
        _effective_bits(raw) * data.width,
        weight.raw.size * weight.type.width,
        0.0,
        lut,
        built * weight.type.width / 2,
    )


@register_cost(Select)
def _select(op: Select, tensors: Tensors, spread: Spread) -> LayerCost:
    """Wires, and the casts."""
    del spread
    bits = sum(
        int((op.origins(tensors) == k).sum()) * _cast_bits(t.type, op.output.type) for k, t in enumerate(tensors)
    )
    return LayerCost(op.name, lut_bits=float(bits))


@register_cost(Reduce)
def _reduce(op: Reduce, tensors: Tensors, spread: Spread) -> LayerCost:
    """Adders, or comparisons and choices."""
    del spread
    outputs, numbers = op.view.shape
    bits = outputs * (numbers - 1) * op.accum.width * (2 if op.function == "max" else 1)
    bits += outputs * _cast_bits(op.accum, op.output.type)
    work = float(outputs * (numbers - 1) * op.accum.width)
    return LayerCost(
        op.name,
        latency=1 + _tree_cycles(numbers),
        bops=work,
        lut_bits=float(bits),
        register_bits=float(outputs * op.output.type.width),
    )


def _memory(bits: int, copies: int) -> tuple[float, float]:
    """Block RAMs and LUT bits of a table that ``copies`` numbers look up at once; a block RAM has two ports."""
    if bits <= _LUT_TABLE_BITS:
        return 0.0, bits / 64 * copies
    return ceil(bits / (_BRAM_BITS // 2)) / 2 * ceil(copies / 2), 0.0


@register_cost(Lookup)
def _lookup(op: Lookup, tensors: Tensors, spread: Spread) -> LayerCost:
    """A table for every two numbers."""
    del spread
    (tensor,) = tensors
    bits = op.table.raw.size * op.table.type.width
    bram, lut = _memory(bits, tensor.size)
    size = float(op.output.size * op.output.type.width)
    return LayerCost(op.name, latency=2, weight_bits=bits, bram=bram, lut_bits=lut, register_bits=size)


@register_cost(Softmax)
def _softmax(op: Softmax, tensors: Tensors, spread: Spread) -> LayerCost:
    """Tables of the exponential and of the reciprocal, the sum of each group, a product for every number."""
    (tensor,) = tensors
    size, (groups, numbers) = tensor.size, op.groups.shape
    if op.exp_table is None or op.inv_table is None:  # argmax: comparisons
        return LayerCost(op.name, latency=1 + _tree_cycles(numbers), lut_bits=float(size * tensor.type.width))
    exp, inv = op.exp_table, op.inv_table
    tables = [(exp.raw.size * exp.type.width, size), (inv.raw.size * inv.type.width, groups)]
    memory = [_memory(bits, copies) for bits, copies in tables]
    slices = dsp_slices(exp.type, inv.type)
    built = ceil(size / spread.reuse_factor)
    adders = groups * (numbers - 1) * (op.accum or exp.type).width
    return LayerCost(
        op.name,
        built,
        built * slices,
        spread.reuse_factor,
        5 + 2 * _tree_cycles(numbers),
        float(size * (exp.type.width * inv.type.width + exp.type.width + inv.type.width) + adders),
        size * exp.type.width * inv.type.width,
        sum(bits for bits, _ in tables),
        sum(bram for bram, _ in memory),
        adders + sum(lut for _, lut in memory) + (0 if slices else size * exp.type.width * inv.type.width),
        float(size * (exp.type.width + op.output.type.width)),
    )


@register_cost(Opaque)
def _opaque(op: Opaque, tensors: Tensors, spread: Spread) -> LayerCost:
    del tensors, spread
    raise UnsupportedError(
        f"the cost of layer {op.name!r} ({op.layer.tag}) is not known: only its reference is; give it a lowering "
        "(docs/layers.md)"
    )
