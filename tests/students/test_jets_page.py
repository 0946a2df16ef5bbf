"""docs/studies/README.md: the table of jets is that of the committed record, whose recipes are those of today."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isobit.students.jets import KINDS
from isobit.students.trainings.jets import JETS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies"
RECORD = json.loads((DOCS / "jets" / "training.json").read_text(encoding="utf-8"))


def number(one: dict[str, Any], digits: int, unit: str = "") -> str:
    scale = 100.0 if unit else 1.0
    return f"{scale * one['value']:.{digits}f}{unit} ± {scale * one['error']:.{digits}f}{unit}"


def test_the_table_is_that_of_the_record() -> None:
    figures, names = RECORD["figures"], [run.name for run in JETS.runs]
    gaps = figures["student_minus_undistilled"]
    rows = ["| accuracy | " + " | ".join(number(figures["accuracy"][name], 1, "%") for name in names)]
    rows[0] += f" | {number(gaps['accuracy'], 1, '%')} |"
    for kind in KINDS:
        areas = " | ".join(number(figures["auc_roc"][name][kind], 3) for name in names)
        rows.append(f"| AUC, {kind} | {areas} | {number(gaps['auc_roc'][kind], 4)} |")
    page = (DOCS / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith(("| accuracy", "| AUC, "))] == rows


def test_the_record_is_of_the_training_as_it_is() -> None:
    assert (RECORD["training"], RECORD["seed"], RECORD["events"]) == (JETS.name, 1, asdict(JETS.sizes))
    assert {run.name: asdict(run.recipe) for run in JETS.runs} == {
        name: run["recipe"] for name, run in RECORD["runs"].items()
    }


def test_what_the_page_says_of_the_differences_is_so() -> None:
    gaps = RECORD["figures"]["student_minus_undistilled"]
    size = {kind: gap["value"] / gap["error"] for kind, gap in gaps["auc_roc"].items()}
    assert [round(size["g"]), round(size["q"])] == [6, 5]
    assert round(gaps["accuracy"]["value"] / gaps["accuracy"]["error"]) == 3
    assert max(abs(size[kind]) for kind in ("W", "Z", "t")) < 2.0
