"""The cache of compiled designs: whole, verified, bounded, and the user's alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isobit import private
from isobit.csim import build as building
from isobit.csim import cache
from isobit.errors import CSimError, RangeError
from isobit.streaming import finished


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
    assert sorted(p.name for p in build.rglob("*") if p.is_file()) == ["program", "seal", "w2.txt"]
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


# -- programs of others -----------------------------------------------------------------------------------------------


def _forge(build: Path, key: bytes = b"") -> None:
    """What somebody does who can write to the cache and has read this code, but not the secret."""
    program = build / "program"
    program.write_text("#!/bin/sh\ntouch /tmp/sprung\n")
    prints = {
        str(path.relative_to(build)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(build.rglob("*"))
        if path.is_file() and path.name not in ("seal", "manifest.json")
    }
    (build / "manifest.json").write_text(json.dumps(prints))  # as the seal once was
    text = json.dumps([build.name, prints], sort_keys=True)
    (build / "seal").write_text(hmac.new(key, text.encode(), "sha256").hexdigest() if key else json.dumps(prints))


def _link(build: Path) -> None:
    (build / "program").unlink()
    (build / "program").symlink_to("/bin/true")


@pytest.mark.parametrize(
    "change",
    [
        _forge,
        lambda build: _forge(build, b"a secret of my own"),
        lambda build: (build / "firmware" / "weights" / "seal").write_text("hidden"),
        lambda build: (build / "extra.txt").touch(),
        lambda build: (build / "program").chmod(0o777),
        lambda build: (build / "firmware").chmod(0o777),
        lambda build: build.chmod(0o777),
        _link,
        lambda build: (build / "seal").unlink(),
        lambda build: (build / "seal").write_text("\u00e9"),
    ],
)
def test_what_another_could_have_made_is_not_taken(change: Callable[[Path], object], tmp_path: Path) -> None:
    build = _build(tmp_path / "home", "a", 100, 0)
    assert cache.intact(build)
    change(build)
    assert not cache.intact(build)


def test_a_build_is_no_other_build(tmp_path: Path) -> None:
    """A sealed program in the place of another one would run for the wrong network."""
    build = _build(tmp_path / "home", "a", 100, 0)
    build.rename(build.with_name("b"))
    assert not cache.intact(build.with_name("b"))


def test_builds_of_another_user_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = _build(tmp_path / "home", "a", 100, 0)
    key = private.key()
    monkeypatch.setattr(private, "key", lambda: key)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert not cache.intact(build)


def test_a_planted_program_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))

    def compiled() -> Path:
        files = {"main.cpp": b"int main() { return 7; }\n"}
        return building.build_program(files, ["-O0"], ["main.cpp"], b"", what="the test")

    program = compiled()
    original = program.read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "cache" / "csim").rglob("*")} == {0}
    _forge(program.parent)
    assert program.read_bytes() != original
    assert compiled().read_bytes() == original


@pytest.mark.parametrize("folder", ["", "csim", "locks"])
def test_a_cache_that_others_may_write_to_is_refused(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "cache"
    monkeypatch.setenv("ISOBIT_CACHE", str(root))
    place = root / folder
    place.mkdir(parents=True)
    assert cache.build_folder(b"content").parent == root / "csim"
    place.chmod(0o777)
    with pytest.raises(CSimError, match=f"others may write to {place}.*ISOBIT_CACHE"):
        cache.build_folder(b"content")
    place.chmod(0o755)
    cache.build_folder(b"content")
    if folder:
        place.rmdir()
        place.symlink_to(tmp_path)
        with pytest.raises(CSimError, match="neither a folder nor a regular file"):
            cache.build_folder(b"content")


def test_a_cache_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    private.key()
    other = os.geteuid() + 1
    cache.build_folder(b"content")
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(CSimError, match=r"belongs to .*ISOBIT_CACHE"):
        cache.build_folder(b"content")


@pytest.mark.parametrize("mode, safe", [(0o777, False), (0o1777, True), (0o755, True), (0o757, False)])
def test_what_is_above_the_cache(mode: int, safe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who can write to the folder above can put another cache there, unless it is sticky as /tmp is."""
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(mode)
    monkeypatch.setenv("ISOBIT_CACHE", str(above / "cache"))
    if safe:
        cache.build_folder(b"content")
        return
    with pytest.raises(CSimError, match=f"others may write to {above} .*could replace"):
        cache.build_folder(b"content")


def test_what_isobit_makes_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a group of several people may write to new folders, those above the cache are made for the user alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "local" / "state"))
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "new" / "cache"))
    monkeypatch.setattr(private, "_is_own_group", lambda group: False)
    mask = os.umask(0o002)
    try:
        finished.remember(tmp_path / "y.npy", {}, {})
        assert cache.build_folder(b"content").parent == tmp_path / "new" / "cache" / "csim"
    finally:
        os.umask(mask)
    for folder in ("local", "local/state", "local/state/isobit", "new", "new/cache", "new/cache/finished"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700


# -- the secret -------------------------------------------------------------------------------------------------------


def test_the_secret_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = private.key()
    file = tmp_path / "state" / "isobit" / "cache.key"
    assert (len(found), found) == (32, file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["cache.key"]
    private._stored_key.cache_clear()
    assert private.key() == found  # the next process


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda f: f.chmod(0o644), "may read"),
        (lambda f: f.chmod(0o620), "may write|may read"),
        (lambda f: f.write_bytes(b"x"), "holds 1 bytes"),
    ],
)
def test_a_secret_that_others_know_is_refused(
    change: Callable[[Path], object], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    private.key()
    change(tmp_path / "state" / "isobit" / "cache.key")
    private._stored_key.cache_clear()
    with pytest.raises(CSimError, match=f"(cache.key.*({told})|({told}).*cache.key).*; remove it"):
        cache.build_folder(b"content")


def test_a_folder_of_the_key_that_others_could_replace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is at fault, so the message does not ask for another key."""
    (everybodys := tmp_path / "everybodys").mkdir()
    everybodys.chmod(0o777)
    (everybodys / "state").mkdir()
    (tmp_path / "state").symlink_to(everybodys / "state")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    private._stored_key.cache_clear()
    with pytest.raises(CSimError, match=r"everybodys.*chmod go-w.*or set XDG_STATE_HOME") as caught:
        cache.build_folder(b"content")
    assert "remove" not in str(caught.value)


def test_without_a_place_for_a_secret_builds_last_as_long_as_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container without a home: what another process built is not taken, and not in the way."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("ISOBIT_CACHE", str(tmp_path / "cache"))
    first = cache.build_folder(b"content")
    assert cache.build_folder(b"content") == first
    monkeypatch.setattr(private, "_OF_THIS_PROCESS", b"that of the next process")
    assert cache.build_folder(b"content") != first


def test_numbas_cache_is_used_if_it_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba unpickles what it finds there."""
    from isobit.engines.numba import blocks

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert blocks._may_cache()
    tmp_path.chmod(0o777)
    assert not blocks._may_cache()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert blocks._may_cache()
