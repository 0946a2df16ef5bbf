"""Table ops at random, without hls4ml: every function, formats of few and many bits, every mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.fixed import FixedType, Overflow, Rounding
from isobit.model import Encoding, Graph, Softmax, TableActivation, Tensor, Weight
from isobit.model.layers.softmax import LEGACY_TABLE
from isobit.model.layers.table import selu_slope
from isobit.model.tables import exponential_table, function_table, inverse_table

FUNCTIONS = (*TableActivation.FUNCTIONS, *Softmax.IMPLEMENTATIONS)


def a_format(rng: np.random.Generator, most: int = 20, least: int = 1, signed: bool | None = None) -> FixedType:
    """Any format: fraction bits from some below zero to more than the width."""
    width = int(rng.integers(least, most + 1))
    if rng.random() < 0.1:
        return FixedType.int_type(width, signed=bool(rng.random() < 0.7) if signed is None else signed)
    sign = bool(rng.random() < 0.7) if signed is None else signed
    modes = [mode for mode in Overflow if sign or mode is not Overflow.WRAP_SM]
    overflow = modes[int(rng.integers(len(modes)))]
    extra = int(rng.integers(0, min(4, width + 1))) if overflow in (Overflow.WRAP, Overflow.WRAP_SM) else 0
    integer = int(rng.integers(-3, min(width, 9) + 4))
    return FixedType(width, integer, sign, Rounding(int(rng.integers(7))), overflow, extra)


def a_fixed_format(rng: np.random.Generator, most: int, least: int = 1) -> FixedType:
    """No ``ap_int``: tables with infinite entries refuse one."""
    while (kind := a_format(rng, most, least)).is_int:
        pass
    return kind


def an_op(seed: int, most: int = 20) -> tuple[Any, Tensor]:
    """An op and its input tensor; formats have up to ``most`` bits."""
    rng = np.random.default_rng([seed, 5])
    function = FUNCTIONS[int(rng.integers(len(FUNCTIONS)))]
    if function in TableActivation.FUNCTIONS:
        tensor = Tensor("x", (int(rng.integers(1, 5)),), a_format(rng, most))
        entries = int(rng.integers(1, 300))
        table = function_table("table", function, entries, a_format(rng, most))
        output = Tensor("y", tensor.shape, a_format(rng, most))
        param = None
        if function == "elu":
            kind = a_format(rng, min(most, 16))
            written = np.array([float(kind.lsb) * int(rng.integers(kind.raw_min, kind.raw_max + 1))])
            param = Weight.from_written("param", written, kind, encoding=Encoding.LITERAL)
        if function == "selu" and rng.random() < 0.5:  # as with io_stream
            param = selu_slope(tensor.type)
        return TableActivation("act", ("x",), output, function, table, param), tensor
    size, outer, inner = (int(n) for n in rng.choice([1, 2, 3, 5, 7], 3, p=[0.1, 0.2, 0.2, 0.3, 0.2]))
    if rng.random() < 0.6:
        outer = inner = 1
    tensor = Tensor("x", (outer, size, inner), a_format(rng, most, 3))
    output = Tensor("y", tensor.shape, a_format(rng, most))
    parts: dict[str, Any] = {}
    if function == "legacy":
        entries = [int(n) for n in rng.integers(1, 300, 2)]
        parts["exp_table"] = function_table("exp_table", "legacy_exponential", entries[0], LEGACY_TABLE)
        parts["inv_table"] = function_table("inv_table", "legacy_inverse", entries[1], LEGACY_TABLE)
    elif function in ("latency", "stable"):
        parts["accum"], parts["inv_inp"] = a_format(rng, most), a_format(rng, most, 3)
        address = tensor.type if function == "latency" else a_format(rng, most, 3)
        parts["address" if function == "latency" else "inp_norm"] = address
        parts["exp_scale"] = float(rng.choice([1.0, 0.5, 0.3]))
        bits = [int(rng.integers(1, min(7, kind.width) + 1)) for kind in (address, parts["inv_inp"])]
        kinds = a_fixed_format(rng, most), a_fixed_format(rng, most)
        stable = function == "stable"
        parts["exp_table"] = exponential_table("exp_table", 1 << bits[0], address, parts["exp_scale"], stable, kinds[0])
        parts["inv_table"] = inverse_table("inv_table", 1 << bits[1], parts["inv_inp"], kinds[1])
    return Softmax("soft", ("x",), output, function, size, outer, inner, **parts), tensor


def a_graph(seed: int, most: int = 20) -> Graph:
    """One op alone, that of the next seed where elu or selu would read outside of its table."""
    while True:
        op, tensor = an_op(seed, most)
        try:
            return Graph("one", (tensor,), (op,), ("y",))
        except UnsupportedError:
            assert getattr(op, "function", "") in ("elu", "selu")
            seed += 1_000_003


def numbers(seed: int, tensor: Tensor, events: int, low: Any = None, high: Any = None) -> Any:
    """Raw integers of a tensor within bounds, shape (events, size): anywhere, at the ends, close to each other."""
    rng = np.random.default_rng([seed, 6])
    shape = (events, tensor.size)
    least = np.full(tensor.size, tensor.type.raw_min, dtype=object) if low is None else low.astype(object)
    most = np.full(tensor.size, tensor.type.raw_max, dtype=object) if high is None else high.astype(object)
    share = rng.integers(0, 2**30 + 1, shape).astype(object)
    share[rng.random(shape) < 0.15] = 0
    share[rng.random(shape) < 0.15] = 2**30
    close = rng.random(events) < 0.3
    share[close] = share[close, :1]
    raw = least + (most - least) * share // 2**30
    small = rng.random(events) < 0.3  # around zero, where the functions bend
    near = rng.integers(-40, 41, shape).astype(object)
    raw[small] = np.minimum(np.maximum(near, least), most)[small]
    return raw.astype(np.int64) if tensor.type.fits_int64 else raw
