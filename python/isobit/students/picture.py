"""The demo's picture: residuals of eta, phi and pT, and their width in bins of the true pT.

matplotlib is imported when a picture is drawn, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, ShapeError, UnsupportedError
from isobit.files import atomic_path
from isobit.students.resolution import Array, Floats, fwhm, fwhm_in_bins

__all__ = ["FORMATS", "PT_BINS", "check_format", "plot_resolution"]

#: What can be written, by the file's suffix.
FORMATS: Final = (".png", ".pdf", ".svg")
#: Bins of the true pT, GeV.
PT_BINS: Final = np.array([3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 70.0, 120.0, 200.0])


class _Quantity(NamedTuple):
    name: str
    residual: str
    unit: str
    factor: float  # from the residual's unit
    decimals: int
    least: float  # the smallest residual that there can be


_QUANTITIES: Final = (
    _Quantity(r"$\eta$", r"$\eta - \eta^\mathrm{true}$", "", 1.0, 3, -np.inf),
    _Quantity(r"$\varphi$", r"$\varphi - \varphi^\mathrm{true}$", "mrad", 1000.0, 0, -np.inf),
    _Quantity(r"$p_\mathrm{T}$", r"$p_\mathrm{T}\,/\,p_\mathrm{T}^\mathrm{true} - 1$", "%", 100.0, 1, -100.0),
)
_COLOURS: Final = ("#8a96a3", "#edae49", "#30638e", "#d1495b", "#00798c")
_STYLES: Final[tuple[Any, ...]] = ("-", "-", "-", (0, (3, 2)), (0, (1, 1)))
_MARKERS: Final = ("s", "^", "o", "x", "+")
_BINS: Final = 120


def check_format(path: str | PathLike[str]) -> str:
    """The format of a picture by its suffix.

    Raises
    ------
    UnsupportedError
        If there is none, or an unknown one.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UnsupportedError(f"a picture's name must end in {', '.join(FORMATS)}, got {path}")
    return suffix.removeprefix(".")


def plot_resolution(
    path: str | PathLike[str],
    curves: Mapping[str, Array],
    true_pt: Array,
    *,
    title: str = "",
    note: str = "",
    overwrite: bool = False,
) -> Path:
    """Draw residuals of eta, phi and pT, and below them their FWHM in bins of the true pT.

    Parameters
    ----------
    path
        File to write, whole or not at all: PNG, PDF or SVG, by its suffix.
    curves
        Label -> residuals (n, 3) as of `MuonSample.residuals`: eta, phi (rad), pT relative to the true pT. The first is
        drawn filled, as what the others improve on; from the fourth on, curves are dashed over the earlier ones.
    true_pt
        (n,): in GeV.
    title, note
        Above the panels, and small in the lower right corner.
    overwrite
        Overwrite an existing file.

    Raises
    ------
    OverwriteError
        If the file exists and `overwrite` is not given.
    UnsupportedError
        For another suffix.
    ShapeError
        If residuals are not (n, 3), or there are no curves.
    """
    kind = check_format(path)
    if not curves:
        raise ShapeError("no curves to draw, expected at least one")
    for label, residuals in curves.items():
        if np.shape(residuals) != (len(true_pt), len(_QUANTITIES)):
            expected = (len(true_pt), len(_QUANTITIES))
            raise ShapeError(f"residuals of {label!r} have shape {np.shape(residuals)}, expected {expected}")
    with atomic_path(path, overwrite=overwrite) as temporary:
        _figure(curves, true_pt, title, note).savefig(temporary, format=kind, dpi=150)
    return Path(path)


def _figure(curves: Mapping[str, Array], true_pt: Array, title: str, note: str) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        raise MissingDependencyError("pictures need matplotlib: pip install 'isobit[plot]'") from error
    room = ConstrainedLayoutEngine(rect=(0.0, 0.03, 1.0, 0.875))  # for the legend above and the note below
    figure = Figure(figsize=(13.5, 8.6), layout=room)
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, len(_QUANTITIES), gridspec_kw={"hspace": 0.08, "height_ratios": (1.15, 1.0)})
    for column, quantity in enumerate(_QUANTITIES):
        scaled = {label: np.asarray(values)[:, column] * quantity.factor for label, values in curves.items()}
        _residuals(upper[column], quantity, scaled)
        _widths(lower[column], quantity, scaled, np.asarray(true_pt))
    handles = [line for line in lower[0].get_lines() if not line.get_label().startswith("_")]
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.963), ncol=len(curves), frameon=False)
    figure.suptitle(title, fontsize=14, y=0.99)
    figure.text(0.995, 0.008, note, ha="right", va="bottom", fontsize=8, color="#555555")
    return figure


def _with_unit(text: str, unit: str) -> str:
    return f"{text}  [{unit}]" if unit else text


def _residuals(axes: Any, quantity: _Quantity, curves: Mapping[str, NDArray[np.floating[Any]]]) -> None:
    """The distributions, each with its width."""
    span = max(float(np.quantile(np.abs(values), 0.97)) for values in curves.values())
    low, high = max(-span, quantity.least), span
    edges = np.linspace(low, high, _BINS + 1)
    edges = np.append(edges, 2.0 * edges[-1] - edges[-2])  # one bin out of sight, so that no curve drops at the border
    edges = np.insert(edges, 0, 2.0 * edges[0] - edges[1])
    top = 0.0
    for index, values in enumerate(curves.values()):
        density = np.histogram(values, bins=edges)[0] / (len(values) * (edges[1] - edges[0]))
        top = max(top, float(density.max()))
        text = f"FWHM {fwhm(values):.{quantity.decimals}f} {quantity.unit}".strip()
        colour, style = _COLOURS[index % len(_COLOURS)], _STYLES[index % len(_STYLES)]
        if index == 0:
            axes.stairs(density, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(density, edges, color=colour, linewidth=1.6, linestyle=style, label=text)
    axes.axvline(0.0, color="black", linewidth=0.7, alpha=0.4, zorder=0)
    axes.set_title(quantity.name, fontsize=14)
    axes.set_xlabel(_with_unit(quantity.residual, quantity.unit), fontsize=12)
    axes.set_ylabel(f"fraction of muons per {quantity.unit or 'unit'}", fontsize=11)
    axes.set_xlim(low, high)
    axes.set_ylim(0.0, 1.12 * top)
    axes.locator_params(axis="x", nbins=7)
    axes.minorticks_on()
    axes.legend(loc="upper right", frameon=False, fontsize=9.5, handlelength=1.4)


def _widths(axes: Any, quantity: _Quantity, curves: Mapping[str, Floats], true_pt: Floats) -> None:
    """The width in bins of the true pT."""
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    centres = np.sqrt(PT_BINS[1:] * PT_BINS[:-1])
    for index, (label, values) in enumerate(curves.items()):
        colour, style = _COLOURS[index % len(_COLOURS)], _STYLES[index % len(_STYLES)]
        widths = fwhm_in_bins(values, true_pt, PT_BINS)
        axes.hlines(widths, PT_BINS[:-1], PT_BINS[1:], color=colour, linewidth=1.2)  # the bins
        marker = _MARKERS[index % len(_MARKERS)]
        axes.plot(
            centres, widths, color=colour, linestyle=style, linewidth=1.2, marker=marker, markersize=5, label=label
        )
    axes.set_xscale("log")
    axes.set_xlim(PT_BINS[0], PT_BINS[-1])
    axes.set_xticks([3, 5, 10, 20, 50, 100, 200])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel(r"true $p_\mathrm{T}$  [GeV]", fontsize=12)
    axes.set_ylabel(_with_unit(f"FWHM of {quantity.residual}", quantity.unit), fontsize=11)
    axes.grid(alpha=0.25)
