"""The architecture in a file of Keras 3, checked before Keras sees it: listed classes of Keras and HGQ2, and numbers.

Keras 3 imports the module that an object names, and calls the class. So only modules of Keras and HGQ2 may be named,
and of them only classes of :mod:`isobit.frontends.keras_names`, which build their tensors from numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from isobit.errors import ModelFileError, UnsupportedError
from isobit.frontends import keras_names as names
from isobit.frontends.keras_graph import check_graph

__all__ = ["check_architecture"]

_OBJECT = {"module", "class_name", "config", "registered_name", "build_config", "name", "inbound_nodes"} | {
    "shared_object_id",
    "compile_config",
}
#: Classes by the module that Keras writes; those of HGQ2 by their registered names.
_CLASSES = {
    "keras": names.MODELS | {"DTypePolicy"},
    "keras.src.models.functional": {"Functional"},
    "keras.layers": names.KERAS3_LAYERS,
    "keras.initializers": names.INITIALIZERS,
    "keras.regularizers": names.REGULARIZERS,
    "keras.constraints": names.CONSTRAINTS,
}
_HGQ2 = re.compile(r"hgq(\.\w+)*", re.ASCII)
#: What the end of a key says about a word, which Keras looks up by its name.
_WORDS = {
    "initializer": names.INITIALIZERS,
    "regularizer": names.REGULARIZERS,
    "constraint": names.CONSTRAINTS,
    "activation": names.ACTIVATIONS,
}
_TEXT = re.compile(r"[\w .,:/>+\-]{0,200}", re.ASCII)
_DEPTH, _LARGEST, _IDENTITY = 100, 1 << 31, 1 << 64


def check_architecture(config: Any, file: str) -> None:
    """Check the architecture of a file that Keras 3 wrote.

    Parameters
    ----------
    config
        The parsed JSON.
    file
        Its name, for errors.

    Raises
    ------
    UnsupportedError
        For the first thing in it that is not on the lists.
    ModelFileError
        For an architecture that makes no sense.
    """
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(layers, list) or config.get("class_name") not in names.MODELS:
        raise ModelFileError(f"{file} holds no model of layers; it is not an architecture that Keras wrote")
    check = _Check(file)
    check.value("model", config, "", 0)
    if config["class_name"] != "Sequential":
        _check_connections(inner, layers, file)


class _Check:
    """The rules; ``where`` names the layer for errors."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _refuse(self, where: str, what: str) -> NoReturn:
        raise UnsupportedError(
            f"{self._file}{where} {what}; from files of Keras 3, isobit takes only layers of Keras and HGQ2 that "
            "hls4ml knows, with numbers in them, because Keras would run anything else that the file names. If you "
            "trust the file, load it in Python and pass the model to isobit.load or isobit.csim, or use "
            "allow_lambda=True (--allow-lambda), which runs the file's code"
        )

    def value(self, key: str, value: Any, where: str, depth: int) -> None:
        """Numbers, words, lists and dicts of them, and objects."""
        if depth > _DEPTH:
            raise ModelFileError(f"{self._file}{where} is nested more than {_DEPTH} deep")
        if value is None or isinstance(value, bool):
            return
        if isinstance(value, str):
            self._word(key, value, where)
        elif isinstance(value, (int, float)):
            limit = _IDENTITY if key in ("seed", "shared_object_id") else _LARGEST
            if not (abs(value) <= limit or (key == "i_decay_speed" and value == float("inf"))):
                self._refuse(where, f"has {value} as {key}; allowed are numbers up to {limit}")
        elif isinstance(value, list):
            for entry in value:
                self.value(key, entry, where, depth + 1)
        elif "class_name" in value:
            self._object(key, value, where, depth)
        else:
            self._entries(value, where, depth)

    def _word(self, key: str, value: str, where: str) -> None:
        allowed = next((known for ending, known in _WORDS.items() if key.endswith(ending)), None)
        if not _TEXT.fullmatch(value) or (allowed is not None and value not in allowed):
            self._refuse(where, f"has the text {value!r:.80} as {key}, which is not on isobit's list")

    def _entries(self, value: dict[str, Any], where: str, depth: int) -> None:
        for key, entry in value.items():
            if not _TEXT.fullmatch(key):
                self._refuse(where, f"has the entry {key!r:.80}")
            self.value(key, entry, where, depth + 1)

    def _object(self, key: str, value: dict[str, Any], where: str, depth: int) -> None:
        name, module, config = value["class_name"], value.get("module"), value.get("config")
        if name == "__tuple__" and set(value) == {"class_name", "items"}:
            self.value(key, value["items"], where, depth + 1)
            return
        if name == "__keras_tensor__" and set(value) == {"class_name", "config"}:
            self.value(key, config, where, depth + 1)
            return
        if not isinstance(name, str) or not isinstance(module, str) or set(value) - _OBJECT:
            self._refuse(
                where, f"has an object {name!r:.80} of the module {module!r:.80}, or an unknown entry, as {key}"
            )
        registered = value.get("registered_name")
        if name == "function":
            if module not in ("builtins", "keras.activations") or registered not in (None, config):
                self._refuse(where, f"names a function of the module {module!r:.80} as {key}")
            self._word("activation", str(config), where)
            return
        if _HGQ2.fullmatch(module):
            if name not in names.HGQ2 or registered != f"hgq>{name}":
                self._refuse(where, f"names the class {name!r:.80} of HGQ2 ({registered!r:.80}) as {key}")
        elif name not in _CLASSES.get(module, ()) or registered not in (None, name):
            self._refuse(where, f"names the class {name!r:.80} of the module {module!r:.80} as {key}")
        if name in names.MODELS and depth:
            self._refuse(where, f"holds {value.get('name', name)!r:.80}, a model in a model")
        if not isinstance(config, dict):
            raise ModelFileError(f"{self._file}{where} has {config!r:.80} as the configuration of {name}")
        if key == "layers":
            where = f": layer {config.get('name', name)!r:.80}"
        for part in ("build_config", "name", "inbound_nodes", "shared_object_id"):
            self.value(part, value.get(part), where, depth + 1)
        self._entries(config, where, depth)


def _tensors(node: Any) -> Iterator[Any]:
    """The results that a call reads, as Keras 2 lists them."""
    left = [node]
    while left:
        part = left.pop(0)
        if isinstance(part, dict) and part.get("class_name") == "__keras_tensor__":
            config = part["config"]
            yield config.get("keras_history") if isinstance(config, dict) else config
        elif isinstance(part, (dict, list)):
            left[:0] = part.values() if isinstance(part, dict) else part


def _check_connections(config: dict[str, Any], layers: list[Any], file: str) -> None:
    """Check that the graph ends, in the terms of :func:`isobit.frontends.keras_graph.check_graph`."""
    told = []
    for layer in layers:
        nodes = layer.get("inbound_nodes") if isinstance(layer, dict) else None
        if not isinstance(nodes, list) or not isinstance(layer.get("config"), dict):
            raise ModelFileError(
                f"{file}: a layer does not name its inputs; it is not an architecture that Keras wrote"
            )
        told.append({**layer, "inbound_nodes": [list(_tensors(node)) for node in nodes]})
    check_graph({**config, "layers": told}, file)
