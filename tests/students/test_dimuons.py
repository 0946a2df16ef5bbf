"""Pairs of muons: kinematics, shares, what is measured, and that a pair tells where it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from isobit.errors import RangeError
from isobit.students.dimuons import SOURCES, simulate

SAMPLE = simulate(60_000, 11)
MASSES = {"J/psi": 3.0969, "psi(2S)": 3.6861, "Y(1S)": 9.4603, "Y(2S)": 10.0233, "Y(3S)": 10.3552}


def test_the_same_seed_gives_the_same_sample() -> None:
    again, other = simulate(60_000, 11), simulate(60_000, 12)
    assert (again.features == SAMPLE.features).all()
    assert (again.source == SAMPLE.source).all()
    assert (other.features != SAMPLE.features).any(axis=1).all()


@pytest.mark.parametrize(("name", "mass"), MASSES.items())
def test_decays_conserve_the_mass_of_a_narrow_resonance(name: str, mass: float) -> None:
    number = [source.name for source in SOURCES].index(name)
    np.testing.assert_allclose(SAMPLE.mass[SAMPLE.source == number], mass, rtol=1e-6)


def test_true_muons_have_the_mass_of_their_pair() -> None:
    """From pT, eta and phi by the textbook's formula; the mass of muons counts for little."""
    one, two = SAMPLE.first, SAMPLE.second
    angle = np.cosh(one.true_eta - two.true_eta) - np.cos(one.true_phi - two.true_phi)
    mass = np.sqrt(2.0 * one.true_pt * two.true_pt * angle)
    heavy = SAMPLE.mass > 8.0
    assert heavy.sum() > 20_000
    np.testing.assert_allclose(mass[heavy], SAMPLE.mass[heavy], rtol=5e-3)


def test_the_z_has_its_width() -> None:
    masses = SAMPLE.mass[SAMPLE.source == [source.name for source in SOURCES].index("Z")]
    quarter, half, three = np.quantile(masses, (0.25, 0.5, 0.75))
    assert half == pytest.approx(91.188, abs=0.05)
    assert three - quarter == pytest.approx(2.495, rel=0.05)  # of a Breit-Wigner line: its full width


def test_shares_of_sources() -> None:
    counts = np.bincount(SAMPLE.source, minlength=len(SOURCES) + 1) / len(SAMPLE)
    assert counts[:-1] == pytest.approx([0.5 * source.share for source in SOURCES], abs=0.01)
    assert SAMPLE.signal.mean() == pytest.approx(0.5, abs=0.01)
    assert (SAMPLE.targets[:, 0] == SAMPLE.signal).all()
    assert sum(source.share for source in SOURCES) == pytest.approx(1.0)


def test_features_are_those_of_the_trigger() -> None:
    features = SAMPLE.features
    assert features.shape == (60_000, 10)
    assert (features * 4096 == np.rint(features * 4096)).all()
    assert np.abs(features).max() < 32
    assert (SAMPLE.first.pt >= SAMPLE.second.pt).all()
    for muon in (SAMPLE.first, SAMPLE.second):
        assert muon.true_pt.min() > 3.0
        assert np.abs(muon.true_eta).max() < 2.4
    unlike = SAMPLE.first.true_charge != SAMPLE.second.true_charge
    assert unlike[SAMPLE.signal].all()
    assert unlike[~SAMPLE.signal].mean() == pytest.approx(0.55, abs=0.02)


def test_a_pair_tells_where_it_comes_from() -> None:
    """A boosted forest separates better than any cut on one number, and not perfectly."""
    ensemble = pytest.importorskip("sklearn.ensemble")
    from isobit.students.discrimination import roc_area

    fit, rest = slice(0, 40_000), slice(40_000, None)
    forest = ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=0)
    forest.fit(SAMPLE.features[fit], SAMPLE.signal[fit])
    area = roc_area(forest.decision_function(SAMPLE.features[rest]), SAMPLE.signal[rest])
    assert 0.85 < area.value < 0.99
    assert area.error < 0.01


@pytest.mark.parametrize(("n", "seed"), [(-1, 0), (0, -1)])
def test_negative_numbers_are_refused(n: int, seed: int) -> None:
    with pytest.raises(RangeError, match="-1, expected 0 or more"):
        simulate(n, seed)


def test_no_pairs_at_all() -> None:
    assert simulate(0, 1).features.shape == (0, 10)
