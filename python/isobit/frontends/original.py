"""The layers that a ModelGraph was made of, before hls4ml's passes changed them."""

from __future__ import annotations

import json
from typing import Any

from isobit.frontends.quiet import quiet

__all__ = ["original_layers"]


def original_layers(model: Any) -> list[dict[str, Any]] | None:
    """hls4ml's first list of layers: a dict each, with ``name``, ``class_name`` and what its front end read.

    Parameters
    ----------
    model
        A ``ModelGraph``, which keeps the Keras, PyTorch or ONNX model that it came from.

    Returns
    -------
    None where that model is not known, or cannot be read again.
    """
    from hls4ml import converters

    config = model.config.config
    keras, onnx = config.get("KerasModel"), config.get("OnnxModel")
    try:
        with quiet():
            if hasattr(keras, "to_json"):
                reader = converters.KerasModelReader(keras)
                return list(converters.parse_keras_model(json.loads(keras.to_json()), reader)[0])
            if config.get("PytorchModel") is not None:
                from hls4ml.converters.pytorch_to_hls import parse_pytorch_model

                return list(parse_pytorch_model(config, verbose=False)[0])
            if onnx is not None and not isinstance(onnx, str):
                return list(converters.parse_onnx_model(onnx)[0])
    except Exception:  # it could be read before; if it was changed since, that is up to the user
        return None
    return None
