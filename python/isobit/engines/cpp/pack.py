"""Stages and lanes as the C++ batch kernels take them: ``isobit._core.BatchProgram``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.bounds.ranges import BoolArray, IntArray
from isobit.engines.cpp.bands import Band, bands_of
from isobit.engines.cpp.maps import DTYPES, SHORT, Packing, form_of, packing_of
from isobit.engines.cpp.positions import in_place, moved, sliced, window_steps
from isobit.engines.cpp.steps import core_step, folding_step, lane_steps, rounding_step
from isobit.engines.cpp.windows import WindowMaps
from isobit.engines.cpp.workspace import SIZES, Workspace
from isobit.engines.planned import accepts_floats
from isobit.model.ops import Tensor
from isobit.plan.lanes import Lane
from isobit.plan.maps import Counting, Gather, Linear, Sequential
from isobit.plan.steps import Mark, Round, Step

__all__ = ["Packed", "Statistic", "pack"]


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
    space = Workspace()
    computed = {lane.stage.target: lane for lane in lanes}
    sizes = {tensor.name: tensor.size for tensor in inputs} | {
        lane.stage.target: lane.stage.result.low.size for lane in lanes
    }
    bands = [] if observed else bands_of(lanes, sizes, outputs)
    held = sizes | {name: band.held(name) for band in bands for name in band.ends}
    within = {place: band for band in bands for place in range(band.first, band.last + 1)}
    filled: dict[str, int] = {}
    for place, lane in enumerate(lanes):
        filled.setdefault(lane.stage.target, within[place].first if place in within else place)
        until = within[place].last if place in within else place
        for source in lane.stage.sources:
            space.want(source, held[source], form_of(lane), lane.split, filled.get(source, -1), until)
    for name in outputs:
        natural = SHORT[computed[name].compute] if name in computed else "i64"
        space.want(name, sizes[name], natural, 0, filled.get(name, -1), len(lanes))
    for name, lane in computed.items():
        if lane.stage.windows > 1 and not in_place(space.targets(name), sizes[name] // lane.stage.windows):
            space.want(name, sizes[name], SHORT[lane.compute], 0, filled[name], filled[name])
    space.settle()
    scratch = space.size
    most = max((tensor.size for tensor in inputs), default=0)
    program = _core.BatchProgram(scratch + 4 * most * _core.BATCH_BLOCK + 64)
    for tensor in inputs:
        kind = tensor.type
        floats = accepts_floats(kind)
        folding = [folding_step(kind)] if floats else []
        quick = floats and kind.width <= 30 and kind.fraction <= 126  # float32 holds the scale
        program.entry(
            features=tensor.size,
            scale=float(2.0**kind.fraction) if floats else 1.0,
            quantise=[core_step(step, np.float64) for step in [rounding_step(kind), *folding]] if floats else [],
            quick=quick,
            rounding=int(kind.rounding),
            fold=[core_step(step, np.int32) for step in folding] if quick else [],
            scratch=scratch,
            targets=space.targets(tensor.name),
        )
    stages = [_Stage(lane, sizes, space, observed) for lane in lanes]
    needed = _needed(stages, sizes, outputs)
    statistics: list[Statistic] = []
    for place, stage in enumerate(stages):
        if place not in within:
            statistics += stage.add(program, observed, needed[stage.stage.target])
        elif place == within[place].first:
            add_band(program, within[place], [stages[one] for one in range(place, within[place].last + 1)])
    for name, tensor in outputs.items():
        natural = SHORT[computed[name].compute] if name in computed else "i64"
        program.exit(tensor.size, natural, space.offset(name, natural, 0), float(2.0**-tensor.type.fraction))
    floats = all(accepts_floats(tensor.type) for tensor in inputs)
    return Packed(program, tuple(inputs), tuple(outputs.values()), floats, instruction_set, tuple(statistics))


def _needed(stages: Sequence[_Stage], sizes: Mapping[str, int], outputs: Collection[str]) -> dict[str, BoolArray]:
    """Which numbers of every tensor are read, by a stage or by the caller."""
    found = {name: np.full(size, name in outputs) for name, size in sizes.items()}
    for stage in stages:
        read, first = stage.reads(), 0
        for source, size in zip(stage.stage.sources, stage.sizes, strict=True):
            found[source] |= read[first : first + size]
            first += size
    return found


def add_band(program: Any, band: Band, stages: Sequence[_Stage]) -> None:
    """Add the stages of a band, part by part."""
    for part in range(band.parts):
        for stage in stages:
            stage.add_part(program, band, part)


class _Stage:
    """A stage on its way into a program."""

    def __init__(self, lane: Lane, sizes: Mapping[str, int], space: Workspace, observed: bool) -> None:
        self.lane, self.stage, self.observed = lane, lane.stage, observed
        self.form, self.dtype = form_of(lane), DTYPES[lane.compute]
        # Maps at several positions, and those of one tensor, read it as it lies; gathered rows come from anywhere.
        self.starts = [space.offset(source, self.form, lane.split) for source in self.stage.sources]
        self.sizes = [sizes[source] for source in self.stage.sources]
        self.outputs = sizes[self.stage.target]
        self.targets = space.targets(self.stage.target)
        multiplies = isinstance(self.stage.map, (Linear, Sequential))
        self.maps = WindowMaps(lane) if multiplies and self.stage.view is not None else None

    def reads(self) -> BoolArray:
        """Which numbers of the sources, one after the other, it reads."""
        if self.maps is not None:
            used = self.maps.reads
        elif isinstance(self.stage.map, Gather):
            used = self.stage.map.index[self.stage.map.index >= 0]
        else:
            return np.ones(sum(self.sizes), dtype=bool)
        found = np.zeros(sum(self.sizes), dtype=bool)
        found[used] = True
        return found

    def _rows(self, index: IntArray) -> IntArray:
        """See :func:`isobit.engines.cpp.maps.packing_of`."""
        row = SIZES[self.form] * int(_core.BATCH_BLOCK)
        parts = [start + row * np.arange(size) for start, size in zip(self.starts, self.sizes, strict=True)]
        return np.where(index < 0, -1, np.concatenate(parts)[np.maximum(index, 0)])

    def add(self, program: Any, observed: bool, needed: BoolArray) -> list[Statistic]:
        """Add it without the windows that nobody reads; return what the program then observes of it."""
        stage, made = self.stage, packing_of(self.lane, self._rows)
        if isinstance(stage.map, Counting):
            self._add(program, made.at(0), self.starts[0], len(stage.map.order), self.outputs, [], [])
            return [Statistic(self.lane, None)]
        packed = lane_steps(stage.steps, self.dtype, self.outputs, scaled=made.scale != 1)
        finish = [step if observed else step | {"watch": False} for step in packed]
        if stage.view is not None or stage.windows > 1:
            self._add_windows(program, made, finish, needed)
        else:
            steps = [core_step(step, self.dtype) for step in finish]
            self._add(program, made.at(0), self.starts[0], sum(self.sizes), self.outputs, steps, self.targets)
        divided = next((place for place, step in enumerate(stage.steps) if isinstance(step, Round)), 0)
        return [
            Statistic(self.lane, step, 1 / made.scale if place < divided else 1.0)
            for place, step in enumerate(stage.steps)
            if observed and step.watch and not isinstance(step, Mark)
        ]

    def add_part(self, program: Any, band: Band, part: int) -> None:
        """Add what a part of a band needs of it."""
        begin, end = (int(place) for place in band.ends[self.stage.target][part : part + 2])
        if begin == end:
            return
        taken = slice(begin, end)
        moves = [
            int(band.ends[source][part]) if source in band.inside else 0 for source in self.stage.sources
        ]  # of what exists only part by part, the first number is the part's
        row = SIZES[self.form] * int(_core.BATCH_BLOCK)
        self.starts = [start - move * row for start, move in zip(self.starts, moves, strict=True)]
        gather, source = self.stage.map, self.starts[0]
        if isinstance(gather, Gather):
            source = 0  # its rows say where they are
            factors = gather.factors if gather.factors.shape[1] == 1 else gather.factors[:, taken]
            small = replace(gather, index=gather.index[:, taken], factors=factors)
            made = packing_of(replace(self.lane, stage=replace(self.stage, map=small)), self._rows)
        else:
            made, source = packing_of(self.lane, self._rows), source + moved(self.form, begin)
        steps = [sliced(step, taken) for step in lane_steps(self.stage.steps, self.dtype, self.outputs)]
        finish = [core_step(step | {"watch": False}, self.dtype) for step in steps]
        first = 0 if self.stage.target in band.inside else begin
        targets = [(form, split, offset + moved(form, first)) for form, split, offset in self.targets]
        size = end - begin
        self._add(program, made.at(0), source, sum(self.sizes) if gather else size, size, finish, targets)
        self.starts = [start + move * row for start, move in zip(self.starts, moves, strict=True)]

    def _add(
        self, program: Any, map: Any, source: int, inputs: int, outputs: int, finish: Sequence[Any], targets: Any
    ) -> None:
        """Add a map of rows from ``source`` on.

        Kernels lay results down once from their registers: other forms are copied by stages of their own.
        """
        compute = SHORT[self.lane.compute]
        natural = [target for target in targets if target[0] == compute]
        copied = [target for target in targets if target[0] != compute]
        if self.observed or compute not in ("i16", "i32") or not natural or not finish:
            natural, copied = targets, []
        common = {"compute": compute, "inputs": inputs, "outputs": outputs, "source": source}
        program.stage(map=map, finish=finish, targets=natural, **common)
        common |= {"inputs": outputs, "source": natural[0][2] if copied else source}
        for target in copied:
            program.stage(map=_core.BatchMap.none(), finish=[], targets=[target], **common)

    def _add_windows(self, program: Any, made: Packing, finish: Sequence[Mapping[str, Any]], needed: BoolArray) -> None:
        """A stage for every window; where results cannot be laid down piece by piece, one more that copies them.

        Then one of the targets must have the form of the stage's arithmetic. A single window lays down all at once.
        """
        windows = self.stage.windows
        inputs, outputs = self.sizes[0] // windows, self.outputs // windows
        read = inputs + 1 if self.form == "i16_pairs" and inputs % 2 else inputs
        near = [target for target in self.targets if windows == 1 or in_place([target], outputs)]
        far = [target for target in self.targets if target not in near]
        steps = window_steps(finish, outputs, self.dtype)
        given = needed.reshape(windows, outputs).any(axis=1) | bool(far)
        for window in np.flatnonzero(given).tolist():
            first = window * outputs
            here = [(to, split, offset + moved(to, first)) for to, split, offset in near] if window else near
            start, (source,) = window * inputs, self.starts
            if self.maps is not None:
                map, read = self.maps.at(window)
            else:
                map, source = made.at(start), source + moved(self.form, start)
            self._add(program, map, source, read, outputs, steps(window), here)
        if far:
            program.stage(
                map=_core.BatchMap.none(),
                compute=SHORT[self.lane.compute],
                inputs=self.outputs,
                outputs=self.outputs,
                source=next(offset for form, _, offset in near if form == SHORT[self.lane.compute]),
                finish=[],
                targets=far,
            )
