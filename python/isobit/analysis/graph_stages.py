"""From a graph to its stages: which ops join, and which no lane can take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from isobit.analysis import set_stages
from isobit.analysis.intervals import Bounds
from isobit.analysis.maps import Linear, Sequential
from isobit.analysis.ranges import Range, one_after_another
from isobit.analysis.stages import ELEMENTWISE, MAPS, Stage, Unfit, joined
from isobit.analysis.steps import Step
from isobit.model.graph import Graph
from isobit.model.ops import Op, Reshape

__all__ = ["RULES", "stages_of"]

#: Maps beside that of a Dense layer; importing the module registers them.
RULES = (set_stages,)


def stages_of(
    graph: Graph,
    bounds: Bounds,
    keep: Collection[str],
    arrange: Callable[[Op, Sequence[Step], Sequence[Step]], Sequence[Step]] = joined,
) -> list[Stage]:
    """Stages of a graph, in order.

    Parameters
    ----------
    graph
        The network, lowered.
    bounds
        Its bounds.
    keep
        Tensors that must exist when all is done; a stage ends with each. Outputs are kept in any case.
    arrange
        What becomes of an op's steps: (op, steps of the stage so far, steps of the op) -> steps of the stage.

    Notes
    -----
    A Reshape is no stage: its tensor is another name for its source's.
    """
    kept = {*keep, *graph.outputs}
    alias: dict[str, str] = {}
    readers: dict[str, int] = {}
    for op in graph.ops:
        sources = tuple(alias.get(name, name) for name in op.inputs)
        if isinstance(op, Reshape):
            (alias[op.output.name],) = sources
            continue
        for source in sources:
            readers[source] = readers.get(source, 0) + 1
    kept = {alias.get(name, name) for name in kept}
    stages: list[Stage] = []
    for op in graph.ops:
        if isinstance(op, Reshape):
            continue
        tensors = graph.inputs_of(op)
        sources = tuple(alias.get(name, name) for name in op.inputs)
        last = stages[-1] if stages else None
        try:
            if (rule := MAPS.get(type(op))) is not None:
                chosen, steps, positions = rule(op, tensors, bounds)
                stages.append(_stage(op, sources, chosen, arrange(op, (), steps), bounds, positions))
                continue
            if type(op) not in ELEMENTWISE:
                raise Unfit(f"op {op.tag!r} is neither a linear map nor elementwise")
            steps = ELEMENTWISE[type(op)](op, tensors, bounds)
        except Unfit as reason:
            stages.append(
                Stage(
                    (op,),
                    sources,
                    op.output.name,
                    None,
                    (),
                    _data(sources, bounds),
                    bounds.tensors[op.output.name],
                    str(reason),
                )
            )
            continue
        (source,) = sources
        joins = last is not None and last.target == source and source not in kept and readers[source] == 1
        if last is not None and joins and last.refusal is None:
            stages[-1] = replace(
                last,
                ops=(*last.ops, op),
                target=op.output.name,
                steps=tuple(arrange(op, last.steps, steps)),
                result=bounds.tensors[op.output.name],
            )
        else:
            stages.append(_stage(op, sources, None, arrange(op, (), steps), bounds))
    return stages


def _data(sources: Sequence[str], bounds: Bounds) -> Range:
    return one_after_another([bounds.tensors[name] for name in sources])


def _stage(
    op: Op,
    sources: tuple[str, ...],
    chosen: Linear | Sequential | None,
    steps: Sequence[Step],
    bounds: Bounds,
    positions: int = 1,
) -> Stage:
    data, result = _data(sources, bounds), bounds.tensors[op.output.name]
    return Stage((op,), sources, op.output.name, chosen, tuple(steps), data, result, positions=positions)
