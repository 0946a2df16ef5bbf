"""Resolution: how wide the distribution of measured minus true is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError, ShapeError

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


def fwhm_in_bins(residuals: Array, values: Array, edges: Array) -> Floats:
    """Full width at half maximum in bins of another quantity, such as the true pT.

    Parameters
    ----------
    residuals
        (n,).
    values
        (n,): what the bins are of.
    edges
        (bins + 1,), ascending.

    Returns
    -------
    float64 (bins,); NaN for bins with fewer than 100 events.
    """
    place = np.digitize(values, edges) - 1
    parts = [np.asarray(residuals)[place == number] for number in range(len(edges) - 1)]
    return np.array([fwhm(part) if len(part) >= _MINIMUM else np.nan for part in parts])


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
