"""How well a score tells signal from background: areas under curves with their errors, efficiencies with bands.

Areas and curves come from scikit-learn, exact binomial intervals from SciPy; the error of an area, and of the
difference between two, is DeLong's (E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988) 837), which
needs no resampling. Neither package has it.

scikit-learn and SciPy are imported when something is computed, not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, RangeError, ShapeError

__all__ = ["CONFIDENCE", "Area", "Efficiency", "Gap", "area_difference", "average_precision", "efficiency", "roc_area"]

Floats = NDArray[np.float64]
Array = NDArray[Any]

#: Of intervals, if no other is asked for.
CONFIDENCE: Final = 0.99


@dataclass(frozen=True)
class Area:
    """Area under a ROC curve and DeLong's standard error of it."""

    value: float
    error: float


@dataclass(frozen=True)
class Gap:
    """Difference between the areas of two scores on the same events, and its standard error.

    The error knows that both scores were given to the same events: it is smaller than the two errors in quadrature
    where scores agree about most events.
    """

    value: float
    error: float

    @property
    def significance(self) -> float:
        """The difference in standard errors; 0 where both are 0, as of a score and itself."""
        if self.error == 0.0:
            return 0.0 if self.value == 0.0 else float(np.copysign(np.inf, self.value))
        return self.value / self.error


@dataclass(frozen=True)
class Efficiency:
    """A share of events and the ends of its exact (Clopper-Pearson) interval.

    Attributes
    ----------
    value, low, high
        Share of signal at or above the threshold, with its interval.
    threshold
        The lowest score that passes.
    background
        Share of background that passes: at most what was asked for.
    """

    value: float
    low: float
    high: float
    threshold: float
    background: float


def roc_area(scores: Array, signal: Array) -> Area:
    """Area under the ROC curve with DeLong's error.

    Parameters
    ----------
    scores
        (n,): higher for signal. Equal scores count one half, as in the trapezoidal area.
    signal
        (n,): booleans, or 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes differ, or have more than one dimension.
    RangeError
        If a score is NaN, a label neither 0 nor 1, or one of both kinds has fewer than two events.
    """
    of_signal, of_background = _placements(*_checked(scores, signal))
    variance = of_signal.var(ddof=1) / len(of_signal) + of_background.var(ddof=1) / len(of_background)
    return Area(float(of_signal.mean()), float(np.sqrt(variance)))


def area_difference(scores: Array, others: Array, signal: Array) -> Gap:
    """Area of `scores` minus that of `others`, two scores of the same events, with DeLong's error.

    Parameters
    ----------
    scores, others
        (n,): higher for signal.
    signal
        (n,): booleans, or 0 and 1.

    Raises
    ------
    ShapeError, RangeError
        As `roc_area`.
    """
    first, second = (_placements(*_checked(one, signal)) for one in (scores, others))
    of_signal, of_background = (a - b for a, b in zip(first, second, strict=True))
    variance = of_signal.var(ddof=1) / len(of_signal) + of_background.var(ddof=1) / len(of_background)
    return Gap(float(of_signal.mean()), float(np.sqrt(variance)))


def average_precision(scores: Array, signal: Array) -> float:
    """Area under the precision-recall curve, as scikit-learn's `average_precision_score` (steps, not trapezoids)."""
    values, labels = _checked(scores, signal)
    return float(_package("sklearn.metrics").average_precision_score(labels, values))


def efficiency(scores: Array, signal: Array, *, background: float, confidence: float = CONFIDENCE) -> Efficiency:
    """Efficiency for signal at a rate of background, with its Clopper-Pearson interval.

    Parameters
    ----------
    scores
        (n,): higher for signal.
    signal
        (n,): booleans, or 0 and 1.
    background
        Share of background that may pass, between 0 and 1. The threshold is the lowest score with which no more does;
        scores of firmware are coarse, so that much less may pass.
    confidence
        Of the two-sided interval.

    Raises
    ------
    ShapeError, RangeError
        As `roc_area`; RangeError also for a share or confidence that is not between 0 and 1.
    """
    for name, share in (("background", background), ("confidence", confidence)):
        if not 0.0 < share < 1.0:
            raise RangeError(f"{name} is {share}, expected a share between 0 and 1")
    values, labels = _checked(scores, signal)
    beside = np.sort(values[~labels])
    allowed = int(np.floor(background * len(beside)))
    # above the highest background score that may not pass: equal ones fall together
    threshold = np.nextafter(beside[len(beside) - 1 - allowed], np.inf)
    passing = values[labels] >= threshold
    interval = _package("scipy.stats").binomtest(int(passing.sum()), len(passing)).proportion_ci(confidence, "exact")
    lowest = values[values >= threshold].min(initial=np.inf)
    return Efficiency(
        float(passing.mean()),
        float(interval.low),
        float(interval.high),
        float(lowest),
        float((beside >= threshold).mean()),
    )


def _placements(values: Floats, labels: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """DeLong's components: for signal events the share of background below, for background that of signal above."""
    signal, background = values[labels], values[~labels]
    return _share_below(signal, background), 1.0 - _share_below(background, signal)


def _share_below(values: Floats, others: Floats) -> Floats:
    """For each value the share of `others` that are smaller; equal ones count one half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    shares: Floats = below / (2.0 * len(ordered))
    return shares


def _checked(scores: Array, signal: Array) -> tuple[Floats, NDArray[np.bool_]]:
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(signal)
    if values.ndim != 1 or values.shape != labels.shape:
        raise ShapeError(f"scores have shape {values.shape}, labels {labels.shape}, expected (n,) of both")
    if np.isnan(values).any():
        raise RangeError(f"{np.count_nonzero(np.isnan(values))} scores are NaN, expected none")
    if not np.isin(labels, (0, 1)).all():
        raise RangeError(f"labels are {np.unique(labels)[:5]}, expected 0 and 1")
    labels = labels.astype(bool)
    for name, count in (("signal", labels.sum()), ("background", (~labels).sum())):
        if count < 2:
            raise RangeError(f"{count} events are {name}, expected at least 2")
    return values, labels


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(f"this needs {name.split('.')[0]}: pip install 'isobit[studies]'") from error
