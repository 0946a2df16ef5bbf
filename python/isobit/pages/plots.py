"""The pictures of a page as PNG or PDF, through matplotlib, which is imported when a picture is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from isobit.errors import MissingDependencyError, UnsupportedError
from isobit.files import atomic_path, refuse_overwrite
from isobit.pages.document import Page
from isobit.pages.figures import (
    COLOURS,
    RANGE_AXIS,
    RANGE_KEY,
    Bars,
    Chart,
    Figure,
    Ranges,
    Strips,
    range_colour,
    range_ends,
)
from isobit.pages.scales import number, power, shortened
from isobit.pages.svg import cells_shown

__all__ = ["FORMATS", "require_matplotlib", "write_plots"]

#: What can be written.
FORMATS: Final = ("png", "pdf")
#: Characters of a line of a title, and inches below a picture for what it is of.
_TITLE, _FOOT = 52, 0.16
#: Width of every picture, inches; characters of a row's name at most; cells of a row at most.
_WIDTH, _NAME, _CELLS = 9.0, 36, 256
_EDGE, _DIM, _PANEL = "#d0d7de", "#57606a", "#f3f5f8"


def require_matplotlib() -> None:
    """Raise what a picture would raise without matplotlib.

    Raises
    ------
    MissingDependencyError
        If it is missing.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("pictures need matplotlib: pip install 'isobit[plot]'") from error


def write_plots(
    page: Page, folder: str | os.PathLike[str], *, format: str = "png", overwrite: bool = False
) -> tuple[Path, ...]:
    """Write every picture of a page into a folder: ``check-ranges.png`` and so on.

    Raises
    ------
    UnsupportedError
        For a format that is not one of :data:`FORMATS`.
    OverwriteError
        If one of the files exists and ``overwrite`` is false; then none is written.
    MissingDependencyError
        If matplotlib is missing.
    """
    if format not in FORMATS:
        raise UnsupportedError(f"pictures are written as {' or '.join(FORMATS)}, not as {format!r}")
    require_matplotlib()
    figures = {Path(folder) / f"{page.command}-{figure.name}.{format}": figure for figure in page.figures()}
    for path in figures:
        refuse_overwrite(path, overwrite)
    for path, figure in figures.items():
        with atomic_path(path, overwrite=overwrite) as temporary:
            dated = {"CreationDate": None} if format == "pdf" else None  # the same page, the same bytes
            _figure(figure, page).savefig(temporary, format=format, dpi=150, metadata=dated)
    return tuple(figures)


def _figure(figure: Figure, page: Page) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows, thick = _rows(figure)
    title = wrap(_plain(figure.title), _TITLE)
    height = 1.4 + 0.2 * len(title) + rows * thick
    foot = _FOOT / height  # what stands below is beside no label of an axis
    canvas = Canvas(figsize=(_WIDTH, height), layout=ConstrainedLayoutEngine(rect=(0.0, foot, 1.0, 1.0 - foot)))
    FigureCanvasAgg(canvas)
    axes = canvas.subplots()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=9, colors="black")
    _DRAWN[type(figure)](axes, figure)
    pad = 22 if _has_key(figure) else 8
    axes.set_title("\n".join(title), loc="left", fontsize=11, fontweight="bold", pad=pad)
    canvas.text(0.995, 0.005, _plain(f"isobit {page.command}: {shortened(page.subject, 60)}"), ha="right", va="bottom",
                fontsize=7, color=_DIM)  # fmt: skip
    return canvas


def _rows(figure: Figure) -> tuple[int, float]:
    """Rows, and inches for each."""
    if isinstance(figure, Chart):
        return 1, 3.6
    if isinstance(figure, Bars):
        return max(1, len(figure.bars)), 0.26 if figure.stacked or len(figure.series) == 1 else 0.16 * len(
            figure.series
        )
    assert isinstance(figure, (Strips, Ranges))
    tall = isinstance(figure, Ranges) or any(cell.height < 1 for row in figure.rows for cell in row.cells)
    return max(1, len(figure.rows)), 0.42 if tall else 0.26


def _has_key(figure: Figure) -> bool:
    if isinstance(figure, Strips):
        return bool(figure.key)
    if isinstance(figure, Bars):
        return any(words for words, _ in figure.series)
    return isinstance(figure, Ranges) or (isinstance(figure, Chart) and len(figure.series) > 1)


def _plain(text: str) -> str:
    """A text in which no dollar begins a formula."""
    return text.replace("$", r"\$")


def _names(axes: Any, labels: Sequence[str], notes: Sequence[str] = ()) -> None:
    """Names of rows at the left, notes at the right."""
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), [_plain(shortened(label, _NAME)) for label in labels])
    for place, note in enumerate(notes):
        at = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
        axes.annotate(_plain(note), (1.01, place), fontsize=8, color=_DIM, **at)


def _key(axes: Any, entries: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=COLOURS[colour], label=_plain(words)) for words, colour in entries]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncol=min(4, len(handles)), frameon=False,
                fontsize=8.5, borderaxespad=0.2, handlelength=1.0)  # fmt: skip


def _bars(axes: Any, figure: Bars) -> None:
    alone = figure.stacked or len(figure.series) == 1
    starts = [0.0] * len(figure.bars)
    for place, (legend, colour) in enumerate(figure.series):
        values = [max(0.0, bar.values[place]) if figure.log else bar.values[place] for bar in figure.bars]
        thick = 0.8 if alone else 0.8 / len(figure.series)
        shift = 0.0 if alone else (place + 0.5) * thick - 0.4
        axes.barh([k + shift for k in range(len(values))], values, thick, left=starts if figure.stacked else None,
                  color=COLOURS[colour], label=_plain(legend))  # fmt: skip
        if figure.stacked:
            starts = [start + value for start, value in zip(starts, values, strict=True)]
    if figure.log:
        axes.set_xscale("log")
    ends = [f"{number(sum(bar.values))}{figure.unit}" for bar in figure.bars] if alone else ()
    _names(axes, [bar.label for bar in figure.bars], ends)
    axes.set_xlabel(
        _plain(" ".join(filter(None, [figure.axis, f"[{figure.unit.strip()}]" if figure.unit else ""]))), fontsize=9
    )
    axes.grid(axis="x", color=_EDGE, linewidth=0.6)
    axes.set_axisbelow(True)
    if _has_key(figure):
        _key(axes, figure.series)


def _strips(axes: Any, figure: Strips) -> None:
    from matplotlib.patches import Rectangle

    for place, row in enumerate(figure.rows):
        axes.add_patch(Rectangle((0, place - 0.42), 1, 0.84, color=_PANEL, linewidth=0))
        cells = cells_shown(row, _CELLS)
        step = 1 / max(1, len(cells))
        for at, cell in enumerate(cells):
            if cell.level <= 0 or not cell.colour:
                continue
            high = 0.84 * min(1.0, cell.height)
            wide = step - min(0.08 * step, 0.004) if len(cells) < 128 else step
            axes.add_patch(Rectangle((at * step, place + 0.42 - high), wide, high, color=COLOURS[cell.colour],
                                     alpha=cell.level, linewidth=0))  # fmt: skip
            if cell.text and len(cells) <= 12:
                axes.text((at + 0.5) * step, place, _plain(cell.text), ha="center", va="center", fontsize=8)
        if row.line is not None:
            height = place + 0.42 - 0.84 * row.line
            axes.plot([0, 1], [height, height], color="black", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlim(0, 1)
    _names(axes, [row.label for row in figure.rows], [row.note for row in figure.rows])
    count = len(figure.columns)
    axes.set_xticks([(k + 0.5) / count for k in range(count)], [_plain(shortened(c, 24)) for c in figure.columns])
    axes.spines["bottom"].set_visible(False)
    if figure.key:
        _key(axes, figure.key)


def _ranges(axes: Any, figure: Ranges) -> None:
    from matplotlib.patches import Rectangle

    low, high = range_ends(figure)
    for place, row in enumerate(figure.rows):
        box = (row.low, place - 0.42), row.high + 1 - row.low, 0.84
        axes.add_patch(Rectangle(*box, facecolor=_PANEL, edgecolor=_DIM, linewidth=0.8))
        most = max([*(count for _, count in row.counts), 1])
        for exponent, count in row.counts:
            colour = COLOURS[range_colour(row, exponent)]
            tall = max(0.05, 0.78 * count / most)
            at = max(exponent, low)
            axes.add_patch(Rectangle((at + 0.06, place + 0.42 - tall), 0.88, tall, color=colour, linewidth=0))
        if row.needed is not None:
            to = row.needed + 1
            axes.plot([row.high + 1, to, to, to], [place, place, place - 0.42, place + 0.42], color=COLOURS["red"])
    axes.set_xlim(low, high)
    _names(axes, [row.label for row in figure.rows], [row.note for row in figure.rows])
    step = max(1, (high - low) // 12)
    axes.set_xticks(range(low, high + 1, step), [power(2, e) for e in range(low, high + 1, step)])
    axes.set_xlabel(RANGE_AXIS, fontsize=9)
    axes.grid(axis="x", color=_EDGE, linewidth=0.6)
    axes.set_axisbelow(True)
    _key(axes, RANGE_KEY)


def _chart(axes: Any, figure: Chart) -> None:
    axes.spines["left"].set_visible(True)
    if figure.x_log:
        axes.set_xscale("log")
    if figure.y_log:
        axes.set_yscale("log")
    for series in figure.series:
        colour = COLOURS[series.colour]
        if series.style != "points":
            axes.plot(series.x, series.y, color=colour, linewidth=1.4,
                      drawstyle="steps-post" if series.style == "steps" else "default")  # fmt: skip
        axes.plot(series.x, series.y, "o", color=colour, markersize=4, markeredgecolor="white", markeredgewidth=0.4)
    if figure.limit is not None:
        axes.axhline(figure.limit[0], color="black", linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(_plain(figure.limit[1]), (1.0, figure.limit[0]), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", fontsize=8.5, color=_DIM)  # fmt: skip
    axes.set_xlabel(_plain(figure.x_label), fontsize=9)
    axes.set_ylabel(_plain(figure.y_label), fontsize=9)
    axes.grid(color=_EDGE, linewidth=0.6)
    axes.set_axisbelow(True)
    if len(figure.series) > 1:
        _key(axes, [(series.name, series.colour) for series in figure.series])


_DRAWN: dict[type[Figure], Callable[[Any, Any], None]] = {
    Bars: _bars,
    Strips: _strips,
    Ranges: _ranges,
    Chart: _chart,
}
