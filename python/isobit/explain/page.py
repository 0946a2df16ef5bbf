"""The page of an explanation: which quantisers make the error, where it begins, and what to paste."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from isobit.explain.report import Cause, Explanation
from isobit.lint.rules import weights_note
from isobit.pages import Bar, Bars, Fragment, Lines, Page, Section, Table, Value, config_fragment
from isobit.pages.scales import number

__all__ = ["causes_section", "page_of", "remedy_section"]

#: Causes that are drawn, and the least share that is worth a bar.
_DRAWN, _LEAST = 15, 0.002
#: Colours of causes.
_COLOURS = {"rounding": "blue", "range": "red", "resolution": "purple"}


def page_of(found: Explanation) -> Page:
    """The page."""
    return Page(
        command="explain",
        subject=found.network,
        verdict=_verdict(found),
        state="good" if found.error <= found.exact_error else "warn",
        facts=(
            ("events", f"{found.events:,}"),
            (f"{found.metric}, as it is", number(found.error)),
            (f"{found.metric}, if all were exact", number(found.exact_error)),
            (f"{found.metric}, with the change below", number(found.fixed_error)),
            ("networks that were run", f"{found.runs:,}"),
        ),
        sections=(
            Section("Where the roads part", () if found.first is None else (Lines((f"{found.first}.",)),)),
            causes_section(found),
            remedy_section(found),
            Section("Every quantiser", _table(found), folded=True),
        ),
        origin=found.origin,
    )


def _verdict(found: Explanation) -> str:
    error = f"{found.metric} {number(found.error)} on {found.events:,} events"
    if not found.causes or found.causes[0].share <= 0:
        return f"No quantiser makes the error larger than exact numbers would: {error}."
    first = found.causes[0]
    text = f"{first.quantiser.key}, by its {first.quantiser.cause}, makes {_percent(first.share)} of the error: {error}"
    changes = len(found.types) + len(found.entries)
    if not changes:
        return f"{text}; no change of precision was found that removes it."
    what = "one change of precision" if changes == 1 else f"{changes} changes of precision"
    return f"{text}; {what} would leave {number(found.fixed_error)}."


def _percent(share: float) -> str:
    return f"{share:.1%}" if abs(share) < 0.0995 else f"{share:.0%}"


def causes_section(found: Explanation) -> Section:
    """Causes as bars, by quantiser and by layer, and those that do not add up."""
    shown = [cause for cause in found.causes if abs(cause.share) >= _LEAST][:_DRAWN]
    if not shown:
        return Section("Why", ())
    kinds = [kind for kind in _COLOURS if any(cause.quantiser.cause == kind for cause in shown)]
    series = tuple((kind, _COLOURS[kind]) for kind in kinds)
    axis = f"share of the {'mean square error' if found.metric == 'rms' else 'error'}"
    bars = tuple(_bar(cause, kinds) for cause in shown)
    sums: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(kinds, 0.0))
    for cause in found.causes:
        if cause.quantiser.cause in kinds:
            sums[cause.quantiser.layer][cause.quantiser.cause] += max(0.0, 100 * cause.share)
    layers = [
        Bar(layer, tuple(round(share, 1) for share in of.values()))
        for layer, of in sums.items()
        if sum(of.values()) >= 100 * _LEAST
    ]
    title = "Shares of the error by quantiser"
    parts: list[Bars | Lines] = [Bars("causes", title, series, bars, " %", axis, stacked=True)]
    if 1 < len(layers) <= 40:
        parts.append(Bars("layers", "The positive ones by layer", series, tuple(layers), " %", axis, stacked=True))
    pairs = [f"{one} and {two} together: {share:+.1%} beyond their own shares" for (one, two), share in
             list(found.interactions.items())[:10]]  # fmt: skip
    if pairs:
        parts.append(Lines((*pairs,)))
    return Section("Why", tuple(parts))


def _bar(cause: Cause, kinds: Sequence[str]) -> Bar:
    shares = tuple(round(100 * cause.share, 1) if cause.quantiser.cause == kind else 0.0 for kind in kinds)
    return Bar(cause.quantiser.key, shares, f"{cause.quantiser}: exact {-cause.lifted:+.1%}, alone {cause.alone:.1%}")


def remedy_section(found: Explanation) -> Section:
    """The change that was found, with what it leaves."""
    if not found.types and not found.entries:
        return Section("What to do", ())
    rows: list[tuple[str, str | Value]] = [(key, Value(kind, code=True)) for key, kind in found.types.items()]
    rows += [(key, f"{count:,} entries") for key, count in found.entries.items()]
    text = (
        f"With this change {found.metric} is {number(found.fixed_error)} instead of {number(found.error)}, run on all "
        f"{found.events:,} events."
    )
    table = Table("The change", ("format", "becomes"), tuple(rows))
    fragment: tuple[Fragment, ...] = config_fragment(found.fragment, "To paste into the hls4ml configuration")
    note = weights_note(found.types)
    return Section("What to do", (Lines((text, f"Note: {note}.") if note else (text,)), table, *fragment))


def _table(found: Explanation) -> tuple[Table, ...]:
    if not found.causes:
        return ()
    header = ("layer", "slot", "cause", "share", "goes if it is exact", "makes alone")
    caption = f"Ranked on {found.ranked_on:,} of {found.events:,} events"
    return (Table(caption, header, tuple(map(_row, found.causes))),)


def _row(cause: Cause) -> tuple[str | Value, ...]:
    one = cause.quantiser
    shares = (cause.share, cause.lifted, cause.alone)
    return (one.layer, one.slot, one.cause, *(Value(f"{share:.2%}", share) for share in shares))
