"""Stages and lanes as the C++ batch kernels take them: ``isobit._core.BatchProgram``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.analysis.lanes import Lane, whole_parts
from isobit.analysis.maps import Counting, Linear, Sequential
from isobit.analysis.ranges import lowest
from isobit.analysis.steps import (
    Affine,
    AtLeast,
    Between,
    Clamp,
    Law,
    Leaky,
    Mark,
    Observe,
    Round,
    ScaleFloor,
    Step,
    Wrap,
    Zero,
)
from isobit.engines.batch.positions import add_positions, in_place, position_weights
from isobit.engines.planned import accepts_floats
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.ops import Tensor

__all__ = ["DTYPES", "Packed", "Statistic", "core_step", "pack", "plain_step", "tiles"]

DTYPES: dict[str, Any] = {
    "int16": np.int16,
    "float32": np.float32,
    "float64": np.float64,
    "int32": np.int32,
    "int64": np.int64,
}
_SHORT = {"int16": "i16", "float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
_SIZES = {"i16": 2, "f32": 4, "f64": 8, "i32": 4, "i64": 8, "i16_pairs": 4, "i16_split": 8}
#: Outputs of a register tile (tile_rows in program.hpp).
_ROWS = 4


@dataclass(frozen=True, eq=False)
class Statistic:
    """What one array that ``BatchProgram.observe`` gives is about.

    Attributes
    ----------
    lane
        The stage.
    step
        The watched step; None for a counting stage.
    unit
        Observed numbers are those of the stage times this power of two.
    """

    lane: Lane
    step: Step | None
    unit: float = 1.0


@dataclass(frozen=True)
class Packed:
    """A program, and what its inputs and outputs are.

    Attributes
    ----------
    program
        The compiled program.
    inputs, outputs
        Tensors, in the order of the program's arguments.
    floats
        Whether every input may come as float32 or float64.
    instruction_set
        Of the kernels; empty for the machine's best.
    statistics
        Of an observed program, in order.
    """

    program: Any
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    floats: bool
    instruction_set: str = ""
    statistics: tuple[Statistic, ...] = ()

    def run(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> bool:
        """Compute; see :class:`isobit.engines.planned.Program`."""
        return bool(self.program.run(list(given), list(results), threads, self.instruction_set))

    def observe(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> list[Any] | None:
        """Compute whole blocks of events, with statistics; None where :meth:`run` gives False."""
        found = self.program.observe(list(given), list(results), threads, self.instruction_set)
        return None if found is None else list(found)


class _Workspace:
    """Offsets of buffers; one for every form of a tensor that somebody reads."""

    def __init__(self) -> None:
        self.size = 0
        self.buffers: dict[tuple[str, str, int], int] = {}

    def place(self, tensor: str, features: int, form: str, split: int) -> int:
        key = (tensor, form, split)
        if key not in self.buffers:
            rows = (features + 1) // 2 if form in ("i16_pairs", "i16_split") else features
            self.buffers[key] = self.size
            self.size += -(-rows * _SIZES[form] * _core.BATCH_BLOCK // 64) * 64
        return self.buffers[key]

    def targets(self, tensor: str) -> list[tuple[str, int, int]]:
        return [(form, split, offset) for (name, form, split), offset in self.buffers.items() if name == tensor]


def _form(lane: Lane) -> str:
    """How a lane reads its data."""
    forms = {"dot16": "i16_pairs", "dot16-split": "i16_split", "floor32": "f32", "floor16": "i16", "mulhi16": "i16"}
    return forms.get(lane.multiply) or _SHORT[lane.multiply]


def pack(
    inputs: Sequence[Tensor],
    lanes: Sequence[Lane],
    outputs: Mapping[str, Tensor],
    instruction_set: str = "",
    observed: bool = False,
) -> Packed:
    """Compile stages.

    Parameters
    ----------
    inputs
        Tensors that come from outside.
    lanes
        How every stage is computed, in order.
    outputs
        Tensors that are wanted, by the name of the tensor that a stage gives.
    instruction_set
        Of the kernels; empty for the machine's best.
    observed
        Whether watched steps take statistics.
    """
    space = _Workspace()
    computed = {lane.stage.target: lane for lane in lanes}
    sizes = {tensor.name: tensor.size for tensor in inputs} | {
        lane.stage.target: lane.stage.result.low.size for lane in lanes
    }
    for lane in lanes:
        for name in lane.stage.sources:
            space.place(name, sizes[name], _form(lane), lane.split)
    for name in outputs:
        natural = _SHORT[computed[name].compute] if name in computed else "i64"
        space.place(name, sizes[name], natural, 0)
    for name, lane in computed.items():
        if lane.stage.positions > 1 and not in_place(space.targets(name), sizes[name] // lane.stage.positions):
            space.place(name, sizes[name], _SHORT[lane.compute], 0)
    scratch = space.size
    most = max((tensor.size for tensor in inputs), default=0)
    program = _core.BatchProgram(scratch + 4 * most * _core.BATCH_BLOCK + 64)
    for tensor in inputs:
        kind = tensor.type
        floats = accepts_floats(kind)
        folding = [_folding(kind)] if floats else []
        quick = floats and kind.width <= 30 and kind.fraction <= 126  # float32 holds the scale
        program.entry(
            features=tensor.size,
            scale=float(2.0**kind.fraction) if floats else 1.0,
            quantise=[core_step(step, np.float64) for step in [_rounding(kind), *folding]] if floats else [],
            quick=quick,
            rounding=int(kind.rounding),
            fold=[core_step(step, np.int32) for step in folding] if quick else [],
            scratch=scratch,
            targets=space.targets(tensor.name),
        )
    statistics = [found for lane in lanes for found in _add_stage(program, lane, sizes, space, observed)]
    for name, tensor in outputs.items():
        natural = _SHORT[computed[name].compute] if name in computed else "i64"
        offset = space.place(name, sizes[name], natural, 0)
        program.exit(tensor.size, natural, offset, float(2.0**-tensor.type.fraction))
    floats = all(accepts_floats(tensor.type) for tensor in inputs)
    return Packed(program, tuple(inputs), tuple(outputs.values()), floats, instruction_set, tuple(statistics))


def _rounding(type: FixedType) -> dict[str, Any]:
    """From a scaled float64 to an integer: any significand, so that half may not just be added."""
    return {"kind": "round_any", "rounding": int(type.rounding)}


def _folding(type: FixedType) -> dict[str, Any]:
    if type.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return {"kind": "clamp", "low": lowest(type), "high": type.raw_max}
    if type.overflow is Overflow.SAT_ZERO:
        return {"kind": "zero", "low": lowest(type), "high": type.raw_max}
    return _wrap(type, floating=True)


def _wrap(type: FixedType, floating: bool) -> dict[str, Any]:
    step: dict[str, Any] = {"kind": "wrap", "width": type.width, "is_signed": type.signed}
    if floating:
        step |= {"low": type.raw_min, "middle": float(2**type.width), "high": 2.0**-type.width}
    return step


def _add_stage(
    program: Any, lane: Lane, sizes: Mapping[str, int], space: _Workspace, observed: bool
) -> list[Statistic]:
    stage, compute = lane.stage, lane.compute
    (source,) = stage.sources
    floating = compute.startswith("float")
    scale = 1.0
    dtype = DTYPES[compute]
    steps = list(stage.steps)
    weights: Any = None
    start: Any = None
    whole: Any = None
    kind, order, offset, term, sums = "none", None, 0.0, [], []
    check, overflowing_terms = -1, True
    measures: Any = None
    limits: Any = None
    positions = stage.positions
    inputs, outputs = sizes[source] // positions, sizes[stage.target] // positions
    everywhere = outputs * positions
    if isinstance(stage.map, Linear):
        kind = "dense"
        first = next((step for step in steps if not isinstance(step, Observe)), None)
        if lane.multiply in ("float32", "float64") and isinstance(first, Round):
            scale = 2.0**-first.shift  # a power of two: the significand stays
        if lane.multiply.startswith("dot16"):
            weights = position_weights(stage.map.weights, _pairs) if positions > 1 else _pairs(stage.map.weights)
            start = stage.map.start.astype(np.int32)
        else:
            numbers = stage.map.weights.astype(dtype)
            weights = tiles(numbers * dtype(scale) if scale != 1 else numbers)
            start = stage.map.start.astype(dtype)
            start = start * dtype(scale) if scale != 1 else start
        packed = _steps(steps, dtype, everywhere, scaled=scale != 1)
    elif isinstance(stage.map, Counting):
        kind, packed = "counting", []
        counted = stage.map
        weights, start, order = counted.weights[counted.order], counted.start.astype(dtype), counted.order
        if lane.multiply in ("floor32", "floor16"):
            weights = tiles(weights.astype(np.float32) * np.float32(2.0**-counted.shift))
        else:
            weights = tiles(weights.astype(dtype))
            term = [plain_step(Round(counted.shift, counted.type.rounding), False)] if counted.shift else []
        order, offset = order.astype(np.int32), float(counted.type.raw_min)
        sums = [plain_step(counted.fold, False)]
        check, overflowing_terms = counted.check, counted.terms
        if counted.measures is not None and counted.limits is not None:
            measures = counted.measures.astype(np.float32)
            limits = np.array([part.min() for part in row_tiles(counted.limits)], dtype=np.float32)
    elif isinstance(stage.map, Sequential) and lane.multiply in ("floor32", "mulhi16"):
        kind = "dense"
        only = stage.map.term[0]
        assert isinstance(only, Round)
        if lane.multiply == "floor32":
            weights = tiles(stage.map.weights.astype(np.float32) * np.float32(2.0**-only.shift))
            start = stage.map.start.astype(np.int32)
        else:
            whole_part, rest = whole_parts(stage.map, only.shift)
            numbers = rest.astype(np.int64) << (16 - only.shift)
            weights = tiles(((numbers & 0xFFFF) | (numbers << 16)).astype(np.int32))
            start = stage.map.start.astype(np.int16)
            whole = _sparse(whole_part)
        packed = _steps(steps, dtype, everywhere)
    elif isinstance(stage.map, Sequential):
        kind = "sequential"
        seq = stage.map
        weights = seq.weights[seq.order].astype(dtype)
        start, order = seq.start.astype(dtype), seq.order.astype(np.int32)
        inner = list(seq.term)
        if inner and isinstance(first := inner[0], Round):
            if floating:
                weights = weights * dtype(2.0**-first.shift)
            if first.rounding is Rounding.RND:
                offset = 0.5 if floating else float(1 << (first.shift - 1))
                inner[0] = Round(first.shift, Rounding.TRN)
            term = _steps(inner, dtype, outputs, scaled=floating)
        else:
            term = _steps(inner, dtype, outputs)
        weights = tiles(weights)
        sums = _steps(list(seq.sum), dtype, outputs)
        packed = _steps(steps, dtype, everywhere)
    else:
        packed = _steps(steps, dtype, everywhere)
    finish = [step if observed else step | {"watch": False} for step in packed]
    given = {
        "map": kind,
        "multiply": "i32" if kind == "none" else _multiply(lane),
        "compute": _SHORT[compute],
        "inputs": inputs,
        "outputs": outputs,
        "split": lane.split,
        "source": space.place(source, sizes[source], _form(lane), lane.split),
        "weights": weights,
        "start": start,
        "whole": whole,
        "order": order,
        "offset": offset,
        "check": check,
        "terms": overflowing_terms,
        "measures": measures,
        "limits": limits,
        "term": [core_step(step, dtype) for step in term],
        "sum": [core_step(step, dtype) for step in sums],
        "targets": space.targets(stage.target),
    }
    if positions > 1:
        add_positions(program, positions, given, _form(lane), finish, lambda step: core_step(step, dtype))
    else:
        program.stage(**given, finish=[core_step(step, dtype) for step in finish])
    if isinstance(stage.map, Counting):
        return [Statistic(lane, None)]
    divided = next((place for place, step in enumerate(steps) if isinstance(step, Round)), 0)
    return [
        Statistic(lane, step, 1 / scale if place < divided else 1.0)
        for place, step in enumerate(steps)
        if observed and step.watch and not isinstance(step, Mark)
    ]


def _multiply(lane: Lane) -> str:
    return _SHORT.get(lane.multiply) or lane.multiply.replace("-", "_")


def tiles(weights: Any) -> Any:
    """Weights (n_in, n_out) by tiles of four outputs, the rest by two and one: [tile][input][row]."""
    parts = [part.ravel() for part in row_tiles(weights)]
    return np.ascontiguousarray(np.concatenate(parts))


def row_tiles(values: Any) -> list[Any]:
    """The last axis by tiles of four, the rest by two and one."""
    outputs = values.shape[-1]
    firsts = list(range(0, outputs - outputs % _ROWS, _ROWS))
    for rows in (2, 1):
        if outputs % (2 * rows) >= rows:
            firsts.append(outputs - outputs % (2 * rows))
    return [values[..., first:end] for first, end in zip(firsts, [*firsts[1:], outputs], strict=True)]


def _sparse(weights: Any) -> tuple[Any, Any, Any]:
    """Weights other than 0: for output j those in places[j] .. places[j + 1] - 1, with their inputs."""
    outputs, inputs = np.nonzero(weights.T)
    places = np.searchsorted(outputs, np.arange(weights.shape[1] + 1))
    return places.astype(np.int32), inputs.astype(np.int32), weights[inputs, outputs].astype(np.int16)


def _pairs(weights: Any) -> Any:
    """Weights as pairs of int16 of neighbouring inputs, in tiles."""
    numbers = weights.astype(np.int64)
    if len(numbers) % 2:
        numbers = np.concatenate([numbers, np.zeros((1, numbers.shape[1]), dtype=np.int64)])
    pairs = (numbers[0::2] & 0xFFFF) | (numbers[1::2] << 16)
    return tiles(pairs.astype(np.int32))


def _steps(steps: list[Step], dtype: Any, outputs: int, scaled: bool = False) -> list[dict[str, Any]]:
    """Steps in a lane's terms; in floats a rounding's division goes into what stands before it.

    ``scaled``: the division of a first rounding has been done already.
    """
    floating = np.dtype(dtype).kind == "f"
    packed: list[dict[str, Any]] = []
    for step in steps:
        if isinstance(step, Mark):
            continue
        if isinstance(step, Observe):
            packed.append({"kind": "observe", "watch": True})
            continue
        if isinstance(step, Round) and floating:
            if not scaled:
                _divide(packed, step.shift, outputs)
            packed.append({"kind": "round", "rounding": int(step.rounding)})
        else:
            packed.append(plain_step(step, floating))
        packed[-1]["watch"] = step.watch is not None
        scaled = False
    return packed


def _divide(packed: list[dict[str, Any]], shift: int, outputs: int) -> None:
    factor = 2.0**-shift
    last = packed[-1] if packed else None
    if last is not None and last["kind"] == "affine":
        last["a"], last["b"] = last["a"] * factor, last["b"] * factor
    elif last is not None and last["kind"] == "leaky":
        last["low"], last["high"] = last["low"] * factor, last["high"] * factor
    else:
        packed.append({"kind": "affine", "a": np.full(outputs, factor), "b": np.zeros(outputs)})


def plain_step(step: Step, floating: bool) -> dict[str, Any]:
    """A step in the binding's terms, constants as they are."""
    if isinstance(step, Affine):
        kind: Any = np.float64 if floating else np.int64
        return {"kind": "affine", "a": step.a.astype(kind), "b": step.b.astype(kind)}
    if isinstance(step, ScaleFloor):
        factors = step.a.astype(np.float64) * 2.0**-step.shift
        return {"kind": "scale_floor", "a": factors.astype(np.float32), "b": step.b.astype(np.int64)}
    if isinstance(step, Round):
        return {"kind": "round", "rounding": int(step.rounding), "shift": step.shift}
    if isinstance(step, Clamp):
        return {"kind": "clamp", "low": step.low, "high": step.high}
    if isinstance(step, Wrap):
        return _wrap(step.type, floating)
    if isinstance(step, Zero):
        return {"kind": "zero", "low": lowest(step.type), "high": step.type.raw_max}
    if isinstance(step, Law):
        kind_ = step.type
        return {
            "kind": "law",
            "rounding": int(kind_.rounding),
            "overflow": int(kind_.overflow),
            "shift": step.shift,
            "width": kind_.width,
            "is_signed": kind_.signed,
            "saturation_bits": kind_.saturation_bits,
        }
    if isinstance(step, Leaky):
        return {"kind": "leaky", "low": step.above, "high": step.below}
    if isinstance(step, AtLeast):
        return {"kind": "at_least", "a": step.bound, "low": step.below, "high": step.above}
    assert isinstance(step, Between)
    return {
        "kind": "between",
        "a": step.upper,
        "b": step.lower,
        "low": step.below,
        "middle": step.middle,
        "high": step.above,
    }


def core_step(step: dict[str, Any], dtype: Any) -> Any:
    """Constants in the lane's numbers; an absent bound is the lane's own end."""
    kind = np.dtype(dtype)
    filled = dict(step)
    for name in ("a", "b"):
        if filled.get(name) is not None:
            wanted = np.dtype(np.float32) if (step["kind"], name) == ("scale_floor", "a") else kind
            filled[name] = np.ascontiguousarray(np.asarray(filled[name]).astype(wanted))
    if step["kind"] in ("clamp", "zero"):
        # Beyond the lane's own ends nothing can lie.
        ends = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
        least, most = (int(end) for end in (ends.min, ends.max))
        filled["low"] = least if filled["low"] is None else max(least, filled["low"])
        filled["high"] = most if filled["high"] is None else min(most, filled["high"])
    if kind.kind == "f":
        filled |= {name: float(filled[name]) for name in ("low", "middle", "high") if name in filled}
    return _core.BatchStep(**filled)
