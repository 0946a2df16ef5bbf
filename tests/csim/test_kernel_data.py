"""What goes into a kernel and comes out: nothing changes silently, nothing is left behind, nothing goes on for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.csim import kernel as kernels
from isobit.csim.words import to_words
from isobit.errors import CSimError, RangeError, ShapeError, TypeMismatchError
from isobit.ports import Port

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("csim-kernels")]

CODE = """
#include "ap_fixed.h"
#include "hls_stream.h"
#include <cstdio>
#include <unistd.h>
typedef ap_fixed<16, 6> d;
void real(float x[2], d y, double &z) { z = (double)x[0] + x[1] + y.to_double(); }
void partly(hls::stream<d> &s, int n, int &sum) { sum = 0; for (int i = 0; i < n; i++) sum += (int)s.read(); }
void sleepy(int ms, int &y) { static int calls = 0; usleep(1000 * ms); std::printf("%d\\n", ms); y = ++calls; }
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "k.cpp"
    path.write_text(CODE)
    return path


@pytest.mark.turn(3)
def test_floating_point_arguments(path: Path) -> None:
    k = ib.csim_kernel(path, "real", [ib.In("float", 2), ib.In("d"), ib.Out("double")])
    exact = [[2**53, 1.5], [np.float32(3e38), 0]]
    assert k(np.array(exact), [0.25, 0]).tolist() == [2**53 + 1.75, float(np.float32(3e38))]
    refused: list[tuple[Any, type[Exception], str]] = [
        (np.ones((2, 2)) * 1j, TypeMismatchError, "'arg0' must hold real numbers, got dtype complex128"),
        ([["1", "2"], ["3", "4"]], TypeMismatchError, "'arg0' must hold real numbers"),
        ([[0, 1], [2, 2**53 + 1]], RangeError, r"arg0 holds 9007199254740993 at index \(1, 1\), which no float64"),
        ([[0, 1e39], [2, 3]], RangeError, r"arg0 holds 1e\+39 at index \(0, 1\), which is beyond the type float"),
        ([[0, 1], [np.inf, 3]], RangeError, r"arg0 holds inf at index \(1, 0\)"),
        ([[0, 1], [3]], ShapeError, "'arg0' is not an array"),
        ([[0, 1], [2, 2**70]], TypeMismatchError, "got dtype object"),
    ]
    for x, error, told in refused:
        with pytest.raises(error, match=told):
            k(x, [0, 0])
    with pytest.raises(RangeError, match=r"arg1 holds nan at index \(1,\)"):
        k(np.ones((2, 2)), [0, np.nan])


@pytest.mark.turn(3)
def test_input_streams_are_read_to_their_end(path: Path) -> None:
    k = ib.csim_kernel(path, "partly", [ib.In("d", 4, "s"), ib.In("int"), ib.Out("int")])
    assert k([[1, 2, 3, 4]] * 2, [4, 4]).raw.tolist() == [10, 10]
    with pytest.raises(CSimError, match="in event 1: the input stream 's' still holds 3 of 4 elements"):
        k([[1, 2, 3, 4]] * 2, [4, 1])


def test_the_timeout_is_for_standing_still(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    k = ib.csim_kernel(path, "sleepy", [ib.In("int"), ib.Out("int")], timeout=0.4)
    assert k(np.full(12, 60)).raw.tolist() == list(range(1, 13))  # 0.7 s in all
    monkeypatch.setattr(kernels, "_WORDS", 9)  # blocks of three events: the state goes on, one process
    assert k(np.arange(8)).raw.tolist() == list(range(1, 9))
    assert k.printed == "".join(f"{n}\n" for n in range(8))
    with pytest.raises(CSimError, match=r"took longer than 0\.4 s and was ended in event 4"):
        k([0, 0, 0, 0, 2000])
    assert k([]).shape == (0,)
    assert k.printed == ""


def test_no_worker_outlives_its_parent(path: Path, tmp_path: Path) -> None:
    code = (
        "import isobit as ib\n"
        f"k = ib.csim_kernel({str(path)!r}, 'sleepy', [ib.In('int'), ib.Out('int')], timeout=None)\n"
        "k(0)\nprint('ready', flush=True)\nk(60000)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    children: list[int] = []
    end = time.monotonic() + 20
    while not children and time.monotonic() < end:
        children = [int(p) for p in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
        time.sleep(0.05)
    assert len(children) == 1
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    while Path(f"/proc/{children[0]}").exists() and time.monotonic() < end:
        state = Path(f"/proc/{children[0]}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            break
        time.sleep(0.05)
    assert time.monotonic() < end


@pytest.mark.parametrize("kind", ["ap_uint<64>", "ap_ufixed<64,3>", "ap_int<64>", "ap_int<130>", "ap_uint<128>"])
def test_wide_words(kind: str) -> None:
    number = ib.FixedType.parse(kind)
    raw = np.array([[number.raw_min, number.raw_max], [1, number.raw_max - 1]], dtype=object)
    words = to_words(ib.FixedArray.from_raw(raw, kind), Port("x", (2,), number), True)
    limbs = -(-number.width // 64)
    back = [[sum(int(row[limbs * i + k]) << (64 * k) for k in range(limbs)) for i in range(2)] for row in words]
    assert words.dtype == np.uint64
    modulus = 1 << number.width  # the bridge takes as many bits
    assert [[n % modulus for n in row] for row in back] == [[n % modulus for n in row] for row in raw.tolist()]
