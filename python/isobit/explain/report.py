"""Why outputs differ, as text and as plain Python objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from isobit.explain.lifting import Quantiser
from isobit.lint.rules import fragment_of, weights_note
from isobit.pages.paged import Paged

__all__ = ["Cause", "Explanation", "Parting"]


@dataclass(frozen=True)
class Cause:
    """What one quantiser does to the error.

    Attributes
    ----------
    quantiser
        Which.
    lifted
        Share of the error that goes if this one alone is exact.
    alone
        Share of the error that this one makes in a network where everything else is exact.
    share
        Their mean; the Shapley value, where shares did not add up.
    events
        Events, of those that were ranked on, whose outputs change if this one is exact.
    """

    quantiser: Quantiser
    lifted: float
    alone: float
    share: float
    events: int = 0

    @property
    def layer(self) -> str:
        """The layer."""
        return self.quantiser.layer

    @property
    def slot(self) -> str:
        """Its format."""
        return self.quantiser.slot

    @property
    def kind(self) -> str:
        """What the format does: ``rounding``, ``range`` or ``resolution``."""
        return self.quantiser.cause

    def __str__(self) -> str:
        lifted, alone = f"{-100 * self.lifted:+.1f} %", f"{100 * self.alone:.1f} %"
        return f"{100 * self.share:5.1f} %  {self.quantiser}  (exact: {lifted}, alone: {alone})"


@dataclass(frozen=True)
class Parting:
    """Where the roads part first.

    Attributes
    ----------
    layer, neuron, event
        The first layer that is off by more than its own rounding, and where it is off most.
    got, exact
        Its number, and that of the exact network.
    """

    layer: str
    neuron: int
    event: int
    got: float
    exact: float

    def __str__(self) -> str:
        return f"{self.layer}, neuron {self.neuron}, event {self.event}: {self.got:g} instead of {self.exact:g}"


@dataclass(frozen=True)
class Explanation(Paged):
    """What :func:`isobit.explain` found.

    Attributes
    ----------
    network
        Name of the network.
    metric
        How errors are measured.
    events, ranked_on
        Events of the final errors, and of the ranking.
    error, exact_error
        Of the network, and of the network with every quantiser exact: what no precision explains.
    causes
        The largest share first.
    interactions
        Pairs of quantisers whose joint share is not the sum of theirs: what is missing or too much, as a share.
    first
        Where the roads part; None if they do not.
    types, entries
        The smallest change of precision found that removes the error, by ``layer.slot``: formats, and entries of
        tables.
    fixed_error
        The error with it, on all events.
    runs
        Networks that were run.
    linear
        Layers whose linear activation is one of hls4ml's layers, see :func:`isobit.model.requested.linear_layers`.
    origin
        For the page: versions and what the network is.
    """

    PAGE: ClassVar[str] = "isobit.explain.page"

    network: str
    metric: str
    events: int
    ranked_on: int
    error: float
    exact_error: float
    causes: tuple[Cause, ...]
    interactions: Mapping[tuple[Quantiser, Quantiser], float] = field(default_factory=dict)
    first: Parting | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)
    fixed_error: float = 0.0
    runs: int = 0
    linear: tuple[str, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()

    @property
    def fragment(self) -> dict[str, Any]:
        """The part of an hls4ml configuration that makes this change."""
        return fragment_of(self.types, self.entries, self.linear)

    @property
    def fix(self) -> dict[str, str]:
        """What to change, by ``layer.slot``: formats, and the entries of tables."""
        return {**self.types, **{key: f"{count} entries" for key, count in self.entries.items()}}

    @property
    def config(self) -> dict[str, Any]:
        """The same as :attr:`fragment`."""
        return self.fragment

    def __str__(self) -> str:
        error = f"{self.metric} {self.error:.6g} on {self.events:,} events"
        lines = [f"{self.network}: {error}, {self.exact_error:.6g} if all were exact"]
        shown = [cause for cause in self.causes if abs(cause.share) >= 0.005][:10]
        if shown:
            lines += ["shares of the error:", *(f"  {cause}" for cause in shown)]
        for (one, two), share in list(self.interactions.items())[:5]:
            lines.append(f"  together {one} and {two}: {100 * share:+.1f} % beyond their own")
        if self.first is not None:
            lines.append(f"the roads part at {self.first}")
        if self.types or self.entries:
            gap = abs(self.error - self.exact_error)
            whole = self.fixed_error <= self.exact_error + 0.15 * gap
            words = "the smallest change that removes it" if whole else "the best change that was found"
            lines.append(f"{words} (leaves {self.metric} {self.fixed_error:.6g}, run on all events):")
            lines += [f"  {key}: {kind}" for key, kind in self.types.items()]
            lines += [f"  {key}: {count} entries" for key, count in self.entries.items()]
            lines += [note] if (note := weights_note(self.types)) else []
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "network": self.network,
            "metric": self.metric,
            "events": self.events,
            "ranked_on": self.ranked_on,
            "error": self.error,
            "exact_error": self.exact_error,
            "causes": [
                {
                    "layer": one.quantiser.layer,
                    "slot": one.quantiser.slot,
                    "cause": one.quantiser.cause,
                    "lifted": one.lifted,
                    "alone": one.alone,
                    "share": one.share,
                    "events": one.events,
                }
                for one in self.causes
            ],
            "interactions": [
                {"first": str(one), "second": str(two), "share": share}
                for (one, two), share in self.interactions.items()
            ],
            "first": None if self.first is None else vars(self.first),
            "types": dict(self.types),
            "entries": dict(self.entries),
            "hls_config": self.fragment,
            "fixed_error": self.fixed_error,
            "runs": self.runs,
        }
