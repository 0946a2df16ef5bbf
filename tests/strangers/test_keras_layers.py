"""What is no attack still loads: every layer that hls4ml converts, in both formats, with the same numbers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_attacks import places

from isobit.frontends import keras_names
from isobit.frontends.keras import load_keras_file
from isobit.frontends.keras_config import check_architecture

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("keras")]

#: What hls4ml lists and no Keras file can hold without the package that defines it.
FOREIGN = {"BinaryDense", "TernaryDense", "GarNet", "GarNetStack", "FixedPointQuantizer", "UnaryLUT"}
FOREIGN |= {"HGQ>FixedPointQuantizer", "HGQ>UnaryLUT"}


def rows(suffix: str = ".h5") -> Any:
    """Every layer on sequences and vectors; Keras itself does not read QLSTM back from a .keras file."""
    import qkeras as q
    from tensorflow.keras import Input, Model, Sequential, layers, regularizers

    x = Input((6, 4), name="x")
    bits = q.quantized_bits(6, 0, alpha=1)
    kernel = {"kernel_quantizer": bits, "bias_quantizer": "quantized_bits(6,0,alpha=1)"}
    recurrent = {**kernel, "recurrent_quantizer": bits, "state_quantizer": bits}
    separable = {"depthwise_quantizer": bits, "pointwise_quantizer": "ternary(alpha='auto')", "bias_quantizer": bits}
    dense = layers.Dense(3, "relu", kernel_regularizer=regularizers.l1_l2(1e-4, 1e-5), kernel_constraint="max_norm")
    shared = dense(x)
    ends = [
        *(layers.Activation(name)(x) for name in ("elu", "hard_sigmoid", "softmax", "tanh")),
        *(layer()(x) for layer in (layers.ELU, layers.LeakyReLU, layers.PReLU, layers.ReLU, layers.Softmax)),
        *(layers.ThresholdedReLU(0.5)(x), layers.BatchNormalization()(x), layers.LayerNormalization()(x)),
        *(layer()([x, x]) for layer in (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply)),
        *(layers.Subtract()([x, x]), layers.Concatenate(axis=-1)([x, x]), layers.Dot(axes=2)([x, x]), shared),
        *(layer(2)(x) for layer in (layers.AveragePooling1D, layers.MaxPooling1D, layers.UpSampling1D)),
        *(layers.Cropping1D(1)(x), layers.ZeroPadding1D((1, 2))(x), layers.Flatten()(x), layers.Dropout(0.1)(x)),
        *(layer()(x) for layer in (layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D)),
        *(layers.Conv1D(2, 3)(x), layers.SeparableConv1D(2, 3, padding="same")(x), layers.DepthwiseConv1D(3)(x)),
        *(layers.Permute((2, 1))(x), layers.Reshape((12, 2))(x), layers.TimeDistributed(layers.Dense(2))(x)),
        *(layer(2)(x) for layer in (layers.GRU, layers.LSTM, layers.SimpleRNN)),
        *(layers.Bidirectional(layers.LSTM(2))(x), layers.Embedding(5, 2)(layers.Flatten()(x))),
        *(q.QDense(2, **kernel)(x), q.QConv1D(2, 3, **kernel)(x), q.QSeparableConv1D(2, 3, **separable)(x)),
        *([q.QLSTM(2, **recurrent)(x)] if suffix == ".h5" else []),
        *(q.QActivation(text)(x) for text in ("quantized_tanh(8)", "binary", "quantized_relu(6,2)", "hard_tanh")),
        *(q.QBatchNormalization()(x), Sequential([Input((6, 4)), layers.Dense(2)])(x), dense(x)),
        Model(inner := Input((6, 4)), layers.ReLU(6.0)(layers.Dense(2)(inner)))(x),
    ]
    return Model(x, ends)


def images(suffix: str = ".h5") -> Any:
    """Every layer on images; Sequential, as many are."""
    import qkeras as q
    from tensorflow.keras import Sequential, layers

    bits = q.quantized_bits(6, 0, alpha=1)
    kernel = {"kernel_quantizer": bits, "bias_quantizer": bits}
    return Sequential(
        [
            layers.Conv2D(3, 3, padding="same", input_shape=(16, 16, 2)),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.SeparableConv2D(3, 3, padding="same"),
            layers.AveragePooling2D(2),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.MaxPooling2D((2, 1)),
            layers.Cropping2D(((1, 0), (0, 1))),
            layers.ZeroPadding2D(((1, 0), (0, 1))),
            q.QConv2D(3, 3, padding="same", activation=q.quantized_relu(6), **kernel),
            q.QConv2DBatchnorm(3, 3, padding="same", **kernel),
            q.QDepthwiseConv2D(3, padding="same", depthwise_quantizer=bits, bias_quantizer=bits),
            layers.SpatialDropout2D(0.1),
            layers.Activation("swish"),
        ]
    )


def pooled(suffix: str = ".h5") -> Any:
    import qkeras as q
    from tensorflow.keras import Input, Model, layers

    x = Input((4, 4, 2))
    separable = {"depthwise_quantizer": "quantized_po2(4)", "pointwise_quantizer": "quantized_bits(4,0,1,alpha='auto')"}
    ends = [layer()(x) for layer in (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)]
    ends += [q.QSeparableConv2D(2, 3, **separable)(x), layers.GaussianNoise(0.1)(x), layers.RepeatVector(2)(ends[0])]
    return Model(x, ends)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("make", [rows, images, pooled])
def test_networks_of_known_layers_load_from_files(make: Any, suffix: str, tmp_path: Path) -> None:
    model = make(suffix)
    path = tmp_path / f"m{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.compile("adam", "mse")
        model.save(path)
    found = load_keras_file(path)
    assert [type(layer) for layer in found.layers] == [type(layer) for layer in model.layers]
    assert found.get_config().keys() == model.get_config().keys()
    stored, loaded = model.get_weights(), found.get_weights()
    assert len(stored) == len(loaded) > 0
    assert all(np.array_equal(a, b) for a, b in zip(stored, loaded, strict=True))


@pytest.mark.full
def test_the_networks_hold_every_layer_of_hls4ml() -> None:
    from hls4ml.converters.keras_v2_to_hls import get_supported_keras_layers

    seen = set()
    for make in (rows, images, pooled):
        model = make()
        config = {"class_name": type(model).__name__, "config": model.get_config()}
        text = json.dumps(config, default=lambda value: {"class_name": type(value).__name__, "config": {}})
        seen |= {node[key] for node, key in places(json.loads(text)) if key == "class_name"}
    assert set(get_supported_keras_layers()) - FOREIGN <= keras_names.LAYERS | keras_names.MODELS
    assert (
        set(get_supported_keras_layers()) - FOREIGN - {"InputLayer", "QGRU", "QSimpleRNN"} <= seen
    )  # two do not run on this TensorFlow


def test_listed_names_are_what_they_say() -> None:
    """No list holds a name that Keras or QKeras would take for something else."""
    import qkeras
    from keras.src import activations, constraints, initializers, regularizers
    from keras.src.layers import serialization
    from qkeras import quantizers

    serialization.populate_deserializable_objects()
    initializers.populate_deserializable_objects()
    layers = {**serialization.LOCAL.ALL_OBJECTS, **vars(qkeras)}
    for name in keras_names.LAYERS | keras_names.MODELS:
        assert issubclass(layers[name], serialization.base_layer.Layer), name
    for name in keras_names.QUANTIZERS:
        assert issubclass(vars(quantizers)[name], quantizers.BaseQuantizer), name
    for name in keras_names.ACTIVATIONS:
        function = vars(activations).get(name) or vars(quantizers).get(name) or layers.get(name)
        assert function.__module__.partition(".")[0] in ("keras", "qkeras", "tensorflow"), name
    known = {**initializers.LOCAL.ALL_OBJECTS, **vars(qkeras)}
    assert all(callable(known[name]) for name in keras_names.INITIALIZERS)
    assert all(callable(vars(regularizers)[name]) for name in keras_names.REGULARIZERS)
    assert all(callable(vars(constraints).get(name, vars(qkeras).get(name))) for name in keras_names.CONSTRAINTS)


def test_classes_that_take_functions_paths_or_symbols_are_not_listed() -> None:
    """Keras' own classes with such an argument; each would be a way to run or read what the file names."""
    import inspect

    from keras.src.layers import serialization

    serialization.populate_deserializable_objects()
    dangerous = {"function", "vocabulary", "standardize", "split", "cell", "cells", "call_fn", "module", "path"}
    found = {
        name
        for name, cls in serialization.LOCAL.ALL_OBJECTS.items()
        if inspect.isclass(cls) and dangerous & set(inspect.signature(cls.__init__).parameters)
    }
    assert {"Lambda", "TFOpLambda", "SlicingOpLambda", "TextVectorization", "StringLookup", "RNN"} <= found
    assert not found & (keras_names.LAYERS | keras_names.MODELS)


def test_an_old_sequential_is_a_list() -> None:
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 3]}}
    check_architecture({"class_name": "Sequential", "config": [layer], "keras_version": "2.0.6"}, "m.h5")
