"""Test benches know every constant as it is compiled, and their events look up every entry that inputs can reach."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from export_mutants import Mutant, judge, mutants, prepare
from hls_networks import dense, tensor

import isobit as ib
from isobit.hls.core import make_core
from isobit.hls.folder import read_folder
from isobit.hls.table_events import table_events
from isobit.hls.vectors import choose_vectors
from isobit.model import Graph, Softmax, TableActivation
from isobit.model.tables import exponential_table, function_table, inverse_table

pytestmark = [pytest.mark.xdist_group("hls-export"), pytest.mark.csim]
_TABLE, _RESULT = ib.FixedType.parse("ap_fixed<12,4>"), "ap_fixed<16,6,AP_RND,AP_SAT>"


def activation(function: str, kind: str, entries: int = 64) -> Graph:
    """A table that a single number of few bits addresses."""
    x = tensor("x", 1, kind)
    param = None if function != "elu" else ib.model.Weight.from_written("param", np.array([1.5]), _TABLE)
    table = function_table("table", function, entries, _TABLE)
    return Graph(
        "act", (x,), (TableActivation("act", ("x",), tensor("y", 1, _RESULT), function, table, param),), ("y",)
    )


def softmax(kind: str = "ap_fixed<6,4>") -> Graph:
    """A stable softmax of three numbers; the sum of its exponentials is between one and three."""
    x = tensor("x", 3, kind)
    total, distance = ib.FixedType.parse("ap_ufixed<12,4>"), ib.FixedType.parse("ap_ufixed<9,5>")
    op = Softmax(
        "soft",
        ("x",),
        tensor("y", 3, _RESULT),
        "stable",
        3,
        exp_table=exponential_table("exp_table", 32, distance, 1.0, True, _TABLE),
        inv_table=inverse_table("inv_table", 64, total, _TABLE),
        accum=total,
        inv_inp=total,
        inp_norm=distance,
    )
    return Graph("soft", (x,), (op,), ("y",))


def _every_input(graph: Graph) -> np.ndarray:
    kinds = [t.type for t in graph.inputs for _ in range(t.size)]
    return np.array(list(itertools.product(*(range(k.raw_min, k.raw_max + 1) for k in kinds))), dtype=object)


@pytest.mark.parametrize(
    "make",
    [
        *(lambda f=f: activation(f, "ap_fixed<9,5>") for f in ("sigmoid", "tanh", "softplus", "elu", "selu")),
        lambda: activation("sigmoid", "ap_ufixed<6,3>"),  # the lower half of the table is out of reach
        lambda: activation("tanh", "ap_fixed<5,3>", 256),  # so are entries between two numbers
        softmax,
    ],
)
def test_golden_events_reach_all_that_any_input_reaches(make: Callable[[], Graph]) -> None:
    graph = make()
    vectors = choose_vectors(graph, None, random_events=0)
    _, everything = table_events(graph, _every_input(graph), 0, 1)
    assert [(t.layer, t.slot, t.reached) for t in vectors.tables] == [(t.layer, t.slot, t.reached) for t in everything]
    for table in vectors.tables:
        assert 1 < table.reached <= table.reachable <= table.entries
        if table.slot == "table":  # of a single number, the bounds know every entry
            assert table.reached == table.reachable
    assert f"{vectors.tables[0]}" in vectors.sources[-1]


def test_each_reached_entry_of_a_table_shows_in_a_result() -> None:
    """As many different results as the table has entries that are different: the reference knows no index."""
    graph = activation("sigmoid", "ap_fixed<9,5>")
    (op,) = graph.ops
    assert isinstance(op, TableActivation)
    vectors = choose_vectors(graph, None, random_events=0)
    y = ib.Model(graph).predict_raw(vectors.inputs["x"], engine="reference")
    assert len(np.unique(y.raw)) == len(np.unique(op.table.raw)) > 30


def test_a_core_without_tables_gets_no_such_events() -> None:
    x = tensor("x", 3, "ap_fixed<8,4>")
    graph = Graph("plain", (x,), (dense("fc", x, 2, np.random.default_rng(1)),), ("fc_out",))
    vectors = choose_vectors(graph, None, random_events=4)
    assert vectors.tables == ()
    assert not [line for line in vectors.sources if "table" in line]


# -- digests ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> ib.HlsProject:
    """A softmax with entries of both tables that no input reaches."""
    folder = tmp_path_factory.mktemp("constants") / "soft"
    return ib.export_hls(ib.Model(softmax()), folder, oracle="reference", random_events=8)


def _entries(project: ib.HlsProject) -> tuple[Path, dict[str, Mutant]]:
    files = {path: (project.folder / path).read_text() for path in project.manifest["files"]}
    return project.folder, {m.what: m for m in mutants(files, project.top) if m.kind in ("table", "weight")}


def test_the_manifest_says_how_much_of_a_table_is_reached(unreachable: ib.HlsProject) -> None:
    exponentials, inverses = unreachable.manifest["vectors"]["tables"]
    assert exponentials.keys() == {"layer", "slot", "entries", "reachable", "reached"}
    assert (exponentials["layer"], exponentials["slot"], exponentials["entries"]) == ("soft", "exp_table", 32)
    assert inverses["entries"] == 64
    assert inverses["reached"] <= inverses["reachable"] < 64 / 2
    assert (
        f"soft.inv_table {inverses['reached']} of {inverses['reachable']}"
        in (unreachable.folder / "README.md").read_text()
    )


@pytest.mark.parametrize("entry", ["soft_2_inv_table[1]", "soft_2_inv_table[63]", "soft_2_exp_table[30]"])
@pytest.mark.oracle(sample=1)
def test_an_entry_that_no_event_looks_up_may_not_be_corrupted(
    unreachable: ib.HlsProject, entry: str, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(unreachable.folder, tmp_path / "copy")
    _, found = _entries(unreachable)
    (mutant,) = [mutant for what, mutant in found.items() if what.startswith(f"{entry}:")]
    (tmp_path / "copy" / mutant.path).write_text(mutant.text)
    run = read_folder(tmp_path / "copy").run_test_bench()
    array = entry.partition("[")[0]
    assert not run.ok
    assert run.text.splitlines()[0] == f"constant {array}: not what was exported"
    assert run.text.endswith(" results compared, 0 differ\n")


@pytest.mark.full
def test_every_entry_corrupted_is_caught(unreachable: ib.HlsProject, tmp_path: Path) -> None:
    folder = prepare(unreachable.folder, unreachable.top, tmp_path)
    files = {path: (folder / path).read_text() for path in unreachable.manifest["files"]}
    verdicts = [judge(folder, m, tmp_path) for m in mutants(files, unreachable.top) if m.kind == "table"]
    assert len(verdicts) > 80
    assert all(verdict.startswith("caught") for verdict in verdicts)


def test_every_array_has_its_digest() -> None:
    from hls_networks import binary, wide
    from hls_primitives import primitives
    from hls_tables_sets import sets, tables

    from isobit.hls.texts import testbench_files

    made: tuple[Callable[[], Graph], ...] = (binary, wide, sets, tables, primitives)
    for make in made:
        core = make_core(make())
        arrays = set(re.findall(r"constexpr [^=;]* (\w+)\[\d+\] = \{", core.files["firmware/weights.hpp"]))
        bench = testbench_files(core)[f"tb/{core.top}_test.cpp"]
        assert set(re.findall(r'tally_\.constant\("(\w+)"', bench)) == arrays
        assert len(arrays) >= 4
