"""The page of a certification: the menu in one table, what speaks against it, overflows, speed, and the details."""

from __future__ import annotations

from collections import Counter

from isobit.certify.report import Certification
from isobit.pages import Bar, Bars, Lines, Page, Section, Table, Value

__all__ = ["page_of"]

_ROADS = {
    "vendor": "AMD's headers",
    "isobit": "isobit's headers",
    "numba": "emulator (numba)",
    "cpp": "emulator (cpp)",
    "reference": "reference",
    "library": "built emulator",
    "answers": "given answers",
}
#: Rows of a table at most.
_ROWS = 500


def page_of(found: Certification) -> Page:
    """The page."""
    networks = found.networks
    warned = any(n.count("overflows") or any(one["severity"] == "error" for one in n.lint) for n in networks)
    names = ", ".join(network.name for network in networks)
    return Page(
        command="certify",
        subject=names if len(networks) < 3 else f"{len(networks)} networks",
        verdict=_verdict(found),
        state="bad" if not found.ok else "warn" if warned else "good",
        facts=(
            ("networks", f"{len(networks):,}"),
            ("certified", f"{sum(n.certified for n in networks):,}"),
            ("numbers compared", f"{sum(n.values for n in networks):,}"),
            ("numbers that differ", f"{sum(n.differ for n in networks):,}"),
            ("formats that overflow", f"{sum(n.count('overflows') for n in networks):,}"),
        ),
        sections=(
            Section("The menu", (_menu(found),)),
            Section("What speaks against it", _faults(found)),
            Section("Overflows", (_overflow_note(), *_overflow_bars(found), *_overflow_table(found))),
            Section("Speed", _speed(found)),
            Section("Cost on the FPGA", _cost(found)),
            Section("Built libraries side by side", _libraries(found)),
            Section("Every comparison", _compared(found), folded=True),
            Section("Lint", _lint(found), folded=True),
            Section("Events", _events(found), folded=True),
            Section("Files", _files(found), folded=True),
        ),
        origin=(
            *((name, text) for name, text in found.versions.items()),
            ("certificate", f"sha256 {found.to_dict()['sha256']}"),
        ),
    )


def _verdict(found: Certification) -> str:
    head, _, rest = found.headline().partition(": ")
    return f"{head.capitalize()}: {rest}."


def _menu(found: Certification) -> Table:
    header = ("network", "verdict", "layers", "numbers compared", "differ", "may overflow", "lint", "built emulator")
    rows = []
    for n in found.networks:
        counts = Counter(one["severity"] for one in n.lint)
        lint = ", ".join(f"{counts[s]} {s}{'s' * (counts[s] != 1)}" for s in ("error", "warning", "note") if counts[s])
        may = n.count("overflows") + n.count("may overflow")
        built = " and ".join(sorted({"differs" if one.differ else "equal" for one in n.road("library")})) or "none"
        rows.append(
            (
                n.name,
                "certified" if n.certified else f"not certified: {n.faults[0].kind}",
                len(n.model.get("layers", {})),
                n.values,
                n.differ,
                Value(f"{may} of {len(n.overflows)}", may),
                Value(lint or "nothing", sum(counts.values())),
                built,
            )
        )
    marks = tuple("good" if n.certified else "bad" for n in found.networks)
    return Table("Networks", header, tuple(rows), marks)


def _faults(found: Certification) -> tuple[Table, ...]:
    rows = tuple((name, fault.kind, fault.place, fault.message) for name, fault in found.faults)
    if not rows:
        return ()
    return (Table("Faults", ("network", "what", "place", "what was found"), rows, ("bad",) * len(rows)),)


def _overflow_note() -> Lines:
    return Lines(
        (
            "A format that cannot overflow is proven not to, for every input that the formats allow. One that "
            "overflows does so for an input that was found and run; one that may overflow is neither proven nor found. "
            "Overflows are part of the firmware and no fault here: every road has the same bits.",
        )
    )


def _overflow_bars(found: Certification) -> tuple[Bars, ...]:
    series = (
        ("cannot overflow", "green"),
        ("clips, as it is made to", "sky"),
        ("may overflow", "orange"),
        ("overflows", "red"),
        ("not known", "grey"),
    )
    bars = tuple(Bar(n.name, tuple(float(n.count(word)) for word, _ in series)) for n in found.networks if n.overflows)
    return (Bars("overflows", "Formats of each network", series, bars, "", "formats", stacked=True),) if bars else ()


def _overflow_table(found: Certification) -> tuple[Table, ...]:
    words = {"overflows": "bad", "may overflow": "warn", "not known": "warn"}
    picked = [(n.name, one) for n in found.networks for one in n.overflows if one["verdict"] in words][:_ROWS]
    rows = tuple(
        (name, one["place"], Value(one["type"], code=True), one["verdict"], one["bits"], one["neurons"])
        for name, one in picked
    )
    header = ("network", "place", "format", "verdict", "bits needed", "neurons")
    marks = tuple(words[one["verdict"]] for _, one in picked)
    return (Table("Formats that overflow, or may", header, rows, marks),) if rows else ()


def _speed(found: Certification) -> tuple[Bars | Table, ...]:
    timed = [n for n in found.networks if n.speeds]
    if not timed:
        return ()
    roads = [road for road in ("vendor", "isobit", "numba", "cpp") if any(road in n.speeds for n in timed)]
    colours = dict(zip(("vendor", "isobit", "numba", "cpp"), ("grey", "sky", "blue", "green"), strict=True))
    series = tuple((_ROADS[road], colours[road]) for road in roads)
    bars = tuple(Bar(n.name, tuple(n.speeds.get(road, 0.0) for road in roads)) for n in timed)
    header = ("network", *(f"{_ROADS[road]}, events/s" for road in roads))
    rows = tuple(
        (n.name, *(Value(f"{n.speeds.get(road, 0):,.0f}", n.speeds.get(road, 0.0)) for road in roads)) for n in timed
    )
    title = "Events a second on one thread"
    return (Bars("speed", title, series, bars, "", "events/s", log=True), Table(title, header, rows))


def _cost(found: Certification) -> tuple[Table, ...]:
    rows = []
    for n in found.networks:
        if (c := n.cost) is None:
            continue
        clock = c.clock_ns or 0.0
        latency = Value(f"{c.latency * clock:g}" if clock else "", c.latency * clock)
        rows.append((n.name, c.dsp, str(c.lut), str(c.ff), c.bram, c.interval, c.latency, latency))
    header = ("network", "DSP", "LUT", "FF", "BRAM", "interval, cycles", "latency, cycles", "latency, ns")
    return (Table("Estimates (docs/cost.md)", header, tuple(rows)),) if rows else ()


def _libraries(found: Certification) -> tuple[Lines | Table, ...]:
    menu = found.libraries
    if menu is None:
        return ()
    first = f"{len(menu.names)} libraries: {', '.join(menu.names)}."
    second = (
        f"Each alone and beside all others, in both orders, with RTLD_LOCAL and RTLD_GLOBAL: {menu.runs} comparisons "
        f"on {menu.events} events."
        if menu.runs
        else "They were not loaded together."
    )
    rows = tuple((one["severity"], one["rule"], one["place"], one["message"]) for one in menu.lint)
    table = (Table("Findings", ("severity", "rule", "library", "what was found"), rows),) if rows else ()
    return (Lines((first, second)), *table)


def _compared(found: Certification) -> tuple[Table, ...]:
    rows, marks = [], []
    for name, one in [(n.name, one) for n in found.networks for one in n.compared]:
        rows.append((name, _ROADS.get(one.road, one.road), one.kind, one.events, one.values, one.differ))
        marks.append("bad" if one.differ else "good")
    header = ("network", "road", "kind of events", "events", "numbers", "differ")
    title = "Each road against the emulator (numba), every layer"
    return (Table(title, header, tuple(rows), tuple(marks)),) if rows else ()


def _lint(found: Certification) -> tuple[Table, ...]:
    every = [(n.name, one) for n in found.networks for one in n.lint][:_ROWS]
    marks = {"error": "bad", "warning": "warn"}
    rows = tuple((name, one["severity"], one["rule"], one["place"], one["message"]) for name, one in every)
    header = ("network", "severity", "rule", "place", "what was found")
    return (Table("Findings", header, rows, tuple(marks.get(one["severity"], "") for _, one in every)),) if rows else ()


def _events(found: Certification) -> tuple[Table, ...]:
    rows = tuple(
        (n.name, one["kind"], one["events"], one["source"], Value(one["sha256"][:16], code=True))
        for n in found.networks
        for one in n.events
    )
    return (Table("Events", ("network", "kind", "events", "from", "sha256"), rows),) if rows else ()


def _files(found: Certification) -> tuple[Lines | Table, ...]:
    rows = tuple(
        (n.name, path, Value(digest[:16], code=True))
        for n in found.networks
        for path, digest in n.files.items()
        if "/nnet_utils/" not in path and "/ap_types/" not in path
    )[: 4 * _ROWS]
    note = Lines(("Files of nnet_utils and ap_types are in the certificate as well, and left out here.",))
    return (note, Table("Files", ("network", "file", "sha256"), rows)) if rows else ()
