"""Which bits of which link and frame are which number: a description in YAML, and the numbers of a pattern file.

::

    inputs:
      frames_per_event: 6
      start: valid                 # or the frame in which the first event begins
      fields:
        - {tensor: x, first: 0, count: 4, link: 4, frame: 0, low: 0, width: 16}
        - {tensor: x, first: 4, count: 4, link: 4, frame: 1}
    outputs:
      frames_per_event: 6
      fields:
        - {tensor: y, link: 0, frame: 0, low: 8, width: 18}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import DataFileError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries, read_mapping
from isobit.model.ops import Tensor
from isobit.vectors.patterns import Pattern

__all__ = ["Field", "Packing", "read_packing", "unpack"]


@dataclass(frozen=True)
class Field:
    """Numbers that follow each other in one word.

    Attributes
    ----------
    tensor, first, count
        Which numbers: of a tensor, from one on, how many.
    link, frame
        Where: the link's number, and the frame within the event.
    low, width, step
        Lowest bit and bits of the first number, and bits from one number to the next.
    """

    tensor: str
    first: int
    count: int
    link: int
    frame: int
    low: int
    width: int
    step: int


@dataclass(frozen=True)
class Packing:
    """How events lie in a pattern file.

    Attributes
    ----------
    path
        The description.
    frames_per_event
        Frames from one event to the next.
    start
        The frame of the first event; None: events begin where words become valid.
    fields
        Every number once.
    """

    path: Path
    frames_per_event: int
    start: int | None
    fields: tuple[Field, ...]


def read_packing(path: Path, part: str, tensors: Sequence[Tensor]) -> Packing:
    """Read the part ``inputs`` or ``outputs`` of a description.

    Parameters
    ----------
    path
        The YAML file.
    part
        Which part.
    tensors
        The tensors whose numbers it must place, each number once.

    Raises
    ------
    ModelFileError
        For what is unknown, missing or wrong, with file and entry.
    """
    document = Entries(path, "", read_mapping(path))
    document.only("inputs", "outputs")
    entries = Entries(path, part, document.mapping(part))
    entries.only("frames_per_event", "start", "fields")
    frames = entries.whole("frames_per_event", least=1, most=1 << 16)
    start = None
    if entries.has("start") and entries.values["start"] != "valid":
        start = entries.whole("start", most=1 << 22)
    known = {tensor.name: tensor for tensor in tensors}
    found: list[Field] = []
    seen: set[tuple[str, int]] = set()
    for each in entries.mappings("fields"):
        field = _field(each, known, frames)
        numbers = {(field.tensor, field.first + k) for k in range(field.count)}
        if again := sorted(numbers & seen):
            raise each.wrong(f"{again[0][0]}[{again[0][1]}] has a place already")
        seen |= numbers
        found.append(field)
    for name, tensor in known.items():
        place = next((k for k in range(tensor.size) if (name, k) not in seen), None)
        if place is not None:
            raise entries.wrong(f"{name}[{place}] has no place; every number of {', '.join(known)} needs one")
    return Packing(path, frames, start, tuple(found))


def _field(entries: Entries, tensors: dict[str, Tensor], frames: int) -> Field:
    entries.only("tensor", "first", "count", "link", "frame", "low", "width", "step")
    tensor = tensors[entries.choice("tensor", list(tensors))]
    first = entries.whole("first", 0, most=tensor.size - 1)
    count = entries.whole("count", 1, least=1, most=tensor.size - first)
    width = entries.whole("width", tensor.type.width, least=1, most=64)
    step = entries.whole("step", width, least=width, most=64)
    low = entries.whole("low", 0, most=63)
    if (end := low + step * (count - 1) + width) > 64:
        raise entries.wrong(f"its numbers end at bit {end}; a word has 64")
    frame = entries.whole("frame", 0, most=frames - 1)
    return Field(tensor.name, first, count, entries.whole("link", most=1 << 20), frame, low, width, step)


def unpack(pattern: Pattern, packing: Packing, tensors: Sequence[Tensor]) -> tuple[FixedArray, ...]:
    """The numbers of every tensor, shape (events, size), from the words of a file.

    Raises
    ------
    DataFileError
        With file and line: for a link that the file lacks, links with different numbers of events, an event that the
        file or a packet cuts off, and bits that the tensor's format does not hold.
    """
    columns = {link: place for place, link in enumerate(pattern.links)}
    needed: dict[int, int] = {}
    for field in packing.fields:
        if field.link not in columns:
            raise DataFileError(
                f"{pattern.path} has no link {field.link}, which {packing.path} names; its links: "
                f"{', '.join(map(str, pattern.links))}"
            )
        if field.low + field.step * (field.count - 1) + field.width > pattern.width:
            raise DataFileError(f"{pattern.path} has words of {pattern.width} bits; {packing.path} takes more")
        needed[field.link] = max(needed.get(field.link, 0), field.frame + 1)
    starts = {link: _starts(pattern, columns[link], packing, frames) for link, frames in needed.items()}
    counts = {link: len(found) for link, found in starts.items()}
    if len(set(counts.values())) > 1:
        words = ", ".join(f"{count} on link {link}" for link, count in counts.items())
        raise DataFileError(f"{pattern.path}: links have different numbers of events: {words}")
    events = next(iter(counts.values()))
    if not events:
        raise DataFileError(f"{pattern.path} holds no event: no valid word on link {next(iter(counts))}")
    found = []
    for tensor in tensors:
        kind = tensor.type
        raw = np.zeros((events, tensor.size), dtype=np.int64 if kind.fits_int64 else object)
        for field in packing.fields:
            if field.tensor == tensor.name:
                frames = starts[field.link] + field.frame
                words = pattern.words[frames, columns[field.link]]
                for k in range(field.count):
                    raw[:, field.first + k] = _numbers(pattern, frames, words, field, k, kind)
        found.append(FixedArray.from_raw(raw, kind))
    return tuple(found)


def _starts(pattern: Pattern, column: int, packing: Packing, needed: int) -> Any:
    """Frames in which the events of a link begin."""
    valid, period = pattern.valid[:, column], packing.frames_per_event
    link = pattern.links[column]
    if packing.start is not None:
        found = []
        for frame in range(packing.start, len(valid), period):
            given = valid[frame : frame + needed]
            if not given.any():
                break
            if len(given) < needed or not given.all():
                bad = frame + (int(np.argmin(given)) if not given.all() else len(given) - 1)
                raise DataFileError(
                    f"{pattern.path}:{pattern.lines[bad]}: the event of frame {frame} on link {link} is cut off"
                )
            found.append(frame)
        return np.array(found, dtype=np.int64)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], valid, [False]]).astype(np.int8)))
    found = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for frame in range(begin, end, period):
            if end - frame < needed:
                raise DataFileError(
                    f"{pattern.path}:{pattern.lines[end - 1]}: the event of frame {frame} on link {link} has "
                    f"{end - frame} valid words; expected {needed}"
                )
            found.append(frame)
    return np.array(found, dtype=np.int64)


def _numbers(pattern: Pattern, frames: Any, words: Any, field: Field, k: int, kind: FixedType) -> Any:
    """The k-th number of a field in every event: its bits, which must be a number of the format."""
    bits = (words >> np.uint64(field.low + k * field.step)).astype(object) & ((1 << field.width) - 1)
    if kind.signed:
        bits = np.where(bits >> (field.width - 1) > 0, bits - (1 << field.width), bits)
    wrong = (bits < kind.raw_min) | (bits > kind.raw_max)
    if wrong.any():
        event = int(np.argmax(wrong))
        raise DataFileError(
            f"{pattern.path}:{pattern.lines[int(frames[event])]}: {field.tensor}[{field.first + k}] is the raw "
            f"integer {int(bits[event])}, which {kind} does not hold"
        )
    return bits
