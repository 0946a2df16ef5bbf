"""What hls4ml's templates print for a layer: the configuration struct that the firmware is compiled with.

Some of a layer's numbers and types (table sizes, the softmax's inner formats) are only decided when its template is
filled in, so they are read where they end up.
"""

from __future__ import annotations

import re
from typing import Any

from isobit.errors import FirmwareError

__all__ = ["written_config"]

_CONSTANT = re.compile(r"static const(?:expr)? [\w:]+ (\w+) = ([^;]+);")
_TYPE = re.compile(r"typedef ([^;]+) (\w+);")
_STRUCT = re.compile(r"struct (\w+)")


def written_config(node: Any) -> dict[str, str]:
    """Constants and types of a layer's configuration struct, by name, as text.

    Raises
    ------
    FirmwareError
        If the call that hls4ml writes names another struct: such firmware does not compile.
    """
    text, call = str(node.get_attr("config_cpp")), str(node.get_attr("function_cpp"))
    struct = _STRUCT.search(text)
    if struct is None or not re.search(rf"\b{struct[1]}\b", call):
        raise FirmwareError(
            f"hls4ml's firmware for layer {node.name!r} does not compile: it calls {call!r}, but the configuration is "
            f"{struct[1] if struct else 'missing'!r} (write the layer as an Activation by its lower-case name)"
        )
    return dict(_CONSTANT.findall(text)) | {name: type for type, name in _TYPE.findall(text)}
