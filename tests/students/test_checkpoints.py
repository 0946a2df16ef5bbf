"""A training that was killed goes on to the numbers of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from isobit.errors import ModelFileError
from isobit.students import checkpoints

SCRIPT = """
    import os, signal, sys
    import numpy as np
    from isobit.students import distill, zoo
    from isobit.students.muons import simulate

    path, kill = sys.argv[1], int(sys.argv[2])
    distill.seed_everything(3)
    student = zoo.build("mugmt_student")
    sample, check = simulate(1024, 1), simulate(512, 2)
    data, validation = (distill.Data(part.features, part.targets) for part in (sample, check))
    recipe = distill.Recipe(epochs=6, learning_rate=1e-2, batch=256, patience=1)

    def progress(done, total, loss):
        if done == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    history = distill.train(
        student, data, validation, recipe, seed=4, progress=progress, checkpoint=path + ".check.npz", every=0
    )
    kept = {"best": history.best_epoch, "losses": history.loss, "checked": history.validation_loss}
    np.savez(path, *student.get_weights(), **kept, rates=history.learning_rate)
    print(len(history.loss))
"""


def train(path: Path, kill: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), str(kill)],
        capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip


@pytest.mark.hls4ml
def test_a_training_that_was_killed_ends_with_the_same_numbers(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole.npz", 0)
    assert whole.returncode == 0, whole.stderr[-2000:]
    for kill in (3, 5):
        stopped = train(tmp_path / "stopped.npz", kill)
        assert stopped.returncode == -signal.SIGKILL, stopped.stderr[-2000:]
        assert not (tmp_path / "stopped.npz").exists()
    assert train(tmp_path / "stopped.npz", 0).stdout == whole.stdout == "6\n"
    with np.load(tmp_path / "whole.npz") as expected, np.load(tmp_path / "stopped.npz") as found:
        assert expected.files == found.files
        assert len(set(expected["rates"])) > 1, "the learning rate was never halved: the test tells too little"
        for name in expected.files:
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


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
