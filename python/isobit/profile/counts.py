"""What profiling reports: what leaves a format's range, what rounding drops, how many bits are in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from isobit.bounds.constant_change import ConstantChange, changed_lines
from isobit.bounds.ranges import IntArray, Range
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.pages.paged import Paged
from isobit.profile.distributions import Distribution

__all__ = ["LayerProfile", "OverflowCount", "Profile"]


@dataclass(frozen=True)
class OverflowCount:
    """Overflows of one format.

    Attributes
    ----------
    layer, slot
        Where: ``accum`` counts casts of products and bias and every partial sum, ``result`` the last cast; a softmax
        also has ``inp_norm`` and ``inv_inp``.
    type
        The format that was too narrow.
    events
        For each neuron, the events in which it happened at least once.
    total
        For each neuron, how often it happened (an accumulator may overflow several times in one event).
    clips
        Whether it is the clip of a quantised activation, which is no overflow (:attr:`isobit.model.Op.clips`).
    """

    layer: str
    slot: str
    type: FixedType
    events: npt.NDArray[np.int64]
    total: npt.NDArray[np.int64]
    clips: bool = False

    @property
    def saturates(self) -> bool:
        """Whether the format saturates (else it wraps)."""
        return self.type.overflow in (Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO)

    def __str__(self) -> str:
        worst = int(np.argmax(self.events))
        count = int(np.count_nonzero(self.events))
        verb = "clips, as it is made to" if self.clips else "saturates" if self.saturates else "overflows"
        return (
            f"{self.layer}.{self.slot} {self.type} {verb}: {count} of {len(self.events)} neurons, "
            f"worst neuron {worst} in {int(self.events[worst])} events"
        )


@dataclass(frozen=True, eq=False)
class LayerProfile:
    """What one layer gave on some events.

    Attributes
    ----------
    layer, type
        The layer, and the format of its result.
    low, high
        Smallest and largest result of each neuron, raw integers in units of the LSB, shape (size,).
    held_low, held_high
        The same of what the cast into the result took, rounded, before overflow: what the format would have to hold.
    lossy
        For each neuron, the events in which rounding into the result dropped set bits.
    """

    layer: str
    type: FixedType
    low: IntArray
    high: IntArray
    held_low: IntArray
    held_high: IntArray
    lossy: npt.NDArray[np.int64]

    @property
    def bits(self) -> npt.NDArray[np.int64]:
        """Total bits that each neuron needs to hold what it took, in the format's own signedness."""
        return Range(self.held_low, self.held_high, self.type.fraction).widths(self.type.signed)

    def __str__(self) -> str:
        low, high = (float(int(end) * self.type.lsb) for end in (self.low.min(), self.high.max()))
        needed, width = int(self.bits.max()), self.type.width
        words = f"{self.layer} {self.type}: {min(needed, width)} of {width} bits, {low:g} to {high:g}"
        if needed > width:
            words += f"; what was cast into it needs {needed} bits"
        count = int(np.count_nonzero(self.lossy))
        if not count:
            return words
        worst = int(np.argmax(self.lossy))
        return (
            f"{words}; rounding drops set bits of {count} of {len(self.lossy)} neurons, "
            f"neuron {worst} in {int(self.lossy[worst])} events"
        )


@dataclass(frozen=True)
class Profile(Paged):
    """What :meth:`isobit.Model.profile` found on some events.

    Attributes
    ----------
    events
        Number of events.
    counts
        Every format whose range was left, in the order of the layers; iterating gives these.
    layers
        Every layer but reshapes, in order; none if there were no events.
    constants
        Weights, biases and other constants that their own format changed by more than rounding.
    uncounted
        Layers of the user's that their reference computes: what their casts lose is not seen, only what they give.
    distributions
        How large inputs, results and constants are, on some of the events; none where nobody asked for them.
    network
        Name of the network.
    origin
        For the page: versions and what the network is.
    """

    PAGE: ClassVar[str] = "isobit.profile.page"

    events: int
    counts: tuple[OverflowCount, ...]
    layers: tuple[LayerProfile, ...] = ()
    constants: tuple[ConstantChange, ...] = ()
    uncounted: tuple[str, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    network: str = ""
    origin: tuple[tuple[str, str], ...] = ()

    def __iter__(self) -> Iterator[OverflowCount]:
        return iter(self.counts)

    @property
    def overflows(self) -> tuple[OverflowCount, ...]:
        """The counts of formats that were too narrow."""
        return tuple(count for count in self.counts if not count.clips)

    @property
    def clips(self) -> tuple[OverflowCount, ...]:
        """The counts of quantised activations that clip, which is not an overflow."""
        return tuple(count for count in self.counts if count.clips)

    def __getitem__(self, key: str) -> OverflowCount:
        """The count of ``layer.slot``.

        Raises
        ------
        KeyError
            If its range was not left; the message names those that were.
        """
        for count in self.counts:
            if f"{count.layer}.{count.slot}" == key:
                return count
        raise KeyError(f"{key!r} did not overflow; these did: {[f'{c.layer}.{c.slot}' for c in self.counts]}")

    def layer(self, name: str) -> LayerProfile:
        """What a layer gave.

        Raises
        ------
        KeyError
            If there is no such layer, or there were no events.
        """
        for layer in self.layers:
            if layer.layer == name:
                return layer
        raise KeyError(f"no profile of layer {name!r}; layers: {', '.join(layer.layer for layer in self.layers)}")

    def __str__(self) -> str:
        lines = [*self.overflow_lines(), *changed_lines(self.constants)]
        if self.layers:
            lines += ["bits in use:", *(f"  {layer}" for layer in self.layers)]
        return "\n".join(lines)

    def overflow_lines(self, most: int | None = None) -> list[str]:
        """Lines about the formats that were left; overflow is said of none that clips as it is made to.

        Parameters
        ----------
        most
            How many of each kind are named; None names all.
        """
        lost, made = self.overflows, self.clips
        lines = [f"overflows in {self.events:,} events:" if lost else f"no overflow in {self.events:,} events"]
        for counts in (lost, made):
            if counts is made and made:
                lines.append("activations that clip:")
            lines += [f"  {count}" for count in counts[:most]]
            if most is not None and len(counts) > most:
                lines.append(f"  and {len(counts) - most} more")
        if self.uncounted:
            lines.append(f"not counted in {', '.join(self.uncounted)}: computed by the layer's own reference")
        return lines
