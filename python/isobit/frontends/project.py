"""An hls4ml project: a folder that hls4ml wrote, or what it would write for a ``ModelGraph``.

Nothing is ever written into the user's folder; its files are read once and handed on as bytes.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError, ModelFileError, UnsupportedError
from isobit.frontends.folder_reuse import folder_reuse_factors
from isobit.frontends.identifiers import check_identifiers, check_typedefs
from isobit.frontends.identify import folder_kind, refuse_missing
from isobit.frontends.quiet import quiet
from isobit.frontends.sources import Parameter, Project
from isobit.frontends.weight_files import check_weight_files

__all__ = ["layer_shapes", "project_from_hls4ml", "read_project", "read_yaml", "write_project"]

BACKENDS = ("Vitis", "Vivado")

#: What hls4ml's own build leaves beside the sources.
_BUILT = (".so", ".o", ".a", ".dylib")


# -- from an hls4ml graph ---------------------------------------------------------------------------------------------


def project_from_hls4ml(model: Any) -> Project:
    """Have hls4ml write the firmware of a ``ModelGraph``, every layer traced, to a private folder, and read it.

    Raises
    ------
    UnsupportedError
        For another back end than Vitis and Vivado.
    """
    backend = getattr(model.config.backend, "name", None)
    if backend not in BACKENDS:
        raise UnsupportedError(f"hls4ml back end {backend!r} is not supported; supported: {', '.join(BACKENDS)}")
    check_identifiers(model)
    with tempfile.TemporaryDirectory(prefix="isobit-project-") as name:
        write_project(model, Path(name))
        project = read_project(name)
    variables = [*model.get_input_variables(), *model.get_output_variables()]
    shapes = {variable.name: tuple(int(extent) for extent in variable.shape) for variable in variables}
    parameters = [replace(p, shape=shapes[p.name]) if p.name in shapes else p for p in project.parameters]
    return replace(project, parameters=tuple(parameters))


def layer_shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Shape of one event of each layer's output, by layer name."""
    return {node.name: tuple(int(extent) for extent in node.get_output_variable().shape) for node in model.get_layers()}


def write_project(model: Any, folder: Path) -> None:
    """Write the project of an hls4ml ``ModelGraph`` into ``folder``, with every layer traced.

    The graph's configuration and its own output folder stay as they are. hls4ml's messages are swallowed.
    """
    with quiet(), _redirected(model, folder):
        model.write()


@contextlib.contextmanager
def _redirected(model: Any, folder: Path) -> Iterator[None]:
    """Point an hls4ml graph at another output folder, with every layer traced; put everything back afterwards."""
    config = model.config
    writer = config.get_writer_config()
    kept = dict(config.config)
    kept_tar = writer.get("WriteTar")
    kept_trace = config.trace_output
    kept_layers = {node.name: node.get_attr("trace") for node in model.get_layers()}
    try:
        config.config["OutputDir"] = str(folder)
        writer["WriteTar"] = False
        config.trace_output = True
        for node in model.get_layers():
            node.set_attr("trace", True)
        yield
    finally:
        config.config.clear()
        config.config.update(kept)
        writer["WriteTar"] = kept_tar
        config.trace_output = kept_trace
        for node in model.get_layers():
            node.set_attr("trace", kept_layers[node.name])


# -- from a folder ----------------------------------------------------------------------------------------------------


def read_project(folder: str | os.PathLike[str]) -> Project:
    """Read a folder that hls4ml wrote for its Vitis or Vivado back end.

    Parameters
    ----------
    folder
        Holds ``firmware/`` and ``hls4ml_config.yml``; the shapes of inputs and outputs come from the latter or, where
        an older hls4ml did not write them, from ``<project>_bridge.cpp``.

    Raises
    ------
    ModelFileError
        If the folder is none of hls4ml's, or parts are missing, or its weight files do not hold what they should.
    UnsupportedError
        For other back ends and number types that isobit does not know.
    """
    root = Path(folder)
    if not (root / "firmware").is_dir():
        refuse_missing(root)
        raise ModelFileError(f"{root} is not an hls4ml project: it has no folder 'firmware'; it is {folder_kind(root)}")
    config = read_yaml(root / "hls4ml_config.yml") if (root / "hls4ml_config.yml").exists() else {}
    backend = config.get("Backend", BACKENDS[0])
    if backend not in BACKENDS:
        raise UnsupportedError(
            f"{root} was written for the back end {backend!r}, which is not supported; supported: {', '.join(BACKENDS)}"
        )
    files = _firmware(root)
    name = _project_name(root, config)
    header, source = (_uncommented(files[f"firmware/{name}{suffix}"]) for suffix in (".h", ".cpp"))
    if "firmware/defines.h" in files and b"ap_float<" in files["firmware/defines.h"]:
        raise UnsupportedError(
            f"{root} uses ap_float, which is not supported; supported: ap_[u]fixed, ap_[u]int, float, double, "
            "std::float16_t, std::bfloat16_t"
        )
    namespace = re.search(r"^\s*namespace\s+(\w+)\s*\{", header, flags=re.MULTILINE)
    prototype = re.search(rf"\bvoid\s+{re.escape(name)}\s*\(([^;{{]*)\)\s*;", header)
    if prototype is None:
        raise ModelFileError(f"{root}/firmware/{name}.h declares no function {name!r}")
    check_typedefs(root, files.get("firmware/defines.h", b"").decode(errors="replace"))
    check_weight_files(root, source, files)
    numbers = _numbers(files.get("firmware/defines.h", b""))
    shapes = _shapes(root, name, config, numbers)
    parameters = tuple(_parameter(root, text, shapes, files, numbers) for text in _arguments(prototype[1]))
    for direction, what in (("in", "input"), ("out", "output")):
        if not any(p.direction == direction for p in parameters):
            raise ModelFileError(f"{root}/firmware/{name}.h: the function {name!r} has no {what}")
    reuse = folder_reuse_factors(config, files.get("firmware/parameters.h", b"").decode(errors="replace"))
    return Project(name, namespace and namespace[1], parameters, files, "nnet::save_layer_output" in source, reuse)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read an hls4ml configuration as plain data: its tags (``!keras_model``, ...) name files that are not loaded.

    Raises
    ------
    MissingDependencyError
        If PyYAML is not installed.
    ModelFileError
        If the file is not a YAML mapping.
    """
    try:
        import yaml
    except ImportError as error:
        raise MissingDependencyError(f"reading {path} needs PyYAML: pip install 'isobit[elf]' ({error})") from None

    class Loader(yaml.SafeLoader):
        """SafeLoader that ignores unknown tags and takes the value that they mark."""

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!", plain)
    # hls4ml may write a Keras model into its configuration as a Python object: it is read as data, nothing is called.
    Loader.add_multi_constructor("tag:yaml.org,2002:python/", plain)
    try:
        document = yaml.load(path.read_text(), Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also text that is no UTF-8, and no date
        raise ModelFileError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(document, dict):
        raise ModelFileError(f"{path} holds no hls4ml configuration: expected a mapping with 'HLSConfig' or 'Model'")
    return document


def _firmware(root: Path) -> dict[str, bytes]:
    """Every source, header and weight file; links are followed, also those to folders."""
    found: dict[str, bytes] = {}
    seen = set()
    for folder, folders, names in os.walk(root / "firmware", followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(real)
        for name in names:
            path = Path(folder, name)
            if path.is_file() and path.suffix not in _BUILT:
                found[str(path.relative_to(root))] = path.read_bytes()
    return dict(sorted(found.items()))


def _project_name(root: Path, config: Mapping[str, Any]) -> str:
    """Name of the top function: as configured, else that of the one source there is."""
    found = sorted(path.stem for path in (root / "firmware").glob("*.cpp") if path.with_suffix(".h").exists())
    name = config.get("ProjectName") or (found[0] if len(found) == 1 else None)
    if name not in found:
        raise ModelFileError(
            f"{root} is not an hls4ml project: 'firmware' has no {name or '<project>'}.cpp with its header"
            + (f", only {', '.join(found)}" if found else "")
        )
    return str(name)


def _uncommented(content: bytes) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", content.decode(errors="replace"), flags=re.DOTALL)


def _numbers(defines: bytes) -> dict[str, int]:
    """Sizes that hls4ml before 1.0 gave names: ``#define N_INPUT_1_1 16``."""
    found = re.findall(r"^\s*#define\s+(\w+)\s+(\d+)\s*$", defines.decode(errors="replace"), flags=re.MULTILINE)
    return {name: int(value) for name, value in found}


def _shapes(
    root: Path, name: str, config: Mapping[str, Any], numbers: Mapping[str, int]
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Direction and shape of each input and output."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    for direction, key in (("in", "InputShapes"), ("out", "OutputShapes")):
        declared = config.get(key) or {}
        for variable, shape in declared.items() if isinstance(declared, dict) else [("", declared)]:
            if not isinstance(shape, list) or not all(type(extent) is int and extent > 0 for extent in shape):
                raise ModelFileError(
                    f"{root}/hls4ml_config.yml: {key} {variable} is {shape!r:.60}; expected whole numbers from 1"
                )
            shapes[str(variable)] = (direction, tuple(shape))
    bridge = root / f"{name}_bridge.cpp"
    if not shapes and bridge.exists():
        text = _uncommented(bridge.read_bytes())
        for source, size, first, second in re.findall(
            r"convert_data<\s*(\w+)\s*,[^>]*,\s*([\w\s*]+)>\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)", text
        ):
            inward = source in ("float", "double")
            shapes[first if inward else second] = ("in" if inward else "out", _extents(size, numbers))
    if not shapes:
        raise ModelFileError(
            f"{root}: neither hls4ml_config.yml (InputShapes, OutputShapes) nor {bridge.name} says which arguments of "
            f"{name!r} are inputs and outputs"
        )
    return shapes


def _arguments(text: str) -> list[str]:
    """A parameter list, split at its own commas."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [" ".join(part.split()) for part in parts if part.strip()]


def _parameter(
    root: Path,
    text: str,
    shapes: Mapping[str, tuple[str, tuple[int, ...]]],
    files: Mapping[str, bytes],
    numbers: Mapping[str, int],
) -> Parameter:
    if extent := re.fullmatch(r"unsigned short ?& ?(const_size_(?:in|out)_\d+)", text):
        return Parameter(extent[1], "size", "unsigned short", (), False)
    array = re.fullmatch(r"(?:const )?(.+?) ?\b(\w+) ?\[([\w\s*]+)\]", text)
    stream = re.fullmatch(r"hls::stream ?< ?(.+?) ?> ?& ?(\w+)", text)
    if array is None and stream is None:
        raise UnsupportedError(
            f"{root}: the top function's parameter {text!r} is not supported: neither an array nor an hls::stream"
        )
    kind, name = (array[1], array[2]) if array is not None else (stream[1], stream[2])  # type: ignore[index]
    if name not in shapes:
        if f"firmware/weights/{name}.h" in files:
            return Parameter(name, "weight", kind, (), stream is not None)
        raise ModelFileError(
            f"{root}: the top function's parameter {name!r} is not an input, output or weight; known: "
            f"{', '.join(shapes)}"
        )
    direction, shape = shapes[name]
    parameter = Parameter(name, direction, kind, shape, stream is not None)
    if array is not None and parameter.size != (size := _product(array[3], numbers)):
        raise ModelFileError(
            f"{root}: {name!r} has {size} elements in the firmware, but the shape {shape} in hls4ml_config.yml"
        )
    return parameter


def _product(text: str, numbers: Mapping[str, int]) -> int:
    """Value of hls4ml's sizes; see :func:`_extents`."""
    return math.prod(_extents(text, numbers))


def _extents(text: str, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """Extents of hls4ml's sizes, such as ``6*2`` or ``N_INPUT_1_1*N_INPUT_2_1``.

    Raises
    ------
    ModelFileError
        For a name that defines.h does not define.
    """
    extents = []
    for factor in map(str.strip, text.split("*")):
        if not factor.isdigit() and factor not in numbers:
            raise ModelFileError(f"the size {factor!r} in the firmware is not a number and not in defines.h")
        extents.append(int(factor) if factor.isdigit() else numbers[factor])
    return tuple(extents)
