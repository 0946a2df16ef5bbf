"""Handlers: how each kind of hls4ml node becomes ops. A user's own op is added with :func:`register_handler`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from isobit.errors import RegistrationError
from isobit.model.ops import Op

__all__ = ["HANDLERS", "KERAS_LAYERS", "Handler", "keras_layers", "register_handler"]

#: Takes the hls4ml node and gives the op.
Handler = Callable[[Any], Op]

HANDLERS: dict[str, Handler] = {}
#: The layers of Keras and QKeras that these nodes come from, in the user's words.
KERAS_LAYERS: list[str] = []
_KERAS_OF: dict[str, tuple[str, ...]] = {}


def keras_layers(class_names: Iterable[str]) -> list[str]:
    """The layers of Keras and QKeras that nodes of these classes come from, in alphabetical order."""
    return sorted({layer for name in class_names for layer in _KERAS_OF.get(name, ())})


def register_handler(*class_names: str, keras: tuple[str, ...] = ()) -> Callable[[Handler], Handler]:
    """Register a function that reads hls4ml nodes of these class names (decorator).

    Parameters
    ----------
    class_names
        hls4ml's names.
    keras
        The layers of Keras and QKeras that hls4ml makes such nodes of.

    Raises
    ------
    RegistrationError
        If there is no name, or one has a handler already.
    """
    if not class_names or not all(isinstance(name, str) for name in class_names):
        raise RegistrationError(
            f"a handler needs the names of hls4ml's classes that it reads, got {class_names}; expected such as "
            "@register_handler('HPull')"
        )

    def register(handler: Handler) -> Handler:
        for name in class_names:
            if name in HANDLERS:
                raise RegistrationError(
                    f"layers of class {name!r} have a handler already, {HANDLERS[name].__qualname__}; allowed is one "
                    "(isobit.layers.forget takes back those of your layers)"
                )
        HANDLERS.update(dict.fromkeys(class_names, handler))
        _KERAS_OF.update(dict.fromkeys(class_names, keras))
        KERAS_LAYERS.extend(keras)
        return handler

    return register
