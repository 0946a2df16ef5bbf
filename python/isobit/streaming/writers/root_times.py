"""Equal ROOT files for equal content: the times of writing, the only difference, are set to the format's origin.

A ROOT file is a sequence of records and free gaps from byte fBEGIN to fEND. Each record begins with a TKey: four bytes
of length, two of version, four of object length, four of time, and so on. The directory's record, the first, holds two
more times, and the directory's list of keys has copies of the TKeys. The list of gaps lies at fSeekFree. Source:
``io/doc/TFile`` in ROOT's repository (header.md, datarecord.md, tdirectory.md, keyslist.md, freesegments.md).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO, Any

from isobit.errors import DataFileError

__all__ = ["ORIGIN", "erase_times"]

#: 1 January 1995, 00:00:00, the first that a TDatime can say: (year - 1995) << 26 | month << 22 | day << 17.
ORIGIN = (1 << 22 | 1 << 17).to_bytes(4, "big")
_TIME, _KEY_LENGTH = 10, 14
#: Versions above have 8-byte places: in the file's header, and in records.
_BIG_FILE, _BIG = 1_000_000, 1000


def erase_times(path: Path) -> None:
    """Set every time in a ROOT file with one directory to 1 January 1995, and empty its free gaps.

    Raises
    ------
    DataFileError
        If the file is not built as the format says.
    """
    with path.open("r+b") as file:
        magic, version, begin = _unpack(file, 0, ">4sII")
        if magic != b"root":
            raise DataFileError(f"{path} is not a ROOT file")
        end, free, _, count = _unpack(file, 12, ">QQII" if version > _BIG_FILE else ">IIII")
        gaps = _gaps(file, free, count)
        place = begin
        while place < end:
            length = gaps[place] if place in gaps else _unpack(file, place, ">i")[0]
            if length <= 0 or place + length > end:
                raise DataFileError(f"{path} has a record of {length} bytes at {place}; it ends at {end}")
            if place in gaps:
                file.seek(place)
                file.write(bytes(length))
            else:
                _stamp(file, place)
            place += length
        _key_list(file, _directory(file, begin))


def _unpack(file: IO[bytes], place: int, layout: str) -> tuple[Any, ...]:
    file.seek(place)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _gaps(file: IO[bytes], place: int, count: int) -> dict[int, int]:
    """Free gaps in the record at ``place``: where each begins -> its length. The last is what lies beyond the file."""
    place += _unpack(file, place + _KEY_LENGTH, ">H")[0]
    found: dict[int, int] = {}
    for _ in range(count):
        layout = ">HQQ" if _unpack(file, place, ">H")[0] > _BIG else ">HII"
        _, first, last = _unpack(file, place, layout)
        found[first] = last + 1 - first
        place += struct.calcsize(layout)
    return found


def _stamp(file: IO[bytes], place: int) -> None:
    """Write the origin over the time of the TKey at ``place``."""
    file.seek(place + _TIME)
    file.write(ORIGIN)


def _directory(file: IO[bytes], place: int) -> int:
    """The times of the directory in the record at ``place``; returns where its list of keys lies."""
    file.seek(place + _unpack(file, place + _KEY_LENGTH, ">H")[0])
    for _ in range(2):  # the file's name and title come before the directory
        file.seek(file.read(1)[0], 1)
    start = file.tell()
    version = _unpack(file, start, ">H")[0]
    file.seek(start + 2)
    file.write(2 * ORIGIN)
    # Then the lengths of key list and name, and three places: the directory's, its parent's, the key list's.
    return int(_unpack(file, start + 18, ">QQQ" if version > _BIG else ">III")[2])


def _key_list(file: IO[bytes], place: int) -> None:
    """The copies of TKeys in the record at ``place``."""
    place += _unpack(file, place + _KEY_LENGTH, ">H")[0]
    count = _unpack(file, place, ">I")[0]
    place += 4
    for _ in range(count):
        _stamp(file, place)
        place += _unpack(file, place + _KEY_LENGTH, ">H")[0]
