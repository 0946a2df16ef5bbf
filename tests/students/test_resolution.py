"""The width of a distribution."""

import numpy as np
import pytest

from isobit.errors import RangeError, ShapeError
from isobit.students.resolution import GAUSSIAN_FWHM, fwhm, fwhm_in_bins


@pytest.fixture
def random():
    return np.random.default_rng(7)


@pytest.mark.parametrize("sigma", [1e-3, 1.0, 250.0])
@pytest.mark.parametrize("events", [10_000, 100_000])
def test_of_a_gaussian_is_2_355_sigma(random, sigma, events):
    width = fwhm(random.normal(3.0 * sigma, sigma, events))
    assert width == pytest.approx(GAUSSIAN_FWHM * sigma, rel=0.03)


def test_is_unbiased_on_average(random):
    widths = [fwhm(random.standard_normal(20_000)) for _ in range(20)]
    assert np.mean(widths) == pytest.approx(GAUSSIAN_FWHM, rel=0.01)


def test_is_blind_to_tails(random):
    core = random.standard_normal(100_000)
    with_tails = np.concatenate((core, random.standard_cauchy(5_000) * 20))
    assert fwhm(with_tails) == pytest.approx(fwhm(core), rel=0.03)


def test_of_a_box_is_its_width(random):
    assert fwhm(random.uniform(-1, 1, 100_000)) == pytest.approx(2.0, rel=0.03)


def test_of_two_peaks_spans_both(random):
    peaks = np.concatenate((random.normal(-5, 1, 50_000), random.normal(5, 1, 50_000)))
    assert fwhm(peaks) == pytest.approx(10 + GAUSSIAN_FWHM, rel=0.03)


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        (np.zeros(1000), RangeError, "no spread"),
        (np.arange(99.0), RangeError, "99"),
        (np.append(np.arange(200.0), np.nan), RangeError, "1 residuals are NaN"),
        (np.append(np.arange(200.0), np.inf), RangeError, "infinite"),
        (np.zeros((100, 2)), ShapeError, "one dimension"),
    ],
)
def test_refuses_what_has_no_width(values, error, said):
    with pytest.raises(error, match=said):
        fwhm(values)


def test_in_bins_is_that_of_each_bin(random):
    values = random.uniform(0, 3, 30_000)
    residuals = random.standard_normal(30_000) * np.floor(values + 1)
    widths = fwhm_in_bins(residuals, values, np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    assert widths[:3] == pytest.approx(GAUSSIAN_FWHM * np.array([1, 2, 3]), rel=0.05)
    assert widths[0] == fwhm(residuals[values < 1])
    assert np.isnan(widths[3])  # too few
