"""A training that was killed goes on to the numbers of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.errors import ModelFileError
from isobit.students import checkpoints


def train(folder: Path, kill: int = 0) -> dict[str, Any]:
    """Train a small network, or end the process by SIGKILL behind epoch `kill`; weights, losses and rates."""
    from isobit.students import distill, zoo
    from isobit.students.muons import simulate

    distill.seed_everything(3)
    student = zoo.build("mugmt_teacher")  # plain Keras: the process starts sooner
    sample, check = simulate(512, 1), simulate(256, 2)
    data, validation = (distill.Data(part.features, part.targets) for part in (sample, check))
    recipe = distill.Recipe(epochs=7, learning_rate=0.5, batch=256, patience=1)

    def progress(done: int, total: int, loss: float) -> None:
        if done == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    path = folder / "training.npz"
    history = distill.train(student, data, validation, recipe, seed=4, progress=progress, checkpoint=path, every=0)
    weights = {f"weights {n}": array for n, array in enumerate(student.get_weights())}
    facts = {"best": history.best_epoch, "losses": history.loss, "checked": history.validation_loss}
    return {**weights, **facts, "rates": history.learning_rate}


@pytest.mark.turn(3)
@pytest.mark.hls4ml
def test_a_training_that_was_killed_ends_with_the_same_numbers(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    killed = subprocess.run([sys.executable, __file__, str(broken), "4"], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert [path.name for path in broken.iterdir()] == ["training.npz"]
    expected, found = train(whole), train(broken)
    assert len(found["losses"]) == 7
    assert len(set(expected["rates"])) > 1, "the learning rate was never halved: the test tells too little"
    assert expected["best"] < 6, "the last epoch was the best: the test tells too little"
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def state() -> checkpoints.State:
    arrays = [np.arange(3.0), np.array(2, dtype=np.int64)]
    return checkpoints.State(arrays, arrays[:1], [], {"epoch": 3})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert checkpoints.load(path, "x") is None
    checkpoints.save(path, state(), "x")
    found = checkpoints.load(path, "x")
    assert found is not None
    assert [len(found.weights), len(found.best), len(found.optimizer), found.facts] == [2, 1, 0, {"epoch": 3}]
    np.testing.assert_array_equal(found.weights[0], np.arange(3.0))
    assert list(tmp_path.iterdir()) == [path]


def test_other_trainings_and_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    checkpoints.save(path, state(), "x")
    with pytest.raises(ModelFileError, match="of another training"):
        checkpoints.load(path, "y")
    content = path.read_bytes()
    for damaged in (b"", b"text", content[: len(content) // 2], content[:100] + b"\xff" * 50 + content[150:]):
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match="not a checkpoint of a training"):
            checkpoints.load(path, "x")
    np.savez(path, facts=np.array([{}], dtype=object))
    with pytest.raises(ModelFileError, match="not a checkpoint of a training"):
        checkpoints.load(path, "x")


def test_digests_tell_trainings_apart() -> None:
    a, facts = np.arange(4.0), {"seed": 1}
    of = checkpoints.digest([a, None], facts)
    others = [([a], facts), ([a, a], facts), ([a.astype(np.float32), None], facts), ([a[::-1], None], facts),
              ([a.reshape(2, 2), None], facts), ([a, None], {"seed": 2})]  # fmt: skip
    assert of == checkpoints.digest([a.copy(), None], dict(facts))
    assert of not in [checkpoints.digest(*other) for other in others]


if __name__ == "__main__":  # the process that is killed
    train(Path(sys.argv[1]), int(sys.argv[2]))
