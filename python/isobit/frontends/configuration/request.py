"""The options of a conversion and the configuration given with them, checked before hls4ml sees them.

hls4ml accepts any keyword and any value, so a misspelt option would silently have no effect.
"""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from isobit.errors import FormatError, ModelFileError, RangeError, TypeMismatchError, UnsupportedError
from isobit.frontends.configuration.remark import Remark
from isobit.frontends.identifiers import is_identifier
from isobit.frontends.keras import require_hls4ml
from isobit.frontends.project import BACKENDS, read_yaml
from isobit.frontends.streams import IO_TYPES
from isobit.suggest import did_you_mean

__all__ = ["DOCUMENT_OPTIONS", "Request", "read_request"]

#: Options of isobit.load for Keras models.
_OPTIONS = (
    "hls_config",
    "backend",
    "part",
    "clock_ns",
    "io_type",
    "project_name",
    "granularity",
    "default_precision",
)
#: Other words for an option, and what they mean.
_ALIASES = {
    "config": "hls_config",
    "configuration": "hls_config",
    "clock_period": "clock_ns",
    "precision": "default_precision",
}
#: Entries of a whole hls4ml_config.yml, and the options that they are.
DOCUMENT_OPTIONS = {
    "Backend": "backend",
    "Part": "part",
    "ClockPeriod": "clock_ns",
    "ClockUncertainty": "clock_uncertainty",
    "IOType": "io_type",
    "ProjectName": "project_name",
}
#: Other entries that hls4ml writes there or reads from there.
_DOCUMENT = (
    *DOCUMENT_OPTIONS,
    *("HLSConfig", "OutputDir", "ProjectDir", "Version", "WriterConfig", "Stamp", "TraceOutput", "Board"),
    *("KerasModel", "KerasJson", "KerasH5", "OnnxModel", "PytorchModel", "InputData", "OutputPredictions"),
    *("InputShape", "InputShapes", "OutputShapes"),
)


@dataclass(frozen=True)
class Request:
    """How a Keras model is to be converted.

    Attributes
    ----------
    hls_config
        hls4ml's configuration (its ``HLSConfig`` part); None if hls4ml is to generate one.
    options
        Everything else for :func:`isobit.frontends.keras.convert`.
    remarks
        Entries of a whole document that nothing reads.
    """

    hls_config: Mapping[str, Any] | None
    options: dict[str, Any]
    remarks: tuple[Remark, ...] = ()


def read_request(given: Mapping[str, Any]) -> Request:
    """Check the options of :func:`isobit.load` and take a whole ``hls4ml_config.yml`` apart.

    Parameters
    ----------
    given
        The options. ``hls_config`` may be the ``HLSConfig`` part, a whole document with it inside, whose back end,
        part, clock and project name then hold unless they are given themselves, or the path of either as YAML.

    Raises
    ------
    TypeMismatchError
        For an option that does not exist, or a configuration that is not a mapping.
    UnsupportedError, RangeError, FormatError
        For values that make no sense.
    """
    for name in given:
        if name not in _OPTIONS and name not in _hls4mls_options():
            if name == "allow_lambda":
                raise TypeMismatchError("allow_lambda is for files; this Keras model is loaded already")
            known = (*_OPTIONS, "allow_lambda", *_hls4mls_options())
            alias = _ALIASES.get(name.lower())
            hint = f"; did you mean {alias!r}?" if alias else did_you_mean(name, known)
            raise TypeMismatchError(
                f"there is no option {name!r} for Keras models{hint} (options: {', '.join(_OPTIONS)})"
            )
    options = {name: value for name, value in given.items() if name != "hls_config"}
    config, found, remarks = _configuration(given.get("hls_config"))
    options = {**found, **options}
    for name, check in _CHECKS.items():
        if options.get(name) is not None:
            options[name] = check(options[name])
    return Request(config, {name: value for name, value in options.items() if value is not None}, remarks)


@lru_cache(maxsize=1)
def _hls4mls_options() -> tuple[str, ...]:
    """What hls4ml's own functions take beyond isobit's options."""
    hls4ml = require_hls4ml()
    names: list[str] = []
    for function in (
        hls4ml.converters.convert_from_keras_model,
        *(hls4ml.backends.get_backend(backend).create_initial_config for backend in BACKENDS),
    ):
        names += [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        ]
    return tuple(name for name in dict.fromkeys(names) if name not in ("self", "model", "clock_period"))


# -- the configuration ------------------------------------------------------------------------------------------------


def _configuration(given: Any) -> tuple[Mapping[str, Any] | None, dict[str, Any], tuple[Remark, ...]]:
    """The ``HLSConfig`` part, the options of a whole document, and remarks on the rest of it."""
    if given is None:
        return None, {}, ()
    where = "hls_config"
    if isinstance(given, (str, os.PathLike)):
        where = str(given)
        if not Path(given).is_file():
            raise ModelFileError(f"the configuration {given} does not exist")
        given = read_yaml(Path(given))
    if not isinstance(given, Mapping):
        raise TypeMismatchError(
            "hls_config must be a mapping (hls4ml's configuration) or the path of a YAML file with one, got "
            f"{type(given).__name__}"
        )
    found: dict[str, Any] = {}
    remarks: tuple[Remark, ...] = ()
    if "HLSConfig" in given:
        found = {option: given[key] for key, option in DOCUMENT_OPTIONS.items() if given.get(key) is not None}
        writer = given.get("WriterConfig")
        if isinstance(writer, Mapping) and writer.get("Namespace") is not None:
            found["namespace"] = writer["Namespace"]
        remarks = tuple(
            Remark(str(key), "", f"no key of an hls4ml configuration{did_you_mean(str(key), _DOCUMENT)}")
            for key in given
            if key not in _DOCUMENT
        )
        given, where = given["HLSConfig"], f"{where}: HLSConfig"
    _check_mappings(given, where)
    return given, found, remarks


def _check_mappings(config: Any, where: str) -> None:
    """Check that groups are groups."""
    if not isinstance(config, Mapping):
        raise TypeMismatchError(f"{where} must be a mapping, got {config!r}")
    groups = {name: config[name] for name in ("Model", "LayerName", "LayerType") if config.get(name) is not None}
    for name in ("LayerName", "LayerType"):
        if isinstance(entries := groups.get(name), Mapping):
            groups |= {f"{name}.{layer}": entry for layer, entry in entries.items()}
    for name, entry in groups.items():
        if not isinstance(entry, Mapping):
            raise TypeMismatchError(f"{where}: {name} must be a mapping, got {entry!r}")


# -- values -----------------------------------------------------------------------------------------------------------


def _backend(value: Any) -> str:
    if value not in BACKENDS:
        raise UnsupportedError(
            f"hls4ml back end {value!r} is not supported; supported: {', '.join(BACKENDS)}"
            f"{did_you_mean(str(value), BACKENDS, 0.5)}"
        )
    return str(value)


def _io_type(value: Any) -> str:
    if value not in IO_TYPES:
        raise UnsupportedError(
            f"io_type {value!r} is not supported; supported: {', '.join(IO_TYPES)}"
            f"{did_you_mean(str(value), IO_TYPES, 0.5)}"
        )
    return str(value)


def _clock_ns(value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise RangeError(f"clock_ns is {value!r}; expected the clock's period in nanoseconds, a number above 0")
    return value if isinstance(value, (int, float)) else number


def _part(value: Any) -> str:
    """AMD's names of devices: a family, a size, then package, speed grade and temperature."""
    if not isinstance(value, str) or not re.fullmatch(r"x[a-z0-9]{4,}(-[A-Za-z0-9]+)*", value):
        raise UnsupportedError(
            f"part {value!r} is not the name of an AMD device; expected for example 'xcvu9p-flga2104-2L-e' (the "
            "default) or 'xc7z020clg400-1'"
        )
    return value


def _project_name(value: Any) -> str:
    if not isinstance(value, str) or not is_identifier(value):
        raise FormatError(
            f"project name {value!r} cannot name hls4ml's top function; expected letters, digits and underscores, not "
            "beginning with a digit, and no word of C++"
        )
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "backend": _backend,
    "io_type": _io_type,
    "clock_ns": _clock_ns,
    "part": _part,
    "project_name": _project_name,
}
