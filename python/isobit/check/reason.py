"""Why the outputs differ from the Keras model's: the quantisers that do it, and what mends it, on some events."""

from __future__ import annotations

import time
from typing import Any

from isobit.check.findings import Finding
from isobit.errors import IsobitError
from isobit.explain import Explanation, explain
from isobit.network import Network
from isobit.profile.counts import Profile

__all__ = ["EVENTS", "is_telling", "reason_lines", "reason_of"]

#: Events on which it is explained, and ranked.
EVENTS, _RANKED = 1000, 512
#: Networks that are run for each format, about.
_RUNS = 4
#: Kinds of warnings that rounding alone does not make.
_KINDS = ("keras", "table", "softmax", "constants", "conversion")
#: Causes that are named.
_SHOWN = 3


def is_telling(profile: Profile, warnings: tuple[Finding, ...]) -> bool:
    """Whether formats do more than round: something overflows, or a warning says so."""
    return bool(profile.overflows) or any(warning.kind in _KINDS for warning in warnings)


def reason_of(model: Network, x: list[Any], keras_model: Any, seconds: float) -> tuple[Explanation | None, str]:
    """The explanation, or why there is none.

    Parameters
    ----------
    model, x
        The network, and events: inputs in order.
    keras_model
        What the outputs should be.
    seconds
        What it may take, about: it is not begun if more is expected.
    """
    from isobit.plan.plan import make_plan

    start = time.perf_counter()
    try:
        make_plan(model.graph)
        expected = _RUNS * len(model.graph.types()) * (time.perf_counter() - start)
        if expected > seconds:
            return None, f"the difference to Keras is not explained here, which would take about {expected:.0f} s"
        return explain(model, x, keras_model, ranked_on=_RANKED), ""
    except IsobitError as error:
        return None, f"the difference to Keras is not explained: {error}"


def reason_lines(found: Explanation) -> list[str]:
    """In words, as far as there is a cause."""
    causes = [cause for cause in found.causes if cause.share >= 0.05][:_SHOWN]
    if not causes:
        return []
    names = ", ".join(f"{cause.quantiser} {cause.share:.0%}" for cause in causes)
    lines = [f"why the outputs differ from Keras' (shares of the error on {found.events:,} events): {names}"]
    if found.first is not None:
        lines.append(f"  exact numbers part from the firmware's at {found.first}")
    if found.fix:
        left = f"{found.metric} {found.fixed_error:.4g} of {found.error:.4g} is left"
        lines.append(f"  what mends it ({left}): {', '.join(f'{key} {kind}' for key, kind in found.fix.items())}")
    return lines
