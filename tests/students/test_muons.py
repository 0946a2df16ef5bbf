"""The simulated trigger: reproducible, within the hardware's ranges, and with something to learn."""

import dataclasses

import numpy as np
import pytest

from isobit.errors import RangeError, ShapeError
from isobit.students import muons
from isobit.students.muons import simulate, wrap_phi

SEED = 20240607
PINNED = [[-214, 120, 13], [495, 180, 400], [10, 511, 13], [-1, -1, 1], [12, 8, 8]]  # eta, phi, pt, charge, quality


@pytest.fixture(scope="module")
def sample():
    return simulate(50_000, SEED)


def test_same_seed_gives_the_same_muons_and_another_seed_others():
    first, second, other = simulate(1000, 3), simulate(1000, 3), simulate(1000, 4)
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name), err_msg=field.name)
    assert not np.array_equal(first.pt, other.pt)


def test_a_muon_is_pinned():
    """Samples behind published numbers must not change silently."""
    found = simulate(3, 1)
    np.testing.assert_array_equal(
        np.stack((found.eta, found.phi, found.pt, found.charge, found.quality)),
        PINNED,
    )


def test_hardware_integers_stay_in_range(sample):
    for name, low, high in (("eta", -225, 225), ("phi", 0, 575), ("pt", 1, 511)):
        values = getattr(sample, name)
        assert values.dtype == np.int64
        assert values.min() >= low, name
        assert values.max() <= high, name
    assert set(np.unique(sample.charge)) == {-1, 1}
    assert set(np.unique(sample.quality)) == {4, 8, 12}
    assert sample.pt.max() == 511  # the spectrum reaches saturation


def test_features_are_of_order_one_and_exact_in_the_input_type(sample):
    features = sample.features
    assert features.shape == (len(sample), 5)
    assert np.abs(features).max() <= 8
    scaled = features * 2**12  # LSB of ap_fixed<18,6>
    np.testing.assert_array_equal(scaled, np.rint(scaled))
    assert (features.std(axis=0) > 0.25).all()


def test_targets_are_of_order_one(sample):
    targets = sample.targets
    assert np.abs(targets).max() < 10
    assert ((targets.std(axis=0) > 0.3) & (targets.std(axis=0) < 4)).all()


def test_calibrating_with_the_targets_gives_the_truth(sample):
    kept = sample.targets[:, 2] < muons.PT_TARGET_MAX
    residuals = sample.residuals(sample.calibrate(sample.targets))
    assert np.abs(residuals[:, :2]).max() < 1e-12
    assert np.abs(residuals[kept, 2]).max() < 1e-12
    assert kept.mean() > 0.99


def test_phi_correction_does_not_see_the_border(sample):
    at_border = np.abs(np.abs(sample.true_phi) - np.pi) < 0.1
    assert at_border.sum() > 1000
    assert np.abs(sample.targets[at_border, 1] / muons.PHI_TARGET).max() < 1.2


def test_wrap_phi_is_half_open():
    angles = np.array([np.pi, -np.pi, 3 * np.pi, -1e-17 - np.pi, 0.0, 7.0])
    wrapped = wrap_phi(angles)
    assert ((wrapped >= -np.pi) & (wrapped < np.pi)).all()
    np.testing.assert_allclose(np.cos(wrapped), np.cos(angles), rtol=0, atol=1e-12)


def test_phi_bends_by_charge_over_pt(sample):
    """What recalibration learns: true phi minus station phi is charge * K(eta) / pT."""
    bend = wrap_phi(sample.true_phi - sample.phi * muons.PHI_STEP)
    expected = sample.true_charge * muons.bending(sample.true_eta) / sample.true_pt
    assert np.corrcoef(bend, expected)[0, 1] > 0.99
    measured = sample.charge / (sample.pt * muons.PT_STEP)
    assert np.corrcoef(bend, measured)[0, 1] > 0.8


def test_extrapolated_phi_is_that_of_the_vertex(sample):
    """Where pT and charge are measured well, the steps of eta, phi and pT are what remains; eta and pT stay."""
    extrapolated, hardware = sample.extrapolated, sample.hardware
    np.testing.assert_array_equal(extrapolated[:, [0, 2]], hardware[:, [0, 2]])
    assert (np.abs(extrapolated[:, 1]) <= np.pi).all()
    before, after = (np.abs(sample.residuals(values)[:, 1]) for values in (hardware, extrapolated))
    assert np.median(after) < np.median(before) / 4
    scale = sample.pt * muons.PT_STEP / sample.true_pt
    region = np.digitize(np.abs(sample.hardware[:, 0]), (0.83, 1.24))
    good = (sample.charge == sample.true_charge) & (np.abs(scale / np.array([1.15, 1.25, 1.30])[region] - 1) < 0.02)
    assert np.quantile(after[good & (sample.true_pt > 10)], 0.95) < 0.06


def test_bending_is_that_of_the_magnet():
    """0.15 * 3.8 T * 2.95 m * (2 - 2.95 / 4.9) = 2.35 rad GeV in the barrel; less where muons leave through the end."""
    eta = np.linspace(0, 2.4, 100)
    strength = muons.bending(eta)
    assert strength[0] == pytest.approx(2.35, abs=0.01)
    assert (np.diff(strength) <= 1e-12).all()
    np.testing.assert_array_equal(muons.bending(-eta), strength)


def test_charge_is_wrong_more_often_at_low_quality_and_high_pt(sample):
    wrong = sample.charge != sample.true_charge
    assert wrong[sample.quality == 4].mean() > wrong[sample.quality == 12].mean()
    assert wrong[sample.true_pt > 60].mean() > 3 * wrong[sample.true_pt < 10].mean()


def test_hardware_overestimates_pt(sample):
    assert 1.1 < np.median(sample.pt * muons.PT_STEP / sample.true_pt) < 1.4


def test_no_muons_is_a_sample_and_fewer_are_refused():
    assert simulate(0, 1).features.shape == (0, 5)
    with pytest.raises(RangeError, match="-1"):
        simulate(-1, 1)
    with pytest.raises(RangeError, match="-2"):
        simulate(1, -2)


def test_predictions_of_another_shape_are_refused(sample):
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        sample.calibrate(np.zeros((3, 2)))
