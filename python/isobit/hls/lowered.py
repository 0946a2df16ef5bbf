"""Layers without an emitter of their own: written from the primitives to which they are lowered.

A selection becomes a call of the kernel in ``select.hpp`` with an array of indices. A formula becomes a loop over its
outputs, with the expression written in the operators of the number types, whose formats grow as AMD's; casts are
conversions, which copy a number that has the format already. Several primitives of one layer hand arrays of registers
to each other within its function. A part that is neither is computed by a function of its own, which its emitter
writes: sums of products, maxima and sums of windows, tables, or a layer that has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from isobit.errors import UnsupportedError
from isobit.hls.emitters import EMITTERS, PRIMITIVES, Layer, pragma
from isobit.hls.formulas import WrittenFormula
from isobit.hls.selections import moved
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import Formula, Select, identity_view, is_alias

__all__ = ["emit"]


def emit(layer: Layer) -> str:
    """The statements of a layer's function: by its emitter, or by the primitives that compute it.

    Raises
    ------
    UnsupportedError
        For an op without an emitter that is lowered to something else than :class:`Select`, :class:`Formula`,
        primitives with an emitter, and layers that can be exported.
    """
    op = layer.op
    if (emitter := EMITTERS.get(type(op)) or PRIMITIVES.get(type(op))) is not None:
        return emitter(op, layer)
    parts = op.lower(*layer.tensors)
    if not all(_is_written(part, op) for part in parts):
        raise _refusal(op)
    title = (layer.what or op.tag).replace("_", " ")
    if len(parts) == 1 and is_alias(parts[0], layer.tensors):
        layer.what = f"{title} to {_shape(op.output)}"
        return ""
    if len(parts) == 1 and not isinstance(parts[0], Select | Formula) and parts[0].inputs == op.inputs:
        layer.op = parts[0]  # as which the layer is computed
        body = emit(layer)
        layer.op, layer.what = op, f"{title}: {layer.what}"
        return body
    *others, last = map(_shape, layer.tensors)
    layer.what = f"{title} of {' and '.join([', '.join(others), last] if others else [last])}"
    if any(tensor.shape != op.output.shape for tensor in layer.tensors):
        layer.what += f" to {_shape(op.output)}"
    return _Parts(layer).text(parts)


def _is_written(part: Op, whole: Op) -> bool:
    """Whether there is a way to write a part: of a layer within another one, its own export says it."""
    known = isinstance(part, Select | Formula) or type(part) in PRIMITIVES or type(part) in EMITTERS
    return known or not (part.primitive or part is whole)


def _refusal(op: Op) -> UnsupportedError:
    known = ", ".join(sorted(known.tag for known in EMITTERS))
    primitives = ", ".join(sorted({"select", "formula", *(known.tag for known in PRIMITIVES)}))
    return UnsupportedError(
        f"layer {op.name!r} cannot be exported: no emitter for op {op.tag!r}; those with one: {known}, and layers that "
        f"are lowered to them and to {primitives}"
    )


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "1"


class _Parts:
    """The primitives of a layer, in order: every tensor in its array, and directives for constants."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        numbered = ["data"] if len(layer.tensors) == 1 else [f"data{k}" for k in range(len(layer.tensors))]
        self.unread = list(numbered)
        self.arrays: dict[str, list[str]] = {}  # of a tensor that is an input twice, both
        self.tensors = {tensor.name: tensor for tensor in layer.tensors}
        self.kinds = {tensor.name: kind for tensor, kind in zip(layer.tensors, layer.kinds, strict=True)}
        for tensor, array in zip(layer.tensors, numbered, strict=True):
            self.arrays.setdefault(tensor.name, []).append(array)
        self.head: list[str] = []
        self.parts: list[Layer] = []  # those with a function of their own
        self.loops = 0  # of formulas
        self.told: list[str] = []  # what parts compute, in words

    def text(self, parts: Sequence[Op]) -> str:
        statements = []
        for k, op in enumerate(parts[:-1]):
            array, kind = f"inner{k}", self.layer.type(f"inner{k}", op.output.type)
            self.head.append(f"{kind} {array}[{op.output.size}];")
            self._partition(array)
            statements.append(self._part(op, array, kind, k))
            self.arrays[op.output.name], self.tensors[op.output.name] = [array], op.output
            self.kinds[op.output.name] = kind
        statements.append(self._part(parts[-1], "results", self.layer.result, len(parts) - 1))
        loops = [part.interval for part in self.parts if part.dataflow]  # one after the other
        self.layer.dataflow = bool(loops)
        self.layer.interval = sum(loops) or max((part.interval for part in self.parts), default=1)
        if self.told:
            repeated = ((what, len(list(same))) for what, same in groupby(self.told))
            shown = ", then ".join(f"{count} times {what}" if count > 1 else what for what, count in repeated)
            self.layer.what += f": {shown}"
        unread = [f"static_cast<void>({array});" for array in self.unread]
        return "\n".join([*self.head, *unread, *statements])

    def _partition(self, array: str) -> None:
        self.head.append(pragma(f"ARRAY_PARTITION variable = {array} complete"))

    def _part(self, op: Op, results: str, kind: str, number: int) -> str:
        tensors, arrays = tuple(self.tensors[name] for name in op.inputs), self._read(op)
        if isinstance(op, Formula):
            formula = WrittenFormula(op, tensors, self.layer, kind)
            for table in formula.tables:
                self._partition(table)
            self.told.append(formula.value.shown)
            self.loops += 1
            return formula.text(arrays, results, self.loops)
        sizes = [tensor.size for tensor in tensors]
        if isinstance(op, Select):
            return moved(self.layer, op.view, sizes, arrays, results, kind, self.head)
        part = self.layer.part(f"part{number}", op, tensors, tuple(self.kinds[name] for name in op.inputs), kind)
        if not (body := emit(part)):  # another name for the same numbers
            return moved(self.layer, identity_view(sizes[0]), sizes, arrays, results, kind, self.head)
        self.layer.function(part, body)
        self.told.append(part.what)
        self.parts.append(part)
        return f"{part.name}({', '.join([*arrays, results])});"

    def _read(self, op: Op) -> list[str]:
        """The arrays of its inputs; of a tensor that the layer has twice, one and then the other."""
        seen: dict[str, int] = {}
        read = []
        for name in op.inputs:
            arrays = self.arrays[name]
            read.append(arrays[seen.get(name, 0) % len(arrays)])
            seen[name] = seen.get(name, 0) + 1
        self.unread = [array for array in self.unread if array not in read]
        return read
