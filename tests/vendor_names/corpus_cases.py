"""The corpus: small networks that together reach every layer family of hls4ml 1.3.0's Vitis templates.

Each function builds one Keras model; its decorator says how it is converted, once for every I/O type and backend. A
*group* is compiled as one program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PARALLEL, STREAM = "io_parallel", "io_stream"
BOTH = (PARALLEL, STREAM)


@dataclass(frozen=True)
class Case:
    """One network, one way to convert it.

    Attributes
    ----------
    name
        Unique; names the namespace of its firmware.
    group
        Networks compiled together.
    build
        Gives the Keras model.
    default
        Default precision.
    auto
        Whether hls4ml infers result and accumulator types (else all are `default`).
    layers
        Settings by layer name, '*' for all layers; a type is written as {"Precision": {slot: type}}.
    integers
        For inputs that are counts or indices: lowest, one past the highest, and the first input that is one.
    distinct
        How many different outputs the events must give at least, so that equality says something.
    needs
        Package without which hls4ml cannot convert it.
    """

    name: str
    group: str
    build: Callable[[], Any]
    backend: str = "Vitis"
    io_type: str = PARALLEL
    strategy: str = "Latency"
    reuse: int = 1
    default: str = "ap_fixed<16,6>"
    auto: bool = False
    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    integers: tuple[int, int, int] | None = None
    distinct: int = 15
    needs: str | None = None


CASES: dict[str, Case] = {}


def case(
    group: str,
    io: tuple[str, ...] = (PARALLEL,),
    backends: tuple[str, ...] = ("Vitis",),
    suffix: str = "",
    **settings: Any,
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Enter a network into the corpus; may be repeated with other settings and a `suffix`."""

    def enter(build: Callable[[], Any]) -> Callable[[], Any]:
        for backend in backends:
            for io_type in io:
                short = {PARALLEL: "par", STREAM: "stream"}[io_type]
                name = "_".join(filter(None, [build.__name__, suffix, short, backend.lower()]))
                home = f"{group}_{backend.lower()}"
                CASES[name] = Case(name, home, build, backend=backend, io_type=io_type, **settings)
        return build

    return enter


def keras() -> Any:
    import tensorflow

    return tensorflow.keras


def network(shape: Any, body: Callable[..., Any]) -> Any:
    """A model from its body; `shape` of one input, or a list of the shapes of several."""
    shapes = shape if isinstance(shape, list) else [shape]
    tensors = [keras().layers.Input(each, name=f"in{k}") for k, each in enumerate(shapes)]
    return keras().Model(tensors, body(keras().layers, *tensors))
