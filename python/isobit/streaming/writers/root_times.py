"""Equal ROOT files for equal content: the times of writing, the one thing that differs, set to the format's origin.

A ROOT file is a sequence of records from byte fBEGIN to fEND. Each begins with a TKey (four bytes of length, two of
version, four of object length, four of time, ...), or, where space is free, with its length negated. The directory's
record, the first, holds two more times, and the directory's list of keys has copies of the TKeys. Source: the class
documentation of TFile, TKey and TDirectoryFile ("Format of a ROOT file").
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

from isobit.errors import DataFileError

__all__ = ["ORIGIN", "erase_times"]

#: 1 January 1995, 00:00:00, the first that a TDatime can say: (year - 1995) << 26 | month << 22 | day << 17.
ORIGIN = (1 << 22 | 1 << 17).to_bytes(4, "big")
_KEY = struct.Struct(">iHIIHH")  # length, version, object length, time, key length, cycle
_TIME = 10
#: Versions above this one have 8-byte places.
_BIG = 1000


def erase_times(path: Path) -> None:
    """Set every time in a ROOT file with one directory to 1 January 1995, and empty its free space.

    Raises
    ------
    DataFileError
        If the file is not built as the format says.
    """
    with path.open("r+b") as file:
        magic, version, begin = struct.unpack(">4sII", file.read(12))
        end, *_ = struct.unpack(">Q" if version >= 1_000_000 else ">I", file.read(8 if version >= 1_000_000 else 4))
        if magic != b"root":
            raise DataFileError(f"{path} is not a ROOT file")
        place, keys = begin, 0
        while place < end:
            file.seek(place)
            head = file.read(_KEY.size)
            length, *_ = struct.unpack(">i", head[:4])
            if length == 0 or place + abs(length) > end:
                raise DataFileError(f"{path} has a record of {length} bytes at {place}, beyond its end {end}")
            if length < 0:
                file.seek(place + 4)
                file.write(bytes(-length - 4))
            else:
                _stamp(file, place)
                if place == begin:
                    keys = _directory(file, place, _KEY.unpack(head)[4])
            place += abs(length)
        _key_list(file, keys)


def _stamp(file: IO[bytes], place: int) -> None:
    """Write the origin over the time of the TKey at ``place``."""
    file.seek(place + _TIME)
    file.write(ORIGIN)


def _directory(file: IO[bytes], place: int, key_length: int) -> int:
    """The times of the directory in the record at ``place``; returns where its list of keys lies."""
    file.seek(place + key_length)
    for _ in range(2):  # the record's own name and title stand before the directory
        file.seek(file.read(1)[0], 1)
    start = file.tell()
    (version,) = struct.unpack(">H", file.read(2))
    file.seek(start + 2)
    file.write(2 * ORIGIN)
    file.seek(start + 2 + 8 + 8)  # and over the lengths of key list and name
    places = struct.unpack(">QQQ" if version > _BIG else ">III", file.read(24 if version > _BIG else 12))
    return int(places[2])


def _key_list(file: IO[bytes], place: int) -> None:
    """The copies of TKeys in the record at ``place``."""
    file.seek(place)
    key_length = _KEY.unpack(file.read(_KEY.size))[4]
    file.seek(place + key_length)
    (count,) = struct.unpack(">I", file.read(4))
    place += key_length + 4
    for _ in range(count):
        file.seek(place)
        length = _KEY.unpack(file.read(_KEY.size))[4]
        _stamp(file, place)
        place += length
