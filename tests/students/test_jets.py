"""Jets: prongs, masses and radiation of five kinds, what networks are given, and that a jet tells what it is."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from isobit.errors import RangeError
from isobit.students import jets
from isobit.students.jets import ANGLE, KINDS, MOMENTUM, simulate
from isobit.students.trainings.jets import accuracy, odds

WHOLE = simulate(4000, 3, constituents=128)


def of(kind: str) -> np.ndarray:
    return WHOLE.kind == KINDS.index(kind)


def parts(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """pT in GeV, eta, phi."""
    return MOMENTUM * features[..., 0], ANGLE * features[..., 1], ANGLE * features[..., 2]


def masses(features: np.ndarray) -> np.ndarray:
    """Invariant masses in GeV of all constituents."""
    pt, eta, phi = parts(features)
    momenta = np.stack((pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))).sum(axis=-1)
    return np.sqrt(np.maximum(momenta[0] ** 2 - (momenta[1:] ** 2).sum(axis=0), 0.0))


def whole(quarks: list[Any]) -> np.ndarray:
    """Invariant masses in GeV of one quark from each of a list."""
    each = [(q.pt * np.cosh(q.eta), q.pt * np.cos(q.phi), q.pt * np.sin(q.phi), q.pt * np.sinh(q.eta)) for q in quarks]
    total = np.sum(each, axis=0)
    return np.sqrt(total[0] ** 2 - (total[1:] ** 2).sum(axis=0))


def correlations(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energy correlations of two and of three constituents (A. Larkoski, G. Salam, J. Thaler, arXiv:1305.0007)."""
    pt, eta, phi = parts(features)
    share = pt / pt.sum(axis=1, keepdims=True)
    far = np.hypot(eta[:, :, None] - eta[:, None], phi[:, :, None] - phi[:, None])
    two = np.einsum("ni,nj,nij->n", share, share, far, optimize=True) / 2.0
    three = np.einsum("ni,nj,nk,nij,njk,nik->n", share, share, share, far, far, far, optimize=True) / 6.0
    return two, three


@pytest.mark.parametrize(("kind", "mass"), [("W", 80.4), ("Z", 91.2), ("t", 172.5)])
def test_jets_have_the_mass_of_what_they_began_as(kind: str, mass: float) -> None:
    """A little more: hadrons have momenta across their parton. Radiation out of the jet makes the tail below."""
    low, middle, high = np.quantile(masses(WHOLE.features[of(kind)]), (0.25, 0.5, 0.75))
    assert mass < middle < 1.15 * mass
    assert high - low < 0.2 * mass


def test_partons_of_a_decay_have_its_mass_before_they_radiate() -> None:
    random = np.random.default_rng(1)
    jet = np.zeros(500, np.int64)
    assert whole(jets._boson(91.19, 0.0)(random, jet)) == pytest.approx(91.19)
    top = whole(jets._top(random, jet)) / 172.5
    assert (top < 1.0).all(), "without the bottom quark's own mass"
    assert np.median(top) == pytest.approx(1.0, abs=2e-3)


def test_radiation_keeps_momentum_and_centre_and_shrinks_its_angles() -> None:
    random = np.random.default_rng(1)
    begun = jets._one(3.0)(random, np.arange(200))[0]
    final = jets._showered(random, begun)
    assert len(final) > 5 * len(begun)
    assert np.bincount(final.jet, final.pt) == pytest.approx(begun.pt)
    for name in ("eta", "phi"):
        centre = np.bincount(final.jet, final.pt * getattr(final, name)) / begun.pt
        assert centre == pytest.approx(getattr(begun, name), abs=1e-9)
    assert (final.angle <= 0.8).all()


def test_gluons_radiate_by_their_colour_charge() -> None:
    counts = {kind: (WHOLE.features[of(kind), :, 0] > 0).sum(axis=1).mean() for kind in KINDS}
    assert 1.3 < counts["g"] / counts["q"] < 9.0 / 4.0  # the ratio of charges is the limit of infinite momentum
    assert counts["q"] < counts["W"] < counts["t"]


def test_decays_have_two_and_three_prongs() -> None:
    """Three constituents far from each other are rare in a jet of two prongs: D2 = e3 / e2^3 is small."""
    pruned, mass = WHOLE.features[:, :24], masses(WHOLE.features)
    two, three = correlations(pruned)
    ratio = three / np.maximum(two, 1e-9) ** 3
    near = (mass > 70.0) & (mass < 110.0)  # at the same mass, so that it is no mass that tells them apart
    medians = {kind: np.median(ratio[of(kind) & (near | (kind == "t"))]) for kind in KINDS}
    assert medians["W"] < 0.7 * medians["q"]
    assert medians["Z"] < 0.7 * medians["g"]
    assert np.median(three[of("t")]) > 3.0 * np.median(three[of("Z")])


def test_features_are_those_of_the_trigger() -> None:
    sample = simulate(2000, 5)
    features = sample.features
    assert features.shape == (2000, 8, 3)
    assert np.array_equal(features * 1024, np.rint(features * 1024)), "not exact in ap_fixed<16,6>"
    assert np.abs(features).max() < 32
    assert (np.diff(features[..., 0], axis=1) <= 0).all(), "not sorted by pT"
    assert (features[features[..., 0] == 0.0] == 0.0).all()
    assert np.hypot(features[..., 1], features[..., 2]).max() * ANGLE < 0.81
    assert (sample.targets.sum(axis=1) == 1.0).all()
    assert np.array_equal(sample.targets.argmax(axis=1), sample.kind)
    assert np.bincount(sample.kind) / 2000 == pytest.approx([0.2] * 5, abs=0.03)


def test_the_same_arguments_give_the_same_jets_however_many_constituents_are_kept() -> None:
    one, more, other = simulate(300, 7), simulate(300, 7, constituents=16), simulate(300, 8)
    assert np.array_equal(one.features, more.features[:, :8])
    assert np.array_equal(one.kind, more.kind)
    assert not np.array_equal(one.features, other.features)


def test_a_jet_tells_what_it_is() -> None:
    """A small boosted forest on the hardest eight separates every kind from the others, and none perfectly."""
    ensemble = pytest.importorskip("sklearn.ensemble")
    from isobit.students.discrimination import roc_area

    sample = simulate(6000, 11)
    x, fit, rest = sample.features.reshape(len(sample), -1), slice(0, 4000), slice(4000, None)
    forest = ensemble.HistGradientBoostingClassifier(
        max_iter=8, learning_rate=0.3, max_leaf_nodes=16, early_stopping=False, random_state=0
    )
    forest.fit(x[fit], sample.kind[fit])
    share = forest.predict_proba(x[rest])
    for number in range(len(KINDS)):
        assert 0.65 < roc_area(share[:, number], sample.kind[rest] == number).value < 0.98, KINDS[number]
    assert 0.35 < (share.argmax(axis=1) == sample.kind[rest]).mean() < 0.9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((-1, 0), "number of jets is -1, expected 0 or more"),
        ((0, -1), "seed is -1, expected 0 or more"),
        ((1, 1, 0), "constituents is 0, expected 1 or more"),
    ],
)
def test_numbers_that_make_no_jets_are_refused(arguments: tuple[int, ...], said: str) -> None:
    with pytest.raises(RangeError, match=said):
        simulate(*arguments)


def test_no_jets_at_all() -> None:
    sample = simulate(0, 1)
    assert sample.features.shape == (0, 8, 3)
    assert sample.targets.shape == (0, 5)


def test_examples_run() -> None:
    failed, tried = doctest.testmod(jets)
    assert (failed, tried > 0) == (0, True)


def test_odds_are_those_of_softmax() -> None:
    from scipy.special import logit, softmax

    logits = np.random.default_rng(1).normal(0.0, 3.0, (50, 5))
    assert odds(logits) == pytest.approx(logit(softmax(logits, axis=1)))
    far = odds(np.array([[0.0, 200.0, 900.0, 0.0, 0.0]]))  # where softmax is 0 or 1
    assert far[0, 1:3] == pytest.approx([-700.0, 700.0])


def test_the_error_of_an_accuracy_is_binomial() -> None:
    right = np.array([1.0] * 30 + [0.0] * 70)
    assert accuracy(right) == {"value": pytest.approx(0.3), "error": pytest.approx(np.sqrt(0.3 * 0.7 / 100))}
