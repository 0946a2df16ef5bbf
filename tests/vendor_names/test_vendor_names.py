"""The headers under AMD's names against AMD's open ones: one program compiled with each prints the same.

AMD's lines are committed as hashes, and a part of them that the run's seed draws is made anew.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from printed import INCLUDE, PARTS, golden, hashes, isobit_folders, printed

pytestmark = pytest.mark.csim

LEAST = {"math": 4000, "limits": 12, "ap_float<4,3,0>": 1200, "ap_float<8,4,0>": 1000, "ap_float<2,3,2>": 1000}


def test_mathematics_limits_and_ap_float() -> None:
    ours = printed(isobit_folders())
    found = hashes(ours)
    assert set(found) == set(golden())
    wrong = [group for group, value in golden().items() if found[group] != value]
    if wrong:
        theirs = printed(None)
        pairs = [pair for group in wrong for pair in zip(theirs[group], ours[group], strict=True) if len(set(pair)) > 1]
        raise AssertionError(f"{len(pairs)} lines of {wrong} differ, the first five: {pairs[:5]}")
    for what, least in LEAST.items():
        assert sum(count for group, (count, _) in found.items() if group.split()[0] == what) >= least, what


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_vendor_still_prints_the_golden_lines(part: int) -> None:
    found = hashes(printed(None, part))
    assert found == {group: value for group, value in golden().items() if group in found}
    assert len(found) >= 2


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    ("header", "right", "wrong"),
    [
        ("vendor_names/ap_float.h", "ap_ufixed<M + 1, 1, AP_RND_CONV, AP_SAT>", "ap_ufixed<M + 1, 1, AP_RND, AP_SAT>"),
        ("isobit/host/numeric_limits.hpp", "one_bit(T::width - 1)", "one_bit(0)"),
    ],
)
def test_a_mutated_header_is_noticed(header: str, right: str, wrong: str, tmp_path: Path) -> None:
    copy = tmp_path / "include"
    shutil.copytree(INCLUDE, copy)
    text = (copy / header).read_text()
    assert text.count(right) == 1
    (copy / header).write_text(text.replace(right, wrong))
    assert hashes(printed(isobit_folders(copy))) != golden()
