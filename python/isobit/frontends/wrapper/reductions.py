"""Steps that make few numbers of many: sums, losses, means, and the place of the largest number."""

from __future__ import annotations

from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries
from isobit.frontends.wrapper.building import Building, register_step
from isobit.frontends.wrapper.entries import type_of
from isobit.model.layers.einsum import Einsum
from isobit.model.layers.pooling import Pooling, Sum
from isobit.model.layers.softmax import ArgMax

__all__: list[str] = []


def _accumulator(entries: Entries) -> tuple[FixedType, FixedType]:
    """Formats of the running sum, and of the result: by default the same."""
    accum = type_of(entries, "accum")
    return accum, type_of(entries) if entries.has("type") else accum


@register_step("sum_of_squares")
def _squares(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i] * x[i];``: each exact square is added, and the sum cast to its format."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    axes = tuple(range(len(tensor.shape)))
    perms = (*axes, *axes)
    b.put(
        entries,
        kind,
        (1,),
        lambda name, output: Einsum(
            name, (tensor.name, tensor.name), output, accum, 1, (1, 1), tensor.size, perms, (1,), (0,)
        ),
    )


@register_step("sum")
def _sum(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i];``."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    b.put(entries, kind, (1,), lambda name, output: Sum(name, (tensor.name,), output, accum))


@register_step("mean")
def _mean(b: Building, entries: Entries) -> None:
    """``accum_t sum = 0; for (i) sum += x[i]; sum / n``: the quotient is truncated toward zero at the sum's LSB."""
    entries.only("name", "step", "from", "accum", "type")
    tensor = b.source(entries)
    accum, kind = _accumulator(entries)
    n = tensor.size
    b.put(
        entries,
        kind,
        (1,),
        lambda name, output: Pooling(name, (tensor.name,), output, "average", "parallel", accum, 1, n, 1, n),
    )


@register_step("argmax")
def _argmax(b: Building, entries: Entries) -> None:
    """The place of the largest number, of several the first, as hls4ml's softmax with argmax has it."""
    entries.only("name", "step", "from", "type")
    tensor = b.source(entries)
    bits = max(1, (tensor.size - 1).bit_length())
    kind = type_of(entries) if entries.has("type") else FixedType.int_type(bits, signed=False)
    b.put(entries, kind, (1,), lambda name, output: ArgMax(name, (tensor.name,), output))
