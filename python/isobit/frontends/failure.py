"""What hls4ml does not say when it fails: the layer that it was working on, and the line.

hls4ml raises bare ``Exception``s, and has asserts without a text. The traceback has more: which functions of hls4ml
were running, and the layer that they were working on.
"""

from __future__ import annotations

import linecache
from pathlib import PurePath
from types import FrameType
from typing import Any

__all__ = ["conversion_failure"]

#: Local variables of hls4ml's functions that hold a layer, the nearest first.
_HOLDERS = ("node", "keras_layer", "layer", "self")


def conversion_failure(error: BaseException) -> str:
    """Say what failed in hls4ml: its message, the layer, and where in hls4ml.

    Parameters
    ----------
    error
        The exception, with its traceback.
    """
    told = str(error).strip()
    kind = type(error).__name__
    text = f"{kind}: {told}" if told else kind
    frames = _frames(error)
    layer = next((found for frame, _ in reversed(frames) if (found := _layer(frame)) is not None), None)
    if layer is not None and f"'{layer[0]}'" not in told:
        text += f", at layer {layer[0]!r}{f' ({layer[1]})' if layer[1] else ''}"
    own = [(frame, line) for frame, line in frames if "hls4ml" in _parts(frame)]
    # A sentence by hls4ml needs no line number; an assert or a KeyError does.
    if own and (type(error) is not Exception or not told):
        frame, line = own[-1]
        path = frame.f_code.co_filename
        place = "/".join(PurePath(path).parts[_parts(frame).index("hls4ml") :])
        text += f", in {frame.f_code.co_name} ({place}, line {line}"
        source = linecache.getline(path, line).strip()
        text += f": {source})" if source else ")"
    return text + _advice(told)


def _advice(told: str) -> str:
    """What to do about a layer that hls4ml does not know."""
    if "Unsupported layer type" not in told:
        return ""
    from hls4ml.converters import get_supported_keras_layers

    hint = ""
    if "OpLambda" in told:
        hint = ". This is an operation of TensorFlow (x + y, tf.reshape); write it as a layer (Add, Reshape)"
    return f"{hint}. hls4ml converts: {', '.join(sorted(get_supported_keras_layers()))}"


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames of a traceback with their lines, the innermost last."""
    found = []
    step = error.__traceback__
    while step is not None:
        found.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return found


def _parts(frame: FrameType) -> tuple[str, ...]:
    return PurePath(frame.f_code.co_filename).parts


def _layer(frame: FrameType) -> tuple[str, str] | None:
    """Name and class of the layer that a function of hls4ml works on."""
    if "hls4ml" not in _parts(frame):
        return None
    for holder in _HOLDERS:
        value: Any = frame.f_locals.get(holder)
        if isinstance(value, dict):  # Keras' own description, on its way into the graph
            config = value.get("config")
            name = value.get("name") or (config.get("name") if isinstance(config, dict) else None)
            if isinstance(name, str):
                return name, str(value.get("class_name") or "")
        elif hasattr(value, "attributes") and isinstance(getattr(value, "name", None), str):
            return value.name, str(getattr(value, "class_name", ""))
    return None
