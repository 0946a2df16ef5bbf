"""Layers that a Keras model calls more than once, of which hls4ml 1.3.0 reads the first call alone."""

from __future__ import annotations

import warnings
from typing import Any

from isobit.errors import FirmwareError

__all__ = ["check_shared_layers"]


def check_shared_layers(source: Any) -> None:
    """Refuse a ``ModelGraph`` of a Keras model whose layers are shared.

    ``parse_keras_model`` (converters/keras_v2_to_hls.py) takes a layer's inputs from ``inbound_nodes[0]``; whoever
    reads a later call is given the first one's result. Models of Keras 3 are converted by other code.

    Raises
    ------
    FirmwareError
        With the layer's name.
    """
    get_config = getattr(source.config.config.get("KerasModel"), "get_config", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, about quantisers as constraints
        layers = get_config().get("layers", []) if callable(get_config) else []
    for layer in layers:
        calls = layer.get("inbound_nodes") or []
        if len(calls) > 1 and all(isinstance(call, list) for call in calls):
            raise FirmwareError(
                f"layer {layer.get('name')!r} is called {len(calls)} times; hls4ml reads its first call alone and "
                "gives that result to the readers of all, so its firmware is another network: build one for each call"
            )
