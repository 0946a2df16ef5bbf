"""A Keras file runs no code: an attack leaves its mark where the file is trusted, and is refused by name otherwise."""

from __future__ import annotations

import contextlib
import copy
import json
import sys
from pathlib import Path
from typing import Any

import h5py
import keras_attacks as attacks
import pytest
from keras_attacks import places

import isobit as ib
from isobit.errors import IsobitError, ModelFileError, UnsupportedError
from isobit.frontends.keras import load_keras_file
from isobit.frontends.keras_config import check_architecture


@pytest.mark.hls4ml
@pytest.mark.xdist_group("keras")
@pytest.mark.parametrize("name", sorted(attacks.ATTACKS))
def test_code_in_a_file_is_refused_unless_it_is_trusted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "stranger", raising=False)
    mark = tmp_path / "mark"
    path = attacks.ATTACKS[name](tmp_path / name, mark)
    with pytest.raises(IsobitError, match=name):
        ib.load(path)
    with pytest.raises(IsobitError, match=name):
        ib.csim(path)
    assert not mark.exists()
    # The file does run code, if it is let: what refused it above is the check.
    with contextlib.suppress(ModelFileError):
        load_keras_file(path, allow_lambda=True)
    assert mark.exists()


@pytest.mark.parametrize("depth", [50, 400, 950, 20_000])
def test_deep_nesting_is_refused(depth: int, tmp_path: Path) -> None:
    """Before the architecture is checked, it is looked at for the marks of Keras 3."""
    config = '{"class_name": "Functional", "config": ' + "[" * depth + "]" * depth + "}"
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        file.attrs["model_config"] = config
    with pytest.raises(ModelFileError, match=r"deep.h5 .*(not an architecture|not JSON)"):
        load_keras_file(tmp_path / "deep.h5")


def refused(config: Any, told: str = "") -> None:
    for form in (config, attacks.with_modules(config)):
        with pytest.raises(IsobitError, match=told) as caught:
            check_architecture(json.loads(json.dumps(form)), "m.keras")
        assert str(caught.value).startswith("m.keras")


def example() -> dict[str, Any]:
    quantizer = {"class_name": "quantized_bits", "config": {"bits": 6, "integer": 0, "alpha": 1.0, "symmetric": 0}}
    initializer = {"class_name": "QInitializer", "config": {"initializer": "he_normal", "quantizer": quantizer}}
    wrapped = attacks.layer("w", "TimeDistributed", layer=attacks.dense())
    quantised = attacks.layer("q", "QDense", kernel_quantizer=quantizer, kernel_initializer=initializer, units=3)
    return attacks.architecture(attacks.dense(activation="relu"), quantised, wrapped)


def test_the_example_is_accepted() -> None:
    check_architecture(example(), "m.h5")
    check_architecture(attacks.with_modules(example()), "m.keras")


@pytest.mark.parametrize("name", sorted(attacks.objects("stranger")))
def test_objects_are_refused_wherever_they_stand(name: str) -> None:
    bad = attacks.objects("stranger")[name]
    count = sum(1 for _ in places(example()))
    accepted = []
    for number in range(count):
        config = example()
        container, key = list(places(config))[number]
        container[key] = copy.deepcopy(bad)
        try:
            check_architecture(config, "m.h5")
        except IsobitError:
            continue
        accepted.append(key)
    assert not accepted
    assert count > 80


@pytest.mark.parametrize("text", attacks.TEXTS)
def test_text_that_would_be_called_or_written_is_refused(text: str) -> None:
    for key in ("activation", "kernel_quantizer", "kernel_initializer", "bias_constraint", "activity_regularizer"):
        refused(attacks.architecture(attacks.dense(**{key: text})), "'fc'")
    if not attacks.re_word.fullmatch(text):
        refused(attacks.architecture(attacks.dense(data_format=text)), "'fc'")


@pytest.mark.parametrize(
    "key, value",
    [
        ("units", 1 << 40),
        ("units", 10**400),
        ("units", float("nan")),
        ("unroll", True),
        ("units", float("inf")),
        ("units", {"a": 1}),
        ("units", [[1 << 40]]),
        ("kernel_quantizer", {"class_name": "quantized_bits", "config": {"bits": 5000}}),
        ("kernel_quantizer", {"class_name": "quantized_bits", "config": [6]}),
        ("kernel_quantizer", "quantized_bits(1_000_000_000_000,0)"),
        ("kernel_quantizer", "quantized_bits(bits=2E9)"),
        ("kernel_quantizer", "quantized_bits(6,'-9999')"),
        ("kernel_quantizer", "quantized_bits(6, integer=inf)"),
        ("activation", {"class_name": "Softmax", "config": {}, "build_config": {"input_shape": [None, 1 << 40]}}),
        ("activation", {"class_name": "Softmax", "config": {}, "build_config": {"code": 1}}),
        ("kernel_quantizer", ["quantized_bits(6)"]),
        ("kernel_quantizer", 7),
        ("layer", {"class_name": "Dense", "config": {}}),
        ("dtype", {"class_name": "Policy", "config": {"name": "float32", "loss_scale": {}}}),
        ("x\ny", 1),
    ],
)
def test_values_that_no_layer_has_are_refused(key: str, value: Any) -> None:
    refused(attacks.architecture(attacks.dense(**{key: value})), "'fc'")


def test_nesting_has_an_end() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    refused(attacks.architecture(attacks.dense(units=deep)), "nested more than 100 deep")
    layer = attacks.dense()
    for _ in range(120):
        layer = attacks.layer("fc", "TimeDistributed", layer=layer)
    refused(attacks.architecture(layer), "nested more than 100 deep")


@pytest.mark.parametrize(
    "inbound, told",
    [
        ([[["fc", 0, 0, {}]]], "can never be computed"),
        ([[["fc2", 0, 0, {}]]], "can never be computed"),
        ([[["x", 0, 0, {}]], [["fc", 7, 0, {}]]], "can never be computed"),
        ([[["x", 0, 0, {"mask": ["nowhere", 0, 0]}]]], "can never be computed"),
        ([[["x", "0", 0]]], r"expected \[layer, call, tensor\]"),
        ([[["x", 0]]], r"expected \[layer, call, tensor\]"),
        ([[["x", -1, 0]]], r"expected \[layer, call, tensor\]"),
        ([[["x", 0, 0, {"name": "y"}]]], "supported arguments: training, mask"),
        ([[["_CONSTANT_VALUE", -1, 3.0, {}]]], "a constant as input"),
        ([[["_CONSTANT_VALUE", -1, ["_COMPOSITE_TYPE", "{}"], {}]]], "a constant as input"),
        ({"args": []}, "supported: "),
        ([{"x": 0}], "supported"),
        (None, "does not name its inputs"),
    ],
)
def test_graphs_without_an_end(inbound: Any, told: str) -> None:
    """Keras waits for ever for a layer whose inputs never come."""
    layer = {**attacks.dense(), "inbound_nodes": inbound}
    with pytest.raises(IsobitError, match=told):
        check_architecture(attacks.architecture(layer), "m.h5")


def test_names_of_layers_are_unique() -> None:
    with pytest.raises(ModelFileError, match="'fc' is missing, not unique"):
        check_architecture(attacks.architecture(attacks.dense(), attacks.dense()), "m.h5")
    other = attacks.dense(name="other")
    with pytest.raises(ModelFileError, match="differs in its configuration"):
        check_architecture(attacks.architecture(other), "m.h5")


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match=r"'op' .*'TFOpLambda'.*load it in Python.*isobit.load.*--allow-lambda"):
        check_architecture(attacks.architecture(attacks.layer("op", "TFOpLambda", function="identity")), "m.h5")
