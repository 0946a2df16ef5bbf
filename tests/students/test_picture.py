"""The demo's picture."""

import re

import numpy as np
import pytest

from isobit.errors import OverwriteError, RangeError, ShapeError, UnsupportedError
from isobit.students.picture import FORMATS, PT_BINS, plot_resolution
from isobit.students.resolution import fwhm_in_bins

pytest.importorskip("matplotlib")
EVENTS = 2000
BEGINS = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".svg": b"<?xml"}


@pytest.fixture
def random():
    return np.random.default_rng(7)


@pytest.fixture
def curves(random):
    wide = random.normal(0, (0.1, 1.0, 0.5), (EVENTS, 3))
    return {"hardware": wide, "teacher": wide / 3, "student": wide / 2, "firmware": wide / 2}


@pytest.fixture
def pt(random):
    return random.uniform(3, 100, EVENTS)


@pytest.mark.turn(3)
def test_the_suffix_is_the_format_and_nothing_is_overwritten_unasked(tmp_path, curves, pt):
    assert set(BEGINS) == set(FORMATS)
    for suffix, begin in BEGINS.items():
        path = tmp_path / f"peaks{suffix}"
        assert plot_resolution(path, curves, pt) == path
        assert path.read_bytes().startswith(begin)
        path.write_bytes(b"mine")
        with pytest.raises(OverwriteError, match="peaks"):
            plot_resolution(path, curves, pt)
        assert path.read_bytes() == b"mine"
    plot_resolution(path, curves, pt, overwrite=True)
    assert path.read_bytes().startswith(BEGINS[path.suffix])
    assert len(list(tmp_path.iterdir())) == len(BEGINS)


@pytest.mark.parametrize("name", ["peaks.jpg", "peaks", "peaks.png.txt"])
def test_other_suffixes_are_refused(name, tmp_path, curves, pt):
    with pytest.raises(UnsupportedError, match=re.escape("must end in .png, .pdf, .svg, got ")):
        plot_resolution(tmp_path / name, curves, pt)
    assert list(tmp_path.iterdir()) == []


def test_says_what_it_shows(curves, pt, monkeypatch):
    """Titles, units, ticks on every axis, every curve in every panel, the note in a corner."""
    from isobit.students import picture

    figure = picture._figure(curves, pt, "Toy simulation: 2,000 muons", "isobit, seed 7")
    assert figure.get_suptitle() == "Toy simulation: 2,000 muons"
    (note,) = figure.texts[1:] if figure.texts[0].get_text() == figure.get_suptitle() else figure.texts
    assert note.get_text() == "isobit, seed 7"
    assert (note.get_position()[0], note.get_ha()) == (0.995, "right")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(curves)
    figure.canvas.draw()
    for number, axes in enumerate(figure.axes):
        for axis in (axes.xaxis, axes.yaxis):
            assert axis.get_label_text()
            assert len([tick for tick in axis.get_ticklabels() if tick.get_text()]) >= 4
        unit = ("", "mrad", "%")[number % 3]
        assert unit in axes.get_xlabel() + axes.get_ylabel()
    upper, lower = figure.axes[:3], figure.axes[3:]
    for axes in upper:
        assert [text.get_text().split()[0] for text in axes.get_legend().get_texts()] == ["FWHM"] * len(curves)
    for column, axes in enumerate(lower):
        assert axes.get_xlabel().endswith("[GeV]")
        drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        for label, residuals in curves.items():
            factor = (1.0, 1000.0, 100.0)[column]
            np.testing.assert_array_equal(drawn[label], fwhm_in_bins(residuals[:, column] * factor, pt, PT_BINS))


def test_nothing_is_left_of_a_picture_that_failed(tmp_path, curves, pt):
    curves["student"] = np.full((EVENTS, 3), np.nan)
    with pytest.raises(RangeError):
        plot_resolution(tmp_path / "peaks.png", curves, pt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "curves", [{}, {"hardware": np.zeros((EVENTS, 2))}, {"hardware": np.zeros(EVENTS)}, {"hardware": np.zeros((5, 3))}]
)
def test_refuses_other_shapes(tmp_path, curves, pt):
    with pytest.raises(ShapeError):
        plot_resolution(tmp_path / "peaks.png", curves, pt)
