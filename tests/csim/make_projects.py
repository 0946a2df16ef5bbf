"""Write the hls4ml projects of these tests, and what hls4ml itself computes with them. In a process of its own, because
hls4ml loads what it compiles into it.

python make_projects.py FOLDER
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
from tensorflow.keras import Model, layers

import isobit as ib

EVENTS = 60


def heads() -> Any:
    """Two inputs, and two outputs of which one is an earlier layer of the other."""
    first, second = layers.Input((4,), name="first"), layers.Input((3,), name="second")
    x = layers.Dense(3, name="fc")(first)
    return Model([first, second], [x, layers.add([x, second], name="sum")])


def conv() -> Any:
    inputs = layers.Input((6, 2), name="image")
    x = layers.Activation("relu", name="relu")(layers.Conv1D(3, 3, name="conv")(inputs))
    x = layers.Dense(3, name="fc")(layers.Flatten(name="flat")(x))
    return Model(inputs, layers.Activation("softmax", name="softmax")(x))


def recurrent() -> Any:
    inputs = layers.Input((4, 2), name="steps")
    return Model(inputs, layers.Dense(2, name="fc")(layers.LSTM(3, name="lstm")(inputs)))


#: Name: Keras model, arguments of the conversion, whether hls4ml writes the project with traces.
PROJECTS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "heads": (heads, {"namespace": "nn", "project_name": "twohead"}, False),
    "conv": (conv, {}, True),
    "stream": (conv, {"io_type": "io_stream"}, True),
    "recurrent": (recurrent, {"backend": "Vivado"}, True),
}


def make(name: str, folder: Path) -> None:
    build, options, traced = PROJECTS[name]
    keras = build()
    rng = np.random.default_rng(sum(name.encode()))
    for layer in keras.layers:
        layer.set_weights([rng.normal(0.0, 0.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    options = {"backend": "Vitis", "io_type": "io_parallel", **options}
    config = hls4ml.utils.config_from_keras_model(keras, granularity="name", backend=options["backend"])
    if "conv" in config["LayerName"]:  # from a wider type, hls4ml's softmax takes one entry of its table for all
        config["LayerName"]["fc"]["Precision"]["result"] = "ap_fixed<16,6>"
    graph = hls4ml.converters.convert_from_keras_model(
        keras, hls_config=config, output_dir=str(folder / name), **options
    )
    if traced:
        graph.config.trace_output = True
        for node in graph.get_layers():
            node.set_attr("trace", True)
    graph.write()
    script = folder / name / "build_lib.sh"
    script.write_text(script.read_text().replace("-O3", "-O0"))  # the same bits in a quarter of the time
    graph._compile()
    graph.compile = lambda: None  # which trace() calls: it is compiled, and with its traces

    x = [rng.normal(0.0, 1.5, (EVENTS, *v.shape)) for v in graph.get_input_variables()]
    given = x[0] if len(x) == 1 else x
    found = graph.predict(given)
    found = found if isinstance(found, list) else [found]
    facts = {f"x{k}": array for k, array in enumerate(x)} | {f"y{k}": array for k, array in enumerate(found)}
    if traced:
        _, trace = graph.trace(given)
        facts |= {f"trace.{layer}": array for layer, array in trace.items()}

    mine = ib.csim(graph, optimisation="0")
    raw = mine.predict_raw(given, threads=1)
    facts |= {f"raw{k}": array.raw for k, array in enumerate(raw if isinstance(raw, list) else [raw])}
    facts |= {f"tap.{layer}": array.raw for layer, array in mine.trace(given).items()}
    facts["program"] = np.array(str(mine.program.folder))
    np.savez(folder / f"{name}.npz", **facts)


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        for project in PROJECTS:
            make(project, Path(sys.argv[1]))
