"""Look a network over before any run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from isobit._version import __version__
from isobit.errors import UnsupportedError
from isobit.lint import configuration, constants, numbers, quirks, tables  # each registers its rules
from isobit.lint.report import LintReport
from isobit.lint.rules import RULES, SEVERITIES, Context, Finding, chosen_rules, find_rule
from isobit.model.requested import linear_layers
from isobit.network import Network

__all__ = ["lint", "refused"]

_FILES = (numbers, constants, configuration, tables, quirks)


def lint(
    model: Network,
    data: Any = None,
    *,
    witnesses: bool = False,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> LintReport:
    """Say what is wrong with a network, and which bits are wasted, before anything is compiled or synthesised.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    data
        Events, as for :meth:`isobit.Model.predict`: then overflows are counted, not only proven possible.
    witnesses
        Also search for an input for each overflow that may happen, as :meth:`isobit.Model.plan` does (seconds to
        minutes); it is in the evidence.
    select, ignore
        Rules that run, and rules that do not, by identifier or name; none are all.

    Returns
    -------
    Findings, each with the rule, a severity, the place, the evidence, and a fix where there is one.

    Raises
    ------
    UnsupportedError
        For a rule that is not known.
    """
    chosen = chosen_rules("network", select, ignore)
    context = Context(model, data, witnesses=witnesses)
    events = None
    if data is not None:
        first = model.graph.inputs[0]
        numbers = context.values[first.name]  # refuses what is not finite
        events = 1 if numbers.shape == first.shape else len(numbers)
    linear = linear_layers(model.graph)
    found = [
        replace(finding, linear=linear)
        for rule in RULES.values()
        if rule.id in chosen
        for finding in rule.check(context)
    ]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return LintReport(model.graph.name, tuple(found), events, origin=model.origin)


def refused(name: str, error: UnsupportedError) -> LintReport:
    """The report on a network that isobit refuses.

    Parameters
    ----------
    name
        The network's, or its file's.
    error
        Why.
    """
    known = find_rule("refused")
    return LintReport(name, (Finding(known.id, known.severity, "", "", str(error)),), origin=(("isobit", __version__),))
