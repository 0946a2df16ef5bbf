"""From a (Q)Keras model or file to an hls4ml ``ModelGraph``; hls4ml does the conversion."""

from __future__ import annotations

import contextlib
import copy
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError, ModelFileError, TypeMismatchError, UnsupportedError
from isobit.frontends.failure import conversion_failure
from isobit.frontends.identify import refuse_foreign
from isobit.frontends.keras3 import load_keras3
from isobit.frontends.keras_files import CheckedFile, checked_keras_file, limited_variables
from isobit.frontends.quiet import quiet

__all__ = ["GRANULARITIES", "KERAS_SUFFIXES", "PART", "conversion_of", "convert", "is_keras_model", "load_keras_file"]

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
        If the file does not exist or is not a Keras model.
    UnsupportedError
        If it names anything but known layers and numbers, and ``allow_lambda`` is false.
    """
    file = Path(path)
    refuse_foreign(file)
    with checked_keras_file(file, trusted=allow_lambda) as checked:
        return _load_checked(file, checked, allow_lambda)


def _load_checked(file: Path, checked: CheckedFile, allow_lambda: bool) -> Any:
    require_hls4ml()
    if checked.keras3:
        with _told(file, checked):
            return load_keras3(checked.path, checked.elements, not allow_lambda)
    try:
        from qkeras.utils import _add_supported_quantized_objects
        from tensorflow import keras
    except ImportError as error:
        raise MissingDependencyError(
            f"Keras files need TensorFlow and QKeras: pip install 'isobit[hls4ml]' ({error})"
        ) from None
    objects: dict[str, Any] = {}
    _add_supported_quantized_objects(objects)
    with _told(file, checked), _names_of_one_keras(keras), limited_variables(checked.elements):
        return keras.models.load_model(checked.path, custom_objects=objects, compile=False, safe_mode=not allow_lambda)


@contextlib.contextmanager
def _told(file: Path, checked: CheckedFile) -> Iterator[None]:
    """Say what went wrong in Keras, which raises nearly everything."""
    try:
        yield
    except MissingDependencyError:
        raise
    except Exception as error:
        told = str(error).replace(str(checked.path), file.name)
        advice = "load the model in Python with custom_objects=... and pass it to isobit.load or isobit.csim"
        hint = f". If it is a layer of your own: {advice}" if "Unknown " in told else ""
        raise ModelFileError(f"Keras cannot load {file}: {type(error).__name__}: {told}{hint}") from None


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
    MissingDependencyError
        If hls4ml is not installed, or da4ml, which one of its strategies needs.
    TypeMismatchError
        For a granularity or default precision beside a configuration, which has its own.
    """
    generated = {"granularity": granularity, "default_precision": default_precision}
    generated = {name: value for name, value in generated.items() if value is not None}
    if hls_config is not None and generated:
        raise TypeMismatchError(f"{', '.join(generated)} are for a generated configuration, but hls_config is given")
    if granularity not in (None, *GRANULARITIES):
        raise UnsupportedError(f"granularity {granularity!r} is not supported; supported: {', '.join(GRANULARITIES)}")
    hls4ml = require_hls4ml()
    if backend not in ("Vitis", "Vivado"):
        raise UnsupportedError(f"hls4ml back end {backend!r} is not supported; supported: Vitis, Vivado")
    check_one_keras(model)
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
        if isinstance(error, ImportError) and str(error.name).startswith("da4ml"):
            raise MissingDependencyError(
                "for the strategy 'distributed_arithmetic' hls4ml needs the package da4ml, which is not installed: "
                "pip install 'isobit[da]'"
            ) from None
        raise UnsupportedError(f"hls4ml cannot convert the model: {conversion_failure(error)}") from error
    finally:
        noise.setLevel(level)


def check_one_keras(model: Any) -> None:
    """Refuse a model that mixes layers of ``keras`` and ``tf_keras``.

    A layer of the other Keras is either a layer of the model, or Keras did not know it and took the TensorFlow
    operations that it makes (``TFOpLambda``) for the model's layers.

    Raises
    ------
    UnsupportedError
        With the first layer that is not of the model's own, and what to import first.
    """
    package = _package(type(model))
    qkeras = sys.modules.get("qkeras")
    qkeras_package = _package(qkeras.QDense) if qkeras is not None else package
    for layer in _layers(model):
        kind = type(layer)
        operation = kind.__name__ in ("TFOpLambda", "SlicingOpLambda")
        other = qkeras_package if operation else _package(kind)
        if package is None or other is None or other == package:
            continue
        found = "is an operation that a layer left behind," if operation else f"is {other}'s,"
        raise UnsupportedError(
            f"the model mixes keras and tf_keras: {layer.name!r} ({kind.__name__}) {found} the model is {package}'s"
            f"{f', and QKeras is made of {other}' if operation else ''}. 'tensorflow.keras' changes from one to the "
            "other when QKeras is imported, whose tensorflow_model_optimization brings tf_keras: write 'import qkeras' "
            "before 'from tensorflow import keras', and build the model again"
        )


def _package(kind: type) -> str | None:
    """The Keras that a class derives from."""
    roots = (cls.__module__.partition(".")[0] for cls in kind.__mro__)
    return next((root for root in roots if root in ("keras", "tf_keras")), None)


def _layers(model: Any) -> Iterator[Any]:
    """The layers of a model, those of models and wrappers within it included."""
    for layer in getattr(model, "layers", None) or ():
        yield layer
        yield from _layers(layer)
        if (wrapped := getattr(layer, "layer", None)) is not None:
            yield wrapped


def conversion_of(model_graph: Any) -> dict[str, Any]:
    """What an hls4ml graph was converted from, as arguments of :func:`isobit.load` without the configuration.

    Raises
    ------
    UnsupportedError
        If the graph does not know its Keras model.
    """
    config = model_graph.config.config
    keras_model = config.get("KerasModel")
    if keras_model is None or isinstance(keras_model, str):
        raise UnsupportedError(
            "reconvert needs the Keras model that this network was converted from, which is not known"
        )
    return {
        "source": keras_model,
        "backend": model_graph.config.backend.name,
        "part": config.get("Part", PART),
        "clock_ns": float(config.get("ClockPeriod", 5.0)),
        "io_type": config.get("IOType", "io_parallel"),
        "project_name": model_graph.config.get_project_name(),
        "output_dir": model_graph.config.get_output_dir(),
    }
