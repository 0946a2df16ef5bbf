"""Weights: those trained and shipped, and drawn ones for networks whose trained weights are not public."""

from __future__ import annotations

import zipfile
import zlib
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from isobit.errors import ModelFileError, UnsupportedError
from isobit.files import atomic_path
from isobit.students.zoo.entry import Floats, ZooEntry

_CALIBRATION_EVENTS: Final = 4096
_GRID: Final = 2.0**-10  # drawn statistics are rounded to it, so that every machine draws the same


def data_file(name: str) -> Path:
    """Path of a file shipped in `students/data/`, which need not exist."""
    return Path(str(resources.files("isobit.students"))) / "data" / name


def shipped_weights(name: str) -> Path:
    """Path of the trained weights that isobit ships of a network, which need not exist.

    `NAME.npz`, which :func:`isobit.students.zoo.network` takes as well, else `NAME.trained.npz`: tests and benchmarks
    had drawn weights of that network before there were trained ones.
    """
    path = data_file(f"{name}.npz")
    return path if path.is_file() else data_file(f"{name}.trained.npz")


def save_weights(model: Any, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a Keras model's weights as float32 arrays named layer/variable, unquantised, without pickle.

    Raises
    ------
    OverwriteError
        If the file exists and `overwrite` is not given.
    """
    with atomic_path(path, overwrite=overwrite) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **{_key(variable): np.asarray(variable, np.float32) for variable in model.weights})


def load_weights(
    network: ZooEntry,
    path: str | PathLike[str] | None = None,
    *,
    integer: int | None = None,
    known: tuple[str, ...] = (),
) -> Any:
    """The network with weights from a file, by default the shipped one; see `zoo.load_student`.

    `known` are names of networks whose shipped weights the error lists if there is no file.
    """
    name = network.name
    source = shipped_weights(name) if path is None else Path(path)
    if not source.is_file():
        trained = sorted(other for other in known if shipped_weights(other).is_file())
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
        if weights[key].shape != tuple(variable.shape) or weights[key].dtype not in (np.float32, np.float16):
            found = f"{weights[key].dtype} {weights[key].shape}"
            raise ModelFileError(f"{source}: {key} is {found}, expected float32 or float16 {tuple(variable.shape)}")
        if not np.isfinite(weights[key]).all():
            raise ModelFileError(f"{source}: {key} holds NaN or infinity")
        variable.assign(weights[key])
    return model


def draw_weights(model: Any, network: ZooEntry, seed: int) -> None:
    """Give a Keras model weights drawn from `seed`, such that values keep their size from layer to layer.

    Kernels are normal with variance 2 / fan-in (1 / fan-in for recurrent ones), of what is left when the share that
    pruning removes is set to zero; biases and shifts are small (a forget gate's about 1); a batch normalisation right
    after the input gets the mean and variance of the network's own events, others get statistics as layers of this
    size have them, times the variance that the layer is built with (1, as a rule). Layers that are not trained keep
    their constants. Nothing depends on the backend's floating point: NumPy draws, and statistics are rounded.
    """
    random = np.random.default_rng([seed, *network.name.encode()])
    sampled = network.sample(_CALIBRATION_EVENTS, seed)
    events = sampled[0] if isinstance(sampled, list) else sampled
    first = model.layers[1]
    for layer in model.layers:
        if not layer.trainable:
            continue
        statistics = events.reshape(-1, events.shape[-1]) if layer is first else None
        size = np.float32(np.mean(layer.moving_variance)) if hasattr(layer, "moving_variance") else np.float32(1)
        scales = {"moving_variance": size, "moving_mean": np.sqrt(size)}
        drawn = []
        for variable in layer.weights:
            values = _draw(_key(variable), tuple(variable.shape), random, statistics, network)
            drawn.append(values * scales.get(_key(variable).rpartition("/")[2], np.float32(1)))
        layer.set_weights(drawn)


def _draw(
    key: str, shape: tuple[int, ...], random: np.random.Generator, statistics: Floats | None, network: ZooEntry
) -> Any:
    """One variable."""
    kind = key.rpartition("/")[2]
    values: Floats
    if kind == "embeddings":
        values = random.normal(0.0, 1.0, shape)
    elif kind == "kernel":
        fan_in = float(np.prod(shape[:-1])) * (1.0 - network.sparsity)
        values = random.normal(0.0, np.sqrt(2.0 / fan_in), shape)
        values = np.where(random.random(shape) < network.sparsity, 0.0, values)
    elif kind == "recurrent_kernel":
        values = random.normal(0.0, np.sqrt(1.0 / shape[0]), shape)
    elif kind in ("bias", "beta"):
        values = random.normal(0.0, 0.1, shape)
        if "lstm_cell" in key:
            values[shape[0] // 4 : shape[0] // 2] += 1.0  # the forget gate's, as Keras initialises it
    elif kind == "gamma":
        values = random.uniform(0.7, 1.3, shape)
    elif kind == "moving_mean":
        values = random.normal(0.0, 0.2, shape) if statistics is None else _rounded(statistics.mean(0))
    elif kind == "moving_variance":
        values = random.uniform(0.6, 1.4, shape) if statistics is None else _rounded(statistics.var(0) + _GRID)
    else:
        raise UnsupportedError(
            f"nothing is known about how {kind!r} is distributed ({key} of {network.name}); drawn are kernel, "
            "embeddings, recurrent_kernel, bias, beta, gamma, moving_mean and moving_variance"
        )
    return values.astype(np.float32)


def _rounded(values: Floats) -> Floats:
    rounded: Floats = np.rint(values / _GRID) * _GRID
    return rounded


def _key(variable: Any) -> str:
    """Name of a variable in a weights file: 'fc1/kernel', 'bn1/moving_mean'."""
    return str(variable.name).partition(":")[0]
