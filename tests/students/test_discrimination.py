"""Areas under curves against scikit-learn, their errors against definition and experiment, intervals against SciPy."""

from __future__ import annotations

import numpy as np
import pytest

from isobit.errors import RangeError, ShapeError
from isobit.students.discrimination import area_difference, average_precision, efficiency, roc_area


def draw(seed, events=400, gap=1.0, steps=None):
    random = np.random.default_rng(seed)
    signal = random.random(events) < 0.3
    common = random.standard_normal(events)
    scores = [common + gap * signal + 0.5 * random.standard_normal(events) for _ in range(2)]
    return [np.round(one * steps) / steps if steps else one for one in scores], signal


@pytest.mark.parametrize("steps", [None, 4, 1])
@pytest.mark.parametrize("seed", range(5))
def test_areas_are_scikit_learns(seed, steps):
    metrics = pytest.importorskip("sklearn.metrics")

    (scores, _), signal = draw(seed, steps=steps)
    assert roc_area(scores, signal).value == pytest.approx(metrics.roc_auc_score(signal, scores), abs=1e-12)
    assert average_precision(scores, signal) == metrics.average_precision_score(signal, scores)


@pytest.mark.parametrize("steps", [None, 2])
def test_errors_are_those_of_the_definition(steps):
    """DeLong's covariance written out over all pairs of signal and background."""
    scores, signal = draw(7, events=120, steps=steps)
    kernels = [np.heaviside(one[signal][:, None] - one[~signal][None, :], 0.5) for one in scores]
    rows, columns = (np.stack([kernel.mean(axis) for kernel in kernels]) for axis in (1, 0))
    covariance = np.cov(rows) / rows.shape[1] + np.cov(columns) / columns.shape[1]
    first, second = (roc_area(one, signal) for one in scores)
    assert [first.error**2, second.error**2] == pytest.approx(np.diag(covariance))
    gap = area_difference(*scores, signal)
    assert gap.value == pytest.approx(kernels[0].mean() - kernels[1].mean())
    assert gap.error**2 == pytest.approx(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert gap.error < 0.8 * np.hypot(first.error, second.error)


def test_errors_are_the_spread_of_experiments():
    found = [roc_area(scores[0], signal) for scores, signal in (draw(seed, 600) for seed in range(400))]
    gaps = [area_difference(*scores, signal) for scores, signal in (draw(seed, 600) for seed in range(400))]
    assert np.std([one.value for one in found]) == pytest.approx(np.mean([one.error for one in found]), rel=0.12)
    assert np.std([gap.significance for gap in gaps]) == pytest.approx(1.0, rel=0.12)


def test_a_worked_example():
    """Four and three events by hand: 10.5 of 12 pairs are in order."""
    scores, signal = np.array([0.9, 0.8, 0.6, 0.4, 0.7, 0.4, 0.1]), np.array([1, 1, 1, 1, 0, 0, 0])
    assert roc_area(scores, signal).value == pytest.approx((3 + 3 + 2 + 1.5) / 12)
    assert area_difference(scores, scores, signal).significance == 0.0


def test_efficiency_at_a_rate_of_background():
    scores, signal = np.arange(200.0), np.arange(200) % 2 == 1  # 1, 3, 5 ... are signal
    found = efficiency(scores, signal, background=0.105)
    assert (found.threshold, found.background) == (179.0, 0.1)
    assert found.value == 0.11  # 179, 181, ... 199
    from scipy.stats import beta

    assert found.low == pytest.approx(beta.ppf(0.005, 11, 90))
    assert found.high == pytest.approx(beta.ppf(0.995, 12, 89))


def test_coarse_scores_pass_together():
    scores, signal = np.repeat([0.0, 1.0, 2.0], 100), np.tile([True, False], 150)
    found = efficiency(scores, signal, background=0.5)
    assert (found.value, found.threshold, found.background) == (pytest.approx(1 / 3), 2.0, pytest.approx(1 / 3))
    none = efficiency(scores, signal, background=0.1)
    assert (none.value, none.low, none.threshold, none.background) == (0.0, 0.0, np.inf, 0.0)
    assert none.high > 0.02


@pytest.mark.parametrize(
    ("scores", "signal", "error", "said"),
    [
        (np.zeros(4), np.zeros(3), ShapeError, "(4,)"),
        (np.zeros((2, 2)), np.zeros((2, 2)), ShapeError, "(2, 2)"),
        (np.array([0.0, np.nan, 1.0, 2.0]), np.array([0, 0, 1, 1]), RangeError, "1 scores are NaN"),
        (np.zeros(4), np.array([0, 1, 2, 1]), RangeError, "[0 1 2]"),
        (np.zeros(4), np.array([0, 0, 0, 1]), RangeError, "1 events are signal"),
        (np.zeros(3), np.array([1, 1, 1]), RangeError, "0 events are background"),
    ],
)
def test_what_has_no_area_is_refused(scores, signal, error, said):
    with pytest.raises(error) as found:
        roc_area(scores, signal)
    assert said in str(found.value)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, np.nan])
def test_shares_lie_between_0_and_1(share):
    (scores, _), signal = draw(1)
    with pytest.raises(RangeError, match="between 0 and 1"):
        efficiency(scores, signal, background=share)
    with pytest.raises(RangeError, match="between 0 and 1"):
        efficiency(scores, signal, background=0.1, confidence=share)
