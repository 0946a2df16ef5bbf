"""Names that hls4ml writes into its C++ as they are: those that no compiler accepts are refused by layer and name.

hls4ml calls a layer's types after the layer (``fc-1_weight_t``) and an input's array after the input, and changes
nothing about either. The identifiers are taken from the graph as the writer will print them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from isobit.compiler import compiler
from isobit.cpp_words import is_cpp_word, looks_like_a_macro
from isobit.errors import CompilerError, FirmwareError
from isobit.frontends.original import original_layers

__all__ = ["check_identifiers", "check_typedefs", "is_identifier"]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RULE = "expected letters, digits and underscores, not beginning with a digit, and no word of C++; rename it"
_ARRAY = "an array"
#: Local variables of the top function's own.
_LOCALS = {"loaded_weights": "a variable of the top function"}


def is_identifier(name: str) -> bool:
    """Whether C++ accepts a name for something new."""
    return _IDENTIFIER.fullmatch(name) is not None and not is_cpp_word(name)


def check_identifiers(model: Any) -> None:
    """Check every name that hls4ml's firmware of a ``ModelGraph`` will have.

    Raises
    ------
    FirmwareError
        With the layer or input, the identifier, and what it would be or meet.
    """
    _check_twice(model)
    project = str(model.config.get_project_name())
    if not is_identifier(project) or _is_macro(project):
        raise FirmwareError(f"the project name {project!r} cannot name hls4ml's top function: {_RULE}")
    taken = dict(_LOCALS) | {project: "the top function"}
    inputs = {name for name in model.inputs if name in model.graph}
    for node in model.get_layers():
        for name, what in _defined(node):
            if not is_identifier(name):
                kind = "input" if node.name in inputs else "layer"
                raise FirmwareError(
                    f"{kind} {node.name!r}: hls4ml's firmware would call {what} {name!r}, which is not a C++ "
                    f"identifier: {_RULE}"
                )
            if not (node.name in inputs and what == _ARRAY):
                taken.setdefault(name, f"{what} of layer {node.name!r}")
    for name in model.inputs:
        if name in taken:
            raise FirmwareError(
                f"input {name!r}: in hls4ml's firmware this is also the name of {taken[name]}, so that one would be "
                "taken for the other; rename the input"
            )
        if _is_macro(name):
            raise FirmwareError(
                f"input {name!r}: that is a macro of the headers of hls4ml's firmware; rename the input"
            )


def check_typedefs(root: Any, defines: str) -> None:
    """Check the names of the types that a folder defines.

    Raises
    ------
    FirmwareError
        With the first one that is not an identifier.
    """
    for name in re.findall(r"^\s*typedef .*?(\S+)\s*;\s*$", defines, re.MULTILINE):
        if not is_identifier(name):
            raise FirmwareError(
                f"{root}/firmware/defines.h defines the type {name!r}, which is not a C++ identifier: hls4ml names "
                "types after layers; rename the layer and write the project again"
            )


def _check_twice(model: Any) -> None:
    """Refuse two layers of one name: hls4ml keeps the last, and connects it to itself."""
    seen: set[str] = set()
    for layer in original_layers(model) or ():
        name = str(layer.get("name"))
        if name in seen:
            raise FirmwareError(
                f"hls4ml gives the name {name!r} to two layers and loses one of them: the activation of a layer 'x' "
                "becomes a separate layer, 'x_relu'; rename the layer that already has this name"
            )
        seen.add(name)


def _defined(node: Any) -> Iterator[tuple[str, str]]:
    """Identifiers that a layer brings into the firmware, and what they stand for."""
    for variable in node.get_variables():
        yield str(variable.name), _ARRAY
        yield str(variable.type.name), "a type"
    for weights in node.get_weights():
        yield str(weights.name), "an array of weights"
    for kind in node.types.values():
        yield str(kind.name), "a type"
    for struct in re.findall(r"^struct (\w+)", str(node.get_attr("config_cpp") or ""), re.MULTILINE):
        yield struct, "a configuration"


def _is_macro(name: str) -> bool:
    return looks_like_a_macro(name) and name in _macros()


@lru_cache(maxsize=1)
def _macros() -> frozenset[str]:
    """Macros of the headers that hls4ml's firmware includes, as this machine's compiler has them."""
    import hls4ml

    templates = Path(hls4ml.__file__).parent / "templates" / "vivado"
    headers = ("ap_fixed.h", "ap_int.h", "nnet_utils/nnet_types.h", "nnet_utils/nnet_helpers.h")
    try:
        command = [*compiler(), "-std=c++17", f"-I{templates / 'ap_types'}", f"-I{templates}", "-dM", "-E"]
        command += [part for header in headers for part in ("-include", header)]
        done = subprocess.run([*command, "-x", "c++", "/dev/null"], capture_output=True, text=True, timeout=60)
    except (CompilerError, OSError, subprocess.TimeoutExpired):
        return frozenset()  # without a compiler nothing can be simulated, either
    return frozenset(re.findall(r"^#define (\w+)", done.stdout, re.MULTILINE))
