"""Pattern files: words of 64 (or 32) bits by link and frame, as test stands of the Level-1 trigger play them.

Three text formats, whose grammar is that of CMSSW's L1Trigger/DemonstratorTools (src/utilities.cc) and of mp7's
BoardDataIO:

- EMP, version 1: ``Board ID``, ``Quad/Chan : q00c0 ...``, ``Link : 00 ...``, then ``Frame 0000 : 1v0123456789abcdef
  ...``, each word with its valid bit and, optionally before it, a strobe (``1s1v...``); words of 8 digits are mp7's.
- EMP, version 2: ``ID: ...``, ``Metadata: ...``, ``Link  000 ...``, then ``Frame 0000    1011 0123456789abcdef ...``:
  (strobe,) start of orbit, start of packet, end of packet, valid, and the word.
- APx: ``#Sideband ON``, ``#LinkLabel LINK_00 ...``, ``#BeginData``, then ``0x0000  0x01 0x0123456789abcdef ...``: row,
  and for each link sideband (bit 0: valid) and word. Without a sideband every word is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import DataFileError

__all__ = ["Pattern", "is_pattern", "read_pattern"]

#: Most links and frames of a file.
_MOST_LINKS, _MOST_FRAMES = 1024, 1 << 22
_WORD_V1 = re.compile(r"(?:([01])s)?([01])v([0-9a-fA-F]{16}|[0-9a-fA-F]{8})")
_FLAGS_V2, _WORD_V2 = re.compile(r"[01]{4,5}"), re.compile(r"[0-9a-fA-F]{16}")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]{1,16})")
_APX = ("#Sideband", "#LinkLabel")
_FRAME = re.compile(r"Frame\s+(\d{4,})\s*(:?)\s*(.*)")


@dataclass(frozen=True)
class Pattern:
    """The words of a pattern file.

    Attributes
    ----------
    path
        The file.
    links
        Number of each link, in the order of the columns.
    words
        uint64, shape (frames, links).
    valid
        bool, the same shape: valid and not held back by a strobe.
    lines
        Line of each frame in the file.
    width
        Bits of a word: 64, or 32 of mp7's.
    """

    path: Path
    links: tuple[int, ...]
    words: Any
    valid: Any
    lines: tuple[int, ...]
    width: int


def is_pattern(lines: Sequence[str]) -> bool:
    """Whether a text begins as a pattern file does."""
    return _first(lines).startswith(("Board ", "ID:", *_APX))


def _first(lines: Sequence[str]) -> str:
    """The first line that is no comment."""
    stripped = (line.strip() for line in lines)
    return next((line for line in stripped if line and (line[0] != "#" or line.startswith(_APX))), "")


class _Reader:
    """Lines of a file that count, with their numbers."""

    def __init__(self, path: Path, lines: Sequence[str], comments: bool) -> None:
        self.path = path
        self.number = 0
        self._lines: Iterator[tuple[int, str]] = (
            (number, line.strip())
            for number, line in enumerate(lines, 1)
            if line.strip() and not (comments and line.lstrip().startswith("#"))
        )

    def wrong(self, words: str) -> DataFileError:
        return DataFileError(f"{self.path}:{self.number}: {words}")

    def next(self) -> str | None:
        self.number, line = next(self._lines, (self.number, ""))
        return line or None

    def expect(self, start: str) -> str:
        """The rest of the next line, which must begin so."""
        line = self.next()
        if line is None:
            raise self.wrong(f"the file ends; expected a line that begins with {start!r}")
        if not line.startswith(start):
            raise self.wrong(f"{line[:40]!r}; expected a line that begins with {start!r}")
        return line[len(start) :]

    def links(self, words: Sequence[str], what: str) -> tuple[int, ...]:
        """Numbers of links, each once."""
        if wrong := next((word for word in words if not re.fullmatch(r"\d{1,6}", word)), None):
            raise self.wrong(f"{wrong[:40]!r} is no {what}")
        found = tuple(int(word) for word in words)
        if not found or len(found) > _MOST_LINKS or len(set(found)) != len(found):
            raise self.wrong(
                f"{len(found)} links, {len(set(found))} different; allowed are 1 to {_MOST_LINKS}, each once"
            )
        return found


def read_pattern(path: Path, lines: Sequence[str]) -> Pattern:
    """Read a pattern file of any of the three formats.

    Raises
    ------
    DataFileError
        With file and line, for whatever its format does not allow.
    """
    first = _first(lines)
    if first.startswith("#"):
        return _apx(_Reader(path, lines, comments=False))
    return _emp(_Reader(path, lines, comments=True), version=1 if first.startswith("Board ") else 2)


def _emp(reader: _Reader, version: int) -> Pattern:
    if version == 1:
        reader.expect("Board ")
        channels = reader.expect("Quad/Chan :").split()
        links = reader.links(reader.expect("Link :").split(), "link")
        if len(channels) != len(links):
            raise reader.wrong(f"{len(links)} links; expected {len(channels)}, one for each channel")
    else:
        reader.expect("ID:")
        told = reader.expect("Metadata:").strip()
        if told != "(strobe,) start of orbit, start of packet, end of packet, valid":
            raise reader.wrong(f"metadata are {told[:80]!r}; expected (strobe,) start of orbit, start of packet, ...")
        links = reader.links(reader.expect("Link").split(), "link")
    rows: list[list[int]] = []
    valid: list[list[bool]] = []
    numbers: list[int] = []
    widths: set[int] = set()
    while (line := reader.next()) is not None:
        if version == 1 and line.startswith("Board "):
            raise reader.wrong("a second board begins; isobit reads files of one board")
        frame = _FRAME.fullmatch(line)
        if frame is None or (frame[2] == ":") != (version == 1):
            raise reader.wrong(f"{line[:40]!r}; expected 'Frame {len(rows):04d}{' :' if version == 1 else ''} ...'")
        if len(frame[1]) > 9 or int(frame[1]) != len(rows) or len(rows) >= _MOST_FRAMES:
            raise reader.wrong(f"frame {frame[1][:12]}; expected {len(rows)}")
        tokens = frame[3].split()
        found = [_word_v1(reader, t) for t in tokens] if version == 1 else _words_v2(reader, tokens)
        if len(found) != len(links):
            raise reader.wrong(f"{len(found)} words; expected {len(links)}, one for each link")
        rows.append([word for word, _, _ in found])
        valid.append([good for _, good, _ in found])
        widths |= {width for _, _, width in found}
        if len(widths) > 1:
            raise reader.wrong("words of 8 and of 16 digits in one file")
        numbers.append(reader.number)
    return _pattern(reader, links, rows, valid, numbers, min(widths, default=64))


def _word_v1(reader: _Reader, token: str) -> tuple[int, bool, int]:
    found = _WORD_V1.fullmatch(token)
    if found is None:
        raise reader.wrong(f"{token[:40]!r} is no word; expected 1v0123456789abcdef, with 0s or 1s before it or not")
    return int(found[3], 16), found[2] == "1" and found[1] != "0", 4 * len(found[3])


def _words_v2(reader: _Reader, tokens: list[str]) -> list[tuple[int, bool, int]]:
    if len(tokens) % 2:
        raise reader.wrong(f"{len(tokens)} fields; expected flags and a word for each link")
    found = []
    for flags, word in zip(tokens[::2], tokens[1::2], strict=True):
        if not _FLAGS_V2.fullmatch(flags) or not _WORD_V2.fullmatch(word):
            raise reader.wrong(
                f"{flags[:8] + ' ' + word[:32]!r} is no word; expected flags and 16 digits: 1011 0123..."
            )
        found.append((int(word, 16), flags[-1] == "1" and (len(flags) == 4 or flags[0] == "1"), 64))
    return found


def _apx(reader: _Reader) -> Pattern:
    line = reader.next() or ""
    sideband = False
    if line.startswith("#Sideband"):
        told = line.removeprefix("#Sideband").strip().upper()
        if told not in ("ON", "OFF"):
            raise reader.wrong(f"the sideband is {told[:20]!r}; expected ON or OFF")
        sideband = told == "ON"
        line = reader.next() or ""
    if not line.startswith("#LinkLabel"):
        raise reader.wrong(f"{line[:40]!r}; expected '#LinkLabel LINK_00 ...'")
    labels = line.removeprefix("#LinkLabel").split()
    if wrong := next((label for label in labels if not label.startswith("LINK_")), None):
        raise reader.wrong(f"the label {wrong[:40]!r}; expected LINK_00 and the like")
    links = reader.links([label.removeprefix("LINK_") for label in labels], "link")
    if reader.expect("#BeginData").strip():
        raise reader.wrong("more after '#BeginData'")
    rows: list[list[int]] = []
    valid: list[list[bool]] = []
    numbers: list[int] = []
    while (data := reader.next()) is not None:
        tokens = [_HEX.fullmatch(token) for token in data.split()]
        if None in tokens:
            wrong = data.split()[tokens.index(None)]
            raise reader.wrong(f"{wrong[:40]!r} is no hexadecimal number of at most 16 digits (0x...)")
        values = [int(token[1], 16) for token in tokens if token is not None]
        wanted = 1 + (2 if sideband else 1) * len(links)
        if len(values) != wanted:
            raise reader.wrong(f"{len(values)} numbers; expected {wanted}: the row, and for each link its fields")
        if values[0] != len(rows) or len(rows) >= _MOST_FRAMES:
            raise reader.wrong(f"row {values[0]:#x}; expected {len(rows):#x}")
        if sideband and (most := max(values[1::2])) > 0xFF:
            raise reader.wrong(f"a sideband of {most:#x}; expected at most 0xff")
        rows.append(values[2::2] if sideband else values[1:])
        valid.append([bool(flags & 1) for flags in values[1::2]] if sideband else [True] * len(links))
        numbers.append(reader.number)
    return _pattern(reader, links, rows, valid, numbers, 64)


def _pattern(
    reader: _Reader,
    links: tuple[int, ...],
    rows: list[list[int]],
    valid: list[list[bool]],
    lines: list[int],
    width: int,
) -> Pattern:
    if not rows:
        raise reader.wrong("the file ends without a frame")
    return Pattern(reader.path, links, np.array(rows, dtype=np.uint64), np.array(valid), tuple(lines), width)
