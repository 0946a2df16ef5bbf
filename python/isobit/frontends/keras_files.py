"""Keras files from strangers: sizes, architecture and weights are checked on a private copy, which Keras then reads.

A file could change between the check and its use, and contain unchecked parts (assets, pickled weights, optimisers).
So Keras gets a copy in a private folder that holds nothing but what was checked.
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobit.errors import DataFileError, ModelFileError
from isobit.frontends import keras3_config
from isobit.frontends.identify import written_by_keras3
from isobit.frontends.keras_config import check_architecture, without_compilation
from isobit.hdf5 import Hdf5File

__all__ = ["CheckedFile", "checked_keras_file", "limited_variables"]

#: Bytes of a file, and of each part of a ``.keras`` when unpacked.
_FILE, _CONFIG = 1 << 30, 1 << 24
#: Beyond so many bytes, a ``.keras`` unpacks to no more than so many times its size: weights never do.
_FREE, _RATIO = 1 << 26, 100
_CONFIG_NAME, _WEIGHTS_NAME, _METADATA_NAME = "config.json", "model.weights.h5", "metadata.json"
#: Elements that a model may have beyond those that its file stores: counters, seeds, states.
_UNSTORED = 1 << 16


@dataclass(frozen=True)
class CheckedFile:
    """What Keras may load: a path, how many numbers the file stores, and whether Keras 3 wrote it."""

    path: Path
    elements: int
    keras3: bool = False


@contextlib.contextmanager
def checked_keras_file(file: Path, *, trusted: bool = False) -> Iterator[CheckedFile]:
    """Check a Keras file and give a copy of it.

    Parameters
    ----------
    file
        A ``.keras`` or HDF5 file.
    trusted
        Whether it may run code: its architecture is not checked then, and nothing is left out of the copy.

    Raises
    ------
    ModelFileError
        If it is damaged, or unreasonably large.
    UnsupportedError
        If its architecture holds anything that is not known.
    """
    with tempfile.TemporaryDirectory(prefix="isobit-keras-") as folder:
        copy = Path(folder) / f"model{file.suffix}"
        try:
            if file.stat().st_size > _FILE:
                raise ModelFileError(f"{file} has {file.stat().st_size} bytes; allowed for Keras files: {_FILE}")
            if file.suffix == ".keras":
                yield _keras_zip(file, copy, trusted)
                return
            shutil.copyfile(file, copy)
            yield _hdf5(file, copy, trusted)
        except (OSError, DataFileError, zipfile.BadZipFile, _BadFile) as error:
            told = str(error).replace(str(copy), "it")
            raise ModelFileError(f"{file} is not a readable Keras model file: {told}") from None


class _BadFile(Exception):
    """Something in a file, in words."""


def _hdf5(file: Path, copy: Path, trusted: bool) -> CheckedFile:
    with Hdf5File(copy) as stored:
        text = stored.attribute("model_config")
        if text is None:
            raise _BadFile("it holds no architecture (weights only?); save the whole model")
        config = _parse(text)
        if written_by_keras3(file, config, stored.attribute("keras_version")):
            raise _BadFile("Keras 3 wrote it as HDF5; save the model as .keras")
        if not trusted:
            check_architecture(config, str(file))
        return CheckedFile(copy, stored.verify(_FILE))


def _keras_zip(file: Path, copy: Path, trusted: bool) -> CheckedFile:
    with _archive(file) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        size, allowed = sum(info.file_size for info in archive.infolist()), _RATIO * file.stat().st_size
        if size > (allowed := min(_FILE, max(_FREE, allowed))):
            raise _BadFile(f"it unpacks to {size} bytes; allowed for its size: {allowed}")
        if sizes.get(_CONFIG_NAME, 0) > _CONFIG:
            raise _BadFile(f"its {_CONFIG_NAME} has {sizes[_CONFIG_NAME]} bytes; allowed: {_CONFIG}")
        config = _parse(_member(archive, _CONFIG_NAME))
        metadata = _parse(_member(archive, _METADATA_NAME)) if 0 < sizes.get(_METADATA_NAME, 0) < _CONFIG else None
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        keras3 = written_by_keras3(file, config, version)
        if trusted:
            shutil.copyfile(file, copy)
            return CheckedFile(copy, _FILE, keras3)
        (keras3_config.check_architecture if keras3 else check_architecture)(config, str(file))
        weights = copy.with_suffix(".h5")
        weights.write_bytes(_member(archive, _WEIGHTS_NAME))
    with Hdf5File(weights) as stored:
        elements = stored.verify(_FILE)
    with zipfile.ZipFile(copy, "w") as out:
        out.writestr(_METADATA_NAME, "{}")
        out.writestr(_CONFIG_NAME, json.dumps({**without_compilation(config), "compile_config": None}))
        out.write(weights, _WEIGHTS_NAME)
    return CheckedFile(copy, elements, keras3)


def _archive(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except NotImplementedError as error:  # a later version of the format; IsobitErrors are NotImplementedErrors, too
        raise _BadFile(str(error)) from None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        held = ", ".join(archive.namelist()[:8]) or "nothing"
        raise _BadFile(f"it has no {name}, where Keras keeps a model; it holds {held}")
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, OSError):
        raise
    except Exception as error:  # zlib.error, NotImplementedError, EOFError, RuntimeError (encrypted): no common base
        raise _BadFile(f"{name} cannot be unpacked: {error}") from None


def _parse(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _BadFile(f"its architecture is not JSON: {str(error)[:200]}") from None


@contextlib.contextmanager
def limited_variables(elements: int) -> Iterator[None]:
    """Let TensorFlow create no more numbers than a file stores, so that a layer of 2**40 units takes no memory.

    Raises
    ------
    ModelFileError
        From within, by the variable that is too many.
    """
    import tensorflow as tf

    left = elements + _UNSTORED

    def create(next_creator: Any, **options: Any) -> Any:
        nonlocal left
        shape = options.get("shape")
        wanted = math.prod(int(n) for n in shape) if shape is not None and None not in tuple(shape) else 0
        left -= wanted
        if left < 0:
            raise ModelFileError(
                f"the layers of the file need more numbers ({wanted} for {options.get('name')!r}) than it stores"
            )
        return next_creator(**options)

    with tf.variable_creator_scope(create):
        yield
