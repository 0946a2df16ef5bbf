"""The page of a tuning: the formats to paste, what each bit buys, and what is proven."""

from __future__ import annotations

from isobit.fixed.types import FixedType
from isobit.lint.rules import weights_note
from isobit.pages import Bar, Bars, Chart, Lines, Page, Section, Series, Table, Value, config_fragment
from isobit.pages.scales import number
from isobit.tune.report import Tuned

__all__ = ["page_of"]

#: Formats that are drawn.
_ROWS = 60
_PASTE = "To paste into the hls4ml configuration"


def page_of(found: Tuned) -> Page:
    """The page."""
    saved = 1 - found.bits / found.bits_before if found.bits_before else 0.0
    proof = "nothing can overflow" if not found.unproven else f"{len(found.unproven)} formats may overflow"
    return Page(
        command="tune",
        subject=found.network,
        verdict=(
            f"{found.bits:,} bits are enough instead of {found.bits_before:,} ({saved:.0%} fewer): {found.metric} is "
            f"{number(found.value)}, the limit {number(found.limit)}; {proof}."
        ),
        state="warn" if found.unproven else "good",
        facts=(
            ("bits before", f"{found.bits_before:,}"),
            ("bits now", f"{found.bits:,}"),
            (f"{found.metric} before", number(found.before)),
            (f"{found.metric} now", number(found.value)),
            ("limit", number(found.limit)),
            ("evaluations", f"{found.evaluations:,}, {found.probes:,} probes"),
        ),
        sections=(
            Section("What to do", (*_notes(found), *config_fragment(found.fragment, _PASTE))),
            Section("What is proven", (_proof(found),)),
            Section("Accuracy against bits", _curve(found)),
            Section("Formats", _formats(found)),
            Section("Everything that was tried", _tried(found), folded=True),
        ),
        origin=found.origin,
    )


def _proof(found: Tuned) -> Lines:
    where = "inputs within the bounds of the events" if found.measured else "every input that the formats allow"
    if not found.unproven:
        return Lines((f"Nothing can overflow, for {where}.",))
    return Lines((f"For {where}, these may overflow:", *found.unproven))


def _curve(found: Tuned) -> tuple[Chart, ...]:
    if not found.curve:
        return ()
    steps = sorted(found.curve, key=lambda step: step.bits)
    chosen = (float(found.bits),), (found.value,)

    def tips(which: bool) -> tuple[str, ...]:
        return tuple(f"{s.bits:,} bits: {found.metric} {number(s.value)}" for s in steps if s.within is which)

    def points(which: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(float(s.bits) for s in steps if s.within is which), tuple(
            s.value for s in steps if s.within is which
        )

    series = [Series("within the limit", "blue", *points(True), tips(True))]
    if any(not step.within for step in steps):
        series.append(Series("beyond it", "orange", *points(False), tips(False)))
    series.append(Series("chosen", "green", *chosen, (f"chosen: {found.bits:,} bits, {number(found.value)}",)))
    values = [*(step.value for step in steps), found.limit]
    log = 0 < min(values) < max(values) / 20  # a zero has no place on a logarithmic axis
    limit = (found.limit, f"limit {number(found.limit)}")
    title = f"{found.metric} of everything that was run on all events"
    axes = ("bits of weights and results", found.metric)
    return (Chart("curve", title, tuple(series), *axes, y_log=log, limit=limit),)


def _formats(found: Tuned) -> tuple[Bars | Table, ...]:
    if not found.types:
        return ()
    kinds = {key: FixedType.parse(kind) for key, kind in found.types.items()}
    old = {key: FixedType.parse(kind) for key, kind in found.types_before.items()}
    rows = [
        (
            key,
            Value(str(old[key]), code=True) if key in old else None,
            Value(str(kind), code=True),
            old[key].width if key in old else None,
            kind.width,
            kind.width - old[key].width if key in old else None,
        )
        for key, kind in kinds.items()
    ]
    header = ("format", "before", "now", "bits before", "bits now", "change")
    table = Table("Formats that changed", header, tuple(rows))
    if not old:
        return (table,)
    bars = tuple(Bar(key, (float(old[key].width), float(kind.width))) for key, kind in list(kinds.items())[:_ROWS])
    more = f" (the first {_ROWS} of {len(kinds)})" if len(kinds) > _ROWS else ""
    series = (("before", "grey"), ("now", "blue"))
    return (Bars("formats", f"Width of each format{more}", series, bars, "", "bits"), table)


def _notes(found: Tuned) -> tuple[Lines, ...]:
    note = weights_note(found.types)
    return (Lines((f"Note: {note}.",)),) if note else ()


def _tried(found: Tuned) -> tuple[Table, ...]:
    rows = tuple((step.bits, step.value, "yes" if step.within else "no") for step in found.curve)
    marks = tuple("good" if (step.bits, step.value) == (found.bits, found.value) else "" for step in found.curve)
    caption = "Bits of weights and results, and the metric on all events"
    return (Table(caption, ("bits", found.metric, "within the limit"), rows, marks),) if rows else ()
