"""The cache of compiled designs: whole, verified, bounded; and what counts as state."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from isobit.engines.csim import cache
from isobit.engines.csim.state import _variable
from isobit.errors import RangeError


def _build(home: Path, name: str, size: int, age: float) -> Path:
    source = home.parent / f"source-{name}"
    (source / "firmware" / "weights").mkdir(parents=True)
    (source / "program").write_bytes(b"x" * size)
    (source / "firmware" / "weights" / "w2.txt").write_text("1, 2")
    cache.store(source, ["program", "missing", "firmware/weights"], home / name)
    os.utime(home / name, (time.time() - age,) * 2)
    return home / name


def test_builds_are_whole_and_verified(tmp_path: Path) -> None:
    build = _build(tmp_path / "home", "a", 100, 0)
    assert cache.intact(build)
    assert sorted(p.name for p in build.rglob("*") if p.is_file()) == ["manifest.json", "program", "w2.txt"]
    (build / "firmware" / "weights" / "w2.txt").write_text("1, 3")
    assert not cache.intact(build)
    cache.discard(build)
    assert not build.exists()
    assert list((tmp_path / "home").iterdir()) == []
    assert not cache.intact(build)


def test_a_damaged_build_does_not_pass_for_a_new_one(tmp_path: Path) -> None:
    build = _build(tmp_path / "home", "a", 100, 0)
    (build / "program").write_bytes(b"y")
    with pytest.raises(OSError):
        cache.store(tmp_path / "source-a", ["program"], build)
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["a"]


def test_the_oldest_are_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE_LIMIT", "1")
    home, day = tmp_path / "home", 86400.0
    oldest, older, recent, newest = (
        _build(home, name, 600_000, age) for name, age in (("d", 3 * day), ("c", 2 * day), ("b", 60.0), ("a", 0.0))
    )
    cache.prune(newest)
    assert not oldest.exists()
    assert not older.exists()
    assert recent.exists()  # beyond the limit, but somebody may be using it
    assert newest.exists()
    monkeypatch.setenv("ISOBIT_CACHE_LIMIT", "0")
    old = _build(home, "e", 2_000_000, 3 * day)
    cache.prune(newest)
    assert old.exists()


def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE_LIMIT", "2 GB")
    with pytest.raises(RangeError, match="'2 GB'; expected a whole number of MiB"):
        cache.cache_limit()


@pytest.mark.parametrize(
    "symbol, name",
    [
        ("nn::top(ap_fixed<16, 6>*)::calls", "nn::top::calls"),
        (
            "void nnet::lstm_static<ap_fixed<16, 6, (ap_q_mode)5>, nn::c>(bool, ap_fixed<16, 6>*)::h_state",
            "nnet::lstm_static::h_state",
        ),
        ("Filter<3>::next(int) const::memory", "Filter::memory"),
        ("top(int)::loaded_weights", None),
        ("void nnet::softmax_stable<a, b>(a*, b*)::exp_table", None),
        ("void nnet::sigmoid<a, b>(a*, b*)::initialized", None),
        ("void mine::sigmoid<a, b>(a*, b*)::initialized", "mine::sigmoid::initialized"),
        ("guard variable for top(int)::memory", None),
        ("hls::stream<ap_fixed<16, 6> >::stream()::_counter", None),
        ("isobit_event(isobit_csim::Channel&)::a0", None),
        ("nn::w2", None),
        ("w3", "w3"),
        ("nn::memory", "nn::memory"),
        ("nnet::trace_enabled", None),
        ("nnet::trace_outputs[abi:cxx11]", None),
        ("nn::config2::pixels", None),
        ("config2::memory", "config2::memory"),
        ("vtable for hls::stream<int>", None),
        ("stderr@GLIBC_2.2.5", None),
        ("completed.0", None),
        ("__dso_handle", None),
        ("std::__ioinit", None),
    ],
)
def test_what_counts_as_state(symbol: str, name: str | None) -> None:
    assert _variable(symbol, {"w2", "b2"}) == name
