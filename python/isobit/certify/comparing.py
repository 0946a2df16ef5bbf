"""Every road on every kind of events, layer by layer, against the emulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from isobit.api import CSim, Model
from isobit.certify.events import Events, digest_of
from isobit.certify.report import Compared, Fault
from isobit.check import check
from isobit.check.blocks import Block, block_size
from isobit.check.comparison import LayerComparison, compare
from isobit.check.roads import Roads
from isobit.engines.registry import Values
from isobit.errors import CSimError
from isobit.fixed.array import FixedArray

__all__ = ["Outcome", "compare_roads"]

BASE = "numba"
_WORDS = {"vendor": "the folder's C-simulation (AMD's headers)", "isobit": "the same with isobit's headers"}


@dataclass
class Outcome:
    """What the comparison of a network's roads gave."""

    compared: list[Compared] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def compare_roads(
    model: Model,
    kinds: Sequence[Events],
    simulations: Mapping[str, CSim],
    *,
    reference: int,
    workers: int,
) -> Outcome:
    """Compare the emulator with the compiled projects, the other engine and the reference.

    Parameters
    ----------
    model
        The network.
    kinds
        Events of each kind.
    simulations
        The compiled project by header set: ``vendor``, ``isobit``.
    reference
        Events of each kind that the reference computes, at most.
    workers
        Threads and processes.
    """
    found = Outcome()
    engines = Roads(model, (), workers, "0", lambda road, done, total: None)
    roads: dict[str, tuple[Callable[[Block], Values], int | None]] = {
        name: (_simulated(model, simulation, workers), None) for name, simulation in simulations.items()
    }
    roads["cpp"] = (lambda block: engines.run("cpp", block), None)
    roads["reference"] = (lambda block: engines.run("reference", block), reference)
    ended: set[str] = set()
    for events in kinds:
        parts: dict[str, list[LayerComparison]] = {}
        counted: dict[str, int] = {}
        outputs: list[list[FixedArray]] = []
        size = block_size(model.graph)
        for start in range(0, len(events), size):
            block = events.block.part(start, min(start + size, len(events)))
            base = engines.run(BASE, block)
            outputs.append([base[tensor.name] for tensor in model.graph.output_tensors])
            for name, (run, most) in roads.items():
                stop = block.stop if most is None else min(block.stop, most)
                if stop <= block.start or name in ended:
                    continue
                part = block.part(block.start, stop)
                try:
                    values = run(part)
                except CSimError as error:
                    ended.add(name)
                    found.faults.append(Fault("run", "", f"{_WORDS.get(name, name)}, {events.kind} events: {error}"))
                    continue
                counted[name] = stop
                parts.setdefault(name, []).extend(
                    compare(layer, base[tensor][: len(part)], values[tensor], block.start)
                    for layer, tensor in _tensors(model)
                )
        joined = [FixedArray.concatenate(list(column)) for column in zip(*outputs, strict=True)]
        found.outputs[events.kind] = digest_of(joined)
        for name, layers in parts.items():
            differ = sum(one.differ for one in layers)
            values_ = sum(one.values for one in layers)
            found.compared.append(Compared(name, events.kind, counted[name], values_, differ))
            if differ:
                found.faults.append(_fault(model, events, name, layers, simulations.get(name, name), workers))
    return found


def _simulated(model: Model, simulation: CSim, workers: int) -> Callable[[Block], Values]:
    roads = Roads(model, (simulation,), workers, "0", lambda road, done, total: None)
    return lambda block: roads.run("csim", block)


def _tensors(model: Model) -> list[tuple[str, str]]:
    """Inputs and layers by the names that reports use, with their tensors; reshapes are their source."""
    inputs = [(tensor.name, tensor.name) for tensor in model.graph.inputs]
    return inputs + [(op.name, op.output.name) for op in model.graph.ops if not op.renames]


def _fault(
    model: Model,
    events: Events,
    road: str,
    layers: Sequence[LayerComparison],
    against: CSim | str,
    workers: int,
) -> Fault:
    """The first layer that differs, and why, on the block around its first difference."""
    order = [name for name, _ in _tensors(model)]
    layer = min((one for one in layers if one.differ), key=lambda one: order.index(one.layer))
    assert layer.first is not None
    event, differ = layer.first.event, sum(one.differ for one in layers if one.layer == layer.layer)
    part = events.block.part(event, event + 1)
    data = {tensor.name: part.inputs[tensor.name].reshape(-1, *tensor.shape) for tensor in model.graph.inputs}
    message = (
        f"{_WORDS.get(road, road)} gives other bits than the emulator: {differ:,} numbers of {events.kind} events "
        f"differ in this layer ({layer.type}), first event {event}, index {layer.first.index}: {layer.first.found} LSB "
        f"instead of {layer.first.expected}"
    )
    report = check(model, data, against=(against,), engine=BASE, threads=workers)
    causes = [line for cause in report.causes for line in cause.lines(BASE)]
    return Fault("bits", layer.layer, "; ".join([message, *causes]))
