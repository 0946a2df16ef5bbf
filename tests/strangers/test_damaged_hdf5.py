"""HDF5 files with one changed byte: libhdf5 1.14 goes round for ever or crashes, isobit says so and goes on.

``damaged/`` holds two such files, which ``tests/fuzz`` found: 13,488 bytes with two groups of Keras, written by h5py.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from isobit.errors import DataFileError, ModelFileError
from isobit.frontends.keras import load_keras_file
from isobit.hdf5 import Hdf5File

DAMAGED = Path(__file__).with_name("damaged")


def unpacked(name: str, folder: Path) -> Path:
    path = folder / f"{name}.h5"
    path.write_bytes(gzip.decompress((DAMAGED / f"{name}.h5.gz").read_bytes()))
    return path


_READ = """
import sys, h5py
with h5py.File(sys.argv[1]) as file:
    [file.attrs[key] for key in file.attrs]
    file.visititems(lambda name, item: [item.attrs[key] for key in item.attrs] and None)
"""


@pytest.mark.parametrize("name, how", [("hangs", "did not finish reading it"), ("crashes", "was ended by SIG")])
def test_one_changed_byte(name: str, how: str, tmp_path: Path) -> None:
    path = unpacked(name, tmp_path)
    began = time.monotonic()
    with pytest.raises(ModelFileError, match=rf"{name}\.h5 is not a readable Keras model file.*libhdf5 {how}"):
        load_keras_file(path)
    assert time.monotonic() - began < 120  # some 4 s of processor time


@pytest.mark.full
@pytest.mark.parametrize("name", ["hangs", "crashes"])
def test_libhdf5_itself_is_not_safe(name: str, tmp_path: Path) -> None:
    """Otherwise the child process would not be needed; with another version of libhdf5, look for other bytes."""
    command = [sys.executable, "-c", _READ, str(unpacked(name, tmp_path))]
    try:
        status = subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except subprocess.TimeoutExpired:
        status = None
    assert (status is None) == (name == "hangs")
    assert status is None or status < 0


def test_a_file_that_is_whole(tmp_path: Path) -> None:
    """Blocks arrive as they are, from any place, in native byte order."""
    values = np.arange(30_000, dtype=">i2").reshape(-1, 3)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("a/values", data=values, chunks=(1000, 3), compression="gzip")
        file["text"], file["scalar"] = "words", 3.0
        file["compound"] = np.zeros(3, dtype=[("pt", "f4"), ("eta", "f4")])
        file["none"] = np.zeros((0, 3), "f4")
        file.attrs["note"] = "a note"
        file.attrs["number"] = 7
    with Hdf5File(tmp_path / "x.h5") as stored:
        assert set(stored.datasets) == {"a/values", "text", "scalar", "compound", "none"}
        dataset = stored.datasets["a/values"]
        assert (dataset.shape, dataset.dtype) == ((10_000, 3), np.dtype(">i2"))
        for start, stop in ((0, 10_000), (9_999, 10_000), (17, 5_017), (5, 5)):
            found = stored.read(dataset, start, stop)
            assert found.dtype == np.dtype("i2")
            assert np.array_equal(found, values[start:stop])
        assert stored.read(stored.datasets["none"], 0, 0).shape == (0, 3)
        assert (stored.attribute("note"), stored.attribute("nothing")) == ("a note", None)
        with pytest.raises(DataFileError, match=r"x\.h5 .*'number' holds no text"):
            stored.attribute("number")
        assert [stored.datasets[name].dtype for name in ("text", "compound")] == [None, None]
        assert stored.verify(1 << 20) == 30_005
        with pytest.raises(DataFileError, match="expected 1000 at most"):
            stored.verify(1000)
    with pytest.raises(DataFileError, match="is not a readable HDF5 file"):  # the child is no more
        stored.read(dataset, 0, 1)


def test_what_is_no_file(tmp_path: Path) -> None:
    import os

    with pytest.raises(DataFileError, match="does not exist"):
        Hdf5File(tmp_path / "nowhere.h5")
    os.mkfifo(tmp_path / "pipe.h5")
    for path in (tmp_path, tmp_path / "pipe.h5"):
        with pytest.raises(DataFileError, match="not a regular file"):
            Hdf5File(path)


def test_another_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with h5py.File(tmp_path / "events.h5", "w") as file:
        file.create_dataset("x", (4, 2), "f4", external=[(str(tmp_path / "pipe"), 0, 32)])
    with Hdf5File(tmp_path / "events.h5") as events:
        dataset = events.datasets["x"]
        with pytest.raises(DataFileError, match=r"events\.h5 .*the dataset 'x' lies in another file"):
            events.read(dataset, 0, 4)
