"""The numbers of a project's weight files, as its C-simulation has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from isobit.errors import ModelFileError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.types import FixedType
from isobit.frontends.firmware.cpp.structs import Declarations, Kind
from isobit.frontends.firmware.cpp.top import Top
from isobit.frontends.firmware.nodes import WeightVariable, named_type
from isobit.frontends.weight_files import first_line, read_numbers
from isobit.model.weights import read_written

__all__ = ["Weights"]

_HEADER = re.compile(
    r"\s*#ifndef (\w+)\s+#define \1\s+(?P<space>namespace \w+ \{\s*)?"
    r"(?:#ifndef __SYNTHESIS__\s+(?P<kind>[\w:]+) (?P<name>\w+)\[(?P<count>\d+)\];\s+#else\s+"
    r"(?P=kind) (?P=name)\[(?P=count)\] = \{[^;{}]*(?:\{[^;{}]*\}[^;{}]*)*\};\s+#endif"
    r"|(?P<here>[\w:]+) (?P<array>\w+)\[(?P<size>\d+)\] = \{(?P<numbers>[^;{}]*(?:\{[^;{}]*\}[^;{}]*)*)\};)"
    r"\s*(?(space)\}\s*)#endif\s*"
)


class Weights:
    """Arrays of weights by name.

    Parameters
    ----------
    root, files
        The project.
    declared, top
        What its headers declare, and its top function.
    """

    def __init__(self, root: str, files: Mapping[str, bytes], declared: Declarations, top: Top) -> None:
        self.root, self.files, self.declared, self.top = root, files, declared, top
        self.read: set[str] = set()

    def variable(self, name: str, *, xnor: bool = False) -> WeightVariable:
        """An array as hls4ml's graph has it: flat.

        Raises
        ------
        ModelFileError
            For numbers that are missing or none.
        UnsupportedError
            For a header that is not as hls4ml writes it, and for compressed weights, which no release compiles.
        """
        kind, table = self._table(name)
        self.read.add(name)
        if len(kind.parts) == _TRIPLE:
            raise UnsupportedError(
                f"{self.root}: weights {name} are compressed, with which no release of hls4ml compiles; "
                "expected plain numbers"
            )
        for column, (part, type) in zip(table.T, kind.parts.items(), strict=False):
            if (quantise_floats(column, type) * float(type.lsb) != column).any():
                raise ModelFileError(f"{self.root}: weights {name} hold a {part} that is no number of {type}")
        if "sign" in kind.parts:
            signs, exponents = table.T
            if not np.isin(signs, (0, 1)).all() or (np.abs(exponents) > _MOST).any():
                raise ModelFileError(f"{self.root}: weights {name} hold other signs than 0 and 1, or huge exponents")
            data = np.where(signs == 1, 1.0, -1.0) * np.exp2(exponents)
            return WeightVariable(name, named_type(kind, exponent=True), data, "ExponentWeightVariable")
        values = _as_written(table[:, -1], kind.type, f"{self.root}: weights {name}")
        if xnor and kind.type != FixedType.int_type(1, signed=False):
            raise UnsupportedError(f"{self.root}: binary weights {name} are {kind.type}; expected ap_uint<1>")
        return WeightVariable(name, named_type(kind, xnor=xnor), values)

    def _table(self, name: str) -> tuple[Kind, Any]:
        path = f"firmware/weights/{name}.h"
        if path not in self.files:
            raise ModelFileError(f"{self.root}/{path} is missing")
        text = re.sub(r"//[^\n]*", "", self.files[path].decode(errors="replace"))
        found = _HEADER.fullmatch(text)
        if found is None or name not in (found["name"], found["array"]):
            raise UnsupportedError(f"{self.root}/{path} does not define {name} as hls4ml writes it")
        kind_name, count = found["kind"] or found["here"], int(found["count"] or found["size"])
        kind = self.declared.format_of(kind_name, f"{self.root}/{path}")
        loaded = self.top.loaded.get(name)
        if loaded is None:
            if found["numbers"] is None:
                raise ModelFileError(f"{self.root}/{path}: nothing loads {name} in the C-simulation")
            numbers, source = found["numbers"], f"{self.root}/{path}"
        else:
            if (loaded.kind, loaded.count) != (kind_name, count):
                raise ModelFileError(
                    f"{self.root}: {loaded.count} weights of {loaded.kind} are loaded into {name}, which has {count} "
                    f"of {kind_name}"
                )
            if loaded.how != {0: "", 2: "exponent", 3: "compressed"}[len(kind.parts)]:
                raise ModelFileError(f"{self.root}: {name} of {kind_name} is loaded as {loaded.how or 'numbers'}")
            source = f"{self.root}/firmware/weights/{loaded.file}"
            if found["numbers"] is None or f"firmware/weights/{loaded.file}" in self.files:
                content = self.files.get(f"firmware/weights/{loaded.file}")
                if content is None:
                    raise ModelFileError(f"{source} is missing")
                numbers = first_line(source, content.decode(errors="replace"))
        kinds = tuple(kind.parts.values()) or (kind.type,)
        return kind, read_numbers(source, numbers, name, count, kinds)


#: Members of a compressed weight: row, column, number.
_TRIPLE = 3
#: Largest exponent of a power of two that a double holds.
_MOST = 1000


def _as_written(values: Any, type: FixedType, where: str) -> Any:
    """Values that the layers' handlers read as the firmware does: hls4ml's own text, or exact numbers of the format.

    A file may hold more decimal places than hls4ml writes. What the firmware makes of it is a number of the format,
    whose decimal places hls4ml would write in full.
    """
    raw = quantise_floats(values, type)
    if np.array_equal(read_written(values, type), raw):
        return values
    exact = np.array([float(int(number)) * 2.0**-type.fraction for number in raw.ravel().tolist()])
    if not np.array_equal(read_written(exact, type), raw):
        raise UnsupportedError(f"{where}: numbers of {type} that are beyond doubles are not supported")
    return exact
