"""The page of a comparison with given answers: the first difference, what would explain all, and where they are."""

from __future__ import annotations

from itertools import pairwise

from isobit.answers.report import AnswerReport, Explained
from isobit.pages import Bar, Bars, Cell, Lines, Page, Section, Strip, Strips, Table, Value

__all__ = ["page_of"]

#: Numbers that are drawn at most.
_DRAWN = 40


def page_of(report: AnswerReport) -> Page:
    """The page."""
    return Page(
        command="check",
        subject=report.network,
        verdict=_verdict(report),
        state="good" if report.ok else "bad",
        facts=(
            ("events", f"{report.events:,}"),
            ("events that differ", f"{report.differ:,}"),
            ("inputs", report.inputs),
            ("answers", report.answers),
            ("changes that were tried", f"{report.tried:,}"),
        ),
        sections=(
            Section("The first difference", _first(report)),
            Section("What would explain it", _explanations(report)),
            Section("Where answers differ", (*_over_time(report), *_by_number(report))),
            Section("Every output", (_table(report),)),
            Section("To know about the files", (Lines(report.notes),) if report.notes else ()),
        ),
        origin=report.origin,
    )


def _verdict(report: AnswerReport) -> str:
    if report.ok:
        return f"{report.answers} holds what the network gives for {report.inputs}, in all {report.events:,} events."
    text = f"{report.differ:,} of {report.events:,} events in {report.answers} differ from what the network gives"
    whole = _whole(report)
    if not whole:
        return f"{text}; none of {report.tried:,} single changes explains all of them."
    others = f", and so would {len(whole) - 1} other changes" if len(whole) > 1 else ""
    return f"{text}; one change would explain all of them: {whole[0].words}{others}."


def _whole(report: AnswerReport) -> list[Explained]:
    return [one for one in report.explanations if one.complete]


def _first(report: AnswerReport) -> tuple[Table | Lines, ...]:
    first = report.first
    if first is None:
        return ()
    raw = "none of the format" if first.given_raw is None else str(first.given_raw)
    rows = (
        ("in the file", Value(f"{first.given:.12g}", first.given), raw),
        ("of the network", Value(f"{first.expected:.12g}", first.expected), str(first.expected_raw)),
    )
    does = [word for word, yes in (("rounds", first.rounds), ("overflows", first.overflows)) if yes]
    effect = " and ".join(does) or "changes nothing"
    lines = [f"The last cast is {first.layer}.result into {first.type}; here it {effect}."]
    if first.overflows:
        lines.append(f"Before it the raw integer is {first.before}.")
    if first.upstream:
        lines.append(f"In this event these overflow: {', '.join(first.upstream)}.")
    caption = f"Event {first.event}, {first.output}[{first.index}]"
    return (Table(caption, ("answer", "value", "raw integer"), rows), Lines(tuple(lines)))


def _explanations(report: AnswerReport) -> tuple[Table | Lines, ...]:
    if not report.explanations:
        return ()
    whole = _whole(report)
    shown = whole or report.explanations
    rows = tuple((one.words, one.place, Value(f"{one.events:,} of {one.of:,}", one.events / one.of)) for one in shown)
    caption = (
        "Each of these changes alone gives the answers of the file"
        if whole
        else "No single change gives all answers of the file; these come closest"
    )
    header = ("if this is what the firmware does", "place", "events that agree")
    return (Table(caption, header, rows, tuple("good" if one.complete else "" for one in shown)),)


def _over_time(report: AnswerReport) -> tuple[Strips, ...]:
    if report.ok:
        return ()
    parts = list(pairwise(report.parts))
    rows = []
    for one in report.outputs:
        cells = []
        for (begin, end), count in zip(parts, one.over_time, strict=True):
            which = f"event {begin:,}" if end - begin == 1 else f"events {begin:,} to {end - 1:,}"
            tip = f"{one.output}, {which}: {count:,} of {end - begin:,} differ"
            level = 0.25 + 0.75 * count / (end - begin) if count else 0.0
            cells.append(Cell("red", tip, level=level, rank=count))
        rows.append(Strip(one.output, tuple(cells), f"{one.events:,} events"))
    title = f"Events that differ, from the first (left) to the last (right) of {report.events:,}"
    return (Strips("events", title, tuple(rows), (("differ; the stronger, the more", "red"),)),)


def _by_number(report: AnswerReport) -> tuple[Bars, ...]:
    counted = [
        (f"{one.output}[{place}]", count)
        for one in report.outputs
        for place, count in enumerate(one.by_number)
        if count
    ]
    if not counted:
        return ()
    shown = counted
    title = "Events in which each number differs; others never do"
    if len(counted) > _DRAWN:
        shown = sorted(counted, key=lambda item: -item[1])[:_DRAWN]
        title = f"Events in which a number differs, the {_DRAWN} worst of {len(counted):,}"
    bars = tuple(Bar(label, (float(count),)) for label, count in shown)
    return (Bars("numbers", title, (("", "red"),), bars, axis="events"),)


def _table(report: AnswerReport) -> Table:
    rows = tuple(
        (
            one.output,
            Value(one.type, code=True),
            Value(f"{one.differ:,} of {one.values:,}", one.differ),
            Value(f"{one.events:,}", one.events),
        )
        for one in report.outputs
    )
    marks = tuple("bad" if one.differ else "good" for one in report.outputs)
    return Table("Outputs", ("output", "format", "numbers that differ", "events that differ"), rows, marks)
