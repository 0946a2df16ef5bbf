"""A page as one HTML file that needs nothing else: one template for all, with style, script and pictures inside."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError
from isobit.files import atomic_path
from isobit.pages.document import Page, Table, Value
from isobit.pages.figures import Figure
from isobit.pages.scales import number
from isobit.pages.svg import NARROW, WIDE, svg

__all__ = ["html", "require_jinja", "write_html"]

_HERE = Path(__file__).parent


def require_jinja() -> None:
    """Raise what a page would raise without jinja2.

    Raises
    ------
    MissingDependencyError
        If it is missing.
    """
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("pages need jinja2: pip install 'isobit[cli]'") from error


def html(page: Page) -> str:
    """The page's HTML: the same for the same page.

    Raises
    ------
    MissingDependencyError
        If jinja2 is missing.
    """
    require_jinja()
    from markupsafe import Markup

    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return str(
        _template().render(
            page=page,
            style=Markup(style),  # isobit's own files
            script=Markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def write_html(page: Page, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a page, whole or not at all.

    Raises
    ------
    OverwriteError
        If the file exists and ``overwrite`` is false.
    MissingDependencyError
        If jinja2 is missing.
    """
    text = html(page)
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["cell_kind"] = _cell
    environment.filters["numeric"] = _numeric
    environment.filters["drawn"] = lambda figure: Markup(_drawn(figure))  # which escapes every text
    environment.filters["breakable"] = lambda text: Markup("<wbr>").join(escape(part) for part in _commas(text))
    return environment.get_template("page.html")


def _hash(text: str) -> str:
    """What a content security policy calls a style or a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _drawn(figure: Figure) -> str:
    return svg(figure, WIDE) + svg(figure, NARROW)


def _commas(text: str) -> list[str]:
    """A format, in parts that may stand on lines of their own."""
    parts = text.split(",")
    return [f"{part}," for part in parts[:-1]] + parts[-1:]


@dataclass(frozen=True)
class _Cell:
    text: str
    number: str | None = None
    code: bool = False
    paste: str = ""

    @property
    def classes(self) -> str:
        return " ".join(
            ["n"] * (self.number is not None and not self.paste)
            + ["code"] * self.code
            + ["long"] * (len(self.text) > 40)
        )


def _cell(value: Any) -> _Cell:
    """What a table shows of a value."""
    if value is None:
        return _Cell("")
    if isinstance(value, Value):
        sorted_by = None if value.number is None else repr(float(value.number))
        return _Cell(value.text, sorted_by, value.code, value.paste)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _Cell(str(value))
    return _Cell(f"{value:,}" if isinstance(value, int) else number(value), repr(value))


def _numeric(table: Table, column: int) -> bool:
    """Whether a column holds numbers alone."""
    cells = [_cell(row[column]) for row in table.rows]
    return any(cell.number is not None for cell in cells) and all(
        cell.number is not None or not cell.text for cell in cells
    )
