"""The reference networks of the Level-1 trigger: how each is built, and the one configuration it is converted with.

An entry's *golden config* lies as JSON in `data/`, with every type written out, so that tests, benchmarks, the cost
model and the demo speak of the same firmware whatever hls4ml's defaults become. The *auto* config (granularity 'name')
leaves result and accumulator types for hls4ml to infer.

TensorFlow, QKeras and hls4ml are imported when a network is built or converted, not before.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from isobit.errors import MissingDependencyError, ModelFileError, RangeError, UnsupportedError
from isobit.files import atomic_path

HLS4ML_VERSION: Final = "1.3.0"
BACKEND: Final = "Vitis"
PART: Final = "xcvu9p-flga2104-2L-e"
CLOCK_NS: Final = 5
REUSE_FACTOR: Final = 4
WIDTH: Final = 18  # bits of every weight, result and accumulator
INTEGER: Final = 6  # integer bits with the sign: ap_fixed<18,6>, hls4ml's reading of [18,6]
INTEGER_VARIANT: Final = 12  # the other reading, 6 *fractional* bits: ap_fixed<18,12>

_RELU_MODES: Final = "RND_CONV,SAT"  # as quantized_relu rounds and saturates
_TABLE: Final = "ap_fixed<18,8>"  # hls4ml's default for tables of activations; neither ReLU nor linear has one
_TABLE_SIZE: Final = 1024


@dataclass(frozen=True)
class ZooEntry:
    """One reference network.

    Attributes
    ----------
    name
        Key in `ZOO`, also of the files in `data/`.
    summary
        What it is for, one line.
    inputs, outputs
        Number of features and of output neurons.
    hidden
        Neurons of each hidden layer; each is Dense + BatchNormalization + ReLU.
    quantised
        Whether it is trained with quantisers (QKeras) or in float (plain Keras).
    task
        'regression' or 'classification' (one logit).
    """

    name: str
    summary: str
    inputs: int
    outputs: int
    hidden: tuple[int, ...]
    quantised: bool
    task: str

    def build(self, *, integer: int = INTEGER) -> Any:
        """A fresh, untrained Keras model. Layers: inputs, fc1, bn1, relu1, ..., output.

        `integer` gives the quantisers' integer bits, sign included; a float network has none.
        """
        return _build_quantised(self, integer) if self.quantised else _build_float(self)


_ENTRIES: Final = (
    ZooEntry(
        name="mugmt_student",
        summary="recalibrates eta, phi and pT of uGMT muons, distilled from mugmt_teacher",
        inputs=5,
        outputs=3,
        hidden=(8, 8, 8, 8),
        quantised=True,
        task="regression",
    ),
    ZooEntry(
        name="mugmt_baseline",
        summary="recalibrates eta, phi and pT of uGMT muons, twice as wide and not distilled",
        inputs=5,
        outputs=3,
        hidden=(16, 16, 16, 16),
        quantised=True,
        task="regression",
    ),
    ZooEntry(
        name="mugmt_teacher",
        summary="recalibrates eta, phi and pT of uGMT muons in float; teaches mugmt_student",
        inputs=5,
        outputs=3,
        hidden=(256, 256, 256, 256),
        quantised=False,
        task="regression",
    ),
    ZooEntry(
        name="dimuon_student",
        summary="tells signal from background pairs of uGMT muons, one logit",
        inputs=10,
        outputs=1,
        hidden=(8, 8, 8, 8),
        quantised=True,
        task="classification",
    ),
)
ZOO: Final[dict[str, ZooEntry]] = {entry.name: entry for entry in _ENTRIES}


def entry(name: str) -> ZooEntry:
    """The entry called `name`.

    Raises
    ------
    UnsupportedError
        If there is none; the message lists those that exist.
    """
    if name not in ZOO:
        raise UnsupportedError(f"no network {name!r} in the zoo, available: {', '.join(ZOO)}")
    return ZOO[name]


def build(name: str, *, integer: int = INTEGER) -> Any:
    """A fresh, untrained Keras model of the network called `name`; see `ZooEntry.build`."""
    return entry(name).build(integer=integer)


def golden_config(name: str, *, integer: int = INTEGER) -> dict[str, Any]:
    """Arguments of `hls4ml.converters.convert_from_keras_model` for the network called `name`, but the output folder.

    Parameters
    ----------
    name
        A name in `ZOO`.
    integer
        Integer bits, sign included, of all 18-bit types: 6 is the golden config as committed, ap_fixed<18,6>; 12 is the
        variant that reads [18,6] as 6 fractional bits, ap_fixed<18,12>. Build or load the network with the same number:
        hls4ml takes the weights' types from the quantisers, whatever the configuration says.

    Returns
    -------
    dict
        backend, part, clock_period (ns), clock_uncertainty, io_type and hls_config, with strategy, reuse factor and
        every type layer by layer; the caller's own copy.

    Raises
    ------
    UnsupportedError
        If the zoo has no such network.
    RangeError
        If `integer` is not 0 to 18.
    """
    if not 0 <= integer <= WIDTH:
        raise RangeError(f"integer bits are {integer}, expected 0 to {WIDTH}")
    text = data_file(entry(name).name + ".golden.json").read_text(encoding="utf-8")
    text = text.replace(f"fixed<{WIDTH},{INTEGER}", f"fixed<{WIDTH},{integer}")
    arguments: dict[str, Any] = json.loads(text)["arguments"]
    return arguments


def auto_config(name: str) -> dict[str, Any]:
    """As `golden_config`, but at granularity 'name': hls4ml infers the types of results, accumulators and scales.

    The weights' types are those of the quantisers, and the input is ap_fixed<18,6>.
    """
    try:
        from hls4ml.utils import config_from_keras_model
    except ImportError as error:
        raise MissingDependencyError("this needs hls4ml: pip install 'isobit[hls4ml]'") from error
    arguments = golden_config(name)
    default = arguments["hls_config"]["Model"]["Precision"]["default"]
    arguments["hls_config"] = config_from_keras_model(
        build(name),
        granularity="name",
        backend=BACKEND,
        default_precision=default,
        default_reuse_factor=REUSE_FACTOR,
    )
    arguments["hls_config"]["LayerName"]["inputs"]["Precision"]["result"] = default
    return arguments


def write_out(network: ZooEntry) -> dict[str, Any]:
    """The content of a golden config's file, from which `data/` was made: `python -m isobit.students.zoo` prints it."""
    number = f"ap_fixed<{WIDTH},{INTEGER}>"
    common: dict[str, Any] = {"Strategy": "Latency", "ReuseFactor": REUSE_FACTOR}

    def dense() -> dict[str, Any]:
        return {"Precision": dict.fromkeys(("result", "accum", "weight", "bias"), number), **common}

    def activation(result: str) -> dict[str, Any]:
        return {"Precision": {"result": result, "table": _TABLE}, "TableSize": _TABLE_SIZE, **common}

    layers: dict[str, Any] = {"inputs": {"Precision": {"result": number}}}
    for index in range(1, len(network.hidden) + 1):
        layers[f"fc{index}"] = dense()
        layers[f"fc{index}_linear"] = activation(number)  # hls4ml makes it of the layer's activation, then removes it
        layers[f"bn{index}"] = {"Precision": dict.fromkeys(("result", "scale", "bias"), number), **common}
        layers[f"relu{index}"] = activation(f"ap_ufixed<{WIDTH},{INTEGER},{_RELU_MODES}>")
    layers["output"] = dense()
    layers["output_linear"] = activation(number)
    model = {"Precision": {"default": number}, **common}
    return {
        "network": network.name,
        "hls4ml": HLS4ML_VERSION,
        "arguments": {
            "backend": BACKEND,
            "part": PART,
            "clock_period": CLOCK_NS,
            "clock_uncertainty": "27%",
            "io_type": "io_parallel",
            "hls_config": {"Model": model, "LayerName": layers},
        },
    }


def load_student(name: str, path: str | PathLike[str] | None = None, *, integer: int = INTEGER) -> Any:
    """The trained Keras model of the network called `name`.

    Parameters
    ----------
    name
        A name in `ZOO`.
    path
        Weights as `save_weights` wrote them. Default: those shipped with isobit (mugmt_student).
    integer
        Integer bits of the quantisers, as in `golden_config`. The file holds unquantised weights, trained with 6.

    Raises
    ------
    ModelFileError
        If the file is missing, no weights file, or of another network.
    """
    network = entry(name)
    source = data_file(f"{name}.npz") if path is None else Path(path)
    if not source.is_file():
        trained = sorted(known for known in ZOO if data_file(f"{known}.npz").is_file())
        raise ModelFileError(f"no weights at {source}; isobit ships those of: {', '.join(trained)}")
    try:
        with np.load(source, allow_pickle=False) as archive:
            weights = {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelFileError(f"{source} is not a file of weights: {error}") from error
    model = network.build(integer=integer)
    variables = {_key(variable): variable for variable in model.weights}
    if weights.keys() != variables.keys():
        wrong = ", ".join(sorted(weights.keys() ^ variables.keys())[:5])
        raise ModelFileError(f"{source} does not hold the weights of {name}: missing or unknown are {wrong}")
    for key, variable in variables.items():
        if weights[key].shape != tuple(variable.shape) or weights[key].dtype != np.float32:
            found = f"{weights[key].dtype} {weights[key].shape}"
            raise ModelFileError(f"{source}: {key} is {found}, expected float32 {tuple(variable.shape)}")
        if not np.isfinite(weights[key]).all():
            raise ModelFileError(f"{source}: {key} holds NaN or infinity")
        variable.assign(weights[key])
    return model


def save_weights(model: Any, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a Keras model's weights as float32 arrays named layer/variable, unquantised, without pickle.

    Raises
    ------
    OverwriteError
        If the file exists and `overwrite` is not given.
    """
    with atomic_path(path, overwrite=overwrite) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **{_key(variable): np.asarray(variable, np.float32) for variable in model.weights})


def data_file(name: str) -> Path:
    """Path of a file shipped in `data/`, which need not exist."""
    return Path(str(resources.files("isobit.students"))) / "data" / name


def _key(variable: Any) -> str:
    """Name of a variable in a weights file: 'fc1/kernel', 'bn1/moving_mean'."""
    return str(variable.name).partition(":")[0]


def _build_quantised(network: ZooEntry, integer: int) -> Any:
    keras = _keras()
    try:
        from qkeras import QActivation, QDense, quantized_bits, quantized_relu
    except ImportError as error:
        raise MissingDependencyError("this network needs qkeras: pip install 'isobit[hls4ml]'") from error

    def dense(width: int, name: str) -> Any:
        # QKeras leaves out the sign: quantized_bits(18, 5) is ap_fixed<18,6>, rounded and saturated.
        return QDense(
            width,
            kernel_quantizer=quantized_bits(WIDTH, integer - 1, alpha=1),
            bias_quantizer=quantized_bits(WIDTH, integer - 1, alpha=1),
            name=name,
        )

    tensor = inputs = keras.layers.Input((network.inputs,), name="inputs")
    for index, width in enumerate(network.hidden, start=1):
        tensor = dense(width, f"fc{index}")(tensor)
        tensor = keras.layers.BatchNormalization(name=f"bn{index}")(tensor)
        tensor = QActivation(quantized_relu(WIDTH, integer), name=f"relu{index}")(tensor)
    return keras.Model(inputs, dense(network.outputs, "output")(tensor), name=network.name)


def _build_float(network: ZooEntry) -> Any:
    keras = _keras()
    tensor = inputs = keras.layers.Input((network.inputs,), name="inputs")
    for index, width in enumerate(network.hidden, start=1):
        tensor = keras.layers.Dense(width, name=f"fc{index}")(tensor)
        tensor = keras.layers.BatchNormalization(name=f"bn{index}")(tensor)
        tensor = keras.layers.Activation("relu", name=f"relu{index}")(tensor)
    return keras.Model(inputs, keras.layers.Dense(network.outputs, name="output")(tensor), name=network.name)


def _keras() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError("this needs TensorFlow: pip install 'isobit[hls4ml]'") from error
    # tensorflow.keras loads at the first look inside. Look before qkeras is imported: its pruning package points what
    # is not loaded by then at tf_keras (it sets TF_USE_LEGACY_KERAS), and layers of two Keras packages do not mix.
    tensorflow.keras.layers  # noqa: B018
    return tensorflow.keras


if __name__ == "__main__":
    for shown in ZOO.values():
        print(json.dumps(write_out(shown), indent=2))
