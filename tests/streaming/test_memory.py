"""Memory does not grow with the file: seven times the events, the same peak."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streaming_files import COLUMNS, OUTPUTS, events, one_input, write

# The kernel's own high-water mark; getrusage would begin with that of the process that started this one.
PROGRAM = """
import json, sys
import isobit as ib
from isobit.streaming import predict_file
data, out = sys.argv[1:]
predict_file(ib.load("m.isobit"), data, out, engine="cpp-strict", threads=1, chunk=1 << 15)
peak, = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps(int(peak)))
"""


def peak_kib(folder: Path, data: str, out: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, data, out], cwd=folder, capture_output=True, text=True, check=True
    )
    return int(json.loads(done.stdout))


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("suffix", OUTPUTS)
def test_memory_is_bounded(suffix: str, tmp_path: Path) -> None:
    one_input().save(tmp_path / "m.isobit")
    block = events(1 << 18)
    peaks = []
    for times in (2, 14):
        x = np.concatenate([block] * times)
        path = tmp_path / f"x{times}.{suffix}"
        if suffix == "parquet":  # one row group, the worst there is
            table = pa.table(dict(zip(COLUMNS, x.T, strict=True)))
            pq.write_table(table, path, row_group_size=len(x), use_dictionary=False, compression="NONE")
        else:
            write(path, x, block=1 << 15)
        peaks.append(peak_kib(tmp_path, path.name, f"y{times}.{suffix}"))
    grown = (tmp_path / f"x14.{suffix}").stat().st_size - (tmp_path / f"x2.{suffix}").stat().st_size
    grown += (tmp_path / f"y14.{suffix}").stat().st_size - (tmp_path / f"y2.{suffix}").stat().st_size
    assert grown > 64 << 20
    assert peaks[1] - peaks[0] < 32 << 10, peaks  # HDF5 keeps 16 MiB of chunks
