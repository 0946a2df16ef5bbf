"""hls4ml's ``TimeDistributed``: a marker before and behind the layers of a step, between which its firmware loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import keeps_format
from isobit.model.every_step import of_all_steps
from isobit.model.layers.shape import Copy
from isobit.model.layers.time_distributed import EveryStep
from isobit.model.ops import Op

__all__ = ["in_steps", "with_steps"]

#: Layers that have been compared between the markers.
COMPARED = (
    *("Activation", "BatchNormalization", "Conv2D", "Dense", "DepthwiseConv2D", "HardActivation", "PointwiseConv2D"),
    "Pooling2D",
)


def _ends(node: Any) -> bool:
    """Whether it is the marker behind."""
    return bool(node.get_attr("wrapped_layer").name != f"{node.name}_end")


@register_handler("TimeDistributed", keras=("TimeDistributed",))
def _marker(node: Any) -> Copy:
    if not keeps_format(node):
        raise FirmwareError(
            f"layer {node.name!r} gives {node.get_output_variable().type.precision} from "
            f"{node.get_input_variable().type.precision}; hls4ml's kernel compiles only where both are the same"
        )
    steps, edges = int(node.get_attr("n_time_steps")), edges_of(node)
    outer = node.get_output_variable() if _ends(node) else node.get_input_variable()
    inner = node.get_input_variable() if _ends(node) else node.get_output_variable()
    wanted = (steps, *(int(n) for n in inner.shape))
    if (found := tuple(int(n) for n in outer.shape)) != wanted:
        raise FirmwareError(
            f"layer {node.name.removesuffix('_end')!r} has the shape {found} for {steps} steps of {wanted[1:]}: "
            "hls4ml's firmware then writes beyond an array, or not all of it; supported: Dense layers and elementwise "
            "ones on (steps, numbers), and layers that give an image in each step"
        )
    return Copy(**{**edges, "output": replace(edges["output"], shape=wanted)})


def in_steps(nodes: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    """Nodes, each with the steps of the loop in which it is; 0 outside.

    Raises
    ------
    FirmwareError
        For layers that hls4ml writes into a loop to which they do not belong, or reads outside of it.
    UnsupportedError
        For loops in loops, and for layers that have not been compared in one.
    """
    start, inside = None, list[Any]()
    for node in nodes:
        if node.class_name != "TimeDistributed":
            if start is not None:
                inside.append(node)
                _check_inner(node, start, inside)
            yield node, 0 if start is None else int(start.get_attr("n_time_steps"))
            continue
        if _ends(node) == (start is None):
            raise UnsupportedError(f"layer {node.name!r} is a TimeDistributed in another one, which is not supported")
        if start is not None:
            _check_loop(node, start, inside)
        start, inside = (None if _ends(node) else node), []
        yield node, 0


def _check_inner(node: Any, start: Any, inside: list[Any]) -> None:
    if node.class_name not in COMPARED:
        raise UnsupportedError(
            f"layer {node.name!r} of class {node.class_name!r} is not supported in {start.name!r}, a TimeDistributed; "
            f"supported: {', '.join(COMPARED)}"
        )
    known = {start.outputs[0], *(name for other in inside for name in other.outputs)}
    if foreign := [name for name in node.inputs if name not in known]:
        raise FirmwareError(
            f"layer {node.name!r} reads {foreign[0]!r} in every step of {start.name!r}, a TimeDistributed that does "
            "not contain it"
        )


def _check_loop(end: Any, start: Any, inside: list[Any]) -> None:
    """Refuse functions that hls4ml leaves out, and readers outside of the loop, who would see its last step alone."""
    for node in inside if len(inside) == 1 else []:
        function = node.get_attr("activation")
        if "Activation" not in node.class_name and function not in (None, "linear"):
            raise FirmwareError(
                f"layer {node.name!r} in {start.name!r}, a TimeDistributed, has the activation {function!r}, which "
                "hls4ml leaves out; use a TimeDistributed of an Activation behind it"
            )
    kinds = [node.get_output_variable().type for node in (start, end)]
    if kinds[0].name == kinds[1].name and str(kinds[0].precision) != str(kinds[1].precision):
        raise FirmwareError(
            f"layer {start.name!r} is the last one, takes {kinds[0].precision} and gives {kinds[1].precision}: hls4ml "
            f"calls both {kinds[0].name}, so that its firmware does not compile; put a layer behind it, or give both "
            "one format"
        )
    inner = {name for node in (start, *inside) for name in node.outputs}
    members = {node.name for node in (*inside, end)}
    for node in end.model.get_layers():
        if node.name not in members and (read := inner & set(node.inputs)):
            raise FirmwareError(f"layer {node.name!r} reads {min(read)!r}, of which hls4ml keeps the last step alone")
    if read := inner & set(end.model.outputs):
        raise FirmwareError(f"output {min(read)!r} is inside of a TimeDistributed, of which hls4ml keeps the last step")


def with_steps(op: Op, steps: int) -> Op:
    """A layer as it is outside of loops; in one, in every step."""
    if not steps:
        return op
    return replace(op, output=of_all_steps(op.output, steps)) if op.renames else EveryStep.of(op, steps)
