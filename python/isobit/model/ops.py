"""The operations of a network, as frozen data: no engine and no front end is known here.

Every op names its input tensors and describes its one output tensor. Formats are addressed by *slots* (``weight``,
``bias``, ``scale``, ``accum``, ``result``, ...), which hls4ml's ``Precision`` configuration uses as well. A new op is a
subclass with the decorator :func:`register_op`; engines and front ends register a reference or handler for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

from isobit.errors import RegistrationError, ShapeError, UnsupportedError
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.tensor import Tensor, Tensors, layer_of, reported
from isobit.model.weights import Weight

__all__ = [
    "OPS",
    "Op",
    "Tensor",
    "Tensors",
    "is_quantiser",
    "layer_of",
    "register_op",
    "reported",
    "supported_activations",
]


@dataclass(frozen=True, eq=False)
class Op:
    """A node of the graph.

    Attributes
    ----------
    name
        Layer name, as in hls4ml's trace.
    inputs
        Names of the input tensors.
    output
        The output tensor; its format is the slot ``result``.
    """

    name: str
    inputs: tuple[str, ...]
    output: Tensor

    #: Name in model files.
    tag: ClassVar[str] = ""
    #: Activation functions that this op computes, by hls4ml's names.
    activations: ClassVar[tuple[str, ...]] = ()
    #: Whether engines, bounds and plans know this op itself. A layer that is not lowered to such ops is computed by its
    #: reference (:class:`isobit.model.primitives.Opaque`).
    primitive: ClassVar[bool] = False
    #: Whether the result always has the format of the input.
    follows: ClassVar[bool] = False
    #: Whether it is the input in another shape, of which hls4ml's trace has no numbers of its own.
    renames: ClassVar[bool] = False
    #: Whether constants are trained in the units in which hls4ml writes them, as weights that it divides by an alpha of
    #: the quantiser are not.
    keeps_units: ClassVar[bool] = False
    #: Slots of hls4ml's configuration that change nothing here, with the reason.
    without: ClassVar[Mapping[str, str]] = {}
    #: Fewest and most input tensors; None: any number.
    input_counts: ClassVar[tuple[int, int | None]] = (1, 1)

    @property
    def multiplication(self) -> tuple[str, int] | None:
        """Strategy and reuse factor as reports compare them with what was asked for; None where they do not."""
        return None

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that the op fits its inputs; engines index arrays by these sizes without looking again.

        Parameters
        ----------
        tensors
            The input tensors, in order.

        Raises
        ------
        ShapeError
            If there are too few or too many, or the sizes of inputs, output and weights do not belong together.
        """
        for tensor in self._counted(tensors):
            self._same(self.output.size, (tensor.size,), "outputs", tensor)

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """Windows that an engine computes one by one, and the numbers in all windows; from shapes alone.

        Parameters
        ----------
        tensors
            The input tensors, in order.

        Returns
        -------
        How many windows; how many numbers, counted as often as they are read. Both are 0 where a layer has no windows.
        """
        return 0, 0

    def _counted(self, tensors: Tensors) -> Tensors:
        """The same tensors, if there are as many as the op takes."""
        least, most = self.input_counts
        if len(tensors) < least or (most is not None and len(tensors) > most):
            allowed = f"{least} or more" if most is None else str(least) if least == most else f"{least} to {most}"
            raise ShapeError(
                f"layer {self.name!r} reads {len(tensors)} tensors, expected {allowed} for op {self.tag!r}"
            )
        return tensors

    def _same(self, found: int, allowed: tuple[int, ...], what: str, tensor: Tensor) -> None:
        if found not in allowed:
            raise ShapeError(
                f"layer {self.name!r} has {found} {what}, expected {' or '.join(map(str, allowed))} for an input of "
                f"{tensor.size} values"
            )

    @property
    def unknown(self) -> str:
        """Why nobody vouches for what it computes: the functions that are none of hls4ml's; empty for most."""
        return ""

    @property
    def clips(self) -> bool:
        """Whether the clip to the result's range is a part of the function, which is no overflow.

        hls4ml gives the result of a QKeras activation the format of its quantiser.
        """
        return False

    @property
    def tied(self) -> tuple[str, ...]:
        """Slots that must have the format of the first input, because the kernel compiles for no other."""
        return ()

    @property
    def resizable(self) -> dict[str, tuple[int, FixedType | None]]:
        """Tables that may have another number of entries: how many, and the format whose top bits address them.

        The format is None where its range does not say what an entry spans.
        """
        return {}

    def with_entries(self: OpT, entries: Mapping[str, int]) -> OpT:
        """Copy whose tables (:attr:`resizable`) have so many entries, computed anew."""
        if entries:
            raise UnsupportedError(
                f"layer {self.name!r} has no tables {', '.join(entries)} that could be computed anew"
            )
        return self

    def types(self) -> dict[str, FixedType]:
        """Format of every slot."""
        slots: dict[str, FixedType] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Weight):
                slots[value.name] = value.type
            elif isinstance(value, FixedType):
                slots[field.name] = value
        slots["result"] = self.output.type
        return slots

    def with_types(self: OpT, types: Mapping[str, FixedType]) -> OpT:
        """Copy with some slots' formats changed; weights are quantised again from the values that hls4ml wrote."""
        changes: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Weight) and value.name in types:
                changes[field.name] = value.with_type(types[value.name])
            elif isinstance(value, FixedType) and field.name in types:
                changes[field.name] = types[field.name]
        if "result" in types and types["result"] != self.output.type:
            if self.output.xnor:
                raise UnsupportedError(
                    f"{self.name}.result is the one-bit format of a binary activation and cannot be changed"
                )
            changes["output"] = replace(self.output, type=types["result"])
        return replace(self, **changes)

    def with_input_types(self: OpT, *types: FixedType) -> OpT:
        """Copy for inputs of other formats, in order; most ops hold nothing that depends on them."""
        del types
        return self

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The primitives that compute this layer, in order; by default the op is one itself.

        Parameters
        ----------
        tensors
            The input tensors, in order.

        Notes
        -----
        The last primitive has the layer's name and gives its output. Those before it, and the tensors between them, are
        called ``name/2``, ``name/3``, ...: nobody else reads these, and reports speak of the layer
        (:func:`reported`). A pure function of op and tensors, which is asked again after every change of formats; a
        primitive is lowered to itself. Bits are those of the layer: the reference engine, which computes layers as
        hls4ml writes them, is what tests compare with.
        """
        del tensors
        return (self,)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]


OpT = TypeVar("OpT", bound=Op)

#: Every op by its tag; model files and registries use it.
OPS: dict[str, type[Op]] = {}


def supported_activations() -> list[str]:
    """Every activation function that some op computes, by hls4ml's names."""
    return [name for op in OPS.values() for name in op.activations]


def register_op(cls: type[OpT]) -> type[OpT]:
    """Make an op known to model files and engines (class decorator).

    Raises
    ------
    RegistrationError
        For a tag that is missing or taken, and for a class that is no frozen dataclass derived from :class:`Op`.
    """
    made = cls.__dict__.get("__dataclass_params__")
    if not issubclass(cls, Op) or made is None or not made.frozen or made.eq:
        raise RegistrationError(
            f"op {cls.__name__} must be derived from Op and decorated with @dataclass(frozen=True, eq=False), below "
            "@register_op"
        )
    if not cls.tag or cls.tag in OPS:
        raise RegistrationError(
            f"op {cls.__name__} needs a tag of its own, got {cls.tag!r}; taken: {', '.join(sorted(OPS))} "
            "(isobit.layers.forget takes back one of yours)"
        )
    OPS[cls.tag] = cls
    return cls


def is_quantiser(kind: FixedType) -> bool:
    """Whether a result has the modes that hls4ml gives to QKeras' activations (``quantized_relu``, ...)."""
    return kind.rounding is Rounding.RND_CONV and kind.overflow in (Overflow.SAT, Overflow.SAT_SYM)
