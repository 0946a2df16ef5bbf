"""Handlers: how each kind of hls4ml node becomes ops. A user's own op is added with :func:`register_handler`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isobit.model.ops import Op

__all__ = ["HANDLERS", "Handler", "register_handler"]

#: Takes the hls4ml node and gives the op.
Handler = Callable[[Any], Op]

HANDLERS: dict[str, Handler] = {}


def register_handler(*class_names: str) -> Callable[[Handler], Handler]:
    """Say that a function reads hls4ml nodes of these class names (decorator)."""

    def register(handler: Handler) -> Handler:
        for name in class_names:
            if name in HANDLERS:
                raise ValueError(f"a handler for {name!r} exists already")
            HANDLERS[name] = handler
        return handler

    return register
