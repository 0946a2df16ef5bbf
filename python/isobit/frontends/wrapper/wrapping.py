"""A network and its wrapper as one graph.

::

    inputs:                              # what the wrapper is given, in this order
      - {name: objects, type: "ap_fixed<18,13>", size: 3}
    before:                              # each step reads the one before it, or `from: NAME`
      - {name: centred, step: subtract, constants: [0, 4, -2], constant_type: "ap_fixed<10,10>"}
      - {name: scaled, step: shift_right, by: [-1, 0, 3]}
    network: {input_1: scaled}           # the tensor that each input of the network is assigned from
    after:
      - {name: loss, step: sum_of_squares, accum: "ap_fixed<36,28>", type: "ap_ufixed<18,14>"}
    outputs: [loss]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isobit.bounds.intervals import graph_bounds
from isobit.errors import IsobitError, ModelFileError
from isobit.frontends.descriptions import Entries, read_mapping
from isobit.frontends.wrapper import elementwise, reductions  # noqa: F401, they register steps
from isobit.frontends.wrapper.building import STEPS, Building
from isobit.frontends.wrapper.entries import name_of, names_of, range_of, shape_of, type_of
from isobit.model.graph import Graph
from isobit.model.layers.shape import Copy
from isobit.model.ops import Op, Tensor
from isobit.model.tensor import with_limits

__all__ = ["Wrapper", "input_names", "part_of", "wrapped"]

_ENTRIES = ("project", "library", "interface", "inputs", "before", "network", "after", "outputs")


@dataclass(frozen=True)
class Wrapper:
    """The wrapper of a network.

    Attributes
    ----------
    path
        Its description.
    network
        The network inside, by itself.
    before, after
        Layers of the steps before the network, with those that assign its inputs, and of those after it.
    kinds
        Of each of these layers its step, and which kind of step that is (``subtract``, ...; ``network`` for inputs).
    library
        The compiled wrapper, if the description names it.
    """

    path: Path
    network: Graph
    before: tuple[str, ...]
    after: tuple[str, ...]
    kinds: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    library: Path | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """All layers that are the wrapper's own."""
        return (*self.before, *self.after)

    def within(self, graph: Graph) -> Wrapper:
        """The same wrapper in a graph of the same layers with other formats."""
        inputs = tuple(replace(graph.tensors[tensor.name], limits=tensor.limits) for tensor in self.network.inputs)
        ops = tuple(graph.by_name[op.name] for op in self.network.ops)
        return replace(self, network=replace(self.network, inputs=inputs, ops=ops))


def wrapped(
    network: Graph, path: Path, ranges: Mapping[str, tuple[float, float]] | None = None
) -> tuple[Graph, Wrapper]:
    """The graph of a network with its wrapper.

    Parameters
    ----------
    network
        The network.
    path
        The wrapper's description.
    ranges
        Smallest and largest number of its inputs, by name.

    Raises
    ------
    ModelFileError
        For a file that cannot be read, and an entry that is missing, unknown or wrong: with the file and the entry.
    ShapeError, FormatError, UnsupportedError
        For steps that do not fit the network.
    """
    entries = Entries(path, "", read_mapping(path))
    entries.only(*_ENTRIES)
    try:
        return _wrapped(network, entries, ranges or {})
    except IsobitError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from None


def _wrapped(network: Graph, entries: Entries, ranges: Mapping[str, tuple[float, float]]) -> tuple[Graph, Wrapper]:
    inputs = with_limits(_inputs(entries), ranges)
    taken = {*network.tensors, *network.by_name}
    known = {tensor.name: tensor for tensor in inputs}
    if clash := sorted(taken & set(known)):
        raise entries.wrong(f"the input {clash[0]!r} has the name of a tensor or layer of the network; rename it")
    b = Building(entries.path, known, inputs[0].name if len(inputs) == 1 else None, taken)
    _steps(b, entries, "before")
    before = [*b.ops, *_assigned(b, network, inputs, entries)]
    results = _results(network)
    only = network.outputs[0] if len(network.outputs) == 1 else None
    after = Building(entries.path, b.tensors | results, only, b.taken)
    _steps(after, entries, "after")
    outputs = _outputs(network, after, entries)
    graph = Graph(network.name, inputs, (*before, *network.ops, *after.ops), outputs, dict(network.metadata))
    one, two = (tuple(op.name for op in ops) for ops in (before, after.ops))
    kinds = b.kinds | {tensor.name: (tensor.name, "network") for tensor in network.inputs} | after.kinds
    library = entries.path.parent / entries.text("library") if entries.has("library") else None
    return graph, Wrapper(entries.path, network, one, two, kinds, library)


def _inputs(entries: Entries) -> tuple[Tensor, ...]:
    found: list[Tensor] = []
    for each in entries.mappings("inputs"):
        each.only("name", "type", "size", "shape", "range")
        name = name_of(each)
        if name in [tensor.name for tensor in found]:
            raise each.wrong(f"there is another input {name!r}")
        found.append(Tensor(name, shape_of(each), type_of(each), limits=range_of(each)))
    if not found:
        raise entries.wrong(
            "inputs is missing or empty; expected what the wrapper is given: name, type and size of each"
        )
    return tuple(found)


def input_names(path: Path) -> set[str]:
    """Names of what the wrapper is given.

    Parameters
    ----------
    path
        Its description.
    """
    entries = Entries(path, "", read_mapping(path))
    return {name_of(each) for each in entries.mappings("inputs")}


def _steps(b: Building, entries: Entries, key: str) -> None:
    for each in entries.mappings(key):
        STEPS[each.choice("step", STEPS)](b, each)


def _results(network: Graph) -> dict[str, Tensor]:
    """The network's outputs by the names of their layers and their own."""
    found: dict[str, Tensor] = {}
    for op in network.ops:
        if op.output.name in network.outputs:
            found |= {op.name: op.output, op.output.name: op.output}
    return found


def _assigned(b: Building, network: Graph, inputs: tuple[Tensor, ...], entries: Entries) -> list[Op]:
    """The layers that assign the network's inputs."""
    place = Entries(entries.path, "network", entries.mapping("network") if entries.has("network") else {})
    place.only(*(tensor.name for tensor in network.inputs))
    found: list[Op] = []
    for tensor in network.inputs:
        if place.has(tensor.name):
            source = b.tensor(place, place.text(tensor.name))
        elif b.last is not None and len(network.inputs) == 1:
            source = b.tensors[b.last]
        else:
            raise place.wrong(f"the network's input {tensor.name!r} gets nothing: expected {tensor.name}: NAME")
        if source.size != tensor.size:
            raise place.wrong(
                f"{source.name!r} has {source.size} numbers, the network's input {tensor.name!r} {tensor.size}"
            )
        found.append(Copy(tensor.name, (source.name,), tensor))
    return [_proven(op, inputs, [*b.ops, *found]) for op in found]


def _proven(op: Op, inputs: tuple[Tensor, ...], ops: list[Op]) -> Op:
    """The layer of an input with a range, which the steps before it never leave.

    Raises
    ------
    ModelFileError
        If they may.
    """
    tensor = op.output
    if tensor.limits is None:
        return op
    bounds = graph_bounds(Graph("before", inputs, tuple(ops), (tensor.name,))).tensors[tensor.name]
    least, most = min(bounds.low.tolist()), max(bounds.high.tolist())
    if least < tensor.raw_range[0] or most > tensor.raw_range[1]:
        low, high = (float(raw * tensor.type.lsb) for raw in (least, most))
        raise ModelFileError(
            f"the network's input {tensor.name!r} is said to lie between {tensor.limits[0]:g} and "
            f"{tensor.limits[1]:g}, but the steps before it give {low:g} to {high:g}; give an input of the "
            "wrapper a range"
        )
    return op


def _outputs(network: Graph, b: Building, entries: Entries) -> tuple[str, ...]:
    """Names of the tensors that the wrapper gives."""
    if entries.has("outputs"):
        return tuple(b.tensor(entries, name).name for name in names_of(entries, "outputs"))
    return (b.tensors[b.last].name,) if b.ops and b.last is not None else network.outputs


def part_of(wrapper: Wrapper, graph: Graph, *, after: bool = False) -> Graph:
    """The steps before or after the network as a graph of their own.

    Parameters
    ----------
    wrapper, graph
        The wrapper, and the graph of it and its network, or one with other constants.
    after
        Which ones. Those after read what the network gives, and what the steps before it give.
    """
    names = set(wrapper.after if after else wrapper.before)
    ops = tuple(op for op in graph.ops if op.name in names)
    own = {op.output.name for op in ops}
    inputs = [graph.tensors[name] for name in dict.fromkeys(n for op in ops for n in op.inputs) if name not in own]
    return Graph(graph.name, tuple(replace(t, limits=None) for t in inputs), ops, tuple(sorted(own)))
