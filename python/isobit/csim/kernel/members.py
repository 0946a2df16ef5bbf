"""Names that members of a kernel's structs may have: C++ cannot list them, so every candidate is tried.

The bridge (``csim/cpp/fields.hpp``) asks the compiler which of them are members, of which type and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from isobit.cpp_words import LANGUAGE

__all__ = ["names_header", "without_markers"]

_MARKER = re.compile(rb'^# \d+ "((?:[^"\\]|\\.)*)"((?: \d)*)[ \t]*$', re.MULTILINE)
#: A declarator: an identifier (not after ``.``, ``->`` or ``::``), and what may follow the name of a member.
_DECLARATOR = re.compile(r"(?<![\w.:>])([A-Za-z_]\w*)(?=\s*[;,=\[{:])")
#: Side channels of hls::axis, whose header is none of the user's files.
_PACKET = ("data", "keep", "strb", "user", "last", "id", "dest")


def names_header(marked: bytes, libraries: Sequence[Path]) -> bytes:
    """The header with the candidates.

    Parameters
    ----------
    marked
        The preprocessed source, with line markers.
    libraries
        Folders whose headers declare no struct of the user's.
    """
    text = b" ".join(_of_the_user(marked, libraries)).decode(errors="replace")
    names = dict.fromkeys(_PACKET)
    if re.search(r"\b(struct|class)\b", text):
        names |= dict.fromkeys(name for name in _DECLARATOR.findall(text) if name not in LANGUAGE)
    declared = "".join(f"ISOBIT_CSIM_NAME({name})\n" for name in names)
    every = ", ".join(f"isobit_name_{name}" for name in names)
    return f"namespace {{\n{declared}typedef isobit_csim::Names<{every}> isobit_names;\n}}\n".encode()


def without_markers(marked: bytes) -> bytes:
    """The tokens alone."""
    return _MARKER.sub(b"", marked)


def _of_the_user(marked: bytes, libraries: Sequence[Path]) -> Iterator[bytes]:
    """Parts of the text that come from files of the user's."""
    markers = list(_MARKER.finditer(marked))
    ends = [marker.start() for marker in markers[1:]] + [len(marked)]
    for marker, end in zip(markers, ends, strict=True):
        path = Path(marker[1].decode(errors="surrogateescape"))
        system = b"3" in marker[2].split()
        if path.is_absolute() and not system and not any(folder in path.parents for folder in libraries):
            yield marked[marker.end() : end]
