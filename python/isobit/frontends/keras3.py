"""Keras 3: a checked file as a model, with HGQ2's layers known."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import MissingDependencyError, ModelFileError

__all__ = ["load_keras3"]

#: Variables that a model may have beyond those that its file stores: counters, seeds, states.
_UNSTORED = 1 << 16
#: Most bits of a quantiser, which are numbers of the file: hls4ml makes tables of two to the power of them.
_BITS = 128


def load_keras3(path: Path, elements: int, safe: bool) -> Any:
    """Load a file.

    Parameters
    ----------
    path
        The file, checked.
    elements
        How many numbers it stores.
    safe
        Whether Keras may run none of its code.

    Raises
    ------
    MissingDependencyError
        Without HGQ2.
    ModelFileError
        For more numbers than the file stores, and for quantisers of absurd widths.
    """
    import keras

    try:
        import hgq.layers  # noqa: F401, it registers its classes
    except ImportError as error:
        raise MissingDependencyError(
            f"files of Keras 3 need HGQ2: pip install 'isobit[hgq2]' into an environment of its own ({error})"
        ) from None
    with _limited_variables(keras, elements):
        model = keras.models.load_model(path, compile=False, safe_mode=safe)
    for variable in model.variables:
        owner, _, name = variable.path.rpartition("/")
        if "quantizer" in owner and name in ("b", "f", "i") and not np.all(np.abs(np.asarray(variable)) <= _BITS):
            raise ModelFileError(f"quantiser {variable.path!r} has more than {_BITS} bits")
    return model


@contextlib.contextmanager
def _limited_variables(keras: Any, elements: int) -> Iterator[None]:
    """Let Keras create no more numbers than a file stores, so that a layer of 2**40 units takes no memory."""
    kind, left = keras.Variable, elements + _UNSTORED
    own = kind.__dict__.get("__init__")
    original = kind.__init__

    def create(self: Any, initializer: Any, shape: Any = None, *arguments: Any, **options: Any) -> None:
        nonlocal left
        wanted = math.prod(int(n) for n in shape) if shape is not None else np.size(initializer)
        left -= wanted
        if left < 0:
            raise ModelFileError(f"the layers of the file need more numbers ({wanted} for one of them) than it stores")
        original(self, initializer, shape, *arguments, **options)

    kind.__init__ = create
    try:
        yield
    finally:
        if own is None:
            del kind.__init__
        else:
            kind.__init__ = own
