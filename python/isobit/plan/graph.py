"""From a graph to its stages: which ops join, and which no lane can take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import Range, one_after_another
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.primitives import Opaque, is_alias
from isobit.model.softmax import Softmax
from isobit.plan import formula as formula_stages
from isobit.plan import lookup as lookup_stages
from isobit.plan import reduce as reduce_stages
from isobit.plan.maps import Gather, Linear, Sequential
from isobit.plan.moves import folded
from isobit.plan.softmax import softmax_stages
from isobit.plan.stages import MAPS, Arrange, MapRule, Stage, Unfit, joined
from isobit.plan.steps import Step
from isobit.plan.twins import without_twins

__all__ = ["RULES", "stages_of"]

#: Maps beside that of sums over windows, and lookups; importing the module registers them.
RULES = (formula_stages, reduce_stages, lookup_stages)


def stages_of(
    graph: Graph,
    bounds: Bounds,
    keep: Collection[str],
    arrange: Arrange = joined,
    whole: Collection[str] = (),
    twins: bool = False,
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
        What becomes of an op's steps, see :data:`isobit.plan.stages.Arrange`.
    whole
        Softmaxes that are not to be divided into stages; none is where something else becomes of steps.
    twins
        Whether several stages may compute the same.

    Notes
    -----
    Ops that only give another name to a tensor (:func:`isobit.model.primitives.is_alias`) are not stages.
    """
    kept = {*keep, *graph.outputs}
    alias: dict[str, str] = {}
    readers: dict[str, int] = {}
    for op in graph.ops:
        sources = tuple(alias.get(name, name) for name in op.inputs)
        if is_alias(op, graph.inputs_of(op)):
            (alias[op.output.name],) = sources
            continue
        for source in sources:
            readers[source] = readers.get(source, 0) + 1
    kept = {alias.get(name, name) for name in kept}
    stages: list[Stage] = []
    for op in graph.ops:
        tensors = graph.inputs_of(op)
        if is_alias(op, tensors):
            continue
        sources = tuple(alias.get(name, name) for name in op.inputs)
        try:
            if isinstance(op, Softmax) and arrange is joined and op.name not in whole:
                stages += softmax_stages(op, tensors[0], sources[0], bounds)
                continue
            chosen, steps, positions = _rule(op)(op, tensors, bounds)
            if chosen is not None:
                made = _stage(op, sources, chosen, arrange(op, True, (), steps), bounds, positions)
                view = None if not isinstance(op, Dot) or (op.groups == 1 and op.consecutive(*tensors)) else op.view
                stages.append(replace(made, view=view))
                continue
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
        place = next((place for place, stage in enumerate(stages) if stage.target == source), -1)
        near = place == len(stages) - 1 or arrange is joined  # what is watched keeps the order of the layers
        if place >= 0 and near and source not in kept and readers[source] == 1 and stages[place].refusal is None:
            before = stages[place]
            stages[place] = replace(
                before,
                ops=(*before.ops, op),
                target=op.output.name,
                steps=tuple(arrange(op, False, before.steps, steps)),
                result=bounds.tensors[op.output.name],
            )
        else:
            stages.append(_stage(op, sources, None, arrange(op, False, (), steps), bounds))
    found = folded(stages, kept)
    return found if twins or arrange is not joined else without_twins(found, kept)


def _rule(op: Op) -> MapRule:
    """What makes a map, steps and positions of an op."""
    if (rule := MAPS.get(type(op))) is not None:
        return rule
    if isinstance(op, Opaque):
        raise Unfit("computed by the layer's own reference, on exact numbers")
    raise Unfit(f"op {op.tag!r} is neither a map nor elementwise")


def _data(sources: Sequence[str], bounds: Bounds) -> Range:
    return one_after_another([bounds.tensors[name] for name in sources])


def _stage(
    op: Op,
    sources: tuple[str, ...],
    chosen: Linear | Sequential | Gather | None,
    steps: Sequence[Step],
    bounds: Bounds,
    positions: int = 1,
) -> Stage:
    data, result = _data(sources, bounds), bounds.tensors[op.output.name]
    return Stage((op,), sources, op.output.name, chosen, tuple(steps), data, result, positions=positions)
