"""Pictures as data: what is drawn, without how; :mod:`isobit.pages.svg` and :mod:`isobit.pages.plots` draw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "COLOURS",
    "RANGE_AXIS",
    "RANGE_KEY",
    "Bar",
    "Bars",
    "Cell",
    "Chart",
    "Figure",
    "RangeRow",
    "Ranges",
    "Series",
    "Strip",
    "Strips",
    "range_colour",
    "range_ends",
]

#: Colours by name on white, told apart by colour-blind readers as well (after Okabe and Ito, darker); pages in the dark
#: have lighter ones of the same names (page.css).
COLOURS = {
    "blue": "#2f6fb0",
    "orange": "#b96f00",
    "red": "#c03a1c",
    "sky": "#2f93ba",
    "green": "#00795a",
    "purple": "#99497f",
    "grey": "#868e96",
}


@dataclass(frozen=True)
class Figure:
    """What every picture has.

    Attributes
    ----------
    name
        A word for the name of its file.
    title
        What is drawn, in one line.
    """

    kind: ClassVar[str] = "figure"
    name: str
    title: str


@dataclass(frozen=True)
class Bar:
    """A row of a :class:`Bars`: its name, a value for each series, and what is said about it."""

    label: str
    values: tuple[float, ...]
    tip: str = ""


@dataclass(frozen=True)
class Bars(Figure):
    """Bars from left to right, one row for each thing.

    Attributes
    ----------
    series
        Legend and colour of each.
    bars
        The rows.
    unit
        Behind each number, such as ``" %"``.
    axis
        What the numbers are.
    stacked
        Whether the values of a row follow each other in one bar.
    log
        Whether the axis is logarithmic; zeros are drawn as nothing.
    """

    series: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    unit: str = ""
    axis: str = ""
    stacked: bool = False
    log: bool = False


@dataclass(frozen=True)
class Cell:
    """A place of a :class:`Strip`.

    Attributes
    ----------
    colour
        One of :data:`COLOURS`.
    tip
        What is said about it.
    height, level
        How high and how strong it is drawn, 0 to 1.
    text
        Written into it, where there is room.
    rank
        Of cells that must share a place, the one with the largest rank is drawn.
    """

    colour: str
    tip: str
    height: float = 1.0
    level: float = 1.0
    text: str = ""
    rank: float = 0.0


@dataclass(frozen=True)
class Strip:
    """A row of cells, as wide as any other row.

    Attributes
    ----------
    label, note
        Before and behind it.
    cells
        From left to right.
    line
        Height of a line through it, 0 to 1.
    """

    label: str
    cells: tuple[Cell, ...]
    note: str = ""
    line: float | None = None


@dataclass(frozen=True)
class Strips(Figure):
    """Rows of cells: a map, or a small bar for each neuron.

    Attributes
    ----------
    rows
        From top to bottom.
    key
        What colours mean: legend and colour.
    columns
        Names of the columns, where all rows have the same.
    """

    rows: tuple[Strip, ...]
    key: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class RangeRow:
    """Numbers and the format that has to hold them, by power of two.

    Attributes
    ----------
    label, note
        Before and behind it.
    low, high
        Powers of two that the format has: of its LSB, and of the highest bit of a magnitude.
    counts
        How many numbers there are by the power of two below their magnitude.
    needed
        The power of two that the format would have to hold; None if it holds everything.
    tip
        What is said about it.
    """

    label: str
    low: int
    high: int
    counts: tuple[tuple[int, int], ...]
    needed: int | None = None
    note: str = ""
    tip: str = ""


@dataclass(frozen=True)
class Ranges(Figure):
    """Distributions of magnitudes against the range of each format."""

    rows: tuple[RangeRow, ...]


#: What the colours of numbers mean, and what their axis is.
RANGE_KEY = (("held by the format", "blue"), ("beyond its range", "red"), ("below its LSB", "grey"))
RANGE_AXIS = "magnitude (frame: what the format holds)"


def range_colour(row: RangeRow, power: int) -> str:
    """Colour of the numbers of a power of two."""
    return "red" if power > row.high else "grey" if power < row.low else "blue"


def range_ends(figure: Ranges) -> tuple[int, int]:
    """Powers of two at the ends of the axis; numbers far below every LSB are drawn at its lower end."""
    highs = [max([row.high, row.needed or row.high, *(power for power, _ in row.counts)]) for row in figure.rows]
    least = min([*(row.low for row in figure.rows), *(power for row in figure.rows for power, _ in row.counts)])
    return max(least, min(row.low for row in figure.rows) - 8), max(highs) + 1


@dataclass(frozen=True)
class Series:
    """Points of a :class:`Chart`.

    Attributes
    ----------
    name, colour
        For the legend.
    x, y
        As many of each.
    tips
        What is said about each point; none for none of them.
    keys
        Rows of the page's table that the points stand for; none for none of them.
    style
        ``points``, ``line`` (with points), or ``steps``.
    """

    name: str
    colour: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    tips: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    style: str = "points"


@dataclass(frozen=True)
class Chart(Figure):
    """Two numbers against each other.

    Attributes
    ----------
    series
        Later ones are drawn over earlier ones.
    x_label, y_label
        What the axes are, with units.
    x_log, y_log
        Whether they are logarithmic; numbers that are not positive are drawn at the lower end then.
    limit
        A horizontal line: where, and what it is.
    """

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    x_log: bool = False
    y_log: bool = False
    limit: tuple[float, str] | None = None
