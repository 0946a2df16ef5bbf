"""Certificates: one network certified twice, verified, and sabotaged in ways that need no compiler to be found."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.certify import network, verify_certificate, verifying
from isobit.certify.comparing import compare_roads
from isobit.certify.emulator import side_by_side
from isobit.certify.events import extreme_events, given_events, random_events
from isobit.certify.given import Given
from isobit.certify.hashes import folder_names
from isobit.certify.report import Fault, NetworkResult, Settings, sealed
from isobit.check.blocks import Block
from isobit.check.roads import Roads
from isobit.commands import run
from isobit.engines.registry import Values
from isobit.errors import ModelFileError, RangeError, TypeMismatchError
from isobit.fixed import FixedArray

CASE = "jet_mlp.golden.io_parallel"
Change = Callable[[str, Mapping[str, tuple[str, str]]], Path]


class NoCompiler(Executor):
    """Starts nothing."""

    def submit(self, *args: Any, **options: Any) -> Future[Any]:
        del args, options
        return Future()


def faults(folder: Path, given: Given | None = None, **ranges: tuple[float, float]) -> list[tuple[str, str]]:
    """What reading a folder says against it."""
    found = network.opened("it", folder, given or Given(), ranges, Settings(), NoCompiler())
    return [(fault.kind, str(fault)) for fault in found.faults]


@pytest.fixture(scope="module")
def certified(projects: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ib.Certification, Path, Path]:
    """A certification of one project with the files of its test bench, the certificate, and the folder."""
    place = tmp_path_factory.mktemp("menu")
    folder = place / "jets"
    shutil.copytree(projects / CASE, folder)
    (folder / "graph.isobit").unlink()
    x = np.random.default_rng(5).normal(0, 1, (12, 16))
    y = ib.load(folder).predict(x)
    (folder / "tb_data").mkdir(exist_ok=True)
    for name, rows in (("tb_input_features.dat", x), ("csim_results.log", y)):
        (folder / "tb_data" / name).write_text("".join(" ".join(map(repr, row)) + "\n" for row in rows.tolist()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "_OPTIMISATION", "0")
        found = ib.certify(folder, events=60, extreme=8, witness=8, speed=False)
        found.to_json(place / "cert.json")
    return found, place / "cert.json", folder


@pytest.mark.turn(2)
@pytest.mark.csim
@pytest.mark.hls4ml
def test_every_road_is_compared_on_every_kind_of_events(certified: tuple[ib.Certification, Path, Path]) -> None:
    found, path, _ = certified
    assert found.ok, str(found)
    one = found["jets"]
    assert {(c.road, c.kind) for c in one.compared} >= {
        (road, kind) for road in ("vendor", "isobit", "cpp", "reference") for kind in ("random", "extreme", "given")
    } | {("answers", "given")}
    assert one.values > 0 and one.differ == 0
    text = path.read_text()
    assert str(path.parent) not in text and "seconds" not in text
    document = json.loads(text)
    assert sealed(document) == document
    assert document["networks"][0]["files"]["firmware/defines.h"]
    assert str(found).startswith("CERTIFIED: 1 network, ")
    with pytest.raises(KeyError, match="networks: jets"):
        found["jet"]


@pytest.mark.csim
@pytest.mark.hls4ml
def test_the_page_and_the_command(
    certified: tuple[ib.Certification, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, path, folder = certified
    found.to_html(tmp_path / "menu.html")
    page = (tmp_path / "menu.html").read_text()
    assert "Certified: 1 network" in page and "What speaks against it" not in page
    assert run(["certify", "--verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith("UNCHANGED: 1 network")
    (folder / "firmware" / "new.h").write_text("// nothing\n")
    try:
        assert run(["certify", "--verify", str(path), str(folder), "--json"]) == 1
    finally:
        (folder / "firmware" / "new.h").unlink()
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert (change["place"], change["message"]) == ("firmware/new.h", "is new")


@pytest.mark.csim
@pytest.mark.hls4ml
def test_everything_again_is_the_same_certificate(
    certified: tuple[ib.Certification, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, path, _ = certified
    monkeypatch.setattr(network, "_OPTIMISATION", "0")
    made: list[ib.Certification] = []

    def noted(*folders: Any, **options: Any) -> ib.Certification:
        made.append(ib.certify(*folders, **options))
        return made[-1]

    monkeypatch.setattr(verifying, "certify", noted)
    assert run(["certify", "--verify", str(path), "--again"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("UNCHANGED: 1 network") and said.rstrip().endswith("computed again: as certified")
    (again,) = made
    again.to_json(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def changed_weight(folder: Path, target: Path) -> None:
    """Copy a project and turn the sign of a weight, in the text and in the header."""
    shutil.copytree(folder, target)
    text = target / "firmware" / "weights" / "w2.txt"
    header = text.with_suffix(".h")
    values, body = text.read_text().split(","), header.read_text()
    begin, end = body.index("{") + 1, body.rindex("}")
    entries = body[begin:end].split(",")
    place = next(k for k, value in enumerate(values) if float(value))
    values[place] = entries[place] = f" {-float(values[place]):.10f}"
    text.write_text(",".join(values))
    header.write_text(body[:begin] + ",".join(entries) + body[end:])


@pytest.mark.csim
@pytest.mark.hls4ml
@pytest.mark.full
def test_a_changed_weight_computed_again(
    certified: tuple[ib.Certification, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The folder's own code agrees with itself; the given answers and all digests of outputs are others."""
    monkeypatch.setattr(network, "_OPTIMISATION", "0")
    changed_weight(certified[2], tmp_path / "jets")
    assert run(["certify", "--verify", str(certified[1]), str(tmp_path / "jets"), "--again", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["again"] and not document["ok"]
    changes = {(one["kind"], one["place"]): one["message"] for one in document["changes"]}
    assert changes["model", "fc1.weight"] == "other numbers"
    assert ("file", "firmware/weights/w2.txt") in changes
    results = {place: message for (kind, place), message in changes.items() if kind == "result"}
    assert "outputs.random" in results and any(place.startswith("compared") for place in results)
    assert "certified True" in results["certified"]


@pytest.mark.csim
@pytest.mark.hls4ml
def test_other_results_are_listed(
    certified: tuple[ib.Certification, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a computation of today would give, without the computation."""
    found, path, _ = certified
    (one,) = found.networks
    worse = replace(one.compared[0], differ=3)
    faults = (Fault("bits", "fc1", "vendor gives other bits"),)
    now = replace(one, compared=(worse, *one.compared[1:]), faults=faults)
    versions = {**found.versions, "numpy": "9.9"}
    given: dict[str, Any] = {}

    def later(folders: Any, **options: Any) -> ib.Certification:
        given.update(options)
        return replace(found, networks=(now,), versions=versions)

    monkeypatch.setattr(verifying, "certify", later)
    unlike = verify_certificate(path, again=True)
    assert (given["events"], given["extreme"], given["witness"], given["seed"]) == (60, 8, 8, 1)
    changes = {(change.kind, change.place): change.message for change in unlike.changes}
    assert changes["versions", "numpy"] == f"9.9, certified with {found.versions['numpy']}"
    assert changes["result", "compared[0].differ"] == "3, certified 0"
    assert changes["result", "certified"] == "False, certified True"
    assert ("result", "faults") in changes and not unlike.ok


@pytest.mark.csim
@pytest.mark.hls4ml
def test_a_changed_weight_and_type_are_named(certified: tuple[ib.Certification, Path, Path], tmp_path: Path) -> None:
    _, path, folder = certified
    changed = tmp_path / "jets"
    changed_weight(folder, changed)
    defines = changed / "firmware" / "defines.h"
    kinds = defines.read_text()
    old = next(line for line in kinds.splitlines() if line.endswith("layer4_t;"))
    defines.write_text(kinds.replace(old, old.replace("<6,", "<7,")))
    assert defines.read_text() != kinds
    found = verify_certificate(path, [changed])
    files = {change.place for change in found.changes if change.kind == "file"}
    assert files == {"firmware/weights/w2.txt", "firmware/weights/w2.h", "firmware/defines.h"}
    model = {change.place: change.message for change in found.changes if change.kind == "model"}
    assert model["fc1.weight"] == "other numbers"
    assert "ap_ufixed<7," in model["relu1.output"] and "certified ap_ufixed<6," in model["relu1.output"], model


@pytest.mark.hls4ml
def test_a_truncated_weight_file(changed: Change) -> None:
    folder = changed(CASE, {})
    path = folder / "firmware" / "weights" / "w2.txt"
    path.write_bytes(path.read_bytes()[:300])
    ((kind, message),) = faults(folder)
    assert kind == "refused" and "w2.txt" in message and str(folder) not in message
    result = network.certify_network(network.opened("it", folder, Given(), {}, Settings(), NoCompiler()), Settings(), 1)
    assert result == NetworkResult("it", files=result.files, faults=result.faults) and not result.certified


@pytest.mark.hls4ml
def test_a_patched_kernel(changed: Change) -> None:
    product = "res[i] = exp_res[i] * inv_exp_sum;"
    patch = {"nnet_utils/nnet_activation.h": (product, f"{product[:-1]} + res_T(0.25);")}
    found = faults(changed(CASE, patch))
    assert [kind for kind, _ in found] == ["foreign"]
    assert "softmax" in found[0][1] and "nnet_activation.h" in found[0][1]


@pytest.mark.hls4ml
def test_numbers_that_an_input_must_not_have(projects: Path) -> None:
    given = Given(np.full((2, 16), 3.0))
    ((kind, message),) = faults(projects / CASE, given, inputs=(-1.0, 2.0))
    assert kind == "inputs" and "3" in message


@pytest.mark.hls4ml
def test_one_wrong_bit_is_named(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an engine that gives another number in one layer of one event; no simulation is compiled."""
    model = ib.load(projects / CASE)
    right = Roads.run

    def wrong(self: Roads, road: str, block: Block) -> Values:
        values = right(self, road, block)
        if road == "cpp" and block.start <= 7 < block.stop:
            raw = values["relu2"].raw.copy()
            raw[7 - block.start, 3] ^= 1
            values["relu2"] = FixedArray.from_raw(raw, values["relu2"].type)
        return values

    kinds = [extreme_events(model.graph, 4, 1)]
    assert not compare_roads(model, kinds, {}, reference=3, workers=1).faults
    monkeypatch.setattr(Roads, "run", wrong)
    found = compare_roads(model, kinds, {}, reference=3, workers=1)
    (fault,) = found.faults
    assert (fault.kind, fault.place) == ("bits", "relu2")
    assert "cpp gives other bits than the emulator" in fault.message and "event 7, index 3" in fault.message
    assert [one.differ for one in found.compared] == [1, 0]


@pytest.mark.hls4ml
def test_events_are_those_of_the_seed_and_reach_every_end(projects: Path) -> None:
    graph = ib.load(projects / CASE).graph
    (tensor,) = graph.inputs
    extreme = extreme_events(graph, 5, 1)
    raw = extreme.block.inputs[tensor.name].raw
    low, high = tensor.raw_range
    assert len(extreme) == 5 + 2 + 2 * 16 + 5
    assert (raw == low).all(axis=1).any() and (raw == high).all(axis=1).any() and not raw[2].any()
    assert all(((raw[:, k] == low) & ((raw != 0).sum(axis=1) == 1)).any() for k in range(16))
    assert random_events(graph, 9, 3).sha256 == random_events(graph, 9, 3).sha256 != random_events(graph, 9, 4).sha256
    assert len(given_events(graph, np.zeros((3, 16)), "arrays")) == 3


def test_wrong_calls(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no folder was given"):
        ib.certify([])
    with pytest.raises(ModelFileError, match="is given twice"):
        ib.certify([tmp_path, tmp_path])
    with pytest.raises(RangeError, match="seed must be a whole number"):
        ib.certify(tmp_path, seed=-1)
    with pytest.raises(TypeMismatchError, match="inputs has 'b', which is no folder"):
        ib.certify([tmp_path, tmp_path / "a"], inputs={"b": 1})
    assert folder_names([tmp_path / "a" / "x", tmp_path / "b" / "x", tmp_path / "y"]) == ["a/x", "b/x", "y"]
    (tmp_path / "cert.json").write_text("{}")
    with pytest.raises(ModelFileError, match="is no certificate"):
        verify_certificate(tmp_path / "cert.json")


DAMAGE: tuple[tuple[str, Any], ...] = (
    ("certified", 1),
    ("made_with", {"isobit": 3}),
    ("settings", []),
    ("settings.events", "many"),
    ("settings.seed", -1),
    ("networks", {}),
    ("networks[0].name", None),
    ("networks[0].files", {"a": 1}),
    ("networks[0].model", {"layers": {"fc1": 5}}),
    ("networks[0].wrapper", 7),
)


@pytest.mark.parametrize("place, value", DAMAGE, ids=lambda part: part if isinstance(part, str) else "")
def test_damaged_certificates(place: str, value: Any, tmp_path: Path) -> None:
    one = NetworkResult("a", files={"x": "0"})
    document = ib.Certification((one,), None, Settings(), {"isobit": "1"}).to_dict()
    for target, key in ((document, place), (document["networks"][0], place.partition(".")[2])):
        if place.startswith("settings."):
            document["settings"][place.partition(".")[2]] = value
        elif (place.startswith("networks[0]")) == (target is not document):
            target[key] = value
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match=re.escape(f"cert.json is a damaged certificate: {place} is")):
        verify_certificate(path)


def test_what_is_no_project_is_a_fault_and_not_the_end(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    found = ib.certify([tmp_path / "one", tmp_path / "two"], speed=False)
    assert [(name, fault.kind) for name, fault in found.faults] == [("one", "refused"), ("two", "refused")]
    assert str(tmp_path) not in json.dumps(found.to_dict())


def test_no_library_is_no_menu_of_libraries() -> None:
    assert side_by_side({}, [], Settings()) is None


@pytest.mark.csim
@pytest.mark.hls4ml
def test_the_example_of_the_documents_runs(
    certified: tuple[ib.Certification, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "certify.md").read_text()
    shutil.copytree(certified[2], tmp_path / "jet_mlp")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(network, "_OPTIMISATION", "0")  # what was compiled for the tests above
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    exec(block, {})
    said = capsys.readouterr().out.splitlines()
    for line in shown.splitlines():
        assert any(other.startswith(line) for other in said), said
    table = text.partition("| fault | what it says |")[2].partition("\n\n")[0]
    kinds = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    named = {name for group in kinds for name in re.findall(r"`(\w+)`", group)}
    assert named == {"refused", "foreign", "build", "run", "bits", "inputs", "answers", "library", "symbols", "loading"}
