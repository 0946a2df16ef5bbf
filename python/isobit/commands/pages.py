"""The options of every command that writes a page: which file, and which folder for its pictures."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from isobit.check.provenance import FileRecord
from isobit.files import check_place, check_target, refuse_overwrite
from isobit.pages.paged import Paged
from isobit.pages.plots import FORMATS, require_matplotlib, write_plots
from isobit.pages.render import require_jinja, write_html

__all__ = ["PageOptions", "page_options"]


@dataclass(frozen=True)
class PageOptions:
    """What was asked for; false where nothing was."""

    html: Path | None = None
    plots: Path | None = None
    format: str = "png"

    def __bool__(self) -> bool:
        return self.html is not None or self.plots is not None

    def check(self, overwrite: bool, inputs: Iterable[Path | None] = ()) -> None:
        """Raise now what would otherwise fail after the work.

        Raises
        ------
        OverwriteError
            If the page or the folder of the pictures exists and ``overwrite`` is false, or if the page is an input.
        WriteError
            If nothing can be written there.
        MissingDependencyError
            If a package is missing.
        """
        if self.html is not None:
            require_jinja()
            check_target(self.html, overwrite, inputs=inputs)
        if self.plots is not None:
            require_matplotlib()
            if self.plots.exists() and (not self.plots.is_dir() or not overwrite):
                refuse_overwrite(self.plots)
            check_place(self.plots, self.plots)

    def write(self, found: Paged, overwrite: bool, **files: Path | Iterable[Path] | None) -> None:
        """Write what was asked for.

        Parameters
        ----------
        found
            What the command found.
        overwrite
            Whether existing files may be replaced.
        files
            What was read, by its role: named in the page with its hash. Paths of nothing are left out.
        """
        if not self:
            return
        page = found.page().from_({"command": _typed()})
        model = files.get("model")
        if isinstance(model, Path):
            page = replace(page, subject=f"{model.name} ({page.subject})" if page.subject else model.name)
        for role, given in files.items():
            for path in [given] if isinstance(given, Path) else given or ():
                if path.is_file():
                    record = FileRecord.of(role, path)
                    page = page.from_({role: f"{record.name}, {record.bytes:,} bytes, sha256 {record.sha256}"})
        if self.html is not None:
            write_html(page, self.html, overwrite=overwrite)
        if self.plots is not None:
            write_plots(page, self.plots, format=self.format, overwrite=overwrite)


def _typed() -> str:
    """The command as it was typed, files without their folders."""
    words = click.get_current_context().find_root().obj or []
    return shlex.join(["isobit", *(str(word).rpartition("/")[2] or str(word) for word in words)])


def page_options() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--html``, ``--plots`` and ``--format``, which it gets as ``pages``."""
    options = [
        click.option("--html", type=click.Path(path_type=Path), metavar="OUT", help="Also write a page, one file."),
        click.option("--plots", type=click.Path(path_type=Path), metavar="DIR", help="Also write the page's pictures."),
        click.option("--format", "plot_format", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True,
                     help="Of the pictures."),
    ]  # fmt: skip

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def collected(*args: Any, html: Path | None, plots: Path | None, plot_format: str, **rest: Any) -> Any:
            return command(*args, pages=PageOptions(html, plots, plot_format), **rest)

        for option in reversed(options):
            collected = option(collected)
        return collected

    return decorate
