"""What tuning found, as text and as plain Python objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from isobit.lint.rules import fragment_of, weights_note
from isobit.pages.paged import Paged
from isobit.tune.certificate import Certificate

__all__ = ["Step", "Tuned"]


@dataclass(frozen=True)
class Step:
    """One point of the curve of bits against the metric.

    Attributes
    ----------
    bits
        Bits of weights and results of the network.
    value
        The metric, on all events.
    within
        Whether it is within the limit.
    """

    bits: int
    value: float
    within: bool


@dataclass(frozen=True)
class Tuned(Paged):
    """What :func:`isobit.tune` found.

    Attributes
    ----------
    network, metric
        Name of the network; how errors are measured.
    limit
        The largest value that was allowed.
    before, value
        The metric of the network as it was, and tuned; both on all events.
    bits_before, bits
        Bits of weights and results.
    types
        Formats that differ from the network's, by ``layer.slot``.
    unproven
        Slots that may still overflow, as far as they were allowed to. Clips of quantised activations do not count.
    measured
        Whether the proof is for inputs within the bounds of the events, not for all that the formats allow.
    curve
        Bits and metric of every configuration that was run on all events, the most bits first.
    evaluations
        How many of these there were.
    probes
        Configurations that were run on a part of the events.
    cost, cost_before, cost_after
        What was made small, and how much the network costs as it was, and tuned.
    certificate
        What is proven of every format.
    model
        The tuned network.
    types_before
        The network's own formats at the places of ``types``.
    linear
        Layers whose linear activation is one of hls4ml's layers, see :func:`isobit.model.requested.linear_layers`.
    origin
        For the page: versions and what the network is.
    """

    PAGE: ClassVar[str] = "isobit.tune.page"

    network: str
    metric: str
    limit: float
    before: float
    value: float
    bits_before: int
    bits: int
    types: Mapping[str, str]
    unproven: tuple[str, ...]
    measured: bool
    curve: tuple[Step, ...]
    evaluations: int
    probes: int
    cost: str
    cost_before: float
    cost_after: float
    certificate: Certificate
    model: Any = field(repr=False, compare=False)
    types_before: Mapping[str, str] = field(default_factory=dict)
    linear: tuple[str, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()

    @property
    def config(self) -> dict[str, Any]:
        """The same as :attr:`fragment`."""
        return self.fragment

    @property
    def fragment(self) -> dict[str, Any]:
        """The part of an hls4ml configuration that gives these formats."""
        return fragment_of(self.types, linear=self.linear)

    def __str__(self) -> str:
        saved = 100 * (1 - self.bits / self.bits_before)
        lines = [
            f"{self.network}: {self.bits:,} bits instead of {self.bits_before:,} ({saved:.0f} % fewer); {self.metric} "
            f"{self.value:.6g}, limit {self.limit:.6g}, before {self.before:.6g}",
        ]
        if self.cost != "bits":
            lines.append(f"{self.cost} {self.cost_after:,.6g} instead of {self.cost_before:,.6g}")
        where = "inputs within the events' bounds" if self.measured else "every input that the formats allow"
        proof = "nothing can overflow" if not self.unproven else f"these may overflow: {', '.join(self.unproven)}"
        lines.append(f"{proof}, for {where}; {self.evaluations} evaluations, {self.probes} probes")
        lines += [f"  {key}: {kind}" for key, kind in self.types.items()]
        lines += [note] if (note := weights_note(self.types)) else []
        lines.append("bits and metric of what was tried:")
        lines += [
            f"  {step.bits:,}: {step.value:.6g}{'' if step.within else ' (beyond the limit)'}" for step in self.curve
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _OWN}
        return plain | {
            "types": dict(self.types),
            "types_before": dict(self.types_before),
            "hls_config": self.fragment,
            "curve": [vars(step) for step in self.curve],
            "unproven": list(self.unproven),
            "certificate": self.certificate.to_dict(),
        }


#: Attributes that plain objects have in another form, or not.
_OWN = ("types", "curve", "certificate", "model", "linear", "origin")
