"""The pictures of the study of muons, from its results alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from isobit.studies import style
from isobit.studies.frame import Results

__all__ = ["PICTURES"]

_LABELS: Final = {
    "hardware": "hardware, $\\varphi$ extrapolated",
    "teacher": "teacher 4 x 256 (float)",
    "student": "student 4 x 8 (firmware bits)",
    "baseline": "baseline 4 x 16 (firmware bits)",
}
_HIGH: Final = {
    "hardware": "hardware",
    "teacher": "teacher 4 x 256 (float)",
    "ordinary": "student (firmware bits)",
    "weighted": "student, inverse-population loss (firmware bits)",
    "split": "two students, split in $p_\\mathrm{T}$ (firmware bits)",
}
#: Quantity -> residual, unit, factor to that unit, decimals of a width.
_QUANTITIES: Final = {
    "eta": (r"$\eta - \eta^\mathrm{reco}$", "", 1.0, 4),
    "phi": (r"$\varphi - \varphi^\mathrm{reco}$", "mrad", 1000.0, 1),
    "pt": (r"$p_\mathrm{T}\,/\,p_\mathrm{T}^\mathrm{reco} - 1$", "%", 100.0, 1),
}


def _unit(text: str, unit: str) -> str:
    return f"{text}  [{unit}]" if unit else text


def _count(results: Results) -> str:
    return f"{results['recalibration']['events']:,} muons, seed {results['seed']}"


def _residuals(results: Results) -> Any:
    found = results["recalibration"]
    figure, axes = style.panels(1, 3)
    for one, (name, (title, unit, factor, decimals)) in zip(axes[0], _QUANTITIES.items(), strict=True):
        low, high, bins = found["bins"]["residuals"][name]
        edges = np.linspace(low, high, bins + 1) * factor
        for number, (network, label) in enumerate(_LABELS.items()):
            heights = np.array(found["histograms"][network][name]) / found["events"] / (edges[1] - edges[0])
            width, error = (factor * value for value in found["fwhm"][network][name])
            text = f"{label}\nFWHM {width:.{decimals}f} ± {error:.{decimals}f} {unit}".rstrip()
            style.steps(one, heights, edges, number, text, fill=network == "hardware")
        one.set(xlim=(edges[0], edges[-1]))
        one.set_ylim(0.0, 1.75 * one.get_ylim()[1])
        style.decorate(one, _unit(title, unit), f"fraction of muons per {unit or 'unit'}", legend="upper left", size=9)
        style.label(one, _count(results))
    return figure


def _in_bins(results: Results, key: str, edges: Any, title: str, *, log: bool) -> Any:
    found = results["recalibration"]
    figure, axes = style.panels(1, 3)
    edges = np.array(edges)
    centres = np.sqrt(edges[1:] * edges[:-1]) if log else 0.5 * (edges[1:] + edges[:-1])
    for one, (name, (residual, unit, factor, _)) in zip(axes[0], _QUANTITIES.items(), strict=True):
        for number, (network, label) in enumerate(_LABELS.items()):
            widths, errors = (factor * np.array(row, float) for row in found[key][network][name])
            _points(one, centres, edges, widths, errors, number, label)
        if log:
            _logarithmic(one)
        one.set(xlim=(edges[0], edges[-1]))
        one.set_ylim(0.0, 1.45 * one.get_ylim()[1])
        style.decorate(one, title, _unit(f"FWHM of {residual}", unit), legend="upper left", size=9)
        style.label(one, _count(results))
    return figure


def _points(axes: Any, centres: Any, edges: Any, widths: Any, errors: Any, number: int, label: str) -> None:
    axes.errorbar(
        centres,
        widths,
        xerr=(centres - edges[:-1], edges[1:] - centres),
        yerr=errors,
        linestyle="none",
        marker=style.MARKERS[number],
        markersize=4.5,
        color=style.COLOURS[number],
        label=label,
    )


def _logarithmic(axes: Any) -> None:
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    axes.set_xscale("log")
    axes.set_xticks([3, 5, 10, 20, 50, 100, 200])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _by_pt(results: Results) -> Any:
    edges = results["recalibration"]["bins"]["pt"]
    return _in_bins(results, "by_pt", edges, r"reco $p_\mathrm{T}$  [GeV]", log=True)


def _by_eta(results: Results) -> Any:
    edges = results["recalibration"]["bins"]["eta"]
    return _in_bins(results, "by_eta", edges, r"reco $|\eta|$", log=False)


def _high_pt(results: Results) -> Any:
    found = results["high_pt"]
    edges = np.array(found["bins"])
    centres = np.sqrt(edges[1:] * edges[:-1])
    figure, axes = style.panels(1, 2, size=(6.2, 4.8))
    left, right = axes[0]
    for number, (network, label) in enumerate(_HIGH.items()):
        text = f"{label}\nFWHM of all {100.0 * found['fwhm'][network]:.1f}%"
        widths = 100.0 * np.array(found["by_pt"][network], float)
        _points(left, centres, edges, widths, None, number, text)
        _points(right, centres, edges, np.array(found["median"][network]), None, number, label)
    right.axhline(1.0, color="black", linewidth=0.8)
    for one in (left, right):
        _logarithmic(one)
        one.set(xlim=(edges[0], edges[-1]))
        one.set_ylim(0.0, 1.5 * one.get_ylim()[1])
        style.label(one, _count(results))
    title = r"reco $p_\mathrm{T}$  [GeV]"
    style.decorate(
        left, title, r"FWHM of $p_\mathrm{T}\,/\,p_\mathrm{T}^\mathrm{reco}$  [%]", legend="upper left", size=9
    )
    style.decorate(
        right, title, r"median of $p_\mathrm{T}\,/\,p_\mathrm{T}^\mathrm{reco}$", legend="upper left", size=9
    )
    return figure


PICTURES: Final[dict[str, Callable[[Results], Any]]] = {
    "residuals": _residuals,
    "resolution-pt": _by_pt,
    "resolution-eta": _by_eta,
    "high-pt": _high_pt,
}
