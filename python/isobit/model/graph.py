"""A network: an ordered graph of ops between named tensors."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from isobit.errors import FormatError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.memory import check_memory, need_of
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Opaque
from isobit.model.tensor import layer_of

__all__ = ["Graph"]


#: Most integer and most fraction bits of a format in a network. Sums of products then have less than 4096 bits, which
#: every road computes, and their values lie within float64.
MAX_BITS = 1000


@dataclass(frozen=True)
class Graph:
    """An ordered graph of ops.

    Attributes
    ----------
    name
        Project name.
    inputs
        Input tensors, in the order of the top function's arguments.
    ops
        Ops in the order of computation; each reads inputs or outputs of earlier ops.
    outputs
        Names of the output tensors.
    metadata
        Where it came from: back end, part, clock, versions. Text only; nothing computes with it.
    primitive
        Whether the ops are those of :attr:`lowered`.

    Raises
    ------
    ShapeError
        If an op reads a tensor that does not exist before it, names clash, or sizes do not belong together.
    FormatError
        For a format that not every road computes.
    UnsupportedError
        If it would take more memory than :func:`isobit.model.memory.memory_limit`.
    """

    name: str
    inputs: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    outputs: tuple[str, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    primitive: bool = field(default=False, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        for slot, type in () if self.primitive else self.types().items():
            if max(abs(type.integer), abs(type.fraction)) > MAX_BITS:
                raise FormatError(
                    f"{slot} is {type}; a network's have {MAX_BITS} integer and {MAX_BITS} fraction bits at most"
                )
        known = {tensor.name: tensor for tensor in self.inputs}
        if len(known) != len(self.inputs):
            raise ShapeError(f"input names are not unique: {[tensor.name for tensor in self.inputs]}")
        names: set[str] = set()
        for op in self.ops:
            if missing := [name for name in op.inputs if name not in known]:
                raise ShapeError(
                    f"layer {op.name!r} reads {missing[0]!r}, which no earlier layer gives; known: {sorted(known)}"
                )
            if not self.primitive and layer_of(op.name) != op.name:
                raise UnsupportedError(f"layer {op.name!r} has a name that only parts of a layer have; rename it")
            if op.output.name in known or op.name in names:
                raise ShapeError(f"layer {op.name!r} gives {op.output.name!r}, a name that is taken")
            op.check_inputs(*(known[name] for name in op.inputs))
            known[op.output.name] = op.output
            names.add(op.name)
        if not self.primitive:
            check_memory([need_of(op, *(known[name] for name in op.inputs)) for op in self.ops])
        if len(set(self.outputs)) != len(self.outputs) or set(self.outputs) & {tensor.name for tensor in self.inputs}:
            raise UnsupportedError(f"outputs must be different layers, and no inputs; got {list(self.outputs)}")
        if missing := [name for name in self.outputs if name not in known]:
            raise ShapeError(f"output {missing[0]!r} is given by no layer; known: {sorted(known)}")

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name."""
        return {tensor.name: tensor for tensor in self.inputs} | {op.output.name: op.output for op in self.ops}

    def inputs_of(self, op: Op) -> Tensors:
        """The tensors that an op reads, in its order."""
        return tuple(self.tensors[name] for name in op.inputs)

    @property
    def lowered(self) -> Graph:
        """The same network as primitives, see :meth:`isobit.model.Op.lower`; itself if every layer is one.

        What computes and what proves works on it, and reports by layers; model files, formats and the reference engine
        know the layers alone. The tensors that layers give are there by the same names.
        """
        return self._lowered or self

    @cached_property
    def _lowered(self) -> Graph | None:
        # None stands for the graph itself: a reference to it would keep it alive until a collection of cycles.
        ops = tuple(part for op in self.ops for part in self._primitives(op, self.inputs_of(op)))
        if len(ops) == len(self.ops) and all(new is old for new, old in zip(ops, self.ops, strict=True)):
            return None
        return replace(self, ops=ops, primitive=True)

    def _primitives(self, op: Op, tensors: Tensors) -> Iterator[Op]:
        """The primitives of a layer; layers among those to which it is lowered are lowered again."""
        parts = self._parts(op, tensors)
        known = {tensor.name: tensor for tensor in (*tensors, *(part.output for part in parts))}
        for part in parts:
            if part.primitive:
                yield part
            elif type(part) is type(op) or not known.keys() >= set(part.inputs):
                yield Opaque.of(part)
            else:
                yield from self._primitives(part, tuple(known[name] for name in part.inputs))

    @staticmethod
    def _parts(op: Op, tensors: Tensors) -> tuple[Op, ...]:
        """What a layer is lowered to, if it is what :meth:`isobit.model.Op.lower` says."""
        parts = op.lower(*tensors)
        if not isinstance(parts, tuple) or not parts or not all(isinstance(part, Op) for part in parts):
            raise TypeMismatchError(
                f"layer {op.name!r} ({op.tag}) is lowered to {parts!r:.80}; expected a tuple of ops, the last one "
                "giving the layer's output"
            )
        last = parts[-1]
        if (last.name, last.output) != (op.name, op.output):
            raise ShapeError(
                f"layer {op.name!r} ({op.tag}) is lowered to ops of which the last, {last.name!r}, gives "
                f"{last.output}; expected the name {op.name!r} and {op.output}"
            )
        return parts

    @cached_property
    def by_name(self) -> dict[str, Op]:
        """Every op by layer name."""
        return {op.name: op for op in self.ops}

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The output tensors."""
        return tuple(self.tensors[name] for name in self.outputs)

    def types(self) -> dict[str, FixedType]:
        """Every format by ``layer.slot``."""
        slots = {f"{tensor.name}.result": tensor.type for tensor in self.inputs}
        for op in self.ops:
            slots |= {f"{op.name}.{slot}": type for slot, type in op.types().items()}
        return slots

    @cached_property
    def tied(self) -> dict[str, tuple[str, ...]]:
        """Formats that only exist together, by each of their names: the result of the layer that ties them first."""
        source = {tensor.name: f"{tensor.name}.result" for tensor in self.inputs}
        found: dict[str, tuple[str, ...]] = {}
        for op in self.ops:
            source[op.output.name] = source[op.inputs[0]] if op.follows else f"{op.name}.result"
            if op.tied:
                keys = [f"{op.name}.result", *(f"{op.name}.{slot}" for slot in op.tied), source[op.inputs[0]]]
                group = tuple(dict.fromkeys(other for key in keys for other in found.get(key, (key,))))
                found |= dict.fromkeys(group, group)
        return found

    def with_types(self, types: Mapping[str, str | FixedType]) -> Graph:
        """Copy with exactly these formats changed.

        Parameters
        ----------
        types
            ``{"fc1.weight": "ap_fixed<8,2>", "fc1.accum": ..., "relu1.result": ...}``. A :class:`Reshape` follows
            the format of its input.

        Raises
        ------
        FormatError
            For a slot that does not exist (with the closest ones) or a type that cannot be read.
        """
        slots = self.types()
        parsed: dict[str, FixedType] = {}
        for key, value in types.items():
            if key not in slots:
                name, _, slot = key.rpartition(".")
                if name in self.by_name and (why := self.by_name[name].without.get(slot)):
                    raise FormatError(f"{key} changes nothing: {why}")
                close = difflib.get_close_matches(key, slots, n=3, cutoff=0.3) or list(slots)
                raise FormatError(
                    f"no format is called {key!r}; closest: {', '.join(close)} (all: {len(slots)} in .types)"
                )
            parsed[key] = FixedType.parse(value)

        inputs = []
        for tensor in self.inputs:
            wanted = parsed.get(f"{tensor.name}.result", tensor.type)
            if wanted != tensor.type and tensor.xnor:
                raise UnsupportedError(f"{tensor.name}.result is a one-bit xnor format and cannot be changed")
            inputs.append(replace(tensor, type=wanted))
        current = {tensor.name: tensor.type for tensor in inputs}
        ops: list[Op] = []
        for op in self.ops:
            mine = {key.rpartition(".")[2]: value for key, value in parsed.items() if key.rpartition(".")[0] == op.name}
            if op.follows:
                (source,) = op.inputs
                follows = current[source]
                if mine.get("result", follows) != follows:
                    raise FormatError(f"{op.name}.result follows its input ({follows}); change {source}.result instead")
                mine = {"result": follows}
            changed = op.with_types(mine) if mine else op
            ops.append(changed.with_input_types(*(current[name] for name in op.inputs)))
            current[op.output.name] = ops[-1].output.type
        return replace(self, inputs=tuple(inputs), ops=tuple(ops))
