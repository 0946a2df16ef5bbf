"""The cache of compiled designs: whole, verified, bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from isobit.engines.csim import cache
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
