"""Resolution: how wide the distribution of measured minus true is, as a number and as a picture.

matplotlib is imported when a picture is drawn, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, RangeError, ShapeError
from isobit.files import atomic_path

Floats = NDArray[np.float64]
Array = NDArray[np.floating[Any]]

GAUSSIAN_FWHM: Final = 2.0 * float(np.sqrt(2.0 * np.log(2.0)))  # 2.355, of a Gaussian with sigma = 1

_GRID: Final = 4096  # points of the density
_CORE: Final = (0.01, 0.99)  # quantiles that span the grid, with as much again beside; beyond lie only tails
_MINIMUM: Final = 100  # events


def fwhm(residuals: Array) -> float:
    """Full width at half maximum of a distribution, in the units of `residuals`.

    The density is a Gaussian kernel estimate with Silverman's bandwidth h = 0.9 min(sigma, IQR / 1.34) n^(-1/5), in the
    robust form that tails do not widen, on a fine grid. The width is the distance between the outermost crossings of
    half its maximum: two separate peaks are one wide distribution, not a narrow one. What the kernel adds, 2.355 h (1%
    of a Gaussian's width at 10,000 events), is taken out in quadrature. For a Gaussian the result is 2.355 sigma.

    Parameters
    ----------
    residuals
        (n,), at least 100 values.

    Raises
    ------
    ShapeError
        If it is not one-dimensional.
    RangeError
        If there are fewer than 100 values, NaN or infinity among them, or no spread.
    """
    values = _checked(residuals)
    grid, density, bandwidth = _density(values)
    above = np.flatnonzero(density >= 0.5 * density.max())
    low = _crossing(grid, density, above[0] - 1)
    high = _crossing(grid, density, above[-1])
    return float(np.sqrt(max((high - low) ** 2 - (GAUSSIAN_FWHM * bandwidth) ** 2, 0.0)))


def plot_resolution(
    path: str | PathLike[str],
    curves: Mapping[str, Array],
    *,
    title: str = "",
    overwrite: bool = False,
) -> Path:
    """Draw the resolution peaks of eta, phi and pT, side by side, as a PNG file.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    curves
        Label -> residuals (n, 3) as of `MuonSample.residuals`: eta, phi (rad), pT relative to the true pT. The first is
        drawn filled, as what the others improve on ('hardware'); a curve that lies on an earlier one is dashed over it.
    title
        Above the panels.
    overwrite
        Overwrite an existing file.

    Raises
    ------
    OverwriteError
        If the file exists and `overwrite` is not given.
    ShapeError
        If residuals are not (n, 3), or there are no curves.
    """
    if not curves:
        raise ShapeError("no curves to draw, expected at least one")
    for label, residuals in curves.items():
        if np.ndim(residuals) != 2 or np.shape(residuals)[1] != len(_PANELS):
            raise ShapeError(f"residuals of {label!r} have shape {np.shape(residuals)}, expected (n, {len(_PANELS)})")
    with atomic_path(path, overwrite=overwrite) as temporary:
        _figure(curves, title).savefig(temporary, format="png", dpi=160)
    return Path(path)


# Name, axis label, unit in the legend, factor from the residual's unit, decimals in the legend, least possible value.
_PANELS: Final = (
    (r"$\eta$", r"$\eta - \eta^\mathrm{true}$", "", 1.0, 3, -np.inf),
    (r"$\varphi$", r"$\varphi - \varphi^\mathrm{true}$  [mrad]", " mrad", 1000.0, 0, -np.inf),
    (r"$p_\mathrm{T}$", r"$p_\mathrm{T}\,/\,p_\mathrm{T}^\mathrm{true} - 1$  [%]", "%", 100.0, 1, -100.0),
)
_COLOURS: Final = ("#9aa5b1", "#d1495b", "#00798c", "#edae49", "#30638e")
_BINS: Final = 120


def _figure(curves: Mapping[str, Array], title: str) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("pictures need matplotlib: pip install 'isobit[plot]'") from error
    figure = Figure(figsize=(13.5, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    for column, axes in enumerate(figure.subplots(1, len(_PANELS))):
        _panel(axes, column, {label: np.asarray(values)[:, column] for label, values in curves.items()})
    if title:
        figure.suptitle(title, fontsize=13)
    return figure


def _panel(axes: Any, column: int, curves: Mapping[str, Floats]) -> None:
    name, label, unit, factor, decimals, least = _PANELS[column]
    span = max(float(np.quantile(np.abs(values), 0.97)) for values in curves.values()) * factor
    low, high = max(-span, least), span
    edges = np.linspace(low, high, _BINS + 1)
    edges = np.append(edges, 2.0 * edges[-1] - edges[-2])  # one bin out of sight, so that no curve drops at the border
    edges = np.insert(edges, 0, 2.0 * edges[0] - edges[1])
    top = 0.0
    for index, (legend, values) in enumerate(curves.items()):
        density = np.histogram(values * factor, bins=edges)[0] / (len(values) * (edges[1] - edges[0]))
        top = max(top, float(density.max()))
        text = f"{legend}: FWHM {fwhm(values) * factor:.{decimals}f}{unit}"
        colour = _COLOURS[index % len(_COLOURS)]
        if index == 0:
            axes.stairs(density, edges, fill=True, color=colour, alpha=0.45, label=text)
            axes.stairs(density, edges, color=colour, linewidth=1.0)
        else:
            style = "-" if index == 1 else (0, (3, 2))
            axes.stairs(density, edges, color=colour, linewidth=1.8, linestyle=style, label=text)
    axes.vlines(0.0, 0.0, 1.04 * top, color="black", linewidth=0.7, alpha=0.4, zorder=0)
    axes.set_title(name, fontsize=14)
    axes.set_xlabel(label, fontsize=12)
    axes.set_xlim(low, high)
    axes.locator_params(axis="x", nbins=7)
    axes.set_ylim(0.0, top * (1.12 + 0.085 * len(curves)))  # room for the legend above the peak
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    if column == 0:
        axes.set_ylabel("muons (normalised)", fontsize=12)
    axes.legend(loc="upper center", frameon=False, fontsize=10.5)


def _checked(residuals: Array) -> Floats:
    values = np.asarray(residuals, dtype=np.float64)
    if values.ndim != 1:
        raise ShapeError(f"residuals have shape {values.shape}, expected one dimension")
    if len(values) < _MINIMUM:
        raise RangeError(f"{len(values)} residuals are too few for a width, expected at least {_MINIMUM}")
    if not np.isfinite(values).all():
        raise RangeError(f"{np.count_nonzero(~np.isfinite(values))} residuals are NaN or infinite, expected none")
    return values


def _density(values: Floats) -> tuple[Floats, Floats, float]:
    """Grid, kernel density on it (not normalised) and bandwidth."""
    quarter, three_quarters, low, high = np.quantile(values, (0.25, 0.75, *_CORE))
    spread = min(float(values.std()), float(three_quarters - quarter) / 1.34)
    if not spread > 0.0:
        raise RangeError("residuals have no spread: half of them or more are equal")
    bandwidth = 0.9 * spread * len(values) ** -0.2
    counts, edges = np.histogram(values, bins=_GRID, range=(low - (high - low) / 2, high + (high - low) / 2))
    grid = 0.5 * (edges[1:] + edges[:-1])
    frequencies = np.fft.rfftfreq(2 * _GRID, grid[1] - grid[0])  # twice the grid: no wrap-around
    kernel = np.exp(-2.0 * (np.pi * bandwidth * frequencies) ** 2)
    density = np.fft.irfft(np.fft.rfft(counts, 2 * _GRID) * kernel, 2 * _GRID)[:_GRID]
    return grid, density, bandwidth


def _crossing(grid: Floats, density: Floats, index: int) -> float:
    """Where the density crosses half its maximum between grid points `index` and `index + 1`, interpolated."""
    if not 0 <= index < len(grid) - 1:
        return float(grid[min(max(index, 0), len(grid) - 1)])
    left, right = density[index], density[index + 1]
    return float(grid[index] + (0.5 * density.max() - left) / (right - left) * (grid[index + 1] - grid[index]))
