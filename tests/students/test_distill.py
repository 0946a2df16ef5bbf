"""Distillation, and the student that isobit ships."""

import json
import zipfile
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest

from isobit.errors import RangeError, ShapeError
from isobit.students import distill, pruning, zoo
from isobit.students.muons import simulate
from isobit.students.steps import loss_of
from isobit.students.trainings.frame import predict
from isobit.students.trainings.muons import RECALIBRATION, widths

FRESH_SEED = 987_654_321  # of no training, validation or test sample


@pytest.mark.hls4ml
def test_shipped_student_beats_the_hardware_on_fresh_muons():
    sample = simulate(50_000, FRESH_SEED)
    student = zoo.load_student("mugmt_student")
    hardware = widths(sample, sample.hardware)
    calibrated = widths(sample, sample.calibrate(predict(student, sample.features)))
    assert calibrated["phi"] < hardware["phi"] / 5, (calibrated, hardware)
    assert calibrated["eta"] < hardware["eta"] * 0.7, (calibrated, hardware)
    assert calibrated["pt"] < hardware["pt"] * 0.9, (calibrated, hardware)
    recorded = json.loads(zoo.data_file("mugmt_student.json").read_text(encoding="utf-8"))["fwhm"]
    for name, width in calibrated.items():
        assert width == pytest.approx(recorded["student"][name], rel=0.05), name


@pytest.mark.hls4ml
def test_shipped_teacher_is_the_one_that_was_recorded():
    sample = simulate(50_000, FRESH_SEED)
    found = widths(sample, sample.calibrate(predict(zoo.load_teacher(), sample.features)))
    records = [
        json.loads(zoo.data_file(f"{name}.json").read_text(encoding="utf-8"))
        for name in ("mugmt_teacher.trained", "mugmt_student")
    ]
    for record in records:  # its own, and that of the student's teacher, trained by the same recipe
        for name, width in found.items():
            assert width == pytest.approx(record["fwhm"]["teacher"][name], rel=0.06), name
    assert records[0]["teacher"]["recipe"] == records[1]["teacher"]["recipe"]
    with np.load(zoo.data_file("mugmt_teacher.trained.npz"), allow_pickle=False) as weights:
        assert {weights[name].dtype for name in weights.files} == {np.dtype(np.float16)}


@pytest.mark.hls4ml
def test_shipped_student_stays_within_its_types_range():
    """No value of the float network comes near the +-32 of ap_fixed<18,6>, up to saturated pT."""
    import tensorflow

    student = zoo.load_student("mugmt_student")
    features = simulate(200_000, FRESH_SEED).features
    assert features[:, 2].max() == 511 / 64
    probe = tensorflow.keras.Model(student.inputs, [layer.output for layer in student.layers[1:]])
    for layer, values in zip(student.layers[1:], probe.predict(features, batch_size=8192, verbose=0), strict=True):
        assert np.abs(values).max() < 26, layer.name
    for key, values in np.load(zoo.data_file("mugmt_student.npz")).items():
        assert np.abs(values).max() < 26 or key.endswith("variance"), key


def test_shipped_weights_are_plain_arrays_and_their_record_says_how_they_were_made():
    with zipfile.ZipFile(zoo.data_file("mugmt_student.npz")) as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())
    with np.load(zoo.data_file("mugmt_student.npz"), allow_pickle=False) as weights:
        assert all(weights[name].dtype == np.float32 for name in weights.files)
    record = json.loads(zoo.data_file("mugmt_student.json").read_text(encoding="utf-8"))
    assert record["seed"] == 1
    for run in RECALIBRATION.runs[:2]:  # what was trained then, apart from what recipes could not say yet
        assert record[run.name]["recipe"].items() <= asdict(run.recipe).items()
    assert record["teacher"]["recipe"]["epochs"] == len(record["teacher"]["validation_losses"].split()) == 100
    assert record["student"]["recipe"]["epochs"] == len(record["student"]["validation_losses"].split()) == 500
    assert record["student"]["recipe"]["alpha"] == 0.1
    assert set(record["fwhm"]) == {"hardware", "student", "teacher"}


def line(events=2048, teacher=False):
    random = np.random.default_rng(1)
    features = random.standard_normal((events, 2)).astype(np.float32)
    targets = features @ np.array([[1.0], [-2.0]], dtype=np.float32)
    return distill.Data(features, targets, targets + 1 if teacher else None)


def linear_model():
    import tensorflow

    distill.seed_everything(1)
    return tensorflow.keras.Sequential([tensorflow.keras.layers.Dense(1, input_shape=(2,))])


@pytest.mark.hls4ml
def test_regression_follows_truth_and_with_a_small_alpha_the_teacher():
    recipe = distill.Recipe(epochs=60, learning_rate=0.05, batch=256, alpha=0.01)
    alone, taught = linear_model(), linear_model()
    calls = []
    distill.train(alone, line(), line(), recipe, seed=1, progress=lambda *call: calls.append(call))
    distill.train(taught, line(teacher=True), line(teacher=True), recipe, seed=1)
    np.testing.assert_allclose(alone.get_weights()[0], [[1], [-2]], atol=0.01)
    assert alone.get_weights()[1][0] == pytest.approx(0.0, abs=0.01)
    assert taught.get_weights()[1][0] == pytest.approx(1.0, abs=0.05)
    assert [call[:2] for call in calls] == [(epoch, 60) for epoch in range(1, 61)]


@pytest.mark.hls4ml
def test_learning_rate_halves_on_a_plateau_and_the_best_epoch_is_kept():
    recipe = distill.Recipe(epochs=60, learning_rate=0.5, batch=256, patience=3, minimum_rate=0.1)
    model, data = linear_model(), line()
    history = distill.train(model, data, data, recipe, seed=1)
    rates = history.learning_rate
    assert rates[0] == 0.5
    assert all(after in (before, max(before / 2, 0.1)) for before, after in pairwise(rates))
    assert rates[-1] < 0.5
    assert history.validation_loss[history.best_epoch] == min(history.validation_loss)
    error = (data.features @ model.get_weights()[0] + model.get_weights()[1] - data.targets).astype(np.float64)
    assert np.log(np.cosh(error)).mean() == pytest.approx(min(history.validation_loss), abs=1e-6)


@pytest.mark.hls4ml
@pytest.mark.parametrize("limit", [None, 0.5])
def test_limit_keeps_hidden_outputs_in_range(limit):
    import tensorflow

    distill.seed_everything(1)
    inputs = tensorflow.keras.layers.Input((2,))
    hidden = tensorflow.keras.layers.Dense(4)(inputs)
    model = tensorflow.keras.Model(inputs, tensorflow.keras.layers.Dense(1)(hidden))
    recipe = distill.Recipe(epochs=40, learning_rate=0.02, batch=256, limit=limit)
    distill.train(model, line(), line(), recipe, seed=1)
    largest = np.abs(tensorflow.keras.Model(inputs, hidden)(line().features).numpy()).max()
    assert (largest < 1.5) == (limit is not None), largest


@pytest.mark.hls4ml
def test_classification_loss_is_cross_entropy_and_kullback_leibler():
    import tensorflow

    logits = np.array([[0.3], [-1.2], [2.0]])
    teacher = np.array([[0.5], [-0.7], [1.0]])
    labels = np.array([[1.0], [0.0], [1.0]])
    recipe = distill.Recipe(epochs=1, learning_rate=1, task="classification", alpha=0.25, temperature=2.0)
    tensors = (tensorflow.constant(array, tensorflow.float32) for array in (logits, labels, teacher))
    value = float(loss_of(tensorflow, recipe)(*tensors, None))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    guess, wanted, given = sigmoid(logits), sigmoid(teacher / 2), sigmoid(logits / 2)
    cross_entropy = -(labels * np.log(guess) + (1 - labels) * np.log(1 - guess)).mean()
    divergence = (wanted * np.log(wanted / given) + (1 - wanted) * np.log((1 - wanted) / (1 - given))).mean()
    assert value == pytest.approx(0.25 * cross_entropy + 0.75 * 2.0**2 * divergence, rel=1e-5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sparsity", 1.0),
        ("task", "ranking"),
        ("alpha", 1.5),
        ("epochs", 0),
        ("batch", 0),
        ("temperature", 0.0),
        ("learning_rate", -1.0),
    ],
)
def test_recipe_refuses_what_makes_no_sense(field, value):
    with pytest.raises(RangeError, match=f"{field} is"):
        distill.Recipe(**{"epochs": 1, "learning_rate": 1e-3, field: value})


def test_limit_must_be_positive():
    with pytest.raises(RangeError, match="limit is 0"):
        distill.Recipe(epochs=1, learning_rate=1e-3, limit=0)


def test_data_of_different_lengths_are_refused():
    with pytest.raises(ShapeError, match="targets has 4"):
        distill.Data(np.zeros((3, 2)), np.zeros((4, 1)))
    with pytest.raises(ShapeError, match="weights has 2"):
        distill.Data(np.zeros((3, 2)), np.zeros((3, 1)), weights=np.zeros(2))
    with pytest.raises(ShapeError, match="teacher has shape"):
        distill.Data(np.zeros((3, 2)), np.zeros((3, 1)), np.zeros((3, 2)))


@pytest.mark.hls4ml
def test_training_refuses_half_a_teacher_and_too_few_events():
    recipe = distill.Recipe(epochs=1, learning_rate=1e-3, batch=4096)
    with pytest.raises(ShapeError, match="only one"):
        distill.train(linear_model(), line(), line(teacher=True), recipe, seed=1)
    with pytest.raises(RangeError, match="4096"):
        distill.train(linear_model(), line(), line(), recipe, seed=1)


@pytest.mark.hls4ml
def test_losses_of_several_kinds_and_of_squares_are_those_of_their_definitions():
    import tensorflow
    from scipy.special import log_softmax, softmax

    random = np.random.default_rng(3)
    logits, teacher = random.standard_normal((2, 50, 4))
    kinds, weights = np.eye(4)[random.integers(0, 4, 50)], random.random(50)

    def value(task, *arrays):
        recipe = distill.Recipe(epochs=1, learning_rate=1, task=task, alpha=0.3, temperature=0.5)
        tensors = [None if array is None else tensorflow.constant(array, tensorflow.float32) for array in arrays]
        return float(loss_of(tensorflow, recipe)(*tensors))

    cross = -(kinds * log_softmax(logits, axis=1)).sum(axis=1)
    wanted = softmax(teacher / 0.5, axis=1)
    divergence = (wanted * (log_softmax(teacher / 0.5, axis=1) - log_softmax(logits / 0.5, axis=1))).sum(axis=1)
    expected = (weights * (0.3 * cross + 0.7 * 0.5**2 * divergence)).mean()
    assert value("categories", logits, kinds, teacher, weights) == pytest.approx(expected, rel=1e-5)
    squares = ((logits - kinds) ** 2).mean(axis=1)
    assert value("squares", logits, kinds, None, weights) == pytest.approx((weights * squares).mean(), rel=1e-5)


@pytest.mark.hls4ml
def test_pruning_ends_with_the_share_of_zeros_and_the_best_of_the_epochs_behind_it():
    import tensorflow

    distill.seed_everything(1)
    layers = [tensorflow.keras.layers.Dense(16, input_shape=(2,)), tensorflow.keras.layers.Dense(1)]
    model, recipe = tensorflow.keras.Sequential(layers), distill.Recipe(20, 0.01, batch=256, sparsity=0.5)
    history = distill.train(model, line(), line(), recipe, seed=1)
    first, second = (layer.kernel.numpy() for layer in layers)
    assert [np.count_nonzero(first == 0), np.count_nonzero(second == 0)] == [16, 8]
    assert history.best_epoch == 10 + int(np.argmin(history.validation_loss[10:]))
    assert np.count_nonzero(layers[0].bias.numpy()) > 8


def test_pruning_follows_its_polynomial():
    shares = [pruning.share(0.5, epoch, 100) for epoch in range(100)]
    assert shares[24] == pytest.approx(0.5 * (1 - 0.5**3))
    assert shares[49:] == [0.5] * 51
    assert shares == sorted(shares)
    (mask,) = pruning.masks([np.array([[3.0, -1.0], [0.5, -2.0]])], 0.5)
    np.testing.assert_array_equal(mask, [[1, 0], [0, 1]])
