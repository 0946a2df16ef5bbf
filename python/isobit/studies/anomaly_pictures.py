"""Pictures of the study of anomalies."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from isobit.students.anomalies import BACKGROUND, SIGNALS
from isobit.studies import style
from isobit.studies.codesign import SIDES
from isobit.studies.frame import Results

__all__ = ["PROCESSES", "draw_boxes", "draw_candidates", "draw_roc"]

#: How kinds of events are written in pictures.
PROCESSES: Final = {
    BACKGROUND: "background",
    "A to 4 l": r"$A \to 4\ell$",
    "LQ to b tau": r"$LQ \to b\tau$",
    "h0 to tau tau": r"$h^0 \to \tau\tau$",
    "h+ to tau nu": r"$h^\pm \to \tau\nu$",
}
_SEARCHES: Final = {"phase": "phase search", "co": "co-search"}


def draw_roc(results: Results) -> Any:
    """Teacher and student, a panel each."""
    found = results["distilled"]
    figure, axes = style.panels(1, 2, size=(5.6, 5.0), sharey=True)
    titles = {"teacher": "autoencoder (firmware bits)", "student": "ad_student (firmware bits)"}
    for one, (who, title) in zip(axes[0], titles.items(), strict=True):
        for number, name in enumerate(SIGNALS):
            curve = found["roc"][who][name]
            area = curve["auc"]
            text = f"{PROCESSES[name]}, AUC {area['value']:.3f} ± {area['error']:.3f}"
            style.band(one, curve["rate"], curve["low"], curve["high"], number)
            one.plot(
                curve["rate"],
                curve["value"],
                color=style.COLOURS[number],
                linestyle=style.STYLES[number % len(style.STYLES)],
                label=text,
            )
        one.plot([1e-3, 1.0], [1e-3, 1.0], color="black", linewidth=0.8, linestyle=":", label="by chance")
        one.set(xscale="log", yscale="log", xlim=(1e-3, 1.0), ylim=(5e-4, 2.0))
        style.decorate(one, "background that passes", "signal that passes", legend="lower right", title=title)
        style.label(one, f"{found['events'][BACKGROUND]:,} background events, 99% bands")
    axes[0, 1].set_ylabel("")
    return figure


def draw_boxes(results: Results) -> Any:
    """Errors of the best tenth of both searches, by kind of events."""
    found = results["searched"]
    figure, axes = style.panels(1, 1, size=(8.6, 5.0))
    one, names = axes[0, 0], (BACKGROUND, *SIGNALS)
    for number, side in enumerate(SIDES):
        errors = [found[side]["errors"][name] for name in names]
        places = np.arange(len(names)) + (number - 0.5) * 0.36
        drawn = one.boxplot(errors, positions=places, widths=0.3, patch_artist=True, manage_ticks=False)
        for box in drawn["boxes"]:
            box.set(facecolor=style.COLOURS[number], alpha=0.45, edgecolor=style.COLOURS[number])
        for median in drawn["medians"]:
            median.set(color="black", linewidth=1.6)
        text = f"{_SEARCHES[side]}: best {found[side]['compared']} of {found['trials']}"
        one.plot([], [], color=style.COLOURS[number], linewidth=8, alpha=0.45, label=text)
    one.set(yscale="log", xlim=(-0.6, len(names) - 0.4))
    one.set_xticks(range(len(names)), [PROCESSES[name] for name in names])
    one.tick_params(axis="x", which="minor", bottom=False, top=False)
    budget = f"students of at most {found['budget']:,} BOPs"
    style.decorate(one, "", "mean squared error to the teacher's loss", legend="upper left", title=budget)
    low, high = one.get_ylim()
    one.set_ylim(low, high * (high / low) ** 0.35)
    style.label(one, "boxes: quartiles; whiskers: 1.5 interquartile ranges; firmware bits")
    return figure


def draw_candidates(results: Results) -> Any:
    """Every candidate: its cost and its error, and the best so far against trials."""
    found = results["searched"]
    figure, axes = style.panels(1, 2, size=(6.0, 4.8))
    cloud, race = axes[0]
    for number, side in enumerate(SIDES):
        records = found["sides"][side]
        errors = np.array([record["errors"]["validation"] for record in records])
        bops = np.array([record["bops"] for record in records])
        cloud.plot(
            bops / 1000.0,
            errors,
            linestyle="",
            marker=style.MARKERS[number],
            markersize=4,
            alpha=0.55,
            color=style.COLOURS[number],
            label=_SEARCHES[side],
        )
        inside = np.where(bops <= found["budget"], errors, np.inf)
        so_far = np.minimum.accumulate(inside)
        there = np.isfinite(so_far)
        race.step(
            np.arange(1, len(records) + 1)[there],
            so_far[there],
            where="post",
            color=style.COLOURS[number],
            label=_SEARCHES[side],
        )
    cloud.axvline(found["budget"] / 1000.0, color="black", linewidth=0.9, linestyle=":", label="budget")
    cloud.set(xscale="log", yscale="log")
    style.decorate(cloud, "cost  [1000 BOPs]", "MSE to the teacher, background", legend="upper right")
    race.axvline(found["trials"] / 2, color="black", linewidth=0.9, linestyle=":", label="phase search turns to bits")
    race.set(xlim=(0, found["trials"]), yscale="log")
    style.decorate(race, "trials", "best MSE so far within the budget", legend="upper right")
    for one in (cloud, race):
        style.label(one, f"{found['trials']} trials each, firmware bits")
    return figure
