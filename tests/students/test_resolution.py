"""The width of a distribution, and the picture of it."""

import numpy as np
import pytest

from isobit.errors import OverwriteError, RangeError, ShapeError
from isobit.students.resolution import GAUSSIAN_FWHM, fwhm, plot_resolution

PNG = b"\x89PNG\r\n\x1a\n"


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


@pytest.fixture
def curves(random):
    wide = random.normal(0, (0.1, 1.0, 0.5), (2000, 3))
    return {"hardware": wide, "student": wide / 2}


def test_picture_is_a_png_and_is_not_overwritten_unasked(tmp_path, curves):
    pytest.importorskip("matplotlib")
    path = tmp_path / "peaks.png"
    assert plot_resolution(path, curves, title="peaks") == path
    assert path.read_bytes().startswith(PNG)
    path.write_bytes(b"mine")
    with pytest.raises(OverwriteError, match=r"peaks\.png"):
        plot_resolution(path, curves)
    assert path.read_bytes() == b"mine"
    plot_resolution(path, curves, overwrite=True)
    assert path.read_bytes().startswith(PNG)
    assert [found.name for found in tmp_path.iterdir()] == ["peaks.png"]


def test_nothing_is_left_of_a_picture_that_failed(tmp_path, curves):
    pytest.importorskip("matplotlib")
    curves["student"] = np.full((2000, 3), np.nan)
    with pytest.raises(RangeError):
        plot_resolution(tmp_path / "peaks.png", curves)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("curves", [{}, {"hardware": np.zeros((5, 2))}, {"hardware": np.zeros(5)}])
def test_refuses_other_shapes(tmp_path, curves):
    with pytest.raises(ShapeError):
        plot_resolution(tmp_path / "peaks.png", curves)
