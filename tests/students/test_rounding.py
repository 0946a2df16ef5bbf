"""Quantisers whose format is a variable: the numbers and gradients of QKeras, of ap_fixed, and of the firmware."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.students import distill
from isobit.students.autoencoders import AUTOENCODERS, OBJECTS
from isobit.students.rounding import Rounding, RoundingKit, closest
from isobit.students.steps import prepare
from isobit.students.zoo.entry import keras_package, qkeras_package

pytestmark = pytest.mark.hls4ml

#: Ties, numbers that saturate on both sides, and what lies between.
VALUES = np.concatenate((np.arange(-40.0, 40.0, 1 / 64), np.random.default_rng(1).normal(0.0, 3.0, 500)))


def kind_of(width: int, integer: int, signed: bool) -> FixedType:
    return FixedType.parse(f"ap_{'' if signed else 'u'}fixed<{width},{integer},RND_CONV,SAT>")


def rounded(quantiser: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values, and gradients of their sum."""
    import tensorflow

    given = tensorflow.constant(VALUES, tensorflow.float32)
    with tensorflow.GradientTape() as tape:
        tape.watch(given)
        found = quantiser(given)
    return found.numpy(), tape.gradient(found, given).numpy()


@pytest.mark.parametrize("signed", [True, False])
def test_any_format_rounds_as_ap_fixed_does(signed: bool) -> None:
    quantiser = Rounding(signed=signed, through=False)
    values = VALUES.astype(np.float32).astype(np.float64)
    for width in range(2, 17):
        for integer in (-3, 0, 1, 3, 6):
            quantiser.set(kind_of(width, integer, signed))
            wanted = FixedArray.from_float(values, kind_of(width, integer, signed)).to_float()
            assert np.array_equal(rounded(quantiser)[0], wanted), (width, integer)


def test_values_and_gradients_are_those_of_qkeras() -> None:
    qkeras = qkeras_package()
    weight, result = Rounding(signed=True, through=True), Rounding(signed=False, through=False)
    for width in range(2, 17):
        for integer in (1, 2, 4):
            weight.set(kind_of(width, integer, True))
            result.set(kind_of(width, integer, False))
            pairs = (
                (weight, qkeras.quantized_bits(width, integer - 1, alpha=1)),
                (result, qkeras.quantized_relu(width, integer)),
            )
            for ours, theirs in pairs:
                (mine, slope), (wanted, steepness) = rounded(ours), rounded(theirs)
                assert np.array_equal(mine, wanted), (width, integer)
                inside = (VALUES > 0.0) & (mine.max() > VALUES) if ours is result else slice(None)
                assert np.array_equal(slope[inside], steepness[inside]), (width, integer)


def test_without_a_format_nothing_is_rounded() -> None:
    values, slopes = rounded(Rounding(signed=True, through=False))
    assert np.array_equal(values, VALUES.astype(np.float32))
    assert (slopes == 1.0).all()
    assert np.array_equal(rounded(Rounding(signed=False, through=False))[0], np.maximum(VALUES, 0).astype(np.float32))


def test_the_closest_format_has_the_least_squared_error() -> None:
    values = np.random.default_rng(2).normal(0.0, 0.7, 2000)
    for width in (2, 4, 9, 16):
        found = closest(values, width, signed=True)
        errors = {
            integer: float(
                ((FixedArray.from_float(values, kind_of(width, integer, True)).to_float() - values) ** 2).sum()
            )
            for integer in range(-4, 6)
        }
        assert found == kind_of(width, min(errors, key=errors.__getitem__), True)
    assert closest(np.array([0.0]), 4, signed=False).integer < 0
    assert closest(np.array([200.0]), 8, signed=False) == kind_of(8, 8, False)


def shaken(name: str) -> Any:
    """A network in training whose batch normalisation is exactly the identity, and biases are not zero."""
    distill.seed_everything(5)
    trainable = AUTOENCODERS[name].trainable()
    for layer in trainable.model.layers:
        if hasattr(layer, "moving_variance"):
            layer.moving_variance.assign(np.float32(1.0 - layer.epsilon) * np.ones(layer.moving_variance.shape))
        elif getattr(layer, "use_bias", False):
            layer.bias.assign(np.random.default_rng(6).normal(0.0, 0.2, layer.bias.shape))
    return trainable


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_what_is_trained_is_what_the_firmware_computes(name: str) -> None:
    """Bit for bit, at widths whose sums float32 holds; and hls4ml takes every format that it is given."""
    network, trainable = AUTOENCODERS[name], shaken(name)
    x = np.round(np.abs(np.random.default_rng(7).normal(0.0, 1.0, (64, OBJECTS))) * 64) / 64
    plain = trainable.deploy()
    kinds = trainable.kinds(trainable.values(plain, x), 5)
    converted = network.convert(plain, kinds)
    everywhere = network.everywhere(kinds)
    assert {slot: converted.types[slot] for slot in everywhere if slot in converted.types} == {
        slot: kind for slot, kind in everywhere.items() if slot in converted.types
    }
    assert set(kinds) <= set(converted.types)
    again = network.convert(plain).with_types({s: k for s, k in everywhere.items() if s in converted.types})
    ours = converted.predict(x)
    assert np.array_equal(np.hstack([*again.predict(x)]), np.hstack([*ours]))
    trainable.kit.set(kinds)
    model = trainable.model(network.data(x, 1).features.astype(np.float32), training=False).numpy()
    theirs = np.concatenate(ours, axis=1) if network.variational else ours.reshape(len(x), -1)[:, :OBJECTS]
    assert np.array_equal(model[:, OBJECTS:] if network.variational else model, theirs)


@pytest.mark.turn(3)
def test_one_graph_trains_as_a_fresh_one_does() -> None:
    """After another training, in other formats and pruned."""
    random = np.random.default_rng(3)
    network = AUTOENCODERS["dnn_vae"]
    data = network.data(np.round(random.normal(0.0, 1.0, (128, OBJECTS)) * 64) / 64, 1)
    recipe = distill.Recipe(epochs=2, learning_rate=1e-2, batch=32, task="variational", sparsity=0.5)
    plain = replace(recipe, sparsity=0.0)

    def trained(*before: distill.Recipe) -> list[Any]:
        distill.seed_everything(4)
        trainable = network.trainable()
        first = trainable.model.get_weights()
        steps = prepare(trainable.model, data, data, recipe)
        for one in before:
            trainable.kit.set(dict.fromkeys(trainable.kit.formats, kind_of(3, 2, True)))
            distill.train(trainable.model, data, data, one, seed=9, prepared=steps)
        trainable.model.set_weights(first)
        trainable.kit.set(dict.fromkeys(trainable.kit.formats, kind_of(6, 3, True)))
        distill.train(trainable.model, data, data, plain, seed=1, prepared=steps)
        found: list[Any] = trainable.model.get_weights()
        return found

    once, later = trained(), trained(recipe)
    assert all(np.array_equal(a, b) for a, b in zip(once, later, strict=True))
    assert not any((kernel == 0.0).any() for kernel in later if kernel.ndim == 2)


def test_formats_are_called_as_isobit_calls_them() -> None:
    kit = RoundingKit()
    inputs = keras_package().layers.Input((3,))
    kit.rounded(kit.relu(kit.dense(inputs, 2, "fc"), "relu"), "pool")
    assert list(kit.formats) == ["fc.weight", "fc.bias", "relu.result", "pool.result"]
    assert [kit.formats[slot].signed for slot in kit.formats] == [True, True, False, False]
