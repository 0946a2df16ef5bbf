"""``isobit study``: toy size, resumed after SIGKILL to the same results, and what is committed in docs/studies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.commands import run as command
from isobit.errors import ModelFileError, OverwriteError, ResumeError
from isobit.studies import STUDIES, Context, Study, draw, read_results, run, style

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies"
COMMITTED = sorted(path.parent.name for path in DOCS.glob("*/results.json"))


def first(context: Context) -> dict[str, Any]:
    random = np.random.default_rng(context.seed)
    return {"numbers": random.random(context.pick(5, 3)).tolist()}


def second(context: Context) -> dict[str, Any]:
    if os.environ.get("ISOBIT_KILLED"):
        context.scratch("part").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"sum": sum(context.results["first"]["numbers"])}


def picture(results: dict[str, Any]) -> Any:
    figure, axes = style.panels(1, 1)
    axes[0, 0].plot(results["first"]["numbers"], label="a")
    style.decorate(axes[0, 0], "x  [1]", "y  [1]")
    return figure


TOY = Study(
    "toy",
    "",
    steps={"first": first, "second": second},
    holds=lambda found: {"positive": found["second"]["sum"] > 0},
    pictures={"picture": picture},
)


def test_a_study_that_was_killed_ends_with_the_same_results(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    environment = {**os.environ, "ISOBIT_KILLED": "1"}
    killed = subprocess.run([sys.executable, __file__, str(broken)], env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert sorted(path.name for path in broken.iterdir()) == ["unfinished"]
    kept = broken / "unfinished" / "first.step.json"
    assert len(json.loads(kept.read_text())["numbers"]) == 5
    with pytest.raises(ResumeError, match="a study with seed 1, not 2"):
        run(TOY, broken, seed=2)
    assert run(TOY, broken) == run(TOY, whole)
    for name in ("results.json", "picture.svg"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes(), name
    assert sorted(path.name for path in broken.iterdir()) == ["picture.svg", "results.json"]


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "picture.svg").write_text("mine")
    with pytest.raises(OverwriteError, match=r"picture\.svg exists"):
        run(TOY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["picture.svg"]
    before = run(TOY, tmp_path, overwrite=True)
    with pytest.raises(OverwriteError, match=r"results\.json exists"):
        run(TOY, tmp_path, seed=2)
    assert read_results(tmp_path / "results.json") == before
    after = run(TOY, tmp_path, seed=2, quick=True, overwrite=True)
    assert len(after["first"]["numbers"]) == 3
    assert after["holds"] == {"positive": True}


def test_other_files_are_no_results(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"study": "a", "holds": 1}'):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(ModelFileError, match="does not hold the results of a study"):
            read_results(tmp_path / "results.json")


def test_names_that_do_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["study", "muon"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in STUDIES)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_be_tried(name: str, tmp_path: Path) -> None:
    """In a process of its own, as a user starts it; firmware bits are compared with hls4ml's C-simulation in it."""
    out = tmp_path / "out"
    typed = [sys.executable, "-m", "isobit", "study", name, "--quick", "--out", str(out)]
    done = subprocess.run(typed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "a quick trial" in done.stdout
    results = read_results(out / "results.json")
    assert (results["study"], results["quick"]) == (name, True)
    same = [holds for claim, holds in results["holds"].items() if "C-simulation" in claim]
    assert same == [True]
    assert {path.stem for path in out.glob("*.svg")} == set(STUDIES[name].pictures)


def test_every_study_is_committed() -> None:
    assert set(COMMITTED) == set(STUDIES)


@pytest.mark.parametrize("name", COMMITTED)
def test_claims_of_the_committed_run_hold_and_its_pictures_are_drawn_from_it(name: str, tmp_path: Path) -> None:
    results = read_results(DOCS / name / "results.json")
    assert (results["study"], results["quick"]) == (name, False)
    assert results["holds"]
    assert {claim for claim, holds in results["holds"].items() if not holds} == set()
    for stem in STUDIES[name].pictures:
        draw(STUDIES[name], stem, results, tmp_path / f"{stem}.svg")
        committed = (DOCS / name / f"{stem}.svg").read_text(encoding="utf-8")
        assert committed.startswith("<?xml")
        assert f"({name}/{stem}.svg)" in (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert len(list((DOCS / name).glob("*.svg"))) == len(STUDIES[name].pictures)


def test_pages_have_the_measured_numbers() -> None:
    found = read_results(DOCS / "muons" / "results.json")["recalibration"]["fwhm"]
    widths = [f"{width:.4f} ± {error:.4f}" for one in found.values() for width, error in one.values()]
    areas = read_results(DOCS / "dimuons" / "results.json")["curves"]["auc_roc"].values()
    written = {"muons": widths, "dimuons": [f"{area['value']:.4f} ± {area['error']:.4f}" for area in areas]}
    for name, numbers in written.items():
        page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        assert [number for number in numbers if number not in page] == [], name


if __name__ == "__main__":  # the process that is killed
    run(TOY, sys.argv[1])
