"""What every result that has a page can do: write it, and its pictures alone."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import ClassVar

from isobit.pages.document import Page

__all__ = ["Paged"]


class Paged:
    """A result with a page.

    Attributes
    ----------
    PAGE
        The module whose ``page_of`` makes the page; it is loaded when a page is asked for.
    """

    PAGE: ClassVar[str]

    def page(self) -> Page:
        """The page as data."""
        found = importlib.import_module(self.PAGE).page_of(self)
        assert isinstance(found, Page)
        return found

    def to_html(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the page: one HTML file that needs no other and no network.

        Raises
        ------
        OverwriteError
            If the file exists and ``overwrite`` is false.
        MissingDependencyError
            If jinja2 is missing.
        """
        from isobit.pages.render import write_html

        write_html(self.page(), path, overwrite=overwrite)

    def to_plots(
        self, folder: str | os.PathLike[str], *, format: str = "png", overwrite: bool = False
    ) -> tuple[Path, ...]:
        """Write the page's pictures alone, through matplotlib.

        Parameters
        ----------
        folder
            Where; it is made if it is missing.
        format
            ``png`` or ``pdf``.
        overwrite
            Whether existing files may be replaced.

        Returns
        -------
        The files, named ``check-ranges.png`` and so on.

        Raises
        ------
        OverwriteError
            If one of the files exists and ``overwrite`` is false.
        UnsupportedError
            For another format.
        MissingDependencyError
            If matplotlib is missing.
        """
        from isobit.pages.plots import write_plots

        return write_plots(self.page(), folder, format=format, overwrite=overwrite)
