"""Softmax by tables: nnet_activation.h and nnet_activation_stream.h in hls4ml 1.3.0, for Vivado and Vitis.

With ``SoftmaxConfigTemplate`` in backends/vivado/passes/core_templates.py. ``stable_signed`` is the ``stable`` of
hls4ml 0.6.0 to 1.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed import growth
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model import softmax as primitive
from isobit.model.expressions import Constant, Input, Minus, Result
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, View, identity_view
from isobit.model.reduce import Reduce
from isobit.model.tables import check_table, exponential_table, index_bits, inverse_table
from isobit.model.weights import Encoding, Weight

__all__ = ["LEGACY_STREAM_ENTRIES", "LEGACY_TABLE", "ArgMax", "Softmax", "signed_differences"]

#: What softmax_legacy's tables and sums hold: activ_config's default, which hls4ml's softmax never overrides.
LEGACY_TABLE = FixedType(18, 8)
#: Entries of both tables of softmax_legacy with io_stream, where activ_config's default counts.
LEGACY_STREAM_ENTRIES = 1024


def signed_differences(type: FixedType) -> FixedType:
    """The format of ``d_xi_xmax`` before hls4ml 1.2.0: the input's, rounded and saturated."""
    return FixedType(type.width, type.integer, type.signed, Rounding.RND, Overflow.SAT)


@register_op
@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """Softmax by tables, as hls4ml implements it; and its argmax.

    Attributes
    ----------
    implementation
        One of :attr:`IMPLEMENTATIONS`. ``latency`` and ``stable`` look exponentials up, add them in a balanced tree,
        look the inverse up and multiply; ``stable`` exponentiates distances from the largest value. ``legacy`` sums
        exponentials of differences for every output. ``argmax`` gives 1 and zeros. Releases before 1.2.0 have
        ``stable_signed`` for ``stable``: it exponentiates the differences from the largest value as they are, at most
        0, rounded and saturated in the input's width.
    size, outer, inner
        Values that are normalised together, in each of ``outer * inner`` slices of an input (outer, size, inner).
    exp_table, inv_table
        Tables of exponentials and inverses, shape (entries,); None for ``argmax``.
    accum
        Format of exponentials in the sum, and of every partial sum.
    inv_inp
        Format of the sum, whose top bits address ``inv_table``.
    inp_norm
        ``stable``: format of the distances, whose top bits address ``exp_table``.
    address
        ``latency``: format of the input, whose top bits address ``exp_table``. ``stable_signed``: of the differences.
    exp_scale
        Factor of the exponents.
    """

    implementation: str
    size: int
    outer: int = 1
    inner: int = 1
    exp_table: Weight | None = None
    inv_table: Weight | None = None
    accum: FixedType | None = None
    inv_inp: FixedType | None = None
    inp_norm: FixedType | None = None
    address: FixedType | None = None
    exp_scale: float = 1.0

    tag: ClassVar[str] = "softmax"
    activations: ClassVar[tuple[str, ...]] = ("softmax",)
    IMPLEMENTATIONS: ClassVar[tuple[str, ...]] = ("latency", "stable", "legacy", "argmax")
    #: Those that only releases before 1.2.0 have.
    OLDER: ClassVar[tuple[str, ...]] = ("stable_signed",)
    _PARTS: ClassVar[dict[str, set[str]]] = {
        "latency": {"exp_table", "inv_table", "accum", "inv_inp", "address"},
        "stable": {"exp_table", "inv_table", "accum", "inv_inp", "inp_norm"},
        "stable_signed": {"exp_table", "inv_table", "accum", "inv_inp", "address"},
        "legacy": {"exp_table", "inv_table"},
        "argmax": set(),
    }

    def __post_init__(self) -> None:
        if self.implementation not in self._PARTS:
            raise UnsupportedError(
                f"softmax implementation {self.implementation!r} of layer {self.name!r} is not supported; supported: "
                f"{', '.join((*self.IMPLEMENTATIONS, *self.OLDER))}"
            )
        given = {part for part in set().union(*self._PARTS.values()) if getattr(self, part) is not None}
        if given != (wanted := self._PARTS[self.implementation]):
            raise ShapeError(
                f"softmax {self.implementation!r} of layer {self.name!r} has {sorted(given)}; expected {sorted(wanted)}"
            )
        if min(self.size, self.outer, self.inner) < 1:
            raise ShapeError(
                f"layer {self.name!r} has {self.outer} x {self.inner} slices of {self.size}; expected at least 1 each"
            )
        if self.implementation == "stable_signed" and self.address is not None and not self.address.signed:
            raise UnsupportedError(
                f"layer {self.name!r} exponentiates differences in {self.address}; expected a signed format"
            )
        for name in ("exp_table", "inv_table"):
            if (table := getattr(self, name)) is not None:
                check_table(table, name, f"layer {self.name!r}")
                if self.implementation == "legacy" and table.type != LEGACY_TABLE:
                    raise UnsupportedError(
                        f"{self.name}.{name} is {table.type}; hls4ml's legacy softmax always has {LEGACY_TABLE}"
                    )
        for name, address in (("exp_table", self.exp_address), ("inv_table", self.inv_inp)):
            if address is not None:
                index_bits(f"{self.name}.{name}", int(getattr(self, name).raw.size), address)

    @property
    def exp_address(self) -> FixedType | None:
        """Format of the numbers whose top bits address ``exp_table``."""
        return self.inp_norm if self.implementation == "stable" else self.address

    def address_of(self, type: FixedType) -> FixedType:
        """The format :attr:`address` that belongs to an input's format."""
        if self.implementation == "latency":
            return type
        return signed_differences(type)

    @property
    def resizable(self) -> dict[str, tuple[int, FixedType | None]]:
        """See :attr:`Op.resizable`; those of ``legacy`` are what they are."""
        if self.exp_table is None or self.inv_table is None or self.implementation == "legacy":
            return {}
        return {
            "exp_table": (int(self.exp_table.raw.size), self.exp_address),
            "inv_table": (int(self.inv_table.raw.size), self.inv_inp),
        }

    def with_entries(self, entries: Mapping[str, int]) -> Softmax:
        """As :meth:`Op.with_entries`."""
        changed = self
        if "exp_table" in entries:
            changed = replace(changed, exp_table=changed._exponentials(entries["exp_table"]))
        if "inv_table" in entries and changed.inv_table is not None and changed.inv_inp is not None:
            kind = changed.inv_table.type
            changed = replace(
                changed, inv_table=inverse_table("inv_table", entries["inv_table"], changed.inv_inp, kind)
            )
        return changed

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every slice is a group; see :meth:`Op.lower`."""
        places = np.arange(self.outer * self.size * self.inner, dtype=np.int64)
        groups = np.moveaxis(places.reshape(self.outer, self.size, self.inner), 1, 2).reshape(-1, self.size)
        if self.implementation == "stable_signed":
            return self._of_differences(tensors[0], groups)
        return (self._primitive(self.inputs, self.implementation, groups),)

    def _of_differences(self, tensor: Tensor, groups: View) -> tuple[Op, ...]:
        """The largest number of every group, differences from it, and ``latency`` of those."""
        assert self.address is not None
        largest = Tensor(f"{self.name}/2", (len(groups),), tensor.type)
        differences = Tensor(f"{self.name}/3", (groups.size,), self.address)
        own = np.empty(groups.size, dtype=np.int64)
        own[groups] = np.arange(len(groups), dtype=np.int64)[:, None]
        outcome = Result(Minus(Input(0), Input(1)), growth.difference(tensor.type, tensor.type))
        views = (identity_view(groups.size), own)
        return (
            Reduce(largest.name, self.inputs, largest, "max", groups, tensor.type),
            Formula(differences.name, (*self.inputs, largest.name), differences, outcome, views),
            self._primitive((differences.name,), "latency", groups),
        )

    def _primitive(self, inputs: tuple[str, ...], implementation: str, groups: View) -> primitive.Softmax:
        return primitive.Softmax(
            self.name,
            inputs,
            self.output,
            implementation,
            groups,
            self.exp_table,
            self.inv_table,
            self.accum,
            self.inv_inp,
            self.inp_norm,
            self.exp_address,
            self.exp_scale,
        )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and the format that the table was made for; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        self._same(self.outer * self.size * self.inner, (tensor.size,), "values in all slices", tensor)
        if self.address is not None and self.address != self.address_of(tensor.type):
            raise FormatError(
                f"{self.name}.exp_table was made for numbers of {self.address}; the input is {tensor.type}"
            )

    def types(self) -> dict[str, FixedType]:
        """Format of every slot; the input's is not one of them."""
        slots = super().types()
        slots.pop("address", None)
        return slots

    def with_types(self, types: Mapping[str, FixedType]) -> Softmax:
        """As :meth:`Op.with_types`; a table whose address has another format is computed again."""
        changed = super().with_types({slot: type for slot, type in types.items() if slot != "address"})
        if changed.inp_norm != self.inp_norm:
            changed = replace(changed, exp_table=changed._exponentials())
        if changed.inv_inp != self.inv_inp and changed.inv_table is not None and changed.inv_inp is not None:
            old = changed.inv_table
            inverses = inverse_table("inv_table", int(old.raw.size), changed.inv_inp, old.type)
            changed = replace(changed, inv_table=inverses)
        return changed

    def with_input_types(self, *types: FixedType) -> Softmax:
        """As :meth:`Op.with_input_types`: the exponentials of ``latency`` belong to the input's format."""
        (type,) = types
        if self.address is None or self.address == self.address_of(type):
            return self
        changed = replace(self, address=self.address_of(type))
        return replace(changed, exp_table=changed._exponentials())

    def _exponentials(self, entries: int | None = None) -> Weight:
        old, address = self.exp_table, self.exp_address
        assert old is not None
        assert address is not None
        distances = self.implementation == "stable"
        return exponential_table(
            "exp_table", entries or int(old.raw.size), address, self.exp_scale, distances, old.type
        )


@register_op
@dataclass(frozen=True, eq=False)
class ArgMax(Op):
    """The place of the largest number, of several the first: softmax's argmax, in the wrapper.

    Its places are those of one event, counted from zero, and are cast into the result.
    """

    tag: ClassVar[str] = "argmax"

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A one at the largest number and zeros, times their places, of which the largest; see :meth:`Op.lower`."""
        (tensor,) = tensors
        bits = max(1, (tensor.size - 1).bit_length())
        kind, places = FixedType(bits, bits, signed=False), np.arange(tensor.size, dtype=np.int64)
        hot, placed = (
            Tensor(f"{self.name}/{number}", (tensor.size,), type)
            for number, type in ((2, FixedType(1, 1, signed=False)), (3, kind))
        )
        real = places.astype(np.float64)
        product = Input(0) * Constant(Weight("places", places, kind, real, real, Encoding.LITERAL))
        outcome = Result.of(product, hot)
        return (
            Softmax(hot.name, self.inputs, hot, "argmax", tensor.size),
            Formula(placed.name, (hot.name,), placed, outcome, (places,)),
            Reduce(self.name, (placed.name,), self.output, "max", places[None], kind),
        )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        self._same(self.output.size, (1,), "outputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"an argmax of one-bit (xnor) numbers is not supported (layer {self.name!r})")
