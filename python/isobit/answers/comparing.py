"""Compare given answers with the network's, and search a single change that explains the differences."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isobit.answers.hypotheses import Change, casts, inputs, sample, shifts, upstream
from isobit.answers.report import AnswerReport, Explained, FirstDifference, OutputDifference
from isobit.errors import DataFileError, IsobitError, ShapeError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Tensor
from isobit.network import Network
from isobit.vectors.reading import Given, read_vectors

__all__ = ["Explain", "compare_answers", "compare_given"]

#: Events on which changes are tried.
_EVENTS = 64
#: Parts of a file in which events that differ are counted.
_PARTS = 96
#: Incomplete explanations that are reported, if there is no complete one.
_CLOSEST = 3

_PathLike = str | os.PathLike[str]
#: Looks for explanations before the usual ones are tried: from the inputs, the answers, what the network gives, and
#: which events differ, to explanations and how many changes were tried.
Explain = Callable[
    [Mapping[str, FixedArray], tuple[Given, ...], list[FixedArray], Any], tuple[tuple[Explained, ...], int]
]


def compare_answers(
    model: Network,
    given_inputs: _PathLike,
    given_outputs: _PathLike,
    *,
    packing: _PathLike | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    tries: int = 1000,
) -> AnswerReport:
    """Compare the answers in a file with what the network gives for the inputs in another, bit by bit.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    given_inputs, given_outputs
        Files of any kind that :func:`isobit.vectors.read_vectors` reads.
    packing
        For pattern files: the YAML file that says where inputs and outputs lie.
    columns
        For Parquet and ROOT: the columns of an input or output, by its name.
    tries
        How many changes are tried at most, 0 for none, in the search for the single change that explains a difference:
        answers of other events, inputs swapped or scaled by a power of two, and each format with another rounding,
        overflow or number of bits.

    Returns
    -------
    The first difference with the cast that gives the network's number, and changes that explain all differences.

    Raises
    ------
    DataFileError, ModelFileError
        For files that cannot be read.
    ShapeError
        If the files have different numbers of events.
    """
    around = "" if model.wrapper is None else f"with the wrapper that {model.wrapper.path} describes"
    try:
        x = read_vectors(given_inputs, model.graph.inputs, packing=packing, columns=columns)
        y = read_vectors(given_outputs, model.graph.output_tensors, part="outputs", packing=packing, columns=columns)
    except DataFileError as error:
        if not around:
            raise
        raise DataFileError(
            f"{error}; read {around}: wrapper=False or --wrapper none takes the network alone"
        ) from None
    if x[0].events != y[0].events:
        raise ShapeError(f"{given_inputs} has {x[0].events} events, {given_outputs} has {y[0].events}")
    notes = (*_notes(given_inputs, x), *_notes(given_outputs, y), *filter(None, [around]))
    return compare_given(model, x, y, (Path(given_inputs).name, Path(given_outputs).name), tries=tries, notes=notes)


def compare_given(
    model: Network,
    x: tuple[Given, ...],
    y: tuple[Given, ...],
    files: tuple[str, str],
    *,
    tries: int,
    notes: tuple[str, ...] = (),
    explain: Explain | None = None,
) -> AnswerReport:
    """The same with numbers that were read.

    Parameters
    ----------
    model, tries
        See :func:`compare_answers`.
    x, y
        Inputs and answers.
    files
        What the report calls them.
    notes
        What to know about them.
    explain
        Looks for explanations of its own; the usual ones are tried if it has none that is complete.
    """
    quantised, _ = model.quantise([_shaped(one) for one in x] if len(x) > 1 else _shaped(x[0]))
    found = _outputs(model.graph, quantised)
    unequal = [one.differs(array) for one, array in zip(y, found, strict=True)]
    differ = np.any([array.any(axis=1) for array in unequal], axis=0)
    parts = np.unique(np.linspace(0, len(differ), min(len(differ), _PARTS) + 1).astype(np.int64))
    outputs = tuple(_difference(one.tensor, u, parts) for one, u in zip(y, unequal, strict=True))
    name = model.graph.name
    facts: dict[str, Any] = {"notes": notes, "parts": tuple(parts.tolist()), "origin": model.origin}
    if not differ.any():
        return AnswerReport(name, *files, len(differ), 0, outputs, **facts)
    first = _first(model, quantised, y, found, unequal, int(np.argmax(differ)))
    explanations: tuple[Explained, ...] = ()
    tried = 0
    if tries and explain is not None:
        explanations, tried = explain(quantised, y, found, differ)
    if tries and not any(one.complete for one in explanations):
        usual, more = _explained(model.graph, (x, quantised), y, found, differ, first, tries)
        explanations, tried = usual if any(one.complete for one in usual) else (*explanations, *usual), tried + more
    return AnswerReport(name, *files, len(differ), int(differ.sum()), outputs, first, explanations, tried, **facts)


def _difference(tensor: Tensor, unequal: Any, parts: Any) -> OutputDifference:
    """One output; ``unequal`` says where it differs, shape (events, size)."""
    events = unequal.any(axis=1)
    return OutputDifference(
        tensor.name,
        str(tensor.type),
        int(unequal.sum()),
        unequal.size,
        int(events.sum()),
        tuple(unequal.sum(axis=0).tolist()),
        tuple(np.add.reduceat(events.astype(np.int64), parts[:-1]).tolist()),
    )


def _shaped(given: Given) -> Any:
    return given.values.reshape(given.events, *given.tensor.shape)


def _notes(path: _PathLike, given: tuple[Given, ...]) -> list[str]:
    if few := [one.digits for one in given if one.digits is not None and one.tensor.type.width > 19]:
        return [f"{path} has at most {max(few)} digits; numbers that print so are taken as equal"]
    return []


def _outputs(graph: Graph, values: Mapping[str, FixedArray]) -> list[FixedArray]:
    """Every output, shape (events, size)."""
    found = Network(graph).predict_raw(_arrays(graph, values))
    arrays = found if isinstance(found, list) else [found]
    return [array.reshape(-1, tensor.size) for array, tensor in zip(arrays, graph.output_tensors, strict=True)]


def _arrays(graph: Graph, values: Mapping[str, FixedArray]) -> Any:
    """Inputs in order as a network takes them: one array, or a list."""
    arrays = [values[tensor.name].reshape(-1, *tensor.shape) for tensor in graph.inputs]
    return arrays if len(arrays) > 1 else arrays[0]


def _first(
    model: Network,
    values: Mapping[str, FixedArray],
    y: tuple[Given, ...],
    found: list[FixedArray],
    unequal: list[Any],
    event: int,
) -> FirstDifference:
    place = next(k for k, array in enumerate(unequal) if array[event].any())
    index = int(np.argmax(unequal[place][event]))
    tensor, given = y[place].tensor, y[place].values
    one = {name: array[event : event + 1] for name, array in values.items()}
    profile = model.profile(_arrays(model.graph, one))
    layer = next(op for op in upstream(model.graph, tensor.name) if not op.renames)
    facts = next((each for each in profile.layers if each.layer == layer.name), None)
    raw = int(found[place].raw[event, index])
    before = raw if facts is None else int(facts.held_low[index])
    theirs: int | None
    if isinstance(given, FixedArray):
        number, theirs = float(given[event, index].to_float()), int(given.raw[event, index])
    else:
        number = float(given[event, index])
        steps = number / float(tensor.type.lsb)
        theirs = int(steps) if steps == int(steps) and tensor.type.raw_min <= steps <= tensor.type.raw_max else None
    over = tuple(dict.fromkeys(f"{c.layer}.{c.slot}" for c in profile.counts if c.events.any() and not c.clips))
    return FirstDifference(
        event,
        tensor.name,
        index,
        number,
        float(found[place][event, index].to_float()),
        theirs,
        raw,
        layer.name,
        str(layer.output.type),
        before,
        before != raw,
        facts is not None and bool(facts.lossy[index]),
        over,
    )


def _explained(
    graph: Graph,
    inputs_: tuple[tuple[Given, ...], Mapping[str, FixedArray]],
    y: tuple[Given, ...],
    found: list[FixedArray],
    differ: Any,
    first: FirstDifference,
    tries: int,
) -> tuple[tuple[Explained, ...], int]:
    """Changes that give the file's answers: the first kind of change that has some; or the closest ones."""
    tried, best = 0, []
    for shift in shifts(len(differ)):
        tried += 1
        if _late(y, found, shift):
            words = (
                f"the answers are {abs(shift)} event{'s' if abs(shift) > 1 else ''} {'late' if shift > 0 else 'early'}"
            )
            count = len(differ) - abs(shift)
            return (Explained("events", "", words, count, count),), tried
    chosen = sample(differ, _EVENTS)
    part = {name: array[chosen] for name, array in inputs_[1].items()}
    written = {one.tensor.name: one.values[chosen] for one in inputs_[0]}
    wanted = [Given(one.tensor, one.values[chosen], one.digits, one.single) for one in y]
    base = int((~differ[chosen]).sum())
    complete: list[Explained] = []
    group = 0
    for change in _changes(graph, part, first):
        if tried >= tries or (complete and change.group != group):
            break
        tried += 1
        count = _agreeing(change, graph, written, wanted)
        explained = Explained(change.kind, change.place, change.words, count, len(chosen))
        if explained.complete:
            complete.append(explained)
            group = change.group
        elif count > base:
            best.append(explained)
    best.sort(key=lambda one: -one.events)
    return tuple(complete or best[:_CLOSEST]), tried


def _changes(graph: Graph, part: Mapping[str, FixedArray], first: FirstDifference) -> Any:
    """Every change, the likeliest kinds first: inputs, then casts from the output back to the inputs."""
    yield from inputs(part)
    profile = Network(graph).profile(_arrays(graph, part))
    lossy = {f"{each.layer}.result" for each in profile.layers if each.lossy.any()}
    over = {f"{count.layer}.{count.slot}" for count in profile.counts if count.events.any()}
    types = graph.types()
    names = [op.name for op in upstream(graph, first.output)] + [tensor.name for tensor in graph.inputs]
    slots = [key for name in names for key in types if key.rpartition(".")[0] == name]
    yield from casts(graph, slots, lossy | {f"{t.name}.result" for t in graph.inputs}, over)


def _agreeing(change: Change, graph: Graph, written: Mapping[str, Any], wanted: list[Given]) -> int:
    """Events in which a changed network, or changed inputs, give the file's answers."""
    given = written if change.values is None else change.values
    changed = graph if change.graph is None else change.graph
    values = {tensor.name: _in_format(given[tensor.name], tensor.type) for tensor in changed.inputs}
    try:
        arrays = _outputs(changed, values)
    except IsobitError:  # formats that do not go together
        return 0
    wrong = [_differs(one, array) for one, array in zip(wanted, arrays, strict=True)]
    return int((~np.any(wrong, axis=0)).sum())


def _in_format(values: Any, kind: FixedType) -> FixedArray:
    return values.cast(kind) if isinstance(values, FixedArray) else FixedArray.from_float(values, kind)


def _differs(given: Given, array: FixedArray) -> Any:
    """Events in which an output, possibly of a changed format, has another value."""
    if isinstance(given.values, FixedArray) and given.values.type != array.type:
        return np.asarray(given.values != array, dtype=bool).any(axis=1)
    return given.differs(array).any(axis=1)


def _late(y: tuple[Given, ...], found: list[FixedArray], shift: int) -> bool:
    """Whether the answers are those of events before (or, negative, after) them."""
    events = len(found[0].raw)
    a, b = max(shift, 0), events + min(shift, 0)
    if b - a < 2:
        return False
    parts = (Given(one.tensor, one.values[a:b], one.digits, one.single) for one in y)
    return (
        not any(one.differs(array[a - shift : b - shift]).any() for one, array in zip(parts, found, strict=True))
        and len({tuple(row) for array in found for row in array.raw.tolist()}) > 1
    )
