"""docs/streaming.md: its commands and its Python are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streaming_files import COLUMNS, EVENTS, events, one_input, read, two_inputs, write

import isobit as ib
from isobit.commands import run

DOC = Path(__file__).resolve().parents[2] / "docs" / "streaming.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(), flags=re.DOTALL)


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from dataclasses import replace

    monkeypatch.chdir(tmp_path)
    one_input().save("student.isobit")
    graph = two_inputs().graph
    names = {"x": "muon", "z": "calo"}
    ib.Model(
        replace(
            graph,
            inputs=tuple(replace(t, name=names[t.name]) for t in graph.inputs),
            ops=tuple(replace(op, inputs=(names[op.inputs[0]],)) for op in graph.ops),
        )
    ).save("two.isobit")
    for name in ("muons.npy", "muons.parquet", "run1.root", "run2.root"):
        write(tmp_path / name)
    with h5py.File("muons.h5", "w") as file:
        file["muons"], file["other"] = events(), events()
    np.save("calo.npy", events(columns=2))
    columns = {name: pa.array(range(EVENTS)) for name in ("run", "lumi", "event")}
    pq.write_table(pa.table({**columns, **dict(zip(COLUMNS, events().T, strict=True))}), "muons.parquet")
    return tmp_path


def test_commands_run(documented: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        shlex.split(line[2:], comments=True)
        for block in blocks("console")
        for line in block.splitlines()
        if line[:2] == "$ "
    ]
    assert len(commands) == 9
    for command in commands:
        assert command[0] == "isobit"
        assert run(command[1:]) == 0, (command, capsys.readouterr().err)
    model = ib.load("student.isobit")
    for name in ("predictions.npy", "predictions.parquet", "slow.npy"):
        assert np.array_equal(read(documented / name, model)["y"], model.predict(events()))
    assert np.array_equal(read(documented / "raw.h5", model)["y"], model.predict_raw(events()).raw)


def test_python_runs(documented: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python")
    exec(compile(block, str(DOC), "exec"), {})
    assert re.match(r"2000 events, [\d,]+ a second, from event 0 on", capsys.readouterr().out)
    model = ib.load("student.isobit")
    assert np.array_equal(np.load("again.npy"), model.predict_raw(events()).raw)
