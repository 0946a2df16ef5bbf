"""The page of a lint report: findings with fixes to paste, where they are, bits that formats lack or waste."""

from __future__ import annotations

from collections import Counter

from isobit._version import __version__
from isobit.lint.report import LintReport
from isobit.lint.rules import RULES, SEVERITIES, Finding
from isobit.pages import Bar, Bars, Cell, Fragment, Lines, Page, Section, Strip, Strips, Table, Value, config_fragment

__all__ = ["page_of"]

_COLOURS = {"error": "red", "warning": "orange", "note": "blue"}
_MARKS = {"error": "bad", "warning": "warn", "note": ""}
#: Rows of pictures, and findings in the table, at most.
_ROWS, _TABLE = 60, 1000


def page_of(report: LintReport) -> Page:
    """The page."""
    counts = Counter(finding.severity for finding in report.findings)
    seen = () if report.events is None else (("events", f"{report.events:,}"),)
    return Page(
        command="lint",
        subject=report.network,
        verdict=_verdict(report, counts),
        state="bad" if counts["error"] else "warn" if counts["warning"] else "good",
        facts=(*((f"{severity}s", f"{counts[severity]:,}") for severity in SEVERITIES), *seen),
        sections=(
            Section("What was found, and what to do", _findings(report)),
            Section("Where", _map(report)),
            Section("Bits that formats need", _bits(report)),
            Section("What the rules are about", _rules(report), folded=True),
        ),
        origin=report.origin or (("isobit", __version__),),
    )


def _verdict(report: LintReport, counts: Counter[str]) -> str:
    if not report.findings:
        return "Nothing was found."
    words = [f"{counts[s]} {s}{'s' if counts[s] != 1 else ''}" for s in SEVERITIES if counts[s]]
    first = report.findings[0]
    place = f"{first.place}: " if first.place else ""
    which = "it is" if len(report.findings) == 1 else "the first is"
    return f"{' and '.join([', '.join(words[:-1])] * (len(words) > 1) + words[-1:])}; {which} {place}{first.message}."


def _findings(report: LintReport) -> tuple[Table | Lines, ...]:
    if not report.findings:
        return ()
    shown = report.findings[:_TABLE]
    rows = tuple(_row(finding) for finding in shown)
    marks = tuple(_MARKS[finding.severity] for finding in shown)
    header = ("severity", "rule", "place", "what was found", "what to do", "to paste")
    more = f" (the first {_TABLE:,} of {len(report.findings):,})" if len(report.findings) > _TABLE else ""
    note = (
        "Each fix holds by itself: several at once may move an overflow to the next layer. Apply one, and lint again."
    )
    return (Lines((note,)), Table(f"Findings, the gravest first{more}", header, rows, marks))


def _row(finding: Finding) -> tuple[str | Value | None, ...]:
    severity = Value(finding.severity, code=False)
    fragments: tuple[Fragment, ...] = config_fragment(finding.fragment)
    paste = Value("show", paste=fragments[0].text) if fragments else None
    return (severity, f"{finding.rule} {RULES[finding.rule].name}", finding.place, finding.message, finding.fix, paste)


def _map(report: LintReport) -> tuple[Strips, ...]:
    """Layers against rules, where more than one of either has something."""
    rules = [id for id in RULES if any(finding.rule == id for finding in report.findings)]
    layers = list(dict.fromkeys(finding.layer for finding in report.findings))
    if len(layers) < 2:
        return ()
    rows = []
    for layer in layers[:_ROWS]:
        cells = []
        for id in rules:
            found = [one for one in report.findings if one.layer == layer and one.rule == id]
            gravest = found[0].severity if found else "note"
            tip = f"{layer or 'network'}, {id} {RULES[id].name}: {len(found)}"
            text = str(len(found)) if found else ""
            cells.append(Cell(_COLOURS[gravest], tip, level=0.55 if found else 0.0, text=text, rank=len(found)))
        rows.append(Strip(layer or "(whole network)", tuple(cells)))
    key = tuple((s, _COLOURS[s]) for s in SEVERITIES if any(finding.severity == s for finding in report.findings))
    return (Strips("map", "Findings by layer and rule", tuple(rows), key, tuple(rules)),)


def _bits(report: LintReport) -> tuple[Bars, ...]:
    """Widths of formats against the bits that are needed, as far as findings say."""
    bars, seen = [], set()
    for finding in report.findings:
        needed, width = finding.evidence.get("bits"), finding.evidence.get("width")
        if not isinstance(needed, int) or not isinstance(width, int) or finding.place in seen:
            continue
        seen.add(finding.place)
        values = (float(min(needed, width)), float(max(0, width - needed)), float(max(0, needed - width)))
        bars.append(Bar(finding.place, values, f"{finding.place}: {needed} bits are needed, the format has {width}"))
    if not bars:
        return ()
    bars.sort(key=lambda bar: (-bar.values[2], -bar.values[1]))
    more = f" (the first {_ROWS} of {len(bars)})" if len(bars) > _ROWS else ""
    series = (("needed, and there", "blue"), ("there, and never used", "grey"), ("needed, and missing", "red"))
    title = f"Formats that lack or waste bits{more}"
    return (Bars("bits", title, series, tuple(bars[:_ROWS]), "", "bits", stacked=True),)


def _rules(report: LintReport) -> tuple[Lines, ...]:
    used = [RULES[id] for id in RULES if any(finding.rule == id for finding in report.findings)]
    lines = [f"{rule.id} {rule.name}: {rule.summary} {' '.join(rule.text.split())}" for rule in used]
    return (Lines((*lines,)),) if lines else ()
