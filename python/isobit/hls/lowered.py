"""Layers without an emitter of their own: written from the primitives to which they are lowered.

A selection becomes a call of the kernel in ``select.hpp`` with an array of indices. A formula becomes a loop over its
outputs, with the expression written in the operators of the number types, whose formats grow as AMD's; casts are
conversions, which copy a number that has the format already. Several primitives of one layer hand arrays of registers
to each other within its function.
"""

from __future__ import annotations

from collections.abc import Sequence

from isobit.errors import UnsupportedError
from isobit.hls.emitters import EMITTERS, Layer, pragma
from isobit.hls.formulas import WrittenFormula
from isobit.hls.selections import moved
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import Formula, Select, is_alias

__all__ = ["emit"]


def emit(layer: Layer) -> str:
    """The statements of a layer's function: by its emitter, or by the primitives that compute it.

    Raises
    ------
    UnsupportedError
        For an op without an emitter that is lowered to something else than :class:`Select` and :class:`Formula`.
    """
    op = layer.op
    if (emitter := EMITTERS.get(type(op))) is not None:
        return emitter(op, layer)
    parts: list[Select | Formula] = []
    for part in op.lower(*layer.tensors):
        if not isinstance(part, Select | Formula):
            raise UnsupportedError(
                f"layer {op.name!r} cannot be exported: no emitter for op {op.tag!r}; those with one: "
                f"{', '.join(sorted(known.tag for known in EMITTERS))}, and layers that are lowered to selections and "
                "formulas"
            )
        parts.append(part)
    title = (layer.what or op.tag).replace("_", " ")
    if len(parts) == 1 and is_alias(parts[0], layer.tensors):
        layer.what = f"{title} to {_shape(op.output)}"
        return ""
    *others, last = map(_shape, layer.tensors)
    layer.what = f"{title} of {' and '.join([', '.join(others), last] if others else [last])}"
    if any(tensor.shape != op.output.shape for tensor in layer.tensors):
        layer.what += f" to {_shape(op.output)}"
    return _Parts(layer).text(parts)


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
        for tensor, array in zip(layer.tensors, numbered, strict=True):
            self.arrays.setdefault(tensor.name, []).append(array)
        self.head: list[str] = []
        self.formulas = 0

    def text(self, parts: Sequence[Select | Formula]) -> str:
        statements = []
        for k, part in enumerate(parts[:-1]):
            array, kind = f"inner{k}", self.layer.type(f"inner{k}", part.output.type)
            self.head.append(f"{kind} {array}[{part.output.size}];")
            self._partition(array)
            statements.append(self._part(part, array, kind))
            self.arrays[part.output.name], self.tensors[part.output.name] = [array], part.output
        statements.append(self._part(parts[-1], "results", self.layer.result))
        unread = [f"static_cast<void>({array});" for array in self.unread]
        return "\n".join([*self.head, *unread, *statements])

    def _partition(self, array: str) -> None:
        self.head.append(pragma(f"ARRAY_PARTITION variable = {array} complete"))

    def _part(self, op: Select | Formula, results: str, kind: str) -> str:
        tensors, arrays = tuple(self.tensors[name] for name in op.inputs), self._read(op)
        if isinstance(op, Formula):
            formula = WrittenFormula(op, tensors, self.layer, kind)
            for table in formula.tables:
                self._partition(table)
            self.layer.what += f"{', then' if self.formulas else ':'} {formula.value.shown}"
            self.formulas += 1
            return formula.text(arrays, results)
        sizes = [tensor.size for tensor in tensors]
        return moved(self.layer, op.view, sizes, arrays, results, kind, self.head)

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
