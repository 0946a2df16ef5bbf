"""The process that opens an HDF5 file: requests and answers are lines of JSON, numbers follow an answer as they are.

It is started by path, with isobit's ``sys.path`` as its only argument, and imports nothing of isobit's.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any

sys.path[:] = json.loads(sys.argv[1])

import h5py  # noqa: E402
import numpy as np  # noqa: E402

#: Bytes of decompressed chunks kept, so that one longer than a block is not decompressed twice.
_CACHE = 1 << 24
#: Seconds of processor time for a request, and how many more for each byte: a tenth of what slow filters do.
_SECONDS, _PER_BYTE = 4, 1 / 5e6
#: The same for finding the members of a file, at most for this many bytes of it.
_SEARCHED = 300_000_000
#: Memory that a request may take beyond what it reads: chunks, their compressed form, the library's own.
_MEMORY = 2 << 30
#: Links of a file that are followed.
_LINKS = 100_000
#: Bytes that are read at once to see whether they can be.
_SLAB = 1 << 24


def _limit(count: int) -> None:
    """Set this process's limits for a request that gives so many bytes; beyond them the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + _SECONDS + count * _PER_BYTE) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as statm:  # noqa: PTH123
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + _MEMORY + 2 * count, resource.RLIM_INFINITY))


class _File:
    """The open file; each method is a request and returns (answer, bytes)."""

    def __init__(self) -> None:
        self._file: Any = None
        self._datasets: dict[str, Any] = {}

    def open(self, path: str) -> tuple[Any, Any]:
        """Open it, and find its datasets: name, dtype as text, shape."""
        _limit(min(os.stat(path).st_size, _SEARCHED))  # noqa: PTH116
        self._file = h5py.File(path, "r", rdcc_nbytes=_CACHE)
        self._visit(lambda name, item: isinstance(item, h5py.Dataset) and self._datasets.update({name: item}))
        return [[name, _dtype(d), _shape(d)] for name, d in self._datasets.items()], None

    def _visit(self, act: Any) -> None:
        seen = 0

        def each(name: str, item: Any) -> None:
            nonlocal seen
            seen += 1
            if seen > _LINKS:
                raise ValueError(f"it has more than {_LINKS} members")
            act(name, item)

        self._file.visititems(each)

    def attribute(self, name: str) -> tuple[Any, Any]:
        """An attribute of the file that is text; None if there is none."""
        value = self._file.attrs.get(name)
        if isinstance(value, bytes):
            value = value.decode()
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"its attribute {name!r} holds no text")
        return value, None

    def read(self, name: str, start: int, stop: int) -> tuple[Any, Any]:
        """Rows of a dataset, in native byte order."""
        dataset = self._own(name)
        rows = np.empty((stop - start, *dataset.shape[1:]), dtype=dataset.dtype.newbyteorder("="))
        if rows.size:
            dataset.read_direct(rows, np.s_[start:stop])
        return rows.nbytes, rows

    def verify(self, limit: int) -> tuple[Any, Any]:
        """Read everything once, so that another reader of the same bytes will not fail; gives the number of elements.

        Links to other files are an error, and more bytes than the limit.
        """
        count = sum(_elements(d) * d.dtype.itemsize for d in self._datasets.values())
        if count > limit:
            raise ValueError(f"its datasets hold {count} bytes; expected {limit} at most")
        _limit(count)
        for group in [self._file, *self._groups()]:
            for name in group:
                if isinstance(group.get(name, getlink=True), (h5py.ExternalLink, h5py.SoftLink)):
                    raise ValueError(f"{name!r} is a link to elsewhere")
        self._attributes(self._file)
        self._visit(lambda name, item: self._attributes(item))
        for name in self._datasets:
            dataset = self._own(name)
            step = max(1, _SLAB // max(1, _elements(dataset) // max(1, len(dataset) if dataset.shape else 1)))
            for start in range(0, len(dataset) if dataset.shape else 1, step):
                dataset[start : start + step] if dataset.shape else dataset[()]
        return sum(_elements(d) for d in self._datasets.values()), None

    def _own(self, name: str) -> Any:
        """A dataset that the file itself stores: another file could be a pipe, on which libhdf5 would wait forever."""
        dataset = self._datasets[name]
        if dataset.is_virtual or dataset.external:
            raise ValueError(f"the dataset {name!r} lies in another file")
        return dataset

    def _groups(self) -> list[Any]:
        found: list[Any] = []
        self._visit(lambda name, item: found.extend([item] if isinstance(item, h5py.Group) else []))
        return found

    @staticmethod
    def _attributes(item: Any) -> None:
        for name in item.attrs:
            item.attrs[name]


def _shape(dataset: Any) -> list[int]:
    if dataset.shape is None:
        raise ValueError(f"the dataset {dataset.name!r} is empty")
    return [int(extent) for extent in dataset.shape]


def _dtype(dataset: Any) -> str:
    dtype = dataset.dtype
    return dtype.str if dtype.names is None and dtype.subdtype is None and dtype.kind not in "OV" else str(dtype)


def _elements(dataset: Any) -> int:
    count = 1
    for extent in dataset.shape or ():
        count *= int(extent)
    return count


def main() -> None:
    """Answer requests until the other side closes."""
    file = _File()
    out = sys.stdout.buffer
    for line in sys.stdin:
        request = json.loads(line)
        _limit(int(request.pop("bytes")))
        data = None
        try:
            value, data = getattr(file, request.pop("do"))(**request)
            answer = {"value": value}
        except Exception as error:  # h5py raises nearly everything
            told = str(error).strip().splitlines() or [type(error).__name__]
            answer = {"error": told[0]}
        out.write(json.dumps(answer).encode() + b"\n")
        if data is not None and data.size:
            out.write(memoryview(data).cast("B"))
        out.flush()


main()
