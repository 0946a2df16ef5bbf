"""Results of every command that writes a page, of one network whose names are an attack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from page_networks import BAD, RIGHT, SCRIPT, X, a_certification, a_check

import isobit as ib
from isobit.testing import write_tb_data


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each command finds, by its name."""
    vary = [
        {"slots": "*.weight", "bits": [6, 9, 12], "name": SCRIPT},
        {"slots": "*.result", "fraction": [2, 5, 9], "name": "results"},
    ]
    files = tmp_path_factory.mktemp("answers")
    write_tb_data(files, [X], [RIGHT.predict(X)])
    given = files / "tb_input_features.dat", files / "tb_output_predictions.dat"
    return {
        "answers": ib.compare_answers(BAD, *given, tries=20),
        "certify": a_certification(),
        "check": a_check(),
        "explain": ib.explain(BAD, X, RIGHT),
        "lint": ib.lint(BAD, X),
        "profile": BAD.profile(X, distributions=True),
        "sweep": ib.sweep(RIGHT, vary, X, metrics=("rms", "bits"), workers=1),
        "tune": ib.tune(RIGHT, X, tolerance=0.1, slots=["*.weight", "out.*"]),
    }
