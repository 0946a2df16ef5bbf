"""Layers of a ``ModelGraph`` whose functions older releases of hls4ml have others than isobit emulates.

A graph does not say what its functions do; a project's folder does, and is read by them
(:mod:`isobit.frontends.firmware.older`).
"""

from __future__ import annotations

import re
from typing import Any

from isobit.errors import UnsupportedError

__all__ = ["check_release"]

#: The first release of which any layer is read.
OLDEST = (0, 7, 1)
#: By class, the first release with the functions that isobit emulates.
_CLASSES = {
    "BatchNormalizationQuantizedTanh": (0, 8, 1),
    "ParametrizedActivation": (1, 0, 0),
    "PReLU": (1, 0, 0),
    "Transpose": (1, 1, 0),
    "LSTM": (1, 1, 0),
    "GRU": (1, 1, 0),
}


def check_release(source: Any, version: str) -> None:
    """Refuse layers which the release that made a graph computes otherwise.

    Parameters
    ----------
    source
        The graph.
    version
        hls4ml's version.

    Raises
    ------
    UnsupportedError
        For the first such layer, with what reads it.
    """
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    release = tuple(int(part or 0) for part in found.groups()) if found else (1, 2, 0)
    if release >= (1, 2, 0):
        return
    for node in source.get_layers():
        if release < _since(node):
            since = ".".join(map(str, _since(node)))
            raise UnsupportedError(
                f"layer {node.name!r} ({node.class_name}) of hls4ml {version} is computed by another function than "
                f"since {since}; write the project (hls_model.write()) and load its folder, which is read by its own "
                "functions"
            )


def _since(node: Any) -> tuple[int, int, int]:
    """The first release with the functions that isobit emulates for a layer."""
    name, given = node.class_name, node.get_attr
    changed = False
    if name == "Activation":
        changed = given("activation") in ("binary_tanh", "selu")
    elif name == "Merge":
        changed = given("op") in ("average", "maximum", "minimum")
    elif name == "Concatenate":
        changed = len(node.get_output_variable().shape) == 3
    elif name == "Dense":
        changed = type(node.get_input_variable().type.precision).__name__ == "XnorPrecisionType"
    elif "Conv1D" in name:
        changed = given("filt_width") == 1 and given("reuse_factor", 1) != 1
    elif "Pooling" in name:
        sides = ("height", "width")
        changed = any(given(f"pool_{side}") != given(f"stride_{side}") for side in sides)
    if changed:
        return (1, 2, 0)
    if "Pooling" in name:
        return (1, 0, 0)
    if name.startswith(("Depthwise", "Separable")):
        return (1, 1, 0)
    return _CLASSES.get(name, OLDEST)
