"""From a (Q)Keras model or file to an hls4ml ``ModelGraph``; hls4ml does the conversion."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError, ModelFileError, TypeMismatchError, UnsupportedError
from isobit.frontends.quiet import quiet

__all__ = ["GRANULARITIES", "KERAS_SUFFIXES", "PART", "convert", "is_keras_model", "load_keras_file", "reconvert"]

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
#: What hls4ml's generated configuration has entries for.
GRANULARITIES = ("name", "type", "model")
#: The Level-1 trigger's device, unless told otherwise.
PART = "xcvu9p-flga2104-2L-e"


def is_keras_model(source: Any) -> bool:
    """Tell a Keras model without importing TensorFlow."""
    return any(
        cls.__name__ == "Model" and cls.__module__.split(".")[0] in ("keras", "tf_keras")
        for cls in type(source).__mro__
    )


def require_hls4ml() -> Any:
    """Import hls4ml, or say how to get it.

    Raises
    ------
    MissingDependencyError
        If hls4ml or what it needs is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import hls4ml
    except ImportError as error:
        raise MissingDependencyError(f"this needs hls4ml: pip install 'isobit[hls4ml]' ({error})") from None
    return hls4ml


def load_keras_file(path: str | os.PathLike[str], *, allow_lambda: bool = False) -> Any:
    """Load a Keras file with QKeras' layers known; refuses files that would run code of their own.

    Raises
    ------
    ModelFileError
        If the file does not exist or is no Keras model.
    UnsupportedError
        If it holds Lambda layers and ``allow_lambda`` is false.
    """
    file = Path(path)
    if not file.exists():
        raise ModelFileError(f"{file} does not exist")
    try:
        config = _stored_config(file)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{file} is not a readable Keras model file: {error}") from None
    if not allow_lambda and (name := _find_lambda(config)) is not None:
        raise UnsupportedError(
            f"{file} holds the Lambda layer {name!r}, which would run Python code of the file's; refused unless you "
            "say allow_lambda=True (--allow-lambda)"
        )
    if not allow_lambda and (module := _find_foreign_module(config)) is not None:
        raise UnsupportedError(
            f"{file} names the Python module {module!r}, which Keras would import; refused unless you say "
            f"allow_lambda=True (--allow-lambda); known modules: {', '.join(_MODULES)}"
        )
    require_hls4ml()
    try:
        from qkeras.utils import _add_supported_quantized_objects
        from tensorflow import keras
    except ImportError as error:
        raise MissingDependencyError(
            f"Keras files need TensorFlow and QKeras: pip install 'isobit[hls4ml]' ({error})"
        ) from None
    objects: dict[str, Any] = {}
    _add_supported_quantized_objects(objects)
    try:
        with _names_of_one_keras(keras):
            return keras.models.load_model(file, custom_objects=objects, compile=False, safe_mode=not allow_lambda)
    except Exception as error:  # Keras raises nearly everything
        raise ModelFileError(f"Keras cannot load {file}: {type(error).__name__}: {error}") from None


@contextlib.contextmanager
def _names_of_one_keras(keras: Any) -> Iterator[None]:
    """Let public names mean classes of this Keras: ``keras`` or (with TF_USE_LEGACY_KERAS=1) ``tf_keras``.

    QKeras imports both, and the later one takes over names such as ``keras.layers.InputLayer`` in TensorFlow's
    registry. Keras 2.15 would build a .keras file from layers of two libraries, and never end looking for its own
    InputLayer.
    """
    from tensorflow.python.util import tf_export

    original = tf_export.get_symbol_from_name
    package = keras.Model.__module__.partition(".")[0]

    def symbol(name: str) -> Any:
        found = original(name)
        root, _, home = (getattr(found, "__module__", None) or "").partition(".")
        if root in ("keras", "tf_keras") and root != package:
            found = getattr(importlib.import_module(f"{package}.{home}"), found.__name__)
        return found

    tf_export.get_symbol_from_name = symbol
    try:
        yield
    finally:
        tf_export.get_symbol_from_name = original


def _stored_config(file: Path) -> Any:
    """The architecture as JSON, without running anything of it."""
    if file.suffix == ".keras":
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(file, "r") as stored:
        if "model_config" not in stored.attrs:
            raise ValueError("it holds no architecture (weights only?); save the whole model")
        config = stored.attrs["model_config"]
        return json.loads(config.decode() if isinstance(config, bytes) else config)


#: Modules that a Keras file may name: importing them runs no code of the file's.
_MODULES = ("keras", "tf_keras", "qkeras", "tensorflow_model_optimization", "builtins")


def _find_foreign_module(node: Any) -> str | None:
    """The first module that the architecture names and that is not one of :data:`_MODULES`."""
    if isinstance(node, dict):
        module = node.get("module")
        if "class_name" in node and isinstance(module, str) and module.partition(".")[0] not in _MODULES:
            return module
        node = list(node.values())
    if isinstance(node, list):
        return next((found for child in node if (found := _find_foreign_module(child)) is not None), None)
    return None


def _find_lambda(node: Any) -> str | None:
    """Name of a layer that carries code, wherever it hides in the architecture."""
    if isinstance(node, dict):
        if node.get("class_name") in ("Lambda", "__lambda__"):
            inner = node.get("config")
            return str(inner.get("name", "lambda")) if isinstance(inner, dict) else "lambda"
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            if (found := _find_lambda(child)) is not None:
                return found
    return None


def convert(
    model: Any,
    hls_config: Mapping[str, Any] | None = None,
    *,
    backend: str = "Vitis",
    part: str = PART,
    clock_ns: float = 5.0,
    io_type: str = "io_parallel",
    project_name: str = "myproject",
    granularity: str | None = None,
    default_precision: str | None = None,
    **options: Any,
) -> Any:
    """Convert a Keras model with hls4ml; nothing is written to disk.

    Parameters
    ----------
    model
        The (Q)Keras model.
    hls_config
        hls4ml's configuration; None asks ``config_from_keras_model``.
    backend, part, clock_ns, io_type, project_name
        As in ``convert_from_keras_model``.
    granularity, default_precision
        As in ``config_from_keras_model``, by default ``name`` and ``fixed<16,6>``; only without ``hls_config``.
    options
        Passed on to it.

    Returns
    -------
    The ``ModelGraph``.

    Raises
    ------
    UnsupportedError
        If hls4ml refuses the model; its message is repeated.
    TypeMismatchError
        For a granularity or default precision beside a configuration, which has its own.
    """
    generated = {"granularity": granularity, "default_precision": default_precision}
    generated = {name: value for name, value in generated.items() if value is not None}
    if hls_config is not None and generated:
        raise TypeMismatchError(f"{', '.join(generated)} generate a configuration, but hls_config is given")
    if granularity not in (None, *GRANULARITIES):
        raise UnsupportedError(f"granularity {granularity!r} is not supported; supported: {', '.join(GRANULARITIES)}")
    hls4ml = require_hls4ml()
    if backend not in ("Vitis", "Vivado"):
        raise UnsupportedError(f"hls4ml back end {backend!r} is not supported; supported: Vitis, Vivado")
    config = copy.deepcopy(hls_config)
    # Only named, never created: isobit writes projects to private folders.
    options.setdefault("output_dir", str(Path(tempfile.gettempdir()) / f"isobit-unwritten-{os.getpid()}"))
    noise = logging.getLogger("tensorflow")
    level = noise.level
    noise.setLevel(logging.ERROR)
    try:
        with quiet():
            if config is None:
                config = hls4ml.utils.config_from_keras_model(
                    model, backend=backend, **{"granularity": "name", **generated}
                )
            return hls4ml.converters.convert_from_keras_model(
                model,
                hls_config=config,
                backend=backend,
                part=part,
                clock_period=clock_ns,
                io_type=io_type,
                project_name=project_name,
                **options,
            )
    except Exception as error:  # hls4ml raises bare Exceptions
        raise UnsupportedError(f"hls4ml cannot convert the model: {type(error).__name__}: {error}") from error
    finally:
        noise.setLevel(level)


def reconvert(model_graph: Any, hls_config: Mapping[str, Any]) -> Any:
    """Convert the Keras model behind an hls4ml graph again, under another configuration.

    Raises
    ------
    UnsupportedError
        If the graph does not know its Keras model.
    """
    config = model_graph.config.config
    keras_model = config.get("KerasModel")
    if keras_model is None or isinstance(keras_model, str):
        raise UnsupportedError("reconvert needs the Keras model that this network was converted from; it is not known")
    return convert(
        keras_model,
        hls_config,
        backend=model_graph.config.backend.name,
        part=config.get("Part", PART),
        clock_ns=float(config.get("ClockPeriod", 5.0)),
        io_type=config.get("IOType", "io_parallel"),
        project_name=model_graph.config.get_project_name(),
        output_dir=model_graph.config.get_output_dir(),
    )
