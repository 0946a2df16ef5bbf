"""Handlers: how each kind of hls4ml node becomes ops. A user's own op is added with :func:`register_handler`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isobit.model.ops import Op

__all__ = ["HANDLERS", "KERAS_LAYERS", "Handler", "register_handler"]

#: Takes the hls4ml node and gives the op.
Handler = Callable[[Any], Op]

HANDLERS: dict[str, Handler] = {}
#: The layers of Keras and QKeras that these nodes come from, in the user's words.
KERAS_LAYERS: list[str] = []


def register_handler(*class_names: str, keras: tuple[str, ...] = ()) -> Callable[[Handler], Handler]:
    """Say that a function reads hls4ml nodes of these class names (decorator).

    Parameters
    ----------
    class_names
        hls4ml's names.
    keras
        The layers of Keras and QKeras that hls4ml makes such nodes of.
    """

    def register(handler: Handler) -> Handler:
        KERAS_LAYERS.extend(keras)
        for name in class_names:
            if name in HANDLERS:
                raise ValueError(f"a handler for {name!r} exists already")
            HANDLERS[name] = handler
        return handler

    return register
