"""``isobit train``: every name at toy size, resumed after SIGKILL to the same numbers, nothing overwritten unasked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.commands import run
from isobit.errors import OverwriteError, UnsupportedError
from isobit.students import distill, zoo
from isobit.students.muons import simulate
from isobit.students.trainings import TRAININGS, Run, Sizes, Training, predict, samples, shipped, train
from isobit.students.trainings.muons import population_weights

QUICK = distill.Recipe(epochs=3, learning_rate=1e-2, batch=256)
ENDS = (".npz", ".h5", ".hls4ml.yml")


def toy() -> Training:
    """Two float networks, so that a process starts soon; the second is taught by the first."""
    entry = replace(zoo.entry("mugmt_teacher"), hidden=(4,))
    runs = (Run("teacher", entry, QUICK), Run("student", entry, QUICK, taught_by="teacher"))
    return Training("toy", "", simulate, runs, Sizes(1024, 512, 512), lambda sample, found: {"events": len(sample)})


def result(folder: Path) -> dict[str, Any]:
    """Weights and record, without what time it took."""
    record = json.loads((folder / "training.json").read_text())
    for one in record["runs"].values():
        del one["seconds"]
    found = {"record": record}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as weights:
            found |= {f"{path.stem} {key}": weights[key].tolist() for key in weights.files}
    return found


@pytest.mark.turn(3)
@pytest.mark.hls4ml
def test_a_training_that_was_killed_ends_with_the_same_numbers(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    killed = subprocess.run([sys.executable, __file__, str(broken)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert sorted(path.name for path in broken.iterdir()) == ["checkpoints"]
    assert sorted(path.name for path in (broken / "checkpoints").iterdir()) == ["student.npz", "teacher.npz"]
    told: list[tuple[str, int, int]] = []
    train(toy(), broken, progress=lambda *what: told.append(what))
    assert told[0] == ("student: epochs", 3, 3), "the first of both networks was trained again"
    train(toy(), whole)
    assert result(broken) == result(whole)
    assert sorted(path.name for path in whole.iterdir()) == sorted(
        ["training.json", *(f"{name}{end}" for name in ("teacher", "student") for end in ENDS)]
    )
    with pytest.raises(OverwriteError, match=r"training\.json exists"):
        train(toy(), whole)
    before = result(whole)
    train(toy(), whole, seed=2, overwrite=True)
    assert result(whole)["record"]["seed"] == 2
    assert result(whole) != before


@pytest.mark.turn(3, ci=1)
@pytest.mark.oracle(sample=1, ci=len(TRAININGS))
@pytest.mark.hls4ml
@pytest.mark.parametrize("name", TRAININGS)
def test_every_name_can_be_tried(name: str, tmp_path: Path) -> None:
    """In a process of its own, as a user starts it."""
    from isobit.api import load

    command = [sys.executable, "-m", "isobit", "train", name, "--quick", "--json", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record == json.loads((tmp_path / "out" / "training.json").read_text())
    assert list(record["runs"]) == [one.name for one in TRAININGS[name].runs]
    assert record["figures"]
    student = next(one for one in reversed(TRAININGS[name].runs) if one.name != "teacher")
    whole, config = (tmp_path / "out" / f"{student.name}{end}" for end in ENDS[1:])
    x = TRAININGS[name].simulate(50, 7).features
    assert len(load(str(whole), hls_config=str(config)).predict(x)) == 50


def test_names_and_runs_that_do_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "mugmt"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in TRAININGS)
    with pytest.raises(UnsupportedError, match="trains no 'pupil', but: teacher, student"):
        toy().run("pupil")


def test_nothing_is_overwritten_before_it_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "student.npz").write_text("mine")
    assert run(["train", "mugmt_student", "--out", str(tmp_path)]) == 2
    assert "student.npz exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["student.npz"]
    assert run(["train", "mugmt_student", "--quick", "--shipped", "--out", str(tmp_path / "new")]) == 2
    assert "--shipped is for full trainings" in capsys.readouterr().err


def test_every_training_is_well_formed() -> None:
    for training in TRAININGS.values():
        names = [one.name for one in training.runs]
        assert len(set(names)) == len(names)
        for number, one in enumerate(training.runs):
            assert one.taught_by is None or one.taught_by in names[:number]
        quick = training.at(quick=True)
        assert quick.sizes.training >= max(one.recipe.batch for one in quick.runs)
        assert max(one.recipe.epochs for one in quick.runs) <= 5
        assert training.at(quick=False) is training


@pytest.mark.hls4ml
@pytest.mark.parametrize("name", ["ad_student", "pion_deepsets"])
def test_shipped_networks_are_those_of_the_record(name: str) -> None:
    """The recipes of today, and the figures on the test sample; another machine rounds sums differently."""
    training = TRAININGS[name]
    record = json.loads(zoo.data_file(f"{name}.trained.json").read_text(encoding="utf-8"))
    for one in training.runs:
        assert record["runs"][one.name]["recipe"] == asdict(one.recipe)
    models = shipped(training)
    assert list(models) == [one.name for one in training.runs]
    test = samples(training, record["seed"])[2]
    figures = training.figures(test, {one: predict(model, test.features) for one, model in models.items()})
    assert list(figures) == list(record["figures"])
    for name_of_run, values in record["figures"].items():
        assert figures[name_of_run] == pytest.approx(values, rel=0.01)


def test_what_is_said_to_be_shipped_is() -> None:
    stems = {run.shipped for training in TRAININGS.values() for run in training.runs if run.shipped is not None}
    assert [stem for stem in sorted(stems) if not zoo.data_file(f"{stem}.npz").is_file()] == []
    trained = {path.stem for path in zoo.data_file("").glob("*.npz")}
    assert trained == stems, "files that no training takes"


def test_populations_count_the_same() -> None:
    pt = np.array([3.1, 3.2, 3.9, 10.0, 10.5, 300.0])
    weights = population_weights(pt)
    assert weights.mean() == pytest.approx(1.0)
    assert [weights[:3].sum(), weights[3:5].sum(), weights[5]] == pytest.approx([2.0, 2.0, 2.0])


def killed_behind(folder: Path) -> None:
    """Train the toy and end the process by SIGKILL when the second network's last epoch but one is done."""

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith("student") and done == total - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    train(toy(), folder, progress=progress, every=0.0)


if __name__ == "__main__":  # the process that is killed
    killed_behind(Path(sys.argv[1]))
