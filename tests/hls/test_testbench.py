"""The exported test bench: right on both header sets, and it fails on one wrong bit and says where."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from export_mutants import judge, mutants, prepare
from hls_networks import binary, saturating, wide

import isobit as ib
from isobit.errors import CSimError
from isobit.model import Graph
from tiers import examples

pytestmark = pytest.mark.csim
Exported = Callable[[str], ib.HlsProject]
HERE = Path(__file__).parent


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("headers", ["isobit", "vendor"])
@pytest.mark.parametrize("name", ["saturating", "binary", "wide"])
def test_every_bit_agrees_on_both_header_sets(exported: Exported, name: str, headers: str) -> None:
    run = exported(name).run_test_bench(headers)
    assert run.ok, run.text
    compared = re.fullmatch(rf"{name}: (\d+) results compared, 0 differ\n", run.text)
    assert compared is not None
    sizes = sum(port.size for port in exported(name).outputs)
    assert int(compared[1]) == sizes * exported(name).manifest["vectors"]["events"] > 400 * sizes


@pytest.mark.parametrize("make", [saturating, binary, wide])
def test_golden_results_are_the_definition(exported: Exported, make: Callable[[], Graph]) -> None:
    """What AMD's headers gave equals the reference, on every third event of the bench."""
    graph = make()
    project = exported(graph.name)
    golden = {name: rows[::3] for name, rows in _golden(project).items()}
    inputs = [
        ib.FixedArray.from_raw(golden[p["argument"]], ib.FixedType.parse(p["type"])) for p in project.manifest["inputs"]
    ]
    values = ib.Model(graph).predict_raw(inputs if len(inputs) > 1 else inputs[0], engine="reference")
    for port, value in zip(project.manifest["outputs"], values, strict=True):
        want = np.array(golden[port["argument"]], dtype=object)
        got = np.array(value.raw.reshape(len(want), -1), dtype=object)
        np.testing.assert_array_equal(got, want, err_msg=port["name"])


def _golden(project: ib.HlsProject) -> dict[str, list[list[int]]]:
    """The arrays of golden.hpp as raw integers."""
    text = (project.folder / "tb/golden.hpp").read_text()
    kinds = {p["argument"]: ib.FixedType.parse(p["type"]) for d in ("inputs", "outputs") for p in project.manifest[d]}
    found = {}
    for array in re.finditer(r"constexpr [\w: <>]+ (\w+)\[(\d+)\]\[(\d+)\] = \{(.*?)\n\};", text, re.DOTALL):
        kind, events, size = kinds[array[1]], int(array[2]), int(array[3])
        numbers = re.findall(r"0x[0-9a-f]+|-?\d+", re.sub(r"(?:U?LL)\b|\(|\s- 1\)", "", array[4]))
        values = [int(n, 0) for n in numbers]
        words = -(-kind.width // 64)
        raws = [sum(w << (64 * k) for k, w in enumerate(values[i : i + words])) for i in range(0, len(values), words)]
        raws = [raw % (1 << kind.width) for raw in raws]
        raws = [raw - (1 << kind.width) if kind.signed and raw >> (kind.width - 1) else raw for raw in raws]
        assert len(raws) == events * size
        found[array[1]] = [raws[i : i + size] for i in range(0, len(raws), size)]
    return found


def test_one_wrong_bit_is_found_and_named(copied: Exported) -> None:
    project = copied("saturating")
    path = project.folder / "firmware/weights.hpp"
    text = path.read_text()
    array = re.search(r"fc4_bias\[4\] = \{\n\s*(-?\d+)", text)
    assert array is not None
    path.write_text(text[: array.start(1)] + str(int(array[1]) ^ 1) + text[array.end(1) :])
    run = project.run_test_bench()
    assert not run.ok
    first = run.text.splitlines()[0]
    assert re.fullmatch(r"event \d+, output flat_out\[0\]: got raw 0x[0-9a-f]+, want 0x[0-9a-f]+", first), first
    assert len(run.text.splitlines()) == 12  # ten that differ, the constant and the count
    assert run.text.splitlines()[10] == "constant fc4_bias: not what was exported"
    assert project.changed() == ["firmware/weights.hpp"]


def test_a_changed_vector_is_noticed_even_where_no_output_depends_on_it(copied: Exported) -> None:
    project = copied("binary")
    path = project.folder / "tb/golden.hpp"
    text = path.read_text()
    path.write_text(text.replace("{0, 0, 0, 0}", "{1, 0, 0, 0}", 1))
    with pytest.raises(CSimError, match="exited with status 2: binary: the golden vectors are not those that were exp"):
        project.run_test_bench()


def test_an_output_that_is_not_written_is_noticed(copied: Exported) -> None:
    project = copied("binary")
    path = project.folder / "firmware/binary.cpp"
    text = path.read_text()
    without, calls = re.subn(r"binary_core_\w+::tanh\(xnor_out_local, tanh_out\);", "(void)tanh_out;", text)
    assert calls == 1
    path.write_text(without)
    run = project.run_test_bench()
    events = project.manifest["vectors"]["events"]
    assert f"{4 * events} differ" in run.text


@pytest.mark.turn(3)
def test_a_sample_of_mutants_is_caught(exported: Exported, tmp_path: Path) -> None:
    """tools/mutate_export.py judges all."""
    project = exported("saturating")
    folder = prepare(project.folder, project.top, tmp_path)
    files = {path: (folder / path).read_text() for path in project.manifest["files"]}
    known = json.loads((HERE / "equivalent_mutants.json").read_text())
    everything = [m for m in mutants(files, project.top) if m.what not in known]
    kinds = {kind: [m for m in everything if m.kind == kind] for kind in ("weight", "type", "loop", "golden")}
    rng = random.Random(11)
    for group in kinds.values():
        assert len(group) >= 40
        for mutant in rng.sample(group, examples(12, 20) // len(kinds)):
            verdict = judge(folder, mutant, tmp_path)
            assert not verdict.startswith("survived"), mutant.what


def test_the_whole_run_of_mutants() -> None:
    """What tools/mutate_export.py recorded: every mutant that compiles is caught, or explained."""
    records = ("mutation_run", "lowered_mutation_run")
    run, lowered = (json.loads((HERE / f"{name}.json").read_text()) for name in records)
    known = json.loads((HERE / "equivalent_mutants.json").read_text())
    assert run["mutants"] >= 200
    assert lowered["mutants"] >= 40
    for each in (run, lowered):
        assert each["caught"] + each["equivalent"] == each["mutants"]
        assert each["unexplained"] == []
    assert {*run["equivalent_ones"], *lowered["equivalent_ones"]} == set(known)
    assert all(len(reason) > 20 for reason in known.values())
