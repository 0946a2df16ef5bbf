"""Figures from the reports that Vitis HLS leaves in an exported folder.

Files below ``build/solution1``, as the tool writes them (UG1399; hls4ml's ``report/vivado_report.py`` reads the same
elements):

- ``syn/report/csynth.xml``: latency, interval, clock and resources as estimated by C synthesis;
- ``sim/report/TOP_cosim.rpt``: a table of text, with a row for each hardware language;
- ``impl/report/verilog/export_impl.xml`` (``TOP_export.xml`` in older versions): after place and route.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isobit.errors import DataFileError

__all__ = ["Cosimulation", "HlsReport", "Implementation", "Synthesis", "read_reports", "report_stamps"]

#: Time of change (ns) and size (bytes) of a file.
Stamp = tuple[int, int]
SOLUTION = Path("build") / "solution1"
#: Our name of a resource, and the tool's in its versions.
_RESOURCES = {"DSP": ("DSP", "DSP48E"), "LUT": ("LUT",), "FF": ("FF",), "BRAM": ("BRAM_18K", "BRAM"), "URAM": ("URAM",)}
_ROW = re.compile(r"^\|\s*(Verilog|VHDL)\s*\|(.*)\|\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Synthesis:
    """Estimates of C synthesis. Clocks in ns, latency and interval in clock cycles; None where the tool says nothing.

    BRAM counts blocks of 18 Kbit.
    """

    version: str | None
    target_ns: float | None
    estimated_ns: float | None
    latency_min: int | None
    latency_max: int | None
    interval_min: int | None
    interval_max: int | None
    used: dict[str, int] = field(default_factory=dict)
    available: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cosimulation:
    """RTL simulation with the test bench: whether every bit agreed, and clock cycles."""

    language: str
    status: str
    latency_min: int | None
    latency_max: int | None
    interval_min: int | None
    interval_max: int | None

    @property
    def ok(self) -> bool:
        """Whether the test bench passed."""
        return self.status.lower() == "pass"


@dataclass(frozen=True)
class Implementation:
    """After place and route. Clocks in ns."""

    target_ns: float | None
    achieved_ns: float | None
    used: dict[str, int] = field(default_factory=dict)
    available: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HlsReport:
    """The reports that are there; None for a step of the tool that left no report."""

    synthesis: Synthesis | None
    cosimulation: Cosimulation | None
    implementation: Implementation | None

    @property
    def empty(self) -> bool:
        """Whether no step left a report."""
        return self.synthesis is None and self.cosimulation is None and self.implementation is None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return asdict(self)


def read_reports(folder: Path, top: str, *, but: Mapping[Path, Stamp] | None = None) -> HlsReport:
    """Read the reports of an exported folder.

    Parameters
    ----------
    folder
        The exported folder.
    top
        Name of its top function.
    but
        Reports that do not count unless they changed since: what `report_stamps` gave before a run.

    Raises
    ------
    DataFileError
        For a report that is damaged, or not of the format that is known.
    """
    synthesis, cosimulation, implementation = (
        [path for path in paths if path.is_file() and (but or {}).get(path) != _stamp(path)]
        for paths in _paths(folder, top)
    )
    return HlsReport(
        _synthesis(synthesis[0]) if synthesis else None,
        _cosimulation(cosimulation[0]) if cosimulation else None,
        _implementation(implementation[0]) if implementation else None,
    )


def report_stamps(folder: Path, top: str) -> dict[Path, Stamp]:
    """The reports that lie there now, each with its time of change and size."""
    return {path: _stamp(path) for paths in _paths(folder, top) for path in paths if path.is_file()}


def _paths(folder: Path, top: str) -> tuple[list[Path], list[Path], list[Path]]:
    """Where the reports of synthesis, co-simulation and implementation may lie, newer versions' places first."""
    solution = folder / SOLUTION
    return (
        [solution / "syn/report/csynth.xml", solution / f"syn/report/{top}_csynth.xml"],
        [solution / f"sim/report/{top}_cosim.rpt"],
        [
            solution / f"impl/report/{language}/{name}"
            for language in ("verilog", "vhdl")
            for name in ("export_impl.xml", f"{top}_export.xml")
        ],
    )


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _synthesis(path: Path) -> Synthesis:
    root = _root(path)
    overall = "PerformanceEstimates/SummaryOfOverallLatency"
    if root.find("PerformanceEstimates") is None or root.find("AreaEstimates/Resources") is None:
        raise DataFileError(f"{path} is not a report of C synthesis: it has no PerformanceEstimates and AreaEstimates")
    return Synthesis(
        _text(root, "ReportVersion/Version"),
        _real(root, "UserAssignments/TargetClockPeriod", path),
        _real(root, "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod", path),
        _whole(root, f"{overall}/Best-caseLatency", path),
        _whole(root, f"{overall}/Worst-caseLatency", path),
        _whole(root, f"{overall}/Interval-min", path),
        _whole(root, f"{overall}/Interval-max", path),
        _resources(root, "AreaEstimates/Resources", path),
        _resources(root, "AreaEstimates/AvailableResources", path),
    )


def _implementation(path: Path) -> Implementation:
    root = _root(path)
    if root.find("AreaReport/Resources") is None:
        raise DataFileError(f"{path} is not a report of an implementation: it has no AreaReport")
    return Implementation(
        _real(root, "TimingReport/TargetClockPeriod", path),
        _real(root, "TimingReport/AchievedClockPeriod", path),
        _resources(root, "AreaReport/Resources", path),
        _resources(root, "AreaReport/AvailableResources", path),
    )


def _cosimulation(path: Path) -> Cosimulation:
    for match in _ROW.finditer(path.read_text(errors="replace")):
        cells = [cell.strip() for cell in match[2].split("|")]
        if cells[0] == "NA":  # not simulated in this language
            continue
        # Status; latency min, avg, max; interval min, avg, max; from 2020 on the time of all transactions.
        if len(cells) < 7:
            raise DataFileError(f"{path}: the row of {match[1]} has {len(cells)} cells, expected 7 or 8")
        numbers = [None if cell in ("NA", "-", "") else _int(cell, path) for cell in cells[1:7]]
        return Cosimulation(match[1], cells[0], numbers[0], numbers[2], numbers[3], numbers[5])
    raise DataFileError(f"{path} is not a report of a co-simulation: it has no row of Verilog or VHDL with results")


def _root(path: Path) -> ET.Element:
    try:
        return ET.fromstring(path.read_bytes())
    except (ET.ParseError, OSError) as error:
        raise DataFileError(f"{path} is not a readable XML report: {error}") from None


def _text(root: ET.Element, path: str) -> str | None:
    text = root.findtext(path)
    return text.strip() if text is not None and text.strip() not in ("", "undef", "NA", "-") else None


def _real(root: ET.Element, element: str, path: Path) -> float | None:
    text = _text(root, element)
    try:
        return None if text is None else float(text)
    except ValueError:
        raise DataFileError(f"{path}: {element} is {text!r}, expected a number") from None


def _whole(root: ET.Element, element: str, path: Path) -> int | None:
    text = _text(root, element)
    return None if text is None else _int(text, path)


def _int(text: str, path: Path) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataFileError(f"{path}: expected a whole number, got {text!r}") from None


def _resources(root: ET.Element, element: str, path: Path) -> dict[str, int]:
    found = {}
    for ours, theirs in _RESOURCES.items():
        texts = [text for name in theirs if (text := _text(root, f"{element}/{name}")) is not None]
        if texts:
            found[ours] = _int(texts[0], path)
    return found
