"""Pictures of the study of autoencoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from isobit.students.anomalies import BACKGROUND, SIGNALS
from isobit.students.autoencoders import AUTOENCODERS
from isobit.studies import style
from isobit.studies.anomaly_pictures import PROCESSES
from isobit.studies.frame import Results

__all__ = ["draw_areas", "draw_distances", "draw_losses"]

_BITS: Final = "bits of weights and activations"
_NAMES: Final = {
    "qat whole": "trained with its bits",
    "qat pruned": "trained with its bits, pruned",
    "ptq whole": "quantised afterwards",
    "ptq pruned": "quantised afterwards, pruned",
}
_COLOURS: Final = {"qat": style.COLOURS[0], "ptq": style.COLOURS[2]}


def _curves(axes: Any, found: Results, value: Callable[[Results], tuple[float, float]]) -> None:
    """The four series of versions, with errors where there are some."""
    for number, (name, text) in enumerate(_NAMES.items()):
        training, series = name.split()
        widths = sorted(found["widths"])
        points = [value(found["versions"][f"{training} {series} {width}"]) for width in widths]
        axes.errorbar(
            widths,
            [point for point, _ in points],
            [error for _, error in points] if any(error for _, error in points) else None,
            color=_COLOURS[training],
            linestyle="-" if series == "whole" else (0, (4, 1.5)),
            marker=style.MARKERS[number],
            markerfacecolor=_COLOURS[training] if series == "whole" else "white",
            markersize=4.5,
            linewidth=1.2,
            label=text,
        )
    axes.set(xlim=(1.4, 16.6), xticks=range(2, 17, 2))
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)


def draw_areas(results: Results) -> Any:
    """Area under the ROC curve: networks below each other, signals side by side."""
    figure, axes = style.panels(len(AUTOENCODERS), len(SIGNALS), size=(3.9, 3.2))
    for row, (name, network) in zip(axes, AUTOENCODERS.items(), strict=True):
        found = results[name]
        for one, signal in zip(row, SIGNALS, strict=True):
            _curves(one, found, lambda record, signal=signal: tuple(record["auc"][signal].values()))  # type: ignore[misc]
            for series, line in (("whole", "-"), ("pruned", (0, (4, 1.5)))):
                value = found["versions"][f"float {series}"]["auc"][signal]["value"]
                one.axhline(value, color="black", linewidth=0.9, linestyle=line, label=f"float{_pruned(series)}")
            style.decorate(one, _BITS, "area under ROC curve", legend=None)
            style.label(one, f"{network.title}, {PROCESSES[signal]}", left="")
    lines = axes[0, 0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside upper center", ncols=len(lines[0]), frameon=False, fontsize=12)
    return figure


def _pruned(series: str) -> str:
    return ", pruned" if series == "pruned" else ""


def draw_distances(results: Results) -> Any:
    """How far scores are from those of the network in floating point."""
    figure, axes = style.panels(2, 2, size=(5.6, 4.2))
    for one, (name, network) in zip(axes.flat, AUTOENCODERS.items(), strict=True):
        found = results[name]
        _curves(one, found, lambda record: (record["distance"], 0.0))
        one.set(yscale="log")
        text = "rms(score - float's) / std(float's)"
        style.decorate(one, _BITS, text, legend="upper right" if one is axes[0, 0] else None, size=9)
        style.label(one, f"{network.title}, {found['events'][BACKGROUND]:,} events")
    return figure


def draw_losses(results: Results) -> Any:
    """Mean squared errors of the reconstructions."""
    chosen = {name: network for name, network in AUTOENCODERS.items() if not network.variational}
    figure, axes = style.panels(1, len(chosen), size=(5.8, 4.6))
    for one, (name, network) in zip(axes[0], chosen.items(), strict=True):
        found = results[name]
        _curves(one, found, lambda record: (record["mean"], 0.0))
        for series, line in (("whole", "-"), ("pruned", (0, (4, 1.5)))):
            value = found["versions"][f"float {series}"]["mean"]
            one.axhline(
                value, color="black", linewidth=0.9, linestyle=line, label=f"float{_pruned(series)}: {value:.3f}"
            )
        one.set(yscale="log")
        style.decorate(one, _BITS, "mean squared error of the reconstruction", legend="upper right", size=9)
        style.label(one, f"{network.title}, {found['events'][BACKGROUND]:,} events")
    return figure
