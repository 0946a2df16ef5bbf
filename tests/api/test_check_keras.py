"""Keras against firmware layer by layer: what formats explain is called so, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from api_networks import convert, fill, hls_config

import isobit as ib
from isobit.check.conversion import dropped_options
from isobit.check.gaps import layer_gaps
from isobit.check.keras import KerasWatch
from isobit.check.keras_layers import segments_of

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-check")]

#: A network by name; the layer that no format explains, the option that is named, and what the label must say.
Case = tuple[Callable[[Any, Any], list[Any]], str, str, str]


def _dense(q: Any, size: int, name: str, **options: Any) -> Any:
    return q.QDense(size, kernel_quantizer=q.quantized_bits(8, 1, alpha=1), name=name, **options)


def _between(make: Callable[[Any, Any], Any]) -> Callable[[Any, Any], list[Any]]:
    """A layer called 'act' between two of weights."""
    return lambda q, layers: [_dense(q, 6, "first"), make(q, layers), _dense(q, 3, "last")]


UNEXPLAINED, ROUNDING = "NOT explained by formats, first in layer", "quantisation: rounding in the formats"
MORE = "explained by formats, which do more than round"
CASES: dict[str, Case] = {
    "max_value": (_between(lambda q, k: k.ReLU(max_value=2.0, name="act")), "act", "max_value", UNEXPLAINED),
    "threshold": (_between(lambda q, k: k.ReLU(threshold=1.5, name="act")), "act", "threshold", UNEXPLAINED),
    "slope": (_between(lambda q, k: k.ReLU(negative_slope=0.25, name="act")), "act", "negative_slope", UNEXPLAINED),
    "use_01": (
        _between(lambda q, k: q.QActivation(q.binary(use_01=True, alpha=1), name="act")),
        "act",
        "use_01",
        UNEXPLAINED,
    ),
    "lost": (
        _between(lambda q, k: q.QActivation("quantized_bits(5,2,alpha=1)", name="act")),
        "first + act",
        "quantizer",
        UNEXPLAINED,
    ),
    "argument": (
        lambda q, k: [_dense(q, 6, "first"), _dense(q, 3, "act", activation=q.quantized_bits(5, 2, alpha=1))],
        "act",
        "activation",
        UNEXPLAINED,
    ),
    "qbatchnorm": (_between(lambda q, k: q.QBatchNormalization(name="act")), "act", "gamma_quantizer", UNEXPLAINED),
    "relu": (_between(lambda q, k: k.ReLU(name="act")), "", "", ROUNDING),
    "leaky": (_between(lambda q, k: k.LeakyReLU(alpha=0.25, name="act")), "", "", ROUNDING),
    "elu": (_between(lambda q, k: k.ELU(alpha=0.5, name="act")), "", "", ROUNDING),
    "tanh": (_between(lambda q, k: k.Activation("tanh", name="act")), "", "", ROUNDING),
    "qrelu": (_between(lambda q, k: q.QActivation("quantized_relu(5,2)", name="act")), "", "", ROUNDING),
    "qtanh": (_between(lambda q, k: q.QActivation("quantized_tanh(6)", name="act")), "", "", ROUNDING),
    "ternary": (_between(lambda q, k: q.QActivation("ternary(alpha=1)", name="act")), "", "", ROUNDING),
    "batchnorm": (_between(lambda q, k: k.BatchNormalization(name="act")), "", "", ROUNDING),
    "dropout": (_between(lambda q, k: k.Dropout(0.5, name="act")), "", "", ROUNDING),
    "softmax": (
        lambda q, k: [_dense(q, 6, "first", activation="relu"), k.Dense(5, name="last", activation="softmax")],
        "",
        "",
        MORE,
    ),
}


def network(layers: Callable[[Any, Any], list[Any]], shape: tuple[int, ...] = (8,)) -> Any:
    import qkeras
    from tensorflow import keras

    x = inputs = keras.layers.Input(shape, name="features")
    for layer in layers(qkeras, keras.layers):
        x = layer(x)
    model = keras.Model(inputs, x, name="student")
    fill(model, 3)
    return model


@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("name", list(CASES))
def test_the_first_layer_that_no_format_explains_is_named(name: str) -> None:
    layers, unexplained, option, label = CASES[name]
    net = network(layers)
    x = np.random.default_rng(4).normal(0, 3, (200, 8))
    report = ib.check(ib.load(net), x, ["cpp-strict"], net)
    assert report.ok
    assert report.keras_layers is not None
    assert report.keras_layers.reason == ""
    gap = report.keras_layers.unexplained
    assert ("" if gap is None else gap.name) == unexplained, str(report)
    line = next(line for line in str(report).splitlines() if line.startswith("against the Keras model's float output"))
    assert label in line, line
    assert [d.option for d in report.keras_layers.dropped][:1] == ([option] if option else []), str(report)
    if gap is None:
        return
    assert unexplained in line
    assert f"layer {unexplained}: no format explains its difference to Keras" in report.verdict()
    assert report.to_dict()["keras_layers"]["explained_by_formats"] is False
    # What is said of the worst value is true: both computed from the firmware's own numbers.
    worst = gap.worst
    assert worst is not None
    segment = next(s for s in segments_of(ib.load(net).graph, net) if s.name == gap.name)
    given = ib.load(net).run({"features": ib.FixedArray.from_float(x, ib.load(net).input_types[0])})
    inputs = given[segment.sources[0]].to_float()[worst.event]
    assert segment(inputs[None].astype(np.float32)).ravel()[worst.index] == worst.keras
    assert given[segment.target].to_float()[worst.event, worst.index] == worst.firmware


def test_every_encoding_is_explained_but_the_quantiser_that_hls4ml_loses(mixed: Any) -> None:
    """17 layers, all encodings of weights, folded batch normalisations and signs."""
    report = ib.check(mixed.model, mixed.x, ["cpp-strict"], mixed.keras)
    layers = report.keras_layers
    assert layers is not None
    assert {gap.name for gap in layers.gaps if gap.unexplained} == {"powers + qbits"}
    assert [(d.layer, d.option) for d in layers.dropped] == [("qbits", "quantizer")]
    assert [gap.layers for gap in layers.gaps if len(gap.keras_layers) > 1] == [("powers",), ("scaled", "bnbt_before")]
    # The last segment's difference so far is that of the outputs.
    assert layers.gaps[-1].largest == pytest.approx(report.keras[0].largest, rel=1e-5)


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("wrong", ["weight", "bias", "shift", "function"])
def test_a_layer_that_computes_something_else_is_found(wrong: str, small: Any) -> None:
    """Keras is changed behind the firmware's back: the segment that was changed is the first unexplained one."""
    import tensorflow as tf

    net = tf.keras.models.clone_model(small.keras)
    net.set_weights(small.keras.get_weights())
    expected = "head0"
    if wrong in ("weight", "bias"):
        kernel, bias = net.get_layer("head0").get_weights()
        (kernel if wrong == "weight" else bias)[0] += 0.05
        net.get_layer("head0").set_weights([kernel, bias])
    else:
        expected = "relu1"
        net.get_layer("relu1").activation = (lambda x: x) if wrong == "function" else (lambda x: tf.nn.relu(x - 0.02))
    report = ib.check(small.model, small.x, ["cpp-strict"], net)
    assert report.keras_layers is not None
    assert report.keras_layers.unexplained is not None
    assert report.keras_layers.unexplained.name == expected


def test_overflow_and_changed_constants_are_not_called_quantisation(small: Any, tmp_path: Any) -> None:
    config = hls_config(small.keras, features={"Precision": {"result": "ap_fixed<12,4>"}})
    config["LayerName"]["fc1"]["Precision"]["accum"] = "ap_fixed<12,3>"
    config["LayerName"]["head0"]["Precision"]["weight"] = "ap_fixed<4,0>"
    model = ib.load(convert(small.keras, config, tmp_path / "p"))
    report = ib.check(model, small.x, ["cpp-strict"], small.keras)
    label = next(line for line in str(report).splitlines() if line.startswith("against the Keras"))
    assert MORE in label
    assert "fc1.accum" in label
    assert "changed constants of head0.weight" in label
    assert "quantisation" not in label


def test_a_scale_that_hls4ml_clips_for_qkeras_default_alpha_is_named() -> None:
    """QDense makes alpha=None 'auto_po2'; hls4ml's quantiser of the scales has too few bits for a scale of 2."""
    net = network(lambda q, k: [q.QDense(4, kernel_quantizer=q.quantized_bits(4, 0), name="first")])
    kernel = np.random.default_rng(7).uniform(-1.9, 1.9, (8, 4))
    net.get_layer("first").set_weights([kernel, np.zeros(4)])
    net.get_layer("first").kernel_quantizer_internal(kernel.astype(np.float32))
    scale = np.ravel(net.get_layer("first").kernel_quantizer_internal.scale)
    assert 2 in scale
    model = ib.load(net)
    (change,) = ib.load(net).plan().constants
    held = model.graph.by_name["first_alpha"].scale  # type: ignore[attr-defined]
    clipped = np.count_nonzero(held.written.ravel() != scale)
    assert str(change).startswith(f"first_alpha.scale power of two, exponent ap_int<2>: {clipped} of 4 clipped")
    assert (change.asked, change.got) == (2.0, 1.0)
    report = ib.check(model, np.random.default_rng(8).normal(size=(50, 8)), ["cpp-strict"], net)
    label = next(line for line in str(report).splitlines() if line.startswith("against the Keras"))
    assert "changed constants of first_alpha.scale" in label


def test_blocks_and_the_worst_event_are_the_same_as_all_at_once(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from isobit.check import keras

    monkeypatch.setattr(keras, "LAYER_EVENTS", 7)
    columns = {"features": np.asarray(small.x, dtype=np.float64)}
    values = small.model.run({"features": ib.FixedArray.from_float(small.x, small.model.input_types[0])})
    watch = KerasWatch(small.model.graph, small.keras)
    for part in (slice(0, 5), slice(5, 30), slice(30, 60)):
        watch.update({n: c[part] for n, c in columns.items()}, {n: v[part] for n, v in values.items()})
    gaps = np.abs(small.keras.predict(small.x, verbose=0) - small.model.predict(small.x))
    (output,) = watch.outputs.result()
    assert output.largest == pytest.approx(gaps.max(), rel=1e-6)
    assert output.events == 60
    worst = int(gaps.max(axis=1).argmax())
    kept = [*range(7)] + ([worst] if worst >= 7 else [])
    layers = watch.layers()
    assert layers.events == len(kept)
    segments = segments_of(small.model.graph, small.keras)
    direct = layer_gaps(
        small.model.graph,
        segments,
        {n: v[np.array(kept)] for n, v in values.items()},
        {n: c[kept] for n, c in columns.items()},
    )
    assert [(g.name, g.own_largest, g.largest) for g in layers.gaps] == [
        (g.name, g.own_largest, g.largest) for g in direct
    ]


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_branches_that_meet_are_followed(io_type: str) -> None:
    """Two inputs, a residual connection, merges and a concatenation; a wrong branch is named."""
    from tensorflow import keras

    first = keras.layers.Input((8,), name="first")
    second = keras.layers.Input((4,), name="second")
    x = keras.layers.Dense(4, activation="relu", name="fc1")(first)
    y = keras.layers.Dense(4, name="fc2")(second)
    added = keras.layers.Add(name="added")([x, y])
    squeezed = keras.layers.Dense(4, activation="relu", name="fc3")(added)
    scaled = keras.layers.Multiply(name="scaled")([squeezed, added])
    joined = keras.layers.Concatenate(name="joined")([scaled, y])
    net = keras.Model([first, second], [keras.layers.Dense(2, name="last")(joined), scaled])
    fill(net, 4)
    rng = np.random.default_rng(6)
    x = [rng.normal(0, 1, (200, 8)), rng.normal(0, 1, (200, 4))]
    model = ib.load(net, io_type=io_type)
    layers = ib.check(model, x, ["cpp-strict"], net).keras_layers
    assert layers is not None
    assert layers.reason == ""
    assert layers.explained, [gap.name for gap in layers.gaps if gap.unexplained]
    assert [gap.name for gap in layers.gaps] == ["fc1", "fc2", "added", "fc3", "scaled", "joined", "last"]
    wrong = [*net.get_weights()]
    wrong[2] = wrong[2] + 0.5  # weights of fc2
    net.set_weights(wrong)
    layers = ib.check(model, x, ["cpp-strict"], net).keras_layers
    assert layers is not None
    assert layers.unexplained is not None
    assert layers.unexplained.name == "fc2"


def test_two_heads_and_names_that_begin_alike() -> None:
    """'dense' and 'dense_relu' are layers of their own; 'dense_1' has its activation as an argument."""
    from tensorflow import keras

    inputs = keras.layers.Input((8,), name="features")
    x = keras.layers.Dense(4, name="dense")(inputs)
    x = keras.layers.Activation("relu", name="dense_relu")(x)
    heads = [
        keras.layers.Dense(3, activation="relu", name="dense_1")(x),
        keras.layers.Activation("tanh", name="last")(keras.layers.Dense(2, name="dense_1_b")(x)),
    ]
    net = keras.Model(inputs, heads)
    fill(net, 3)
    report = ib.check(ib.load(net), np.random.default_rng(5).normal(0, 2, (100, 8)), ["cpp-strict"], net)
    assert report.keras_layers is not None
    assert report.keras_layers.explained
    made = {gap.name: gap.layers for gap in report.keras_layers.gaps}
    assert made == {
        "dense": ("dense",),
        "dense_relu": ("dense_relu",),
        "dense_1": ("dense_1", "dense_1_relu"),
        "dense_1_b": ("dense_1_b",),
        "last": ("last",),
    }
    by_tensor = {gap.tensor: gap.largest for gap in report.keras_layers.gaps}
    assert [by_tensor[d.output] for d in report.keras] == pytest.approx([d.largest for d in report.keras], rel=1e-4)


def test_an_order_of_inputs_that_hls4ml_puts_into_the_weights_is_followed() -> None:
    """Permute and Flatten vanish; the rows of the next layer's weights are permuted instead."""
    net = network(lambda q, k: [k.Permute((2, 1), name="perm"), k.Flatten(name="flat"), k.Dense(3, name="out")], (4, 3))
    report = ib.check(ib.load(net), np.random.default_rng(6).normal(0, 2, (100, 4, 3)), ["cpp-strict"], net)
    assert report.keras_layers is not None
    assert report.keras_layers.explained, str(report)
    assert report.warnings == ()


def test_agreement_of_decisions_and_models_that_cannot_be_followed(small: Any) -> None:
    from tensorflow import keras

    report = ib.check(small.model, small.x, ["cpp-strict"], small.keras)
    same = (small.keras.predict(small.x, verbose=0).argmax(axis=1) == small.model.predict(small.x).argmax(axis=1)).sum()
    (output,) = report.keras
    assert (output.decision, output.agree, output.classifies) == ("argmax", same, False)
    assert f"same argmax in {same} of 60" in str(report)
    inner = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3, name="inner")], name="nested")
    nested = keras.Sequential([keras.layers.Input((5,)), inner])
    other = ib.check(small.model, small.x, ["cpp-strict"], nested)
    assert other.keras_layers is not None
    assert "'nested' is a model itself" in other.keras_layers.reason
    label = next(line for line in str(other).splitlines() if line.startswith("against the Keras"))
    assert "cause not known" in label
    assert "quantisation" not in label


def test_dropped_options_stand_as_they_were_written() -> None:
    from tensorflow import keras

    layers = [keras.layers.BatchNormalization(axis=1, name="bn"), keras.layers.ReLU(negative_slope=0.2, name="act")]
    net = keras.Sequential([keras.layers.Input((4, 4)), *layers])
    firmware = ib.load(network(CASES["slope"][0])).graph
    assert [(d.option, d.value) for d in dropped_options(firmware, net)] == [("axis", "1"), ("negative_slope", "0.2")]
