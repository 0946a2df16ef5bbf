"""The scan of autoencoders: killed and resumed within a step to the same numbers, and what its figures mean."""

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

from isobit.students.anomalies import SIGNALS
from isobit.students.autoencoders import AUTOENCODERS, OBJECTS
from isobit.students.losses import DIVERGENCE, losses
from isobit.studies import STUDIES, Context, read_results
from isobit.studies.autoencoders import TOLERANCE, needed

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies"
STUDY = STUDIES["autoencoders"]


def scanned(folder: Path, progress: Any) -> dict[str, Any]:
    return STUDY.steps["dnn_ae"](Context(folder, True, 1, False, progress))


def killed_behind(folder: Path) -> None:
    """End the process by SIGKILL when four of six versions are known."""

    def told(what: str, done: int, total: int) -> None:
        if done == 4:
            os.kill(os.getpid(), signal.SIGKILL)

    scanned(folder, told)


@pytest.mark.turn(3)
@pytest.mark.hls4ml
def test_a_scan_that_was_killed_ends_with_the_same_numbers(tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    killed = subprocess.run([sys.executable, __file__, str(broken)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert len(json.loads((broken / "unfinished" / "dnn_ae.json").read_text())) == 4
    told: list[int] = []
    resumed = scanned(broken, lambda what, done, total: told.append(done))
    assert told[0] == 5, "what was known was computed again"
    assert resumed == scanned(whole, lambda what, done, total: None)
    assert scanned(broken, lambda what, done, total: pytest.fail("nothing was left to do")) == resumed


def found(changes: dict[str, dict[int, float]]) -> dict[str, Any]:
    """Results with these changes of an area, by version and width."""
    still = {key: {"value": 0.0, "error": 0.0} for key in SIGNALS}
    versions = {
        f"{name} {width}": {"change": {**still, SIGNALS[1]: {"value": change, "error": 0.0}}}
        for name, each in changes.items()
        for width, change in each.items()
    }
    return {"widths": [4, 3, 2], "versions": versions}


def test_bits_that_are_needed() -> None:
    small, large = TOLERANCE / 2, TOLERANCE * 2
    results = found(
        {
            "qat whole": {4: small, 3: -small, 2: -large},
            "ptq whole": {4: large, 3: 0.0, 2: 0.0},
            "ptq pruned": {4: -small, 3: large, 2: small},
        }
    )
    assert needed(results, "qat", "whole") == 3
    assert needed(results, "ptq", "whole") is None
    assert needed(results, "ptq", "pruned") == 4


def test_scores() -> None:
    random = np.random.default_rng(1)
    x, rebuilt, mean = random.normal(size=(5, OBJECTS)), random.normal(size=(5, 60)), random.normal(size=(5, 3))
    wanted = [
        np.mean([(a - b) ** 2 for a, b in zip(row[:OBJECTS], event, strict=True)])
        for row, event in zip(rebuilt, x, strict=True)
    ]
    assert np.allclose(AUTOENCODERS["cnn_ae"].score(rebuilt.reshape(5, 20, 3, 1), x), wanted, rtol=1e-14)
    assert np.allclose(AUTOENCODERS["dnn_ae"].score(rebuilt[:, :OBJECTS], x), wanted, rtol=1e-14)
    squares = [a * a + b * b + c * c for a, b, c in mean]
    assert np.allclose(AUTOENCODERS["cnn_vae"].score([mean, x], x), squares, rtol=1e-14)


@pytest.mark.hls4ml
def test_the_loss_of_a_variational_autoencoder() -> None:
    """Against the Kullback-Leibler divergence of two normal distributions by its integral."""
    import tensorflow
    from scipy.integrate import quad
    from scipy.stats import norm

    wanted, outputs = np.array([[0.5, -1.0]]), np.array([[0.0, 1.0]])
    mean, spread = np.array([[0.3, -0.8]]), np.array([[0.2, -0.5]])
    divergence = 0.0
    for centre, variance in zip(mean[0], np.exp(spread[0]), strict=True):
        one = norm(centre, np.sqrt(variance))
        divergence += quad(lambda z, one=one: one.pdf(z) * (one.logpdf(z) - norm.logpdf(z)), -12, 12)[0]
    hard, _ = losses(tensorflow, "variational", 1.0)
    value = float(hard(tensorflow.constant(np.hstack((outputs, mean, spread))), tensorflow.constant(wanted))[0])
    assert value == pytest.approx((0.5**2 + 2.0**2) / 2 + DIVERGENCE * divergence, rel=1e-9)


def test_the_committed_run_is_whole_and_its_page_has_its_numbers() -> None:
    results = read_results(DOCS / "autoencoders" / "results.json")
    page = (DOCS / "autoencoders.md").read_text(encoding="utf-8")
    for name, network in AUTOENCODERS.items():
        one = results[name]
        assert one["widths"] == list(range(16, 1, -1))
        assert len(one["versions"]) == 2 + 4 * 15
        compared = [record["csim"] for record in one["versions"].values() if "csim" in record]
        assert [record["differ"] for record in compared] == [0]
        row = " | ".join(
            str(needed(one, training, series)) for series in ("whole", "pruned") for training in ("qat", "ptq")
        )
        assert f"| {network.title} | {row} |" in page
        for series in ("whole", "pruned"):
            half = [
                record["zeros"] for key, record in one["versions"].items() if f"{series} " in key and "zeros" in record
            ]
            assert (min(half) >= 0.499) == (series == "pruned")


if __name__ == "__main__":  # the process that is killed
    killed_behind(Path(sys.argv[1]))
