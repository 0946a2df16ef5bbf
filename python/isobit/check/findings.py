"""Warnings about what equal bits do not show: firmware can be exact and still be useless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from isobit.check.keras import FloatDifference, KerasLayers
from isobit.check.outputs import OutputFacts
from isobit.check.watching import Facts
from isobit.profile.counts import Profile

__all__ = ["Finding", "findings_of"]

#: Firmware and Keras: rms of the difference, in units of the spread of Keras' output, that is called large.
LARGE = 0.25
#: Share of events with the same decision below which it is a warning.
AGREEMENT = 0.9
#: A table with at most this many entries in use is as good as constant.
FEW_ENTRIES = 2
#: Step of a table of exponentials, in units of the exponent, that is called coarse: a factor of 1.28 between entries.
COARSE = 0.25
#: How far the sum of a softmax may be from one.
SUM = 0.5


@dataclass(frozen=True)
class Finding:
    """One warning.

    Attributes
    ----------
    kind
        ``constants``, ``constant-output``, ``table``, ``softmax``, ``keras``, ``conversion``, ``configuration``.
    layer
        The layer that it is about; empty for the whole network.
    text
        What was found.
    """

    kind: str
    layer: str
    text: str

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, str]:
        """As plain Python objects."""
        return asdict(self)


def findings_of(profile: Profile, facts: Facts) -> tuple[Finding, ...]:
    """Every warning, the most serious first."""
    return (
        *_constant_outputs(profile, facts),
        *_tables(facts),
        *_softmaxes(facts),
        *_constants(profile),
        *_keras(facts),
    )


def _constants(profile: Profile) -> Iterator[Finding]:
    for change in profile.constants:
        if not change.as_in_keras:
            yield Finding("constants", change.layer, str(change))


def _constant_outputs(profile: Profile, facts: Facts) -> Iterator[Finding]:
    if not any(facts_of.constant < len(facts_of.low) for facts_of in facts.inputs):
        return  # all events are the same
    for output in facts.outputs:
        if output.dead:
            yield Finding(
                "constant-output",
                output.tensor,
                f"every one of {output.events:,} events gives the same output {output.tensor} = {_values(output)}"
                f"{_first_dead(profile)}",
            )
        elif output.constant:
            fixed = [str(i) for i, (low, high) in enumerate(zip(output.low, output.high, strict=True)) if low == high]
            shown = ", ".join(fixed[:8]) + (", ..." if len(fixed) > 8 else "")
            yield Finding(
                "constant-output",
                output.tensor,
                f"{len(fixed)} of {len(output.low)} values of output {output.tensor} are the same in all "
                f"{output.events:,} events: {shown}",
            )


def _values(output: OutputFacts) -> str:
    """The constant values; those of a network that shares everything equally as 1/N."""
    values, size = output.low, len(output.low)
    shown = ", ".join(f"{value:.6g}" for value in values[:6]) + (", ..." if size > 6 else "")
    equal = size > 1 and max(values) == min(values) and abs(values[0] * size - 1) < 0.5
    return f"[{shown}]" + (f" (1/{size} each)" if equal else "")


def _first_dead(profile: Profile) -> str:
    """The first layer that nothing gets through."""
    for layer in profile.layers:
        if (layer.low == layer.high).all():
            return f"; constant from layer {layer.layer} on"
    return ""


def _tables(facts: Facts) -> Iterator[Finding]:
    for use in facts.tables:
        if use.events < 2:
            continue
        if use.used <= min(FEW_ENTRIES, use.entries - 1) and use.slot != "inv_table":
            yield Finding("table", use.layer, f"{use}: the table is as good as constant")
        elif use.saturated:
            yield Finding("table", use.layer, str(use))
        elif use.slot == "exp_table" and use.step >= COARSE:
            yield Finding("table", use.layer, f"{use}: too coarse for exponentials")


def _softmaxes(facts: Facts) -> Iterator[Finding]:
    for softmax in facts.softmaxes:
        if abs(softmax.low_sum - 1) > SUM or abs(softmax.high_sum - 1) > SUM:
            yield Finding(
                "softmax",
                softmax.layer,
                f"softmax {softmax.layer} gives up to {softmax.largest:g}, and sums of {softmax.low_sum:g} to "
                f"{softmax.high_sum:g} instead of 1",
            )


def _keras(facts: Facts) -> Iterator[Finding]:
    for difference in facts.keras:
        if difference.relative >= LARGE:
            yield Finding("keras", difference.output, _large(difference))
        if difference.classifies and difference.agreement is not None and difference.agreement < AGREEMENT:
            yield Finding(
                "keras",
                difference.output,
                f"output {difference.output}: firmware and Keras agree on {difference.decision} in "
                f"{difference.agree:,} of {difference.events:,} events only ({difference.agreement:.1%})",
            )
    if facts.keras_layers is not None:
        yield from _keras_layers(facts.keras_layers)


def _large(difference: FloatDifference) -> str:
    return (
        f"output {difference.output} is far from Keras': rms {difference.rms:.4g}, {difference.relative:.0%} of the "
        f"spread of Keras' values, largest {difference.largest:.4g}"
    )


def _keras_layers(layers: KerasLayers) -> Iterator[Finding]:
    if (gap := layers.unexplained) is not None and gap.worst is not None:
        worst = gap.worst
        yield Finding(
            "conversion",
            gap.name,
            f"layer {gap.name}: no format explains its difference to Keras: from the same inputs Keras gives "
            f"{worst.keras:.6g}, the firmware {worst.firmware:.6g} (event {worst.event}, index {worst.index}; "
            f"{gap.unexplained:,} of {gap.values:,} values)",
        )
    for option in layers.dropped:
        yield Finding("conversion", option.layer, str(option))
