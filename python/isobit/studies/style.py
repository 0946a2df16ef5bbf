"""How the studies' pictures look: ticks inside on all sides, titles of axes at their ends, a label above, no frames.

After the plots of the LHC's collaborations (mplhep is not needed). matplotlib is imported when a picture is drawn.
"""

from __future__ import annotations

from typing import Any, Final

from isobit.errors import MissingDependencyError

__all__ = ["COLOURS", "MARKERS", "STYLES", "band", "decorate", "label", "panels", "steps"]

#: M. A. Petroff's sequence of ten (arXiv:2107.02270), in the order in which it is told apart best.
COLOURS: Final = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
STYLES: Final[tuple[Any, ...]] = ("-", (0, (5, 1.5)), "-", (0, (1, 1)), (0, (4, 1, 1, 1)))
MARKERS: Final = ("o", "s", "^", "D", "v", "P")


def panels(rows: int, columns: int, *, size: tuple[float, float] = (5.2, 4.6), **options: Any) -> tuple[Any, Any]:
    """A figure and an array (rows, columns) of axes, each of about `size` inches."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("pictures need matplotlib: pip install 'isobit[plot]'") from error
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for one in axes.flat:
        one.tick_params(which="both", direction="in", top=True, right=True, labelsize=11)
        one.tick_params(which="major", length=7)
        one.tick_params(which="minor", length=3.5)
        one.minorticks_on()
    return figure, axes


def decorate(
    axes: Any, x: str, y: str, *, legend: str | None = "best", title: str | None = None, size: float = 10
) -> None:
    """Name the axes, with their units, and draw the legend; `legend` is its place, None for none."""
    axes.set_xlabel(x, loc="right", fontsize=13)
    axes.set_ylabel(y, loc="top", fontsize=13)
    if legend is not None:
        axes.legend(loc=legend, frameon=False, fontsize=size, title=title, title_fontsize=size, alignment="left")


def label(axes: Any, right: str = "", *, left: str = "toy simulation") -> None:
    """Write above the axes who made this, and of what."""
    axes.text(0.0, 1.012, "isobit", transform=axes.transAxes, fontsize=14, weight="bold", ha="left", va="bottom")
    axes.text(0.165, 1.012, left, transform=axes.transAxes, fontsize=11, style="italic", ha="left", va="bottom")
    axes.text(1.0, 1.012, right, transform=axes.transAxes, fontsize=10, ha="right", va="bottom")


def steps(axes: Any, heights: Any, edges: Any, number: int, name: str, *, fill: bool = False) -> None:
    """A histogram's outline."""
    colour = COLOURS[number % len(COLOURS)]
    if fill:
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.25)
    axes.stairs(heights, edges, color=colour, linewidth=1.6, linestyle=STYLES[number % len(STYLES)], label=name)


def band(axes: Any, x: Any, low: Any, high: Any, number: int, name: str | None = None) -> None:
    """A band of errors in a curve's colour."""
    axes.fill_between(x, low, high, color=COLOURS[number % len(COLOURS)], alpha=0.25, linewidth=0, label=name)
