"""Small projects whose files are edited: products, windows, tables, sequences; arrays and streams.

python tests/fuzz/edited_projects.py NAME FOLDER writes one with the hls4ml that is found first.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np

#: Each network's input, layers as (class, arguments), I/O type, and what every layer's configuration gets.
NETWORKS: dict[str, tuple[tuple[int, ...], list[tuple[str, tuple[Any, ...], dict[str, Any]]], str, dict[str, Any]]] = {
    "dense": (
        (8,),
        [("Dense", (6,), {}), ("BatchNormalization", (), {}), ("ReLU", (), {}), ("Dense", (3,), {})],
        "io_parallel",
        {},
    ),
    "resource": (
        (8,),
        [("Dense", (8,), {}), ("Activation", ("sigmoid",), {}), ("Dense", (4,), {}), ("Activation", ("softmax",), {})],
        "io_parallel",
        {"Strategy": "Resource", "ReuseFactor": 4},
    ),
    "windows": (
        (6, 6, 1),
        [
            ("Conv2D", (2, 3), {"padding": "same", "strides": 2}),
            ("LeakyReLU", (0.3,), {}),
            ("MaxPooling2D", (3,), {}),
            ("Flatten", (), {}),
            ("Dense", (2,), {}),
            ("Activation", ("tanh",), {}),
        ],
        "io_parallel",
        {},
    ),
    "stream": (
        (12, 2),
        [("Conv1D", (3, 3), {}), ("ReLU", (), {}), ("Flatten", (), {}), ("Dense", (2,), {})],
        "io_stream",
        {},
    ),
    "encoded": (
        (12, 2),
        [("Conv1D", (3, 3), {}), ("ReLU", (), {}), ("Flatten", (), {}), ("Dense", (2,), {})],
        "io_stream",
        {"ConvImplementation": "Encoded"},
    ),
    "sequence": ((4, 3), [("LSTM", (4,), {}), ("Dense", (2,), {})], "io_parallel", {}),
}


def write(name: str, folder: Path) -> None:
    """Write a project with seeded weights, every layer traced."""
    import hls4ml
    import keras

    size, layers, io_type, more = NETWORKS[name]
    made = [getattr(keras.layers, kind)(*given, **options) for kind, given, options in layers]
    model = keras.Sequential([keras.layers.Input(size), *made])
    numbers = np.random.default_rng(7)
    for weight in model.weights:
        spread = numbers.uniform(0.5, 1.5, weight.shape) if "variance" in weight.name else None
        weight.assign(numbers.normal(0, 0.4, weight.shape) if spread is None else spread)
    with contextlib.redirect_stdout(io.StringIO()):
        precision = {"backend": "Vitis", "default_precision": "ap_fixed<14,5>"}
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", **precision)
        for entry in config["LayerName"].values():
            entry |= {**more, "Trace": True}
        converted = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend="Vitis", io_type=io_type, output_dir=str(folder)
        )
        converted.write()


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
