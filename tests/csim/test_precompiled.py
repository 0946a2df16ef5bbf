"""The simulation's headers, precompiled: the same bits, and never those of another design."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.csim.cache import cache_folder
from isobit.errors import UnsupportedError

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("csim-precompiled")]

SOURCE = """
#include "ap_fixed.h"
#ifdef HALF
typedef ap_fixed<8, 4, AP_RND> number;
#else
typedef ap_fixed<8, 4> number;
#endif
void twice(number x, number &y) { y = x * ap_fixed<8, 4>(TWICE); }
"""


def kernel(folder: Path, *defines: str, type: str = "ap_fixed<8,4>", factor: int = 1) -> ib.CSimKernel:
    (folder / "k.cpp").write_text(SOURCE.replace("x *", f"x * {factor} *"))
    return ib.csim_kernel(folder / "k.cpp", "twice", [ib.In(type), ib.Out(type)], defines=defines, optimisation="0")


def value(made: ib.CSimKernel) -> float:
    return float(made(np.float64(1.0625)).to_float())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ISOBIT_PRECOMPILE", "1")
    return cache_folder() / "csim"


@pytest.mark.turn(3)
def test_designs_share_a_header_and_keep_their_macros(cache: Path, tmp_path: Path) -> None:
    assert value(kernel(tmp_path, "TWICE=2")) == 2.125
    assert not list(cache.glob("*/header.gch"))  # for one design it would take longer
    assert value(kernel(tmp_path, "TWICE=2", factor=2)) == 4.25
    (header,) = cache.glob("*/header.gch")
    before = header.stat().st_mtime_ns
    assert value(kernel(tmp_path, "TWICE=2", factor=4)) == -7.5  # wraps
    # Another macro could mean something to the header.
    assert value(kernel(tmp_path, "TWICE=2", "HALF", type="ap_fixed<8,4,AP_RND>")) == 2.125
    assert list(cache.glob("*/header.gch")) == [header] and header.stat().st_mtime_ns == before


def test_off_unless_asked_for(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOBIT_PRECOMPILE")
    assert value(kernel(tmp_path, "TWICE=3")) == 3.1875
    assert not list(cache.glob("*/header.gch"))
    monkeypatch.setenv("ISOBIT_PRECOMPILE", "yes")
    with pytest.raises(UnsupportedError, match=r"ISOBIT_PRECOMPILE is 'yes'; expected 1 .* or 0"):
        kernel(tmp_path, "TWICE=4")
