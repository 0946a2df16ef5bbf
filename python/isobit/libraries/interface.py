"""What hls4mlEmulator's interface of a library takes and gives: a small YAML file, validated.

::

    library: axol1tl.so              # beside this file
    interface:
      input: ap_fixed<18,13>[57]     # prepare_input gets a std::any of ap_fixed<18,13>*
      result: std::pair<ap_fixed<18,14>, ap_ufixed<18,14>>   # read_result gets a pointer to one
      headers: vendor                # AMD's headers of the installed hls4ml, or isobit's
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobit.errors import FormatError, ModelFileError
from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries, read_mapping
from isobit.headers import HEADER_SETS

__all__ = ["Interface", "Part", "interface_of", "read_interface"]

#: Most numbers of one part.
_MOST = 1 << 20
_ARRAY = re.compile(r"std::array<(.+),\s*(\d+)\s*>")
_POINTER = re.compile(r"(.+)\[(\d+)\]")
_PAIR = re.compile(r"std::pair<(.+)>")


@dataclass(frozen=True)
class Part:
    """Numbers of one type that an interface hands over.

    Attributes
    ----------
    type
        Their format.
    size
        How many.
    form
        ``pointer`` to the first, ``array`` (a std::array), or ``value`` (one number).
    """

    type: FixedType
    size: int
    form: str

    @property
    def cpp_type(self) -> str:
        """What a std::pair or std::any holds of it."""
        element = str(self.type)
        return {"pointer": f"{element}*", "array": f"std::array<{element}, {self.size}>", "value": element}[self.form]


@dataclass(frozen=True)
class Interface:
    """What a library takes and gives.

    Attributes
    ----------
    library
        The library's file.
    inputs
        What the std::any of ``prepare_input`` holds: one part, or a std::pair of two.
    results
        What the std::any of ``read_result`` points to, likewise.
    headers
        The headers whose types the library was compiled with: ``vendor`` or ``isobit``.
    """

    library: Path
    inputs: tuple[Part, ...]
    results: tuple[Part, ...]
    headers: str = "vendor"


def read_interface(path: Path) -> Interface:
    """Read the entries ``library`` and ``interface`` of a YAML file; other entries belong to others.

    Raises
    ------
    ModelFileError
        For a file that cannot be read, and an entry that is missing, unknown or wrong: with the file and the entry.
    """
    document = read_mapping(path)
    entries = Entries(path, "", document)
    return interface_of(path, entries.text("library"), entries.mapping("interface"))


def interface_of(path: Path, library: str, interface: Mapping[str, Any]) -> Interface:
    """The interface that a description has.

    Parameters
    ----------
    path
        The description's file, beside which the library is searched.
    library, interface
        Its entries.
    """
    entries = Entries(path, "interface", interface)
    entries.only("input", "result", "headers")
    headers = entries.choice("headers", HEADER_SETS, "vendor")
    try:
        inputs = _parts(entries.text("input"), ("pointer", "array"))
        results = _parts(entries.text("result"), ("value", "pointer", "array"))
    except FormatError as error:
        raise ModelFileError(f"{path}: interface: {error}") from None
    return Interface(path.parent / library, inputs, results, headers)


def _parts(text: str, forms: tuple[str, ...]) -> tuple[Part, ...]:
    """The parts that a C++ type stands for."""
    pair = _PAIR.fullmatch(text.strip())
    if pair is None:
        return (_part(text, forms),)
    depth, cuts = 0, []
    for place, character in enumerate(pair[1]):
        depth += (character == "<") - (character == ">")
        cuts += [place] if character == "," and depth == 0 else []
    if len(cuts) != 1:
        raise FormatError(f"{text!r} is no std::pair of two types")
    return _part(pair[1][: cuts[0]], forms), _part(pair[1][cuts[0] + 1 :], forms)


def _part(text: str, forms: tuple[str, ...]) -> Part:
    text = text.strip()
    for form, pattern in (("array", _ARRAY), ("pointer", _POINTER)):
        if found := pattern.fullmatch(text):
            size = int(found[2])
            if not 1 <= size <= _MOST:
                raise FormatError(f"{text!r} has {size} numbers; allowed are 1 to {_MOST}")
            return Part(FixedType.parse(found[1].strip()), size, form)
    if "value" not in forms:
        raise FormatError(f"{text!r} has no size; expected TYPE[N] or std::array<TYPE, N>, such as ap_fixed<16,6>[57]")
    return Part(FixedType.parse(text), 1, "value")
