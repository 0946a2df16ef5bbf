"""A Keras model and what a user asked for it, to a ``ModelGraph`` and remarks on what had no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isobit.errors import UnsupportedError
from isobit.frontends.configuration.remark import Remark, warned
from isobit.frontends.configuration.request import read_request
from isobit.frontends.configuration.unused import remarks_on
from isobit.frontends.configuration.vocabulary import entries
from isobit.frontends.keras import convert, require_hls4ml
from isobit.frontends.project import BACKENDS

__all__ = ["converted"]


def converted(model: Any, options: Mapping[str, Any]) -> tuple[Any, tuple[Remark, ...]]:
    """Convert a Keras model, with a warning if there are remarks.

    Parameters
    ----------
    model
        The (Q)Keras model.
    options
        Those of :func:`isobit.load`; see :func:`read_request`.

    Returns
    -------
    The ``ModelGraph``, and remarks on the configuration that was given.

    Raises
    ------
    TypeMismatchError, UnsupportedError, RangeError, FormatError
        For options that do not exist or make no sense, and what hls4ml refuses.
    """
    request = read_request(options)
    _check_precisions(request.hls_config, str(request.options.get("backend", BACKENDS[0])))
    graph = convert(model, request.hls_config, **request.options)
    found = () if request.hls_config is None else remarks_on(graph, request.hls_config)
    return graph, warned((*request.remarks, *found, *_backwards(model)), stacklevel=4)


def _backwards(model: Any) -> Iterator[Remark]:
    """Recurrent layers that Keras computes from the last step on, and hls4ml from the first."""
    for layer in getattr(model, "layers", ()):
        if getattr(layer, "go_backwards", False):
            why = "hls4ml ignores it, and its firmware reads the sequence forwards (Bidirectional has both directions)"
            yield Remark(f"{layer.name}.go_backwards", "True", f"no effect: {why}")


def _check_precisions(config: Any, backend: str) -> None:
    """Check that hls4ml reads every precision; its own message names neither the entry nor what is allowed."""
    groups = {"Model": entries(config).get("Model")}
    for group in ("LayerName", "LayerType"):
        groups |= {f"{group}.{name}": entry for name, entry in entries(entries(config).get(group)).items()}
    read = require_hls4ml().backends.get_backend(backend).convert_precision_string
    for where, entry in groups.items():
        value = entries(entry).get("Precision")
        by_slot = value if isinstance(value, Mapping) else {"": value}
        for slot, asked in by_slot.items():
            if asked is None:
                continue
            try:
                read(asked)
            except Exception:  # hls4ml raises what it likes
                key = f"{where}.Precision{f'.{slot}' if slot else ''}"
                raise UnsupportedError(
                    f"hls4ml cannot convert the model: {key} is {asked!r}, which is not a number type; expected for "
                    "example 'ap_fixed<16,6>', 'ap_ufixed<8,2,AP_RND,AP_SAT>', 'ap_int<4>' or 'auto'"
                ) from None
