"""The architecture in a Keras file, checked before Keras sees it: known layers, known parts of them, and numbers.

Keras builds whatever its configuration names: any public symbol of TensorFlow (``TFOpLambda``), any class of any module
(``module``), bytecode (``Lambda``), optimisers, losses and metrics. So nothing passes that is not listed in
:mod:`isobit.frontends.keras_names`, at the place where it belongs.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from isobit.errors import ModelFileError, UnsupportedError
from isobit.frontends import keras_names as names
from isobit.frontends.keras_graph import check_graph, references

__all__ = ["check_architecture", "without_compilation"]

#: Keys of a serialised object. ``compile_config`` is never handed on.
_OBJECT = {
    *("class_name", "config", "module", "registered_name", "build_config", "compile_config", "name", "inbound_nodes"),
    *("shared_object_id", "__passive_serialization__"),
}
#: Further keys of the whole model, which Keras does not read.
_ROOT = ("keras_version", "backend")
#: What the end of a key says about the value: the kind in words, and names allowed there.
_KINDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("initializer", "initializer", names.INITIALIZERS),
    ("regularizer", "regularizer", names.REGULARIZERS),
    ("constraint", "constraint", names.CONSTRAINTS),
    ("quantizer", "quantizer", names.QUANTIZERS | names.ACTIVATIONS),
    ("activation", "activation", names.QUANTIZERS | names.ACTIVATIONS),
)
#: A quantiser as QKeras reads it (``safe_eval``): a name, and numbers, words or quoted words as arguments.
_CALL = re.compile(r"(\w+)(?:\(((?:[\w.+\-=, ]|'[\w.]*'|\"[\w.]*\")*)\))?", re.ASCII)
#: What other text may hold: it ends up in names of C++ and of files.
_TEXT = re.compile(r"[\w .:/>+\-]{0,200}", re.ASCII)
_MODULE = re.compile(
    r"(?:tf_)?keras(?:\.models|\.(?:src\.)?(?:engine|layers|initializers|regularizers|constraints|activations"
    r"|mixed_precision)(?:\.\w+)*)?|qkeras(?:\.q\w+)?",
    re.ASCII,
)
#: Deepest nesting of lists and objects.
_DEPTH = 100
#: Largest number of any kind, except seeds and identities of objects.
_LARGEST = 1 << 31
#: Widest quantiser; QKeras computes 2**bits.
_BITS = 4096


def check_architecture(config: Any, file: str) -> None:
    """Check the architecture of a file.

    Parameters
    ----------
    config
        The parsed JSON.
    file
        Its name, for errors.

    Raises
    ------
    UnsupportedError
        For the first thing in it that is not on the lists; it is named, and what to do is said.
    ModelFileError
        For an architecture that makes no sense.
    """
    if isinstance(config, dict):
        config = {key: value for key, value in config.items() if key not in _ROOT}
    _Check(file).model(config, "", 0)


def without_compilation(node: Any) -> Any:
    """A copy of a checked architecture without optimisers, losses and metrics, whose code is not looked at."""
    if isinstance(node, dict):
        return {key: without_compilation(value) for key, value in node.items() if key != "compile_config"}
    return [without_compilation(value) for value in node] if isinstance(node, list) else node


class _Check:
    """The rules; ``where`` names the layer for errors."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _refuse(self, where: str, what: str) -> NoReturn:
        raise UnsupportedError(
            f"{self._file}{where} {what}; from files, isobit takes only layers that hls4ml or QKeras knows, with "
            "numbers in them, because Keras would run anything else that the file names. If you trust the file, load "
            "it in Python and pass the model to isobit.load or isobit.csim, or use allow_lambda=True (--allow-lambda), "
            "which runs the file's code"
        )

    def _damaged(self, where: str, what: str) -> NoReturn:
        raise ModelFileError(f"{self._file}{where} {what}; it is not an architecture that Keras wrote")

    # -- objects ---------------------------------------------------------------------------------------------------

    def _object(self, node: Any, where: str, kind: str, allowed: frozenset[str]) -> tuple[str, Any]:
        """Class name and configuration of a serialised object."""
        if not isinstance(node, dict) or not isinstance(node.get("class_name"), str):
            self._damaged(where, f"has {_short(node)} where a {kind} belongs")
        name = node["class_name"]
        if name in ("Lambda", "__lambda__") or (name == "function" and isinstance(node.get("config"), dict)):
            inner = node.get("config")
            label = inner.get("name", "lambda") if isinstance(inner, dict) else "lambda"
            self._refuse("", f"holds the Lambda layer {label!r}, which would run Python code of the file's")
        if name == "function":
            name = node.get("config")
        if not isinstance(name, str) or name not in allowed:
            self._refuse(where, f"names the {kind} {_short(name)}, which is not on isobit's list")
        if unknown := sorted(set(node) - _OBJECT):
            self._refuse(where, f"gives the {kind} {name!r} the unknown entry {_short(unknown[0])}")
        module, registered = node.get("module"), node.get("registered_name")
        builtin = node["class_name"] == "function" and module == "builtins"
        if module is not None and not builtin and not (isinstance(module, str) and _MODULE.fullmatch(module)):
            self._refuse(where, f"names the Python module {_short(module)}, which Keras would import")
        if registered not in (None, name):
            self._refuse(where, f"names the registered object {_short(registered)} as {kind} {name!r}")
        return name, node.get("config")

    def model(self, node: Any, where: str, depth: int) -> None:
        """A whole model: its layers, and that its graph ends."""
        name, config = self._object(node, where, "model", names.MODELS)
        self._surroundings(node, where, depth)
        layers = config.get("layers") if isinstance(config, dict) else config
        if not isinstance(layers, list) or (isinstance(config, list) and name != "Sequential"):
            self._damaged(where, f"holds a {name} model without layers")
        if isinstance(config, dict):
            for key, value in config.items():
                if key not in ("layers", "input_layers", "output_layers"):
                    self._value(key, value, where, depth + 1)
        for layer in layers:
            self._layer(layer, depth + 1)
        if name != "Sequential":
            check_graph(config, f"{self._file}{where}")

    def _layer(self, node: Any, depth: int) -> None:
        where = f": layer {_short(_name_of(node))}"
        if depth > _DEPTH:
            self._damaged(where, f"is nested more than {_DEPTH} deep")
        if isinstance(node, dict) and node.get("class_name") in (*names.MODELS,):
            self.model(node, where, depth)
            return
        name, config = self._object(node, where, "layer class", names.LAYERS)
        self._surroundings(node, where, depth)
        if not isinstance(config, dict):
            self._damaged(where, "has no configuration")
        for key, value in config.items():
            if key == "layer" or key.endswith("_layer"):
                if name not in names.WRAPPERS:
                    self._refuse(where, f"holds a layer as {key!r}")
                if value is not None:
                    self._layer(value, depth + 1)
            else:
                self._value(key, value, where, depth + 1)

    def _surroundings(self, node: Any, where: str, depth: int) -> None:
        """The entries beside the configuration of a model or layer."""
        build = node.get("build_config") or {}
        if not isinstance(build, dict) or not set(build) <= {"input_shape"}:
            self._refuse(where, f"is built from {_short(build)}")
        self._plain("input_shape", build.get("input_shape"), where, depth)
        for key in ("name", "shared_object_id", "__passive_serialization__"):
            if key in node:
                self._plain(key, node[key], where, depth)
        if node.get("inbound_nodes") is not None:
            list(references(node["inbound_nodes"], f"{self._file}{where}"))

    # -- values ----------------------------------------------------------------------------------------------------

    def _value(self, key: str, value: Any, where: str, depth: int) -> None:
        if not _TEXT.fullmatch(key) or key in _OBJECT - {"name"}:
            self._refuse(where, f"has the entry {_short(key)}")
        for ending, kind, allowed in _KINDS:
            if key.endswith(ending):
                self._part(key, value, where, kind, allowed, depth)
                return
        if key == "unroll" and value:
            self._refuse(
                where, "is unrolled, which takes Keras too long on long sequences (unroll=False computes the same)"
            )
        if key == "dtype" and isinstance(value, dict):
            _, config = self._object(value, where, "dtype policy", frozenset(("Policy",)))
            value = config.get("name") if isinstance(config, dict) and set(config) == {"name"} else config
        self._plain(key, value, where, depth)

    def _part(self, key: str, value: Any, where: str, kind: str, allowed: frozenset[str], depth: int) -> None:
        """A quantiser, initializer, ...: nothing, a name on its list, or an object of such a class."""
        if value is None:
            return
        if depth > _DEPTH:
            self._damaged(where, f"is nested more than {_DEPTH} deep")
        if isinstance(value, str):
            self._call(key, value, where, kind, allowed)
            return
        _, config = self._object(value, where, kind, allowed)
        self._surroundings(value, where, depth)
        if isinstance(config, dict):
            for inner, entry in config.items():
                self._value(inner, entry, where, depth + 1)
        elif not (config is None or value["class_name"] == "function"):
            self._damaged(where, f"has {_short(config)} as the configuration of its {key}")

    def _call(self, key: str, text: str, where: str, kind: str, allowed: frozenset[str]) -> None:
        match = _CALL.fullmatch(text) if len(text) <= 200 else None
        if match is None or match[1] not in allowed or (match[2] is not None and match[1] not in names.QUANTIZERS):
            self._refuse(where, f"has the {kind} {_short(text)} as {key}, which is not on isobit's list")
        # As Python reads them: 1_000 and 2E9 are numbers as well.
        for number in re.split(r"[,= '\"]+", match[2] or ""):
            if not _is_small(number, _BITS):
                self._refuse(where, f"has {_short(text)} as {key}; numbers there are {_BITS} at most")

    def _plain(self, key: str, value: Any, where: str, depth: int) -> None:
        """Numbers, words, and lists of them."""
        if value is None or isinstance(value, bool):
            return
        if depth > _DEPTH:
            self._damaged(where, f"is nested more than {_DEPTH} deep")
        if isinstance(value, str):
            if not _TEXT.fullmatch(value):
                self._refuse(
                    where, f"has the text {_short(value)} as {key}; allowed are letters, digits and ' .:/>+-_'"
                )
        elif isinstance(value, (int, float)):
            limit = (
                _BITS
                if key in ("bits", "integer", "total_bits")
                else 1 << 64
                if key in ("seed", "shared_object_id")
                else _LARGEST
            )
            if not abs(value) <= limit:  # nor is NaN
                self._refuse(where, f"has {value} as {key}; allowed are numbers up to {limit}")
        elif isinstance(value, list):
            for entry in value:
                self._plain(key, entry, where, depth + 1)
        elif isinstance(value, dict) and value.get("class_name") in ("__tuple__", "TensorShape"):
            if set(value) != {"class_name", "items"}:
                self._refuse(where, f"has {_short(value)} as {key}")
            self._plain(key, value["items"], where, depth + 1)
        else:
            self._refuse(where, f"has {_short(value)} as {key}, where a number, a word or a list of them belongs")


def _name_of(node: Any) -> Any:
    config = node.get("config") if isinstance(node, dict) else None
    return config.get("name", node.get("class_name")) if isinstance(config, dict) else node


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]} ..."


def _is_small(number: str, limit: int) -> bool:
    try:
        return abs(float(number)) <= limit
    except ValueError:
        return True  # a word
