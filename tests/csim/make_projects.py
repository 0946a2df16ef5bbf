"""Write the hls4ml projects of these tests, and what hls4ml itself computes with them. In a process of its own, because
hls4ml loads what it compiles into it.

python make_projects.py FOLDER    # what hls4ml computes with one of them, drawn by the run's seed, is held against
                                  # the committed answers.npz; a run that takes everything does so with all
python make_projects.py --answers # makes answers.npz anew
"""

from __future__ import annotations

import contextlib
import datetime
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
from tensorflow.keras import Model, layers

import isobit as ib

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiers import drawn

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


ANSWERS = Path(__file__).with_name("answers.npz")
#: Name: Keras model, arguments of the conversion, whether hls4ml writes the project with traces.
PROJECTS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "heads": (heads, {"namespace": "nn", "project_name": "twohead"}, False),
    "conv": (conv, {}, True),
    "stream": (conv, {"io_type": "io_stream"}, True),
    "recurrent": (recurrent, {"backend": "Vivado"}, True),
}


def answers(graph: Any, folder: Path, given: Any, traced: bool) -> dict[str, Any]:
    """What hls4ml itself computes: outputs, and every layer's results where it writes traces."""
    script = folder / "build_lib.sh"
    script.write_text(script.read_text().replace("-O3", "-O0"))  # the same bits in a quarter of the time
    graph._compile()
    graph.compile = lambda: None  # which trace() calls: it is compiled, and with its traces
    found = graph.predict(given)
    facts = {f"y{k}": array for k, array in enumerate(found if isinstance(found, list) else [found])}
    if traced:
        facts |= {f"trace.{layer}": array for layer, array in graph.trace(given)[1].items()}
    return facts


def make(name: str, folder: Path, by_hls4ml: bool) -> dict[str, Any]:
    """Write a project and NAME.npz; gives hls4ml's answers, computed or as committed."""
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

    x = [rng.normal(0.0, 1.5, (EVENTS, *v.shape)) for v in graph.get_input_variables()]
    given = x[0] if len(x) == 1 else x
    if by_hls4ml:
        found = answers(graph, folder / name, given, traced)
    else:
        with np.load(ANSWERS) as stored:
            found = {key.partition("/")[2]: stored[key] for key in stored.files if key.startswith(f"{name}/")}
    facts = {f"x{k}": array for k, array in enumerate(x)} | found

    mine = ib.csim(graph, optimisation="0")
    raw = mine.predict_raw(given, threads=1)
    facts |= {f"raw{k}": array.raw for k, array in enumerate(raw if isinstance(raw, list) else [raw])}
    facts |= {f"tap.{layer}": array.raw for layer, array in mine.trace(given).items()}
    facts["program"] = np.array(str(mine.program.folder))
    np.savez(folder / f"{name}.npz", **facts)
    return found


def check(name: str, found: dict[str, Any]) -> None:
    """Raise where hls4ml computes something else than is committed."""
    with np.load(ANSWERS) as stored:
        known = {key.partition("/")[2]: stored[key] for key in stored.files if key.startswith(f"{name}/")}
    if list(found) != list(known) or not all(np.array_equal(found[key], known[key]) for key in known):
        raise SystemExit(f"hls4ml's answers of {name!r} are not the committed ones: make_projects.py --answers")


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as work:
        if sys.argv[1] == "--answers":
            made = {name: make(name, Path(work), True) for name in PROJECTS}
            arrays = {f"{name}/{key}": array for name, found in made.items() for key, array in found.items()}
            about = f"hls4ml {hls4ml.__version__}, {datetime.datetime.now(datetime.timezone.utc).date().isoformat()}"
            np.savez_compressed(ANSWERS, about=np.array(f"tests/csim/make_projects.py --answers: {about}"), **arrays)
        else:
            anew = drawn(list(PROJECTS), 1)
            for project in PROJECTS:
                found = make(project, Path(sys.argv[1]), project in anew)
                if project in anew:
                    check(project, found)
