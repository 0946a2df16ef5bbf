"""Stages and lanes as the tables that :func:`isobit.engines.emulator.blocks.run` works through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.analysis.lanes import Lane
from isobit.analysis.stages import Linear, Sequential
from isobit.analysis.steps import Clamp, Round
from isobit.engines.emulator import blocks
from isobit.engines.emulator.blocks import COPY, F32, F64, FORMS, GENERAL, I32, I64, LINEAR, ROUNDED, STRICT
from isobit.engines.emulator.choice import is_general, product_shift, wrapped_by_type
from isobit.engines.emulator.steps import Pass, entering, float_passes, integer_passes
from isobit.engines.emulator.tiles import ROWS, tile_constants
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.ops import Tensor

__all__ = ["Program", "accepts_floats", "pack"]

_FORM = {"int32": I32, "float32": F32, "float64": F64, "int64": I64}
#: Bytes of a block's rows that should stay within a core's own cache, and the events of a block at most.
_CACHE, _EVENTS = 1 << 17, 256
#: Numbers beyond this, in units of the LSB, are left to the exact door.
_LARGEST = 2.0**50


def accepts_floats(type: FixedType) -> bool:
    """Whether the kernels quantise floats of this format themselves, exactly.

    Only the usual modes, as long as float64 holds what they need; scaling by a power of two below 1 could lose what is
    too small for float64, so formats with negative fraction take the exact door, too.
    """
    usual = type.overflow is not Overflow.WRAP_SM and not type.saturation_bits
    return usual and not type.is_int and type.width <= 50 and 0 <= type.fraction < 900


@dataclass(frozen=True)
class Program:
    """Stages, ready to run.

    Attributes
    ----------
    inputs, outputs
        Tensors, in the order of the arguments.
    floats
        Whether every input may come as float32 or float64.
    tables
        Arguments of :func:`isobit.engines.emulator.blocks.run`.
    sizes
        Numbers of each type in the workspace.
    block
        Events of a block.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    floats: bool
    tables: tuple[Any, ...]
    sizes: tuple[int, ...]
    block: int

    def run(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> bool:
        """Compute.

        Parameters
        ----------
        given
            For each input an array (events, size), all of one type: int64 (raw), float32 or float64.
        results
            For each output an array (events, size) to fill, all int64 (raw) or all float64.
        threads
            Threads at most.

        Returns
        -------
        Whether the kernels could take every number: floats finite and below 2**50 LSB.
        """
        x = _joined(given)
        out = (
            results[0] if len(results) == 1 else np.empty((len(x), sum(r.shape[1] for r in results)), results[0].dtype)
        )
        inputs = tuple(x if x.dtype == kind else np.empty((0, 0), kind) for kind in FORMS[1:])
        outputs = tuple(out if out.dtype == kind else np.empty((0, 0), kind) for kind in FORMS[2:])
        kinds = np.array([FORMS.index(x.dtype.type), FORMS.index(out.dtype.type)])

        def work(first: int, last: int) -> bool:
            space = tuple(np.zeros(size, kind) for size, kind in zip(self.sizes, FORMS, strict=True))
            span = np.array([first, last, self.block])
            return bool(blocks.run(*self.tables, space, inputs, outputs, kinds, span))

        ranges = _ranges(len(x), self.block, threads)
        if len(ranges) == 1:
            good = work(*ranges[0])
        else:
            with ThreadPoolExecutor(max_workers=len(ranges)) as pool:
                good = all(list(pool.map(lambda ends: work(*ends), ranges)))
        if len(results) > 1:
            column = 0
            for result in results:
                result[:] = out[:, column : column + result.shape[1]]
                column += result.shape[1]
        return good


def _joined(given: Sequence[Any]) -> Any:
    if len(given) == 1:
        return given[0]
    return np.concatenate([array.astype(np.result_type(*given), copy=False) for array in given], axis=1)


def _ranges(events: int, block: int, threads: int) -> list[tuple[int, int]]:
    """Whole blocks for each thread; no thread for less than a few."""
    count = -(-events // block)
    parts = max(1, min(threads, count // 4))
    ends = [block * (count * part // parts) for part in range(parts)] + [events]
    return list(zip(ends[:-1], ends[1:], strict=True))


class _Tables:
    """Tables under construction; one form of a tensor for everyone who reads it in that type."""

    def __init__(self, block: int) -> None:
        self.block = block
        self.sizes = [(ROWS + 1) * block] * 4
        self.constants: list[list[Any]] = [[] for _ in FORMS]
        self.lengths = [0] * 4
        self.forms: dict[tuple[str, int], int] = {}
        self.passes: list[tuple[int, int]] = []
        self.targets: list[tuple[int, int]] = []
        self.orders: list[Any] = []
        self.order_length = 0

    def place(self, tensor: str, features: int, form: int) -> int:
        """Where a tensor's numbers begin in a form."""
        if (tensor, form) not in self.forms:
            self.forms[tensor, form] = self.sizes[form]
            # The last tile may read nothing beyond, but writes whole rows.
            self.sizes[form] += features * blocks.strides(self.block)[FORMS[form]().itemsize // 8]
        return self.forms[tensor, form]

    def add_constants(self, form: int, values: Any) -> int:
        """Append constants; where they begin."""
        start = self.lengths[form]
        self.constants[form].append(np.asarray(values, dtype=FORMS[form]))
        self.lengths[form] += len(values)
        return start

    def add_passes(self, form: int, passes: Sequence[Pass]) -> tuple[int, int]:
        """Append passes; where they begin and end."""
        start = len(self.passes)
        self.passes += [(one.kind, self.add_constants(form, one.constants(FORMS[form]))) for one in passes]
        return start, len(self.passes)

    def add_targets(self, tensor: str) -> tuple[int, int]:
        """Append every form of a tensor; where they begin and end."""
        start = len(self.targets)
        self.targets += [(form, at) for (name, form), at in self.forms.items() if name == tensor]
        return start, len(self.targets)

    def add_order(self, order: Any) -> int:
        """Append an order of rows; where it begins."""
        start = self.order_length
        self.orders.append(order)
        self.order_length += len(order)
        return start


def pack(inputs: Sequence[Tensor], lanes: Sequence[Lane], outputs: Mapping[str, Tensor]) -> Program:
    """Make tables of stages.

    Parameters
    ----------
    inputs
        Tensors that come from outside.
    lanes
        How every stage is computed, in order.
    outputs
        Tensors that are wanted, by the name of the tensor that a stage gives.
    """
    sizes = {tensor.name: tensor.size for tensor in inputs} | {
        lane.stage.target: lane.stage.result.low.size for lane in lanes
    }
    rows = sum(sizes[lane.stage.source] * FORMS[_read(lane)]().itemsize for lane in lanes)
    block = max(32, min(_EVENTS, _CACHE // max(1, rows) // 32 * 32))
    made = _Tables(block)
    natural = {name: I64 for name in outputs} | {lane.stage.target: _FORM[lane.compute] for lane in lanes}
    for lane in lanes:
        made.place(lane.stage.source, sizes[lane.stage.source], _read(lane))
    for name in outputs:
        made.place(name, sizes[name], natural[name])
    entries, limits = [], []
    column = 0
    for tensor in inputs:
        floats = accepts_floats(tensor.type)
        passes = made.add_passes(F64, entering(tensor.type, tensor.size)) if floats else (0, 0)
        entries.append((column, tensor.size, *passes, *made.add_targets(tensor.name)))
        limits.append(_LARGEST * 2.0**-tensor.type.fraction if floats else 0.0)
        column += tensor.size
    stages = [_stage_row(made, lane, sizes) for lane in lanes]
    exits, lsbs = [], []
    column = 0
    for name, tensor in outputs.items():
        exits.append((natural[name], made.place(name, sizes[name], natural[name]), tensor.size, column))
        lsbs.append(np.ldexp(1.0, -tensor.type.fraction))
        column += tensor.size
    tables = (
        _rows(entries, 6),
        np.array(limits, dtype=np.float64),
        _rows(stages, 19),
        _rows(made.passes, 2),
        _rows(made.targets, 2),
        _rows(exits, 4),
        np.array(lsbs, dtype=np.float64),
        np.concatenate([np.zeros(0, np.int64), *made.orders]),
        tuple(np.concatenate([np.zeros(0, kind), *parts]) for kind, parts in zip(FORMS, made.constants, strict=True)),
    )
    floats = all(accepts_floats(tensor.type) for tensor in inputs)
    return Program(tuple(inputs), tuple(outputs.values()), floats, tables, tuple(made.sizes), block)


def _rows(rows: Sequence[Sequence[int]], columns: int) -> Any:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


def _read(lane: Lane) -> int:
    """Form in which a lane reads its data."""
    return _FORM[lane.multiply.split()[-1]]


def _stage_row(made: _Tables, lane: Lane, sizes: Mapping[str, int]) -> tuple[int, ...]:
    stage, compute = lane.stage, _FORM[lane.compute]
    form, n_in, n_out = _read(lane), sizes[stage.source], sizes[stage.target]
    steps = list(stage.steps)
    kind, weights, order, scale = COPY, 0, 0, 0
    term = sums = (0, 0)
    if isinstance(stage.map, Linear):
        kind = LINEAR
        order = made.add_order(np.arange(n_in))
        weights = made.add_constants(form, tile_constants(stage.map.weights, stage.map.start, FORMS[form]))
    elif isinstance(stage.map, Sequential) and is_general(stage.map):
        kind, n_terms = GENERAL, len(stage.map.order)
        order = made.add_order(stage.map.order)
        table = np.concatenate([stage.map.start[None], stage.map.weights[stage.map.order]]).T
        weights = made.add_constants(form, table.astype(np.int64).ravel())
        term = made.add_passes(I64, integer_passes(stage.map.term, n_out))
        sums = made.add_passes(I64, integer_passes(stage.map.sum, n_out))
        assert n_terms == n_in
    elif isinstance(stage.map, Sequential):
        kind = STRICT if stage.map.sum else ROUNDED
        order = made.add_order(stage.map.order)
        constants, scale = _sequential(stage.map, form)
        weights = made.add_constants(form, constants)
    left, right, mask = 0, scale, -1
    if form in (I32, I64) and kind in (LINEAR, ROUNDED):
        bits = 8 * FORMS[form]().itemsize
        if (wrap := wrapped_by_type(steps, bits, scale)) is not None:
            # The sum is as good as its low bits: those go to the top, and down again with their sign.
            left, right = bits - scale - wrap.type.width, bits - wrap.type.width
            mask = -1 if wrap.type.signed else (1 << wrap.type.width) - 1
            steps = steps[1:]
    packed = integer_passes(steps, n_out) if compute == I64 else float_passes(steps, n_out)
    return (
        *(kind, form, n_in, n_out, made.place(stage.source, n_in, form), weights, order, compute, left, right, mask),
        *made.add_passes(compute, packed),
        *made.add_targets(stage.target),
        *term,
        *sums,
    )


def _sequential(sums: Sequential, form: int) -> tuple[Any, int]:
    """Constants of rounding tiles, and the bits by which integers are too large.

    Floats have the accumulator's LSB. Integers keep the product's: rounded down, their low bits are zero, so that nothing
    need be shifted until the sum is complete.
    """
    shift = product_shift(sums)
    first = sums.term[0] if sums.term else None
    up = isinstance(first, Round) and first.rounding is Rounding.RND
    low = high = 0
    if sums.sum:
        clamp = sums.sum[0]
        assert isinstance(clamp, Clamp)
        assert clamp.low is not None
        assert clamp.high is not None
        low, high = clamp.low, clamp.high
    weights = sums.weights[sums.order]
    if form == F64:
        head: tuple[float, ...] = (0.5 if up else 0.0, 0.0, low, high)
        return tile_constants(weights.astype(np.float64) * 2.0**-shift, sums.start, np.float64, head), 0
    half = 1 << (shift - 1) if up else 0
    head = (half, -1 << shift, low << shift, high << shift)
    return tile_constants(weights, sums.start.astype(np.int64) << shift, FORMS[form], head), shift
