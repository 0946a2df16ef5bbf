"""A small run of the fuzzers of files, anew each time (the printed seed repeats it); 10 minutes each: files.md."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import targets
from folder_files import PARTS as FOLDERS
from fuzz_files import NAMES, fuzz
from mutating import changed_bytes, changed_document

from tiers import examples

SEED = int(os.environ["ISOBIT_FRESH_SEED"])


def run(name: str, cases: int, folder: Path) -> targets.Target:
    target = targets.TARGETS[name](folder)
    for number in range(cases):
        target.case(number, SEED)
    return target


def test_model_files(tmp_path: Path) -> None:
    target = run("model", 60, tmp_path)
    assert target.taken > 3
    assert target.refused > 10


@pytest.mark.parametrize("suffixes, cases", [(("npy", "npz", "parquet", "root"), 60), (("h5",), 4)])
def test_files_of_events(
    suffixes: tuple[str, ...], cases: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets.DataFiles, "suffixes", suffixes)
    target = run("data", cases, tmp_path)
    assert target.refused > 0


def test_vectors(tmp_path: Path) -> None:
    target = run("vectors", 400, tmp_path)  # one in twelve is taken
    assert target.taken > 5
    assert target.refused > 20


def test_wrappers(tmp_path: Path) -> None:
    target = run("wrappers", 400, tmp_path)  # one in fifteen is taken
    assert target.taken > 3
    assert target.refused > 20


@pytest.mark.parametrize("name, cases", [("interfaces", 300), pytest.param("libraries", 20, marks=pytest.mark.full)])
def test_libraries_and_their_interfaces(name: str, cases: int, tmp_path: Path) -> None:
    target = run(name, cases, tmp_path)
    assert target.taken > 0
    assert target.refused > 5


@pytest.mark.hls4ml
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", [*FOLDERS, "certificates"])
def test_folders_and_certificates(name: str, tmp_path: Path) -> None:
    target = run(name, examples(2, 20), tmp_path)
    assert target.taken + target.refused == examples(2, 20)


@pytest.mark.hls4ml
@pytest.mark.xdist_group("keras")
def test_keras_files(tmp_path: Path) -> None:
    assert run("keras", 12, tmp_path).refused > 3


def test_every_target_can_be_chosen() -> None:
    assert set(NAMES) == set(targets.TARGETS)


def test_findings_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the fuzzers look for: raw exceptions, refusals without a name, roads that disagree, code that is run."""
    import isobit as ib
    from isobit.engines.registry import get_engine

    target = targets.ModelFiles(tmp_path)
    monkeypatch.setattr(ib, "load", lambda path: {}["x"])
    with pytest.raises(targets.Finding, match="KeyError"):
        target.case(0, 1)
    monkeypatch.setattr(ib, "load", lambda path: ib.FixedType.parse("nonsense"))
    with pytest.raises(targets.Finding, match="does not name the file"):
        target.case(0, 1)
    model = ib.Model(__import__("graphs").tiny())
    monkeypatch.setattr(ib, "load", lambda path: model)
    target.case(0, 1)
    other = model.with_types({"fc.result": "ap_fixed<16,7>"})
    reference = type(get_engine("reference"))
    honest = reference.run
    monkeypatch.setattr(reference, "run", lambda self, graph, *rest: honest(self, other.graph, *rest))
    with pytest.raises(targets.Finding, match="the roads disagree"):
        target.case(0, 1)


def test_a_mark_is_a_finding(tmp_path: Path) -> None:
    target = targets.KerasFiles(tmp_path)
    target.mark.touch()
    with pytest.raises(targets.Finding, match="code of the file was run"):
        target.case(0, 1)


@pytest.mark.full
def test_workers_that_die_are_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os, sys\nif '--worker' in sys.argv: os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert "the worker ended with status -6" in str(fuzz("model", 2, 1, tmp_path)["findings"])


def test_the_same_seed_makes_the_same_files() -> None:
    import random

    document = {"a": [1, 2.5, "x"], "b": {"c": None}}
    for seed in range(20):
        first, second = random.Random(seed), random.Random(seed)
        assert changed_bytes(b"0123456789" * 30, first) == changed_bytes(b"0123456789" * 30, second)
        assert repr(changed_document(document, first)) == repr(changed_document(document, second))
