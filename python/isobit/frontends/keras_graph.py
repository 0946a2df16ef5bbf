"""The graph in a Keras file: every layer's inputs exist and none depends on itself, or Keras would never end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isobit.errors import ModelFileError, UnsupportedError

__all__ = ["check_graph", "references"]

#: Arguments of a layer's call, besides its inputs, that files of known layers have.
_ARGUMENTS = ("training", "mask", "initial_state")
#: (layer, number of its call): one result in the graph.
_Node = tuple[str, int]


def check_graph(config: dict[str, Any], where: str) -> None:
    """Check the connections of a Functional model.

    ``reconstruct_from_config`` in Keras' functional.py calls layers until all calls that the file lists are made, and
    does not notice when it makes no progress.

    Parameters
    ----------
    config
        Of the model; its layers are known ones.
    where
        File and model, for errors.

    Raises
    ------
    ModelFileError
        If an input does not exist, or depends on the layer itself.
    UnsupportedError
        For constants and arguments of calls, which hls4ml does not know.
    """
    calls: dict[_Node, list[_Node]] = {}
    sources: set[str] = set()
    names: set[str] = set()
    for layer in config["layers"]:
        inner = layer["config"]
        name = layer.get("name")
        if not isinstance(name, str) or name in names or (isinstance(inner, dict) and inner.get("name", name) != name):
            raise ModelFileError(
                f"{where}: the layer name {name!r} is missing, not unique, or differs in its configuration"
            )
        names.add(name)
        if layer["class_name"] == "InputLayer":
            sources.add(name)
        nodes = layer.get("inbound_nodes")
        if not isinstance(nodes, list):
            raise ModelFileError(f"{where}: layer {name!r} does not name its inputs")
        first = _first_call(layer)
        for number, node in enumerate(nodes):
            calls[name, first + number] = list(references(node, f"{where}: layer {name!r}"))
    ends: list[_Node] = []
    for key in ("input_layers", "output_layers"):
        ends += references(config.get(key), f"{where}: {key}")
    _sort(calls, sources, where)
    for name, number in ends:
        if name not in sources and (name, number) not in calls:
            raise ModelFileError(f"{where}: its inputs and outputs name {name!r}, call {number}, which does not exist")


def _first_call(layer: dict[str, Any]) -> int:
    """Number of the first call that a file lists: nested models with known inputs were called once before."""
    config = layer["config"]
    if layer["class_name"] != "Sequential":
        return int(layer["class_name"] in ("Functional", "Model"))
    inner = config.get("layers") if isinstance(config, dict) else config
    if isinstance(config, dict) and config.get("build_input_shape"):
        return 1
    first = inner[0] if inner else {}
    if first.get("class_name") in ("Functional", "Model", "Sequential"):
        return _first_call(first)
    known = first.get("config")
    has_shape = isinstance(known, dict) and known.get("batch_input_shape") is not None
    return int(first.get("class_name") == "InputLayer" or has_shape)


def references(node: Any, where: str, depth: int = 0) -> Iterator[_Node]:
    """The results that a call, or the list of a model's ends, refers to."""
    if not isinstance(node, list) or depth > 10:
        raise UnsupportedError(f"{where} is connected to {node!r}; supported: [layer, call, tensor]")
    if not (node and isinstance(node[0], str)):
        for child in node:
            yield from references(child, where, depth + 1)
        return
    name, *numbers = node[:3]
    if name == "_CONSTANT_VALUE":
        raise UnsupportedError(f"{where} takes a constant as input; supported: other layers' results")
    if len(numbers) != 2 or not all(type(n) is int and 0 <= n < 1 << 31 for n in numbers) or len(node) > 4:
        raise ModelFileError(f"{where} is connected to {node!r}; expected [layer, call, tensor]")
    yield name, numbers[0]
    arguments = node[3] if len(node) == 4 else {}
    if not isinstance(arguments, dict) or not set(arguments) <= set(_ARGUMENTS):
        raise UnsupportedError(f"{where} is called with {arguments!r}; supported arguments: {', '.join(_ARGUMENTS)}")
    for value in arguments.values():
        if not (value is None or isinstance(value, bool)):
            yield from references(value, where, depth + 1)


def _sort(calls: dict[_Node, list[_Node]], sources: set[str], where: str) -> None:
    """Make the calls as Keras does, each layer's in their order, until none is left.

    Raises
    ------
    ModelFileError
        If one can never be made.
    """
    missing = {call: sum(needed[0] not in sources for needed in inputs) for call, inputs in calls.items()}
    users: dict[_Node, list[_Node]] = {}
    for call, inputs in calls.items():
        name, number = call
        for needed in inputs:
            if needed[0] not in sources:
                users.setdefault(needed, []).append(call)
        if (name, number - 1) in calls:
            missing[call] += 1
            users.setdefault((name, number - 1), []).append(call)
    ready = [call for call, count in missing.items() if count == 0]
    made = 0
    while ready:
        call = ready.pop()
        made += 1
        for user in users.get(call, ()):
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    if made < len(calls):
        name = next(call[0] for call, count in missing.items() if count)
        raise ModelFileError(f"{where}: layer {name!r} can never be computed: its inputs do not exist, or depend on it")
