"""Events, the outputs of networks and references for them, and how far these are apart."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.data import in_order
from isobit.errors import RangeError, ShapeError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.frontends.keras import is_keras_model
from isobit.network import Network
from isobit.suggest import did_you_mean

__all__ = ["METRICS", "Floats", "Metric", "columns_of", "error_in", "outputs_of", "reference_of", "telling"]

Floats = npt.NDArray[np.float64]
#: What a metric takes and gives: the outputs, each of shape (events, ...), to one number.
Metric = Callable[[list[Floats]], float]


def _rms(got: list[Floats], wanted: list[Floats]) -> float:
    """Mean square; shares of independent roundings add up in it."""
    return float(np.mean([np.mean((a - b) ** 2) for a, b in zip(got, wanted, strict=True)]))


def _max(got: list[Floats], wanted: list[Floats]) -> float:
    return float(max(np.max(np.abs(a - b), initial=0.0) for a, b in zip(got, wanted, strict=True)))


def _flips(got: list[Floats], wanted: list[Floats]) -> float:
    pairs = [(a.reshape(len(a), -1), b.reshape(len(b), -1)) for a, b in zip(got, wanted, strict=True)]
    return float(np.mean([np.mean(a.argmax(axis=1) != b.argmax(axis=1)) for a, b in pairs]))


#: Metrics by name: the root mean square and the largest difference, and the share of events whose largest output is
#: another one.
METRICS: dict[str, Callable[[list[Floats], list[Floats]], float]] = {"rms": _rms, "max": _max, "flips": _flips}


def columns_of(model: Network, data: Any) -> list[Floats]:
    """Inputs in order, each of shape (events, ...)."""
    tensors = model.graph.inputs
    given = in_order(tensors, data)
    arrays = [a.to_float() if isinstance(a, FixedArray) else np.asarray(a, dtype=np.float64) for a in given]
    if len(arrays) != len(tensors):
        raise ShapeError(f"{len(arrays)} arrays of events were given for {len(tensors)} inputs")
    arrays = [a[None] if a.shape == t.shape else a for a, t in zip(arrays, tensors, strict=True)]
    if not len(arrays[0]):
        raise ShapeError("there is no event to explain")
    return arrays


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def outputs_of(network: Network, x: list[Floats], threads: int | None = None) -> list[Floats]:
    """Outputs in order, each of shape (events, ...)."""
    y = network.predict(x[0] if len(x) == 1 else x, threads=threads)
    return [np.asarray(part, dtype=np.float64) for part in _listed(y)]


def reference_of(model: Network, reference: Any, x: list[Floats], events: int) -> list[Floats]:
    """Outputs of the reference for these inputs."""
    plain = x[0] if len(x) == 1 else x
    if is_keras_model(reference):
        given = reference.predict(plain, batch_size=8192, verbose=0)
    else:
        given = reference.predict(plain) if isinstance(reference, Network) else reference
    arrays = [np.asarray(array, dtype=np.float64) for array in _listed(given)]
    shapes = [(events, *tensor.shape) for tensor in model.graph.output_tensors]
    if len(arrays) != len(shapes) or any(a.size != int(np.prod(s)) for a, s in zip(arrays, shapes, strict=True)):
        raise ShapeError(f"the reference has outputs of shape {[a.shape for a in arrays]}, expected {shapes}")
    if not all(np.isfinite(array).all() for array in arrays):
        raise RangeError("the reference has outputs that are not finite")
    return [array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]


def error_in(metric: str | Metric, wanted: list[Floats]) -> tuple[str, Callable[[list[Floats]], float]]:
    """Name of a metric, and the error of outputs in it."""
    if callable(metric):
        right = float(metric(wanted))
        if not isfinite(right):
            raise RangeError(f"the metric gives {right} for the reference")
        return getattr(metric, "__name__", "metric"), lambda got: abs(float(metric(got)) - right)
    if metric not in METRICS:
        raise UnsupportedError(
            f"no metric {metric!r}{did_you_mean(metric, METRICS)}; known: {', '.join(METRICS)}, or a function"
        )
    if metric == "flips" and any(array[0].size < 2 for array in wanted):
        raise UnsupportedError("'flips' needs outputs of two or more numbers; use 'rms', 'max' or a function")
    return metric, lambda got: METRICS[metric](got, wanted)


def telling(got: list[Floats], wanted: list[Floats], count: int) -> npt.NDArray[np.int64]:
    """Events that differ most, and as many spread over all; all of them if they are no more."""
    if len(got[0]) <= count:
        return np.arange(len(got[0]))
    off = np.max([np.abs(a - b).reshape(len(a), -1).max(axis=1) for a, b in zip(got, wanted, strict=True)], axis=0)
    most = np.argsort(-off, kind="stable")[: count // 2]
    spread = np.linspace(0, len(off) - 1, count - len(most)).astype(np.int64)
    return np.asarray(np.unique(np.concatenate([most, spread])), dtype=np.int64)
