"""Stages and lanes as the tables that :func:`isobit.engines.numba.blocks.run` works through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isobit.bounds.ranges import lowest
from isobit.engines.numba.blocks import COPY, ENTER, GATHER, GENERAL, LINEAR, ROUNDED, STRICT
from isobit.engines.numba.choice import is_general, product_shift, wrapped_by_type
from isobit.engines.numba.gathered import combining, gather_constants
from isobit.engines.numba.program import Program
from isobit.engines.numba.rows import F32, F64, FORMS, I32, I64, OUT, PADDING
from isobit.engines.numba.steps import INTEGER_ROUNDING, Pass, entering, float_passes, integer_passes
from isobit.engines.numba.tiles import ROWS, tile_constants
from isobit.engines.planned import accepts_floats
from isobit.fixed.modes import Rounding
from isobit.model.ops import Tensor
from isobit.plan.lanes import Lane
from isobit.plan.maps import Gather
from isobit.plan.stages import Linear, Sequential, Stage
from isobit.plan.steps import Clamp, Round, Zero

__all__ = ["pack"]

_FORM = {"int32": I32, "float32": F32, "float64": F64, "int64": I64}
#: Bytes of what a stage reads and gives that should stay within a core's own cache, and the events of a block at most.
_CACHE, _EVENTS = 1 << 17, 256
#: Numbers that describe a stage, see :func:`isobit.engines.numba.blocks.run`.
_COLUMNS = 15
#: Name of a row of zeros in every form; no tensor has it.
_ZEROS = ""
#: Numbers beyond this, in units of the LSB, are left to the exact door.
_LARGEST = 2.0**50


class _Tables:
    """Tables under construction; one form of a tensor for everyone who reads it in that type."""

    def __init__(self, block: int) -> None:
        self.block = block
        self.sizes = [ROWS * block] * 4
        self.constants: list[list[Any]] = [[] for _ in FORMS]
        self.lengths = [0] * 4
        self.forms: dict[tuple[str, int], int] = {}
        self.leaving: dict[str, tuple[int, int]] = {}
        self.passes: list[tuple[int, int]] = []
        self.targets: list[Any] = []
        self.target_count = 0
        self.orders: list[Any] = []
        self.order_length = 0

    def place(self, tensor: str, features: int, form: int) -> int:
        """Where a tensor's numbers begin in a form."""
        if (tensor, form) not in self.forms:
            self.forms[tensor, form] = self.sizes[form]
            self.sizes[form] += features * self.stride(form)
        return self.forms[tensor, form]

    def stride(self, form: int) -> int:
        """Numbers from one row to the next."""
        return self.block + PADDING[form]

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

    def add_window_passes(self, form: int, passes: Sequence[Pass], windows: int, outputs: int) -> Any:
        """Append the passes of every window of some outputs; where they begin and end, shape (windows, 2).

        Windows with the same constants share them.
        """
        known: dict[bytes, tuple[int, int]] = {}
        found = []
        for window in range(windows):
            own = [one.part(window * outputs, outputs) for one in passes]
            key = b"".join(end.tobytes() for one in own for end in (one.a, one.b))
            if key not in known:
                known[key] = self.add_passes(form, own)
            found.append(known[key])
        return np.array(found, dtype=np.int64).reshape(windows, 2)

    def add_targets(self, tensor: str) -> tuple[int, int]:
        """Append every form of a tensor; where they begin and end."""
        ((begin, end),) = self.add_window_targets(tensor, 1, 0).tolist()
        return begin, end

    def add_window_targets(self, tensor: str, windows: int, outputs: int) -> Any:
        """Append every form of a tensor, for every window of some outputs; where they begin and end, (windows, 2)."""
        forms = [(form, at, self.stride(form), 0) for (name, form), at in self.forms.items() if name == tensor]
        if tensor in self.leaving:
            column, lsb = self.leaving[tensor]
            forms.append((OUT, column, 1, lsb))
        form, start, stride, unit = np.array(forms, dtype=np.int64).reshape(-1, 4).T
        begin = start + stride * (outputs * np.arange(windows)[:, None])
        self.targets.append(np.stack(np.broadcast_arrays(form, begin, unit), axis=-1).reshape(-1, 3))
        ends = self.target_count + len(forms) * np.arange(windows + 1)
        self.target_count = int(ends[-1])
        return np.stack([ends[:-1], ends[1:]], axis=1)

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
    made = _Tables(_block(lanes, sizes))
    for lane in lanes:
        for name in lane.stage.sources:
            made.place(name, sizes[name], _read(lane))
    column = 0
    for place, (name, tensor) in enumerate(outputs.items()):
        made.leaving[name] = (column, place)
        column += tensor.size
    from_floats, from_raw, limits = [], [], []
    column = 0
    for place, tensor in enumerate(inputs):
        targets = made.add_targets(tensor.name)
        floats = accepts_floats(tensor.type)
        passes = made.add_passes(F64, entering(tensor.type, tensor.size)) if floats else (0, 0)
        here = (0, tensor.size, column, 0, place)
        from_floats.append((ENTER, F64, *here, F64, 0, 0, -1, *passes, *targets))
        from_raw.append((ENTER, I64, *here, I64, 0, 0, -1, 0, 0, *targets))
        limits.append(_LARGEST * 2.0**-tensor.type.fraction if floats else 0.0)
        column += tensor.size
    stages = [_stage(made, lane, sizes) for lane in lanes]
    return Program(
        inputs=tuple(inputs),
        outputs=tuple(outputs.values()),
        floats=all(accepts_floats(tensor.type) for tensor in inputs),
        from_floats=np.concatenate([_table(from_floats, _COLUMNS), *stages]),
        from_raw=np.concatenate([_table(from_raw, _COLUMNS), *stages]),
        passes=_table(made.passes, 2),
        targets=np.concatenate([_table([], 3), *made.targets]),
        limits=np.array(limits, dtype=np.float64),
        lsbs=np.ldexp(1.0, np.array([-tensor.type.fraction for tensor in outputs.values()], dtype=np.int64)),
        order=np.concatenate([np.zeros(0, np.int64), *made.orders]),
        constants=tuple(
            np.concatenate([np.zeros(0, kind), *all]) for kind, all in zip(FORMS, made.constants, strict=True)
        ),
        sizes=tuple(made.sizes),
        block=made.block,
    )


def _block(lanes: Sequence[Lane], sizes: Mapping[str, int]) -> int:
    """Events of a block: whole vectors of every type."""
    rows = 1
    for lane in lanes:
        features = sum(sizes[name] for name in lane.stage.sources) + sizes[lane.stage.target]
        rows = max(rows, features * np.dtype(FORMS[_read(lane)]).itemsize)
    return max(32, min(_EVENTS, _CACHE // rows // 32 * 32))


def _table(rows: Sequence[Sequence[int]], columns: int) -> Any:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


def _read(lane: Lane) -> int:
    """Form in which a lane reads its data."""
    return _FORM[lane.multiply.split()[-1]]


def _stage(made: _Tables, lane: Lane, sizes: Mapping[str, int]) -> Any:
    """A row of the table, or one for each position."""
    stage, compute = lane.stage, _FORM[lane.compute]
    if isinstance(stage.map, Gather):
        return _table([_gathered(made, lane, stage.map, sizes)], _COLUMNS)
    (read,) = stage.sources
    form, windows = _read(lane), stage.windows
    n_in, n_out = sizes[read] // windows, sizes[stage.target] // windows
    steps = list(stage.steps)
    source = made.place(read, sizes[read], form)
    kind, weights, orders, shift = COPY, [0], [0], 0
    if isinstance(stage.map, (Linear, Sequential)):
        n_in, kind = len(stage.map.weights), _kind(stage.map)
        parts = [_constants(part, form) for part in stage.group_maps]
        weights, shift = [made.add_constants(form, one) for one, _ in parts], parts[0][1]
        orders = _orders(made, stage, source, form)
    left, right, mask = 0, shift, -1
    if form in (I32, I64) and kind in (LINEAR, ROUNDED):
        bits = 8 * np.dtype(FORMS[form]).itemsize
        if (wrap := wrapped_by_type(steps, bits, shift)) is not None:
            # The sum is as good as its low bits: those go to the top, and down again with their sign.
            left, right = bits - shift - wrap.type.width, bits - wrap.type.width
            mask = -1 if wrap.type.signed else (1 << wrap.type.width) - 1
            steps = steps[1:]
    passes = (integer_passes if compute == I64 else float_passes)(steps, sizes[stage.target])
    rows = np.empty((windows, _COLUMNS), dtype=np.int64)
    rows[:, :4] = kind, form, n_in, n_out
    rows[:, 4] = source + (np.arange(windows) * n_in * made.stride(form) if stage.view is None else 0)
    rows[:, 5], rows[:, 6] = np.resize(weights, windows), np.resize(orders, windows)  # repeated in turn
    rows[:, 7:11] = compute, left, right, mask
    rows[:, 11:13] = made.add_window_passes(compute, passes, windows, n_out)
    rows[:, 13:] = made.add_window_targets(stage.target, windows, n_out)
    return rows


def _kind(sums: Linear | Sequential) -> int:
    if isinstance(sums, Linear):
        return LINEAR
    return GENERAL if is_general(sums) else STRICT if sums.sum else ROUNDED


def _constants(sums: Linear | Sequential, form: int) -> tuple[Any, int]:
    """Constants of a map's tiles, and the bits by which their sums are too large."""
    if isinstance(sums, Linear):
        return tile_constants(sums.weights, sums.start, FORMS[form]), 0
    return _any_rounding(sums, form) if is_general(sums) else _rounding_down(sums, form)


def _orders(made: _Tables, stage: Stage, source: int, form: int) -> Any:
    """Where the rows that every window adds are listed, in rows after the source's first; one list for all, or each."""
    assert isinstance(stage.map, (Linear, Sequential))
    order = stage.map.order if isinstance(stage.map, Sequential) else slice(None)
    if stage.view is None:
        return [made.add_order(np.arange(len(stage.map.weights))[order])]
    rows = stage.view[:, order]
    if (rows < 0).any():  # a row that nobody writes: workspaces begin with zeros
        rows = np.where(rows < 0, (made.place(_ZEROS, 1, form) - source) // made.stride(form), rows)
    return made.add_order(rows.ravel()) + rows.shape[1] * np.arange(len(rows))


def _gathered(made: _Tables, lane: Lane, found: Gather, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The row of a stage that gathers."""
    stage, form = lane.stage, _FORM[lane.compute]
    turns, n_out = found.index.shape
    starts = [
        made.place(source, sizes[source], form) + made.stride(form) * np.arange(sizes[source])
        for source in stage.sources
    ]
    rows = np.where(found.index < 0, -1, np.concatenate(starts)[np.maximum(found.index, 0)])
    return (
        *(GATHER, form, turns, n_out, 0, made.add_constants(form, gather_constants(found, FORMS[form]))),
        *(made.add_order(rows.ravel()), form, combining(found), 0, -1),
        *made.add_passes(form, (integer_passes if form == I64 else float_passes)(stage.steps, n_out)),
        *made.add_targets(stage.target),
    )


def _rounding_down(sums: Sequential, form: int) -> tuple[Any, int]:
    """Constants of tiles that round products down (or up from half), and the bits by which their sums are too large.

    Floats have the accumulator's LSB. Integers keep the product's: rounded down, their low bits are zero, so that
    nothing need be shifted until the sum is complete.
    """
    shift = product_shift(sums)
    first = sums.term[0] if sums.term else None
    up = isinstance(first, Round) and first.rounding is Rounding.RND
    low, high = _ends(sums)
    weights = sums.weights[sums.order]
    if form == F64:
        head: tuple[float, ...] = (0.5 if up else 0.0, 0.0, low, high)
        return tile_constants(weights.astype(np.float64) * 2.0**-shift, sums.start, np.float64, head), 0
    half = 1 << (shift - 1) if up else 0
    head = (half, -1 << shift, low << shift, high << shift)
    return tile_constants(weights, sums.start.astype(np.int64) << shift, FORMS[form], head), shift


def _ends(sums: Sequential) -> tuple[int, int]:
    """Bounds that partial sums are clamped to; 0, which nobody looks at, if they are not."""
    clamp = sums.sum[0] if sums.sum else None
    if not isinstance(clamp, Clamp):
        return 0, 0
    assert clamp.low is not None
    assert clamp.high is not None
    return clamp.low, clamp.high


def _any_rounding(sums: Sequential, form: int) -> tuple[Any, int]:
    """Constants of general tiles."""
    first = sums.term[0] if sums.term else None
    rounding = first.rounding if isinstance(first, Round) else Rounding.TRN
    far = 1 << (8 * np.dtype(FORMS[form]).itemsize - 2)  # beyond every sum, yet two of them would not wrap
    low, high, zero = -far, far, 0
    if sums.sum and isinstance(step := sums.sum[0], Zero):
        low, high, zero = lowest(step.type), step.type.raw_max, -1
    elif sums.sum:
        low, high = _ends(sums)
    low, high = max(low, -far), min(high, far)  # beyond these no sum lies
    head = (0, -1, low, high, product_shift(sums), *INTEGER_ROUNDING[rounding], zero)
    return tile_constants(sums.weights[sums.order], sums.start, FORMS[form], head), 0
