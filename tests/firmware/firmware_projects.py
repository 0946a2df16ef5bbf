"""What the tests of folders share."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import isobit as ib
from sharing import once

sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))

#: Networks, configurations and IO types.
CASES = (
    ("jet_mlp", "golden", "io_parallel"),
    ("emtf_nn", "auto", "io_parallel"),
    ("btag_conv1d", "golden", "io_stream"),
    ("tau_cnn", "golden", "io_parallel"),
    ("jet_ternary", "golden", "io_parallel"),
)


def without_traces(folder: Path) -> None:
    """Take hls4ml's traces out of a project's source."""
    source = folder / "firmware" / "myproject.cpp"
    text = source.read_text()
    found = re.sub(r"#ifndef __SYNTHESIS__\n(?:    nnet::save_layer_output<.*\n)+#endif\n", "", text)
    assert found != text
    source.write_text(found)


def projects() -> Path:
    """A folder of projects ``NAME.CONFIG.IO_TYPE``, each with the graph of its ModelGraph as ``graph.isobit``."""

    def make(folder: Path) -> None:
        from zoo_networks import arguments_of, loaded

        from isobit.frontends.project import write_project

        for case in CASES:
            model, target = loaded(case[0], arguments_of(*case)), folder / ".".join(case)
            write_project(model.source, target)
            model.save(target / "graph.isobit")

    return once("firmware-projects", make)


def small_projects() -> Path:
    """Two projects of what the zoo's lack: ``dot``, and ``encoded`` with masks of which one axis is folded."""

    def make(folder: Path) -> None:
        import contextlib
        import io

        import hls4ml
        import keras
        import numpy as np

        one, two = (keras.layers.Input((6,), name=name) for name in ("one", "two"))
        image = keras.layers.Input((5, 9, 1), name="image")
        networks = {
            "dot": keras.Model([one, two], keras.layers.Dot(axes=1, name="dot")([one, two])),
            "encoded": keras.Model(image, keras.layers.Conv2D(2, 3, name="conv")(image)),
        }
        for name, network in networks.items():
            rng = np.random.default_rng(3)
            for weight in network.weights:
                weight.assign(rng.normal(0, 0.5, weight.shape))
            backend, io_type = ("Vitis", "io_parallel") if name == "dot" else ("Vivado", "io_stream")
            with contextlib.redirect_stdout(io.StringIO()):
                config = hls4ml.utils.config_from_keras_model(network, granularity="name", backend=backend)
                for entry in config["LayerName"].values():
                    entry["Trace"] = True
                if name == "dot":
                    config["LayerName"]["dot"]["Precision"]["accum"] = "ap_fixed<20,9>"
                else:
                    config["LayerName"]["conv"]["ConvImplementation"] = "Encoded"
                graph = hls4ml.converters.convert_from_keras_model(
                    network, hls_config=config, backend=backend, io_type=io_type, output_dir=str(folder / name)
                )
                graph.write()
            ib.load(graph).save(folder / name / "graph.isobit")

    return once("firmware-small-projects", make)
