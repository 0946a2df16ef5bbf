"""Pictures as inline SVG of a given width in pixels, in the page's own colours: classes, which follow its theme.

Texts are 12 pixels high whatever the width: a page holds every picture twice, for wide screens and for phones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from isobit.pages.figures import (
    RANGE_AXIS,
    RANGE_KEY,
    Bars,
    Cell,
    Chart,
    Figure,
    Ranges,
    Strip,
    Strips,
    range_colour,
    range_ends,
)
from isobit.pages.scales import fitted, number, pixels, power, scale

__all__ = ["NARROW", "WIDE", "cells_shown", "svg"]

#: Widths in pixels of the two drawings.
WIDE, NARROW = 900, 340
#: Pixels of a line of text.
_LINE = 16
#: Cells of a picture at most, over all rows: a page stays small whatever the network.
_CELLS = 3000


class _Canvas:
    """Elements of a picture; grows downwards."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.narrow = width < 500
        self.top = 0.0
        self.parts: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "", most: float = 0.0) -> None:
        """Words with their baseline at (x, y), in at most so many pixels; the whole of it is shown on hovering."""
        shown = fitted(words, most) if most else words
        title = f"<title>{escape(words)}</title>" if shown != words else ""
        kind = f' class="{kind}"' if kind else ""
        anchor = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{kind}{anchor}>{escape(shown)}{title}</text>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "", level: float = 1) -> None:
        """A rectangle."""
        strength = f' fill-opacity="{level:.2g}"' if level < 1 else ""
        inner = f"><title>{escape(tip)}</title></rect>" if tip else "/>"
        place = f'x="{x:.4g}" y="{y:.1f}" width="{max(0.5, width):.4g}" height="{height:.1f}"'
        self.parts.append(f'<rect {place} class="{kind}"{strength}{inner}')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A line."""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def key(self, entries: Sequence[tuple[str, str]], left: float) -> None:
        """What colours mean, in as many lines as it takes."""
        x = left
        if not entries:
            return
        for words, colour in entries:
            width = 22 + pixels(words)
            if x > left and x + width > self.width:
                x, self.top = left, self.top + _LINE
            self.rect(x, self.top + 2, 10, 10, colour)
            self.text(x + 15, self.top + 11, words)
            x += width + 8
        self.top += _LINE + 8

    def done(self, label: str) -> str:
        """The whole SVG."""
        height = self.top + 2
        return (
            f'<svg class="{"narrow" if self.narrow else "wide"}" viewBox="0 0 {self.width} {height:.0f}" '
            f'width="{self.width}" height="{height:.0f}" role="img" aria-label="{escape(label)}">'
            f"{''.join(self.parts)}</svg>"
        )


def svg(figure: Figure, width: int = WIDE) -> str:
    """A picture as SVG.

    Parameters
    ----------
    figure
        What is drawn.
    width
        In pixels; below 500 names of rows are above them.
    """
    canvas = _Canvas(width)
    _DRAWN[type(figure)](canvas, figure)
    return canvas.done(figure.title)


def cells_shown(strip: Strip, most: int) -> tuple[Cell, ...]:
    """Cells of a row, at most so many: of those that share a place the one of the highest rank."""
    groups = np.array_split(np.arange(len(strip.cells)), min(len(strip.cells), most))
    return tuple(max((strip.cells[i] for i in group), key=lambda cell: cell.rank) for group in groups)


class _Rows:
    """Rows with a name before and a note behind them, or above them on narrow pictures."""

    def __init__(self, canvas: _Canvas, labels: Sequence[str], notes: Sequence[str] = ()) -> None:
        self.canvas = canvas
        longest, noted = (max([*map(pixels, texts), 0.0]) for texts in (labels, notes))
        self.left = 2.0 if canvas.narrow else min(230.0, 12 + longest)
        self.right = canvas.width - (2.0 if canvas.narrow else min(190.0, 12 + noted if noted else 2.0))
        self.width = self.right - self.left

    def begin(self, label: str, note: str, height: float) -> float:
        """Write the name and the note of a row of a height; gives its upper edge."""
        canvas = self.canvas
        if canvas.narrow:
            half = canvas.width / 2 if note else canvas.width
            canvas.text(2, canvas.top + 12, label, most=max(half, canvas.width - 8 - pixels(note)) - 4)
            canvas.text(canvas.width - 2, canvas.top + 12, note, "dim", "end", most=half - 4)
            canvas.top += _LINE + 2
        top = canvas.top
        if not canvas.narrow:
            middle = top + height / 2 + 4
            canvas.text(self.left - 8, middle, label, anchor="end", most=self.left - 8)
            canvas.text(self.right + 8, middle, note, "dim", most=canvas.width - self.right - 8)
        canvas.top += height + (7 if canvas.narrow else 5)
        return top

    def axis(self, ticks: Sequence[tuple[float, str]], first: float, words: str) -> None:
        """Numbers below the rows, lines through them (drawn behind, from an upper edge), and what they are."""
        canvas = self.canvas
        lines = [
            f'<line x1="{x:.1f}" y1="{first:.1f}" x2="{x:.1f}" y2="{canvas.top:.1f}" class="grid"/>'
            for x, _ in ((self.left + place * self.width, text) for place, text in ticks)
        ]
        canvas.parts = [*lines, *canvas.parts]
        for place, text in ticks:
            anchor = "start" if place < 0.02 and canvas.narrow else "end" if place > 0.98 else "middle"
            canvas.text(self.left + place * self.width, canvas.top + 12, text, "dim", anchor)
        canvas.top += _LINE
        if words:
            canvas.text(self.left + self.width / 2, canvas.top + 12, words, "dim", "middle")
            canvas.top += _LINE


def _spaced(ticks: Sequence[tuple[float, str]], width: float) -> list[tuple[float, str]]:
    """As many of the ticks as there is room for."""
    widest = max([*(pixels(text) for _, text in ticks), 1.0]) + 14
    step = max(1, int(np.ceil(len(ticks) * widest / max(width, 1))))
    return list(ticks)[::step]


def _bars(canvas: _Canvas, figure: Bars) -> None:
    canvas.key([entry for entry in figure.series if entry[0]], 2)
    ends = (
        [sum(bar.values) for bar in figure.bars] if figure.stacked else [v for bar in figure.bars for v in bar.values]
    )
    alone = figure.stacked or len(figure.series) == 1
    axis = scale(ends, log=figure.log, zero=not figure.log, count=4 if canvas.narrow else 6)
    written = [f"{number(end)}{figure.unit}" for end in ends] if alone else [""] * len(figure.bars)
    rows = _Rows(canvas, [bar.label for bar in figure.bars], written)
    thick, first = (14.0 if alone else 9.0), canvas.top
    zero = 0.0 if figure.log else axis(0.0)
    for bar, end in zip(figure.bars, written, strict=True):
        top = rows.begin(bar.label, end, thick if alone else thick * len(bar.values))
        start = zero
        for place, ((legend, colour), value) in enumerate(zip(figure.series, bar.values, strict=True)):
            if not value or (figure.log and value < 0):
                continue
            to = axis(value) if not figure.stacked else start + axis(value) - zero
            tip = bar.tip or f"{bar.label}: {f'{legend} ' if legend else ''}{number(value)}{figure.unit}"
            y = top if alone else top + place * thick
            canvas.rect(
                rows.left + min(start, to) * rows.width, y, abs(to - start) * rows.width, thick - 1, colour, tip
            )
            start = to if figure.stacked else start
    ticks = [(axis(tick), f"{text}{figure.unit}") for tick, text in zip(axis.ticks, axis.labels, strict=True)]
    rows.axis(_spaced(ticks, rows.width), first, figure.axis)


def _strips(canvas: _Canvas, figure: Strips) -> None:
    canvas.key(figure.key, 2)
    rows = _Rows(canvas, [row.label for row in figure.rows], [row.note for row in figure.rows])
    most = max(12, min(int(rows.width / 3), _CELLS // max(1, len(figure.rows))))
    for place, column in enumerate(figure.columns):
        width = rows.width / len(figure.columns)
        canvas.text(rows.left + (place + 0.5) * width, canvas.top + 12, column, "dim", "middle", most=width)
    canvas.top += _LINE + 2 if figure.columns else 0
    tall = any(cell.height < 1 for row in figure.rows for cell in row.cells)
    height = 34.0 if tall else 20.0
    for row in figure.rows:
        top = rows.begin(row.label, row.note, height)
        canvas.rect(rows.left, top, rows.width, height, "panel")
        cells = cells_shown(row, most)
        step = rows.width / max(1, len(cells))
        gap = 1.0 if step > 4 else 0.0
        for place, cell in enumerate(cells):
            if cell.level <= 0 or not cell.colour:
                continue
            high = max(1.0, height * min(1.0, cell.height))
            left = rows.left + place * step
            canvas.rect(left, top + height - high, step - gap, high, cell.colour, cell.tip, cell.level)
            if cell.text and step > 14:
                canvas.text(left + step / 2, top + height / 2 + 4, cell.text, "cell", "middle", most=step - 2)
        if row.line is not None:
            y = top + height * (1 - row.line)
            canvas.line(rows.left, y, rows.right, y, "mark")


def _ranges(canvas: _Canvas, figure: Ranges) -> None:
    canvas.key(RANGE_KEY, 2)
    rows = _Rows(canvas, [row.label for row in figure.rows], [row.note for row in figure.rows])
    low, high = range_ends(figure)
    unit, first = rows.width / (high - low), canvas.top
    for row in figure.rows:
        top = rows.begin(row.label, row.note, 26)
        canvas.rect(rows.left + (row.low - low) * unit, top, (row.high + 1 - row.low) * unit, 26, "range", row.tip)
        most, every = max([*(n for _, n in row.counts), 1]), max(1, sum(n for _, n in row.counts))
        for exponent, count in row.counts:
            tall = max(1.5, 24 * count / most)
            colour = range_colour(row, exponent)
            tip = f"{row.label}: {power(2, exponent)} to {power(2, exponent + 1)}: {count:,} ({count / every:.2%})"
            x = rows.left + (max(exponent, low) - low) * unit
            canvas.rect(x + 0.5, top + 26 - tall, unit - 1, tall, colour, tip)
        if row.needed is not None:
            x = rows.left + (row.needed + 1 - low) * unit
            canvas.line(x, top, x, top + 26, "need")
            canvas.line(rows.left + (row.high + 1 - low) * unit, top + 13, x, top + 13, "need")
    ticks = [((e - low) / (high - low), power(2, e)) for e in range(low, high + 1)]
    rows.axis(_spaced(ticks, rows.width), first, RANGE_AXIS)


def _chart(canvas: _Canvas, figure: Chart) -> None:
    if len(figure.series) > 1:
        canvas.key([(series.name, series.colour) for series in figure.series], 2)
    across = scale([v for s in figure.series for v in s.x], log=figure.x_log, count=4 if canvas.narrow else 7)
    heights = [v for s in figure.series for v in s.y] + ([figure.limit[0]] if figure.limit else [])
    up = scale(heights, log=figure.y_log, zero=not figure.y_log, count=6)
    canvas.text(2, canvas.top + 11, figure.y_label, "dim", most=canvas.width - 4)
    canvas.top += _LINE + 6
    left = 12 + max(map(pixels, up.labels))
    width, height, top = canvas.width - left - 12, 250.0 if canvas.narrow else 320.0, canvas.top

    def place(x: float, y: float) -> tuple[float, float]:
        return left + across(x) * width, top + (1 - up(y)) * height

    for tick, text in zip(up.ticks, up.labels, strict=True):
        y = top + (1 - up(tick)) * height
        canvas.line(left, y, left + width, y, "grid")
        canvas.text(left - 6, y + 4, text, "dim", "end")
    for at, text in _spaced([(across(t), s) for t, s in zip(across.ticks, across.labels, strict=True)], width):
        canvas.line(left + at * width, top, left + at * width, top + height, "grid")
        canvas.text(left + at * width, top + height + 15, text, "dim", "end" if at > 0.97 else "middle")
    if figure.limit is not None:
        y = place(across.low, figure.limit[0])[1]
        canvas.line(left, y, left + width, y, "mark")
        canvas.text(left + width, y - 5, figure.limit[1], "dim", "end", most=width)
    for series in figure.series:
        points = [place(x, y) for x, y in zip(series.x, series.y, strict=True)]
        if series.style != "points" and points:
            path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
            path += [f"H{x:.1f}V{y:.1f}" if series.style == "steps" else f"L{x:.1f} {y:.1f}" for x, y in points[1:]]
            canvas.parts.append(f'<path d="{"".join(path)}" class="curve s-{series.colour}"/>')
        for k, (x, y) in enumerate(points):
            tip = f"<title>{escape(series.tips[k])}</title>" if series.tips else ""
            key = f' data-k="{escape(series.keys[k])}"' if series.keys else ""
            canvas.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="{series.colour}"{key}>{tip}</circle>')
    canvas.top += height + 20
    canvas.text(left + width / 2, canvas.top + 12, figure.x_label, "dim", "middle", most=width)
    canvas.top += _LINE


_DRAWN: dict[type[Figure], Callable[[_Canvas, Any], None]] = {
    Bars: _bars,
    Strips: _strips,
    Ranges: _ranges,
    Chart: _chart,
}
