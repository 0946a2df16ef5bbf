"""Architectures of Keras 3 from strangers: what names anything but listed layers and numbers is refused unseen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from isobit.errors import IsobitError, ModelFileError, UnsupportedError
from isobit.frontends.keras3_config import check_architecture


def tensor(layer: str, call: int = 0) -> dict[str, Any]:
    history = {"shape": [None, 3], "dtype": "float32", "keras_history": [layer, call, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def layer(
    name: str, source: str | None, module: str, kind: str, registered: str | None, **config: Any
) -> dict[str, Any]:
    nodes = [] if source is None else [{"args": [tensor(source)], "kwargs": {"training": None}}]
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": registered,
        "build_config": {"input_shape": [None, 3]},
        "name": name,
        "inbound_nodes": nodes,
    }


QUANTISER = {
    "module": "hgq.quantizer.config",
    "class_name": "QuantizerConfig",
    "config": {"q_type": "kif", "f0": 4, "i_decay_speed": float("inf"), "round_mode": "RND"},
    "registered_name": "hgq>QuantizerConfig",
}


def architecture() -> dict[str, Any]:
    """An input, a QDense and a ReLU, as Keras writes them."""
    start = {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None}
    layers = [
        layer("x", None, "keras.layers", "InputLayer", None, batch_shape=[None, 3]),
        layer(
            "fc",
            "x",
            "hgq.layers.core.dense",
            "QDense",
            "hgq>QDense",
            units=2,
            activation="relu",
            iq_conf=QUANTISER,
            bias_initializer=start,
        ),
        layer("act", "fc", "keras.layers", "Activation", None, activation="relu"),
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["act", 0, 0]]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {"name": "net", "trainable": True, "layers": layers, **ends},
        "registered_name": "Functional",
    }


def test_what_keras_writes_passes() -> None:
    check_architecture(architecture(), "net.keras")


@pytest.mark.parametrize("units", [1 << 31, -(1 << 31), 2.5])
def test_numbers_up_to_the_limit_pass(units: float) -> None:
    document = architecture()
    document["config"]["layers"][1]["config"].update(units=units, seed=1 << 64)
    check_architecture(document, "net.keras")


def function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wAAAAAAAAAAAAAAAAIA"}}
ATTACKS: dict[str, tuple[Callable[[Any], Any], type[IsobitError], str]] = {
    "a lambda": (lambda fc: fc["config"].update(activation=LAMBDA), UnsupportedError, "__lambda__"),
    "a Lambda layer": (lambda fc: fc.update(class_name="Lambda", module="keras.layers"), UnsupportedError, "'Lambda'"),
    "a saved model": (
        lambda fc: fc.update(class_name="TFSMLayer", module="keras.layers"),
        UnsupportedError,
        "TFSMLayer",
    ),
    "another module": (lambda fc: fc.update(module="os"), UnsupportedError, "module 'os'"),
    "a module beside HGQ2": (lambda fc: fc.update(module="hgqx.layers"), UnsupportedError, "'hgqx.layers'"),
    "another registered name": (lambda fc: fc.update(registered_name="evil>QDense"), UnsupportedError, "evil>QDense"),
    "a class of HGQ2 that takes functions": (
        lambda fc: fc.update(class_name="QConvT1D", registered_name="hgq>QConvT1D"),
        UnsupportedError,
        "QConvT1D",
    ),
    "a function": (lambda fc: fc["config"].update(activation=function("os", "system")), UnsupportedError, "'os'"),
    "a builtin": (lambda fc: fc["config"].update(activation=function("builtins", "eval")), UnsupportedError, "eval"),
    "a word": (lambda fc: fc["config"].update(activation="os.system"), UnsupportedError, "os.system"),
    "a word somewhere": (lambda fc: fc["config"].update(note="__import__('os')"), UnsupportedError, "__import__"),
    "a deep object": (
        lambda fc: fc["config"]["iq_conf"]["config"].update(
            ic={"module": "subprocess", "class_name": "Popen", "config": {}}
        ),
        UnsupportedError,
        "subprocess",
    ),
    "an unknown entry": (lambda fc: fc.update(spec_name="x"), UnsupportedError, "unknown entry"),
    "a call with an object": (
        lambda fc: fc["inbound_nodes"][0]["kwargs"].update(training={"class_name": "Popen", "module": "subprocess"}),
        UnsupportedError,
        "subprocess",
    ),
    "a large number": (lambda fc: fc["config"].update(units=(1 << 31) + 1), UnsupportedError, "numbers up to"),
    "no number": (lambda fc: fc["config"].update(units=float("nan")), UnsupportedError, "nan"),
    "infinity": (lambda fc: fc["config"].update(units=float("inf")), UnsupportedError, "layer 'fc' has inf as units"),
    "minus infinity": (
        lambda fc: fc["config"].update(units=-float("inf")),
        UnsupportedError,
        "layer 'fc' has -inf as units",
    ),
    "infinity in a list": (
        lambda fc: fc["build_config"].update(input_shape=[None, float("inf")]),
        UnsupportedError,
        "layer 'fc' has inf as input_shape",
    ),
    "a key": (lambda fc: fc["config"].update({"os.system('x')": 1}), UnsupportedError, "layer 'fc' has the entry .os"),
    "an object like a tuple": (
        lambda fc: fc["config"].update(units={"class_name": "Popen", "items": [3]}),
        UnsupportedError,
        "an object 'Popen'",
    ),
    "an object like a tensor": (
        lambda fc: fc["config"].update(units={"class_name": "Popen", "config": {}}),
        UnsupportedError,
        "an object 'Popen'",
    ),
    "a decay below all numbers": (
        lambda fc: fc["config"]["iq_conf"]["config"].update(i_decay_speed=-float("inf")),
        UnsupportedError,
        "has -inf as i_decay_speed",
    ),
    "a decay that is large": (
        lambda fc: fc["config"]["iq_conf"]["config"].update(i_decay_speed=1e300),
        UnsupportedError,
        "has 1e\\+300 as i_decay_speed",
    ),
    "a decay that is no number": (
        lambda fc: fc["config"]["iq_conf"]["config"].update(i_decay_speed=float("nan")),
        UnsupportedError,
        "has nan as i_decay_speed",
    ),
    "a seed beyond 64 bits": (
        lambda fc: fc["config"].update(seed=1 << 65),
        UnsupportedError,
        f"has {1 << 65} as seed; allowed are numbers up to {1 << 64}",
    ),
    "itself": (lambda fc: fc.update(inbound_nodes=[{"args": [tensor("act")]}]), ModelFileError, "never be computed"),
    "nobody": (lambda fc: fc.update(inbound_nodes=[{"args": [tensor("y")]}]), ModelFileError, "never be computed"),
    "no history": (
        lambda fc: fc.update(inbound_nodes=[{"args": [{"class_name": "__keras_tensor__", "config": {}}]}]),
        IsobitError,
        "connected",
    ),
    "no configuration": (lambda fc: fc.update(config=[]), IsobitError, "configuration|name its inputs"),
    "no inputs": (lambda fc: fc.pop("inbound_nodes"), ModelFileError, "does not name its inputs"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack: str) -> None:
    change, error, words = ATTACKS[attack]
    document = copy.deepcopy(architecture())
    change(document["config"]["layers"][1])
    with pytest.raises(error, match=rf"net\.keras.*({words})"):
        check_architecture(document, "net.keras")


def test_a_model_in_a_model_and_deep_nesting_are_refused() -> None:
    document = architecture()
    document["config"]["layers"].append({**architecture(), "name": "inner"})
    with pytest.raises(UnsupportedError, match="a model in a model"):
        check_architecture(document, "net.keras")
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    document = architecture()
    document["config"]["layers"][1]["config"]["deep"] = deep
    with pytest.raises(ModelFileError, match="nested more than"):
        check_architecture(document, "net.keras")


@pytest.mark.parametrize(
    "document", [None, [], {}, {"class_name": "Functional"}, {"class_name": 1, "config": {"layers": []}}]
)
def test_what_is_no_model_is_refused(document: Any) -> None:
    with pytest.raises(ModelFileError, match="no model of layers"):
        check_architecture(document, "net.keras")
