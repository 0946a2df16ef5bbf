"""The toys of anomalies and pions: kinematics, and what networks are given."""

from __future__ import annotations

import numpy as np
import pytest

from isobit.errors import RangeError, UnsupportedError
from isobit.students import anomalies, pions
from isobit.students.anomalies import BACKGROUND, SIGNALS
from isobit.students.kinematics import decay
from isobit.students.trainings.anomalies import losses_of, padded
from isobit.students.trainings.pions import mean_percentage_error


def mass(momenta: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(momenta[:, 0] ** 2 - (momenta[:, 1:] ** 2).sum(axis=1), 0.0))


def test_decays_keep_energy_momentum_and_masses() -> None:
    random = np.random.default_rng(1)
    parent = anomalies._moving(random, 1000, np.full(1000, 80.0), 25.0)
    assert mass(parent) == pytest.approx(80.0)
    first, second = decay(random, parent, 30.0, 12.0)
    assert first + second == pytest.approx(parent)
    assert mass(first) == pytest.approx(30.0, rel=1e-6)
    assert mass(second) == pytest.approx(12.0, rel=1e-5)


@pytest.mark.parametrize("process", [BACKGROUND, *SIGNALS])
def test_objects_are_as_the_trigger_gives_them(process: str) -> None:
    features = anomalies.simulate(500, 3, process).features
    assert features.shape == (500, 19, 3)
    assert np.array_equal(features * 1024, np.rint(features * 1024)), "not exact in ap_fixed<16,6>"
    assert np.abs(features).max() < 32
    pt = features[..., 0]
    for rows in (slice(0, 4), slice(4, 8), slice(8, 18)):
        assert (np.diff(pt[:, rows], axis=1) <= 0).all(), "not sorted by pT"
    missing = pt[:, :18] == 0.0
    assert (features[:, :18][missing] == 0.0).all()
    assert np.array_equal(features, anomalies.simulate(500, 3, process).features)
    assert not np.array_equal(features, anomalies.simulate(500, 4, process).features)


def test_signals_have_what_makes_them_signals() -> None:
    seen = {name: anomalies.simulate(2000, 1, name).features[..., 0] for name in (BACKGROUND, *SIGNALS)}
    leptons = {name: (pt[:, :8] > 0).sum(axis=1).mean() for name, pt in seen.items()}
    assert leptons["A to 4 l"] > 2.0 > 1.0 > leptons[BACKGROUND]
    # a jet of the leptoquark's bottom quark, beside those of everyday
    assert (seen["LQ to b tau"][:, 8:18] > 0).sum(axis=1).mean() > (seen[BACKGROUND][:, 8:18] > 0).sum(axis=1).mean()


def test_what_is_asked_for_wrongly() -> None:
    with pytest.raises(UnsupportedError, match="no process 'A to 4 k'; did you mean 'A to 4 l'"):
        anomalies.simulate(1, 1, "A to 4 k")
    with pytest.raises(RangeError, match="number of events is -1"):
        anomalies.simulate(-1, 1)
    with pytest.raises(RangeError, match="seed is -1"):
        pions.simulate(1, -1)


def test_the_loss_leaves_the_padding_out() -> None:
    features = anomalies.simulate(20, 1).features
    image = padded(features)
    assert image.shape == (20, 20, 3, 1)
    assert losses_of(image, features) == pytest.approx(0.0)
    image[:, 19] = 5.0
    assert losses_of(image, features) == pytest.approx(0.0)
    image[:, 0, 0] += 1.0
    assert losses_of(image, features) == pytest.approx(1.0 / 57.0)


def test_clusters_measure_less_than_the_energy_the_more_of_it_the_higher_it_is() -> None:
    sample = pions.simulate(5000, 1)
    cells = sample.features[..., 0]
    assert sample.features.shape == (5000, 24, 4)
    assert sample.targets.shape == (5000, 1)
    assert (np.diff(cells, axis=1) <= 0).all()
    assert np.abs(sample.features).max() < 32
    assert (sample.energy.min(), sample.energy.max()) > pions.ENERGIES[:1]
    share = 8.0 * cells.sum(axis=1) / sample.energy
    low, high = (share[chosen].mean() for chosen in (sample.energy < 15.0, sample.energy > 150.0))
    assert 0.6 < low < high < 1.0


def test_percentages_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(1)
    true, found = random.uniform(5.0, 300.0, 100), random.uniform(5.0, 300.0, 100)
    expected = 100.0 * metrics.mean_absolute_percentage_error(true, found)
    assert mean_percentage_error(found, true) == pytest.approx(expected)
