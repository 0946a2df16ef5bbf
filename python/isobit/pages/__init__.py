"""Pages to send to a colleague: one HTML file each, described as data, drawn by one template; pictures as files."""

from isobit.pages.document import Fragment, Lines, Page, Section, Table, Value, config_fragment
from isobit.pages.figures import Bar, Bars, Cell, Chart, RangeRow, Ranges, Series, Strip, Strips
from isobit.pages.paged import Paged

__all__ = [
    "Bar",
    "Bars",
    "Cell",
    "Chart",
    "Fragment",
    "Lines",
    "Page",
    "Paged",
    "RangeRow",
    "Ranges",
    "Section",
    "Series",
    "Strip",
    "Strips",
    "Table",
    "Value",
    "config_fragment",
]
