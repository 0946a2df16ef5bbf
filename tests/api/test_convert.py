"""isobit convert, the options of Keras files, and the hls4ml project beside a model file."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import Network, small_keras

import isobit as ib
from isobit import private
from isobit.commands import run
from isobit.frontends import beside

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-check")]


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keras") / "student.h5"
    small_keras().save(path)
    return str(path)


@pytest.fixture(scope="module")
def config(small: Network, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The configuration of 'small', so that its C-simulation is compiled once for all tests."""
    import yaml

    path = tmp_path_factory.mktemp("config") / "hls4ml_config.yml"
    path.write_text(yaml.safe_dump(small.config))
    return ["--config", str(path)]


@pytest.fixture(scope="module")
def converted(keras_file: str, config: list[str], tmp_path_factory: Any) -> Path:
    """A folder with student.isobit and student.hls4ml."""
    folder: Path = tmp_path_factory.mktemp("converted")
    assert run(["convert", keras_file, *config, "--out", str(folder / "student.isobit")]) == 0
    return folder


@pytest.fixture
def folder(converted: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(converted, tmp_path / "copy"))


def refusal(model: Path, **options: Any) -> str | None:
    return ib.load(model, **options).csim_refusal()


# -- conversion -------------------------------------------------------------------------------------------------------


def test_what_is_written(small: Network, keras_file: str, converted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from_keras, from_file = small.model, ib.load(converted / "student.isobit")
    assert from_file.types == from_keras.types
    x = np.random.default_rng(1).normal(size=(50, 5))
    assert np.array_equal(from_file.predict(x), from_keras.predict(x))
    assert sorted(path.name for path in converted.iterdir()) == ["student.hls4ml", "student.isobit"]
    assert str(converted / "student.hls4ml") in (converted / "student.hls4ml/hls4ml_config.yml").read_text()
    assert run(["convert", keras_file, "--out", str(converted / "student.isobit")]) == 2
    assert "student.isobit exists; choose another name" in capsys.readouterr().err


def test_json_has_the_digest_that_the_file_has(
    keras_file: str, config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.isobit"
    assert run(["convert", keras_file, *config, "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["project"] == str(tmp_path / "m.hls4ml")
    with zipfile.ZipFile(out) as archive:
        assert document["sha256"] == json.loads(archive.read("isobit.json"))["sha256"]


def test_json_and_no_project(keras_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "m.isobit"
    assert run(["convert", keras_file, "--out", str(out), "--no-project", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    model = ib.load(out)
    assert (document["model"], document["project"], document["layers"]) == (str(out), None, model.layers)
    assert document["types"] == {slot: str(kind) for slot, kind in model.types.items()}
    assert [path.name for path in tmp_path.iterdir()] == ["m.isobit"]
    assert "has no hls4ml project to simulate" in str(refusal(out))


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["convert", "m.isobit", "--out", "n.isobit"], "MODEL must be a Keras file (.keras, .h5"),
        (["convert", "KERAS", "--out", "student.npz"], "--out must end in .isobit"),
        (
            ["convert", "KERAS", "--out", "n.isobit", "--backend", "Quartus"],
            "'Quartus' is not one of 'Vitis', 'Vivado'",
        ),
        (["convert", "KERAS", "--out", "n.isobit", "--granularity", "layer"], "'layer' is not one of 'name'"),
        (["convert", "KERAS", "--out", "n.isobit", "--clock-ns", "-1"], "is not in the range"),
        (["convert", "KERAS", "--out", "n.isobit", "--default-precision", "float99"], "float99"),
        (["convert", "KERAS", "--out", "n.isobit", "--config", "c.yml", "--granularity", "type"], "without --config"),
        (["check", "KERAS", "--project", "."], "is a Keras file and takes no --project"),
        (["csim", "KERAS", "--data", "x.npy", "--project", "."], "--project is for a model file"),
    ],
)
def test_refused(
    arguments: list[str], told: str, keras_file: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yml").write_text("Model: {Precision: 'fixed<8,4>', ReuseFactor: 1}\n")
    assert run([keras_file if word == "KERAS" else word for word in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["c.yml"]


def test_keras_options_reach_hls4ml(keras_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--backend", "Vivado", "--io-type", "io_stream", "--part", "xcku115", "--clock-ns", "2.5"]
    out = tmp_path / "m.isobit"
    assert run(["convert", keras_file, "--out", str(out), "--default-precision", "ap_fixed<13,5>", *given]) == 0
    metadata = ib.load(out).graph.metadata
    wanted = {"backend": "Vivado", "part": "xcku115", "clock_period_ns": "2.5"}
    assert {key: metadata[key] for key in wanted} == wanted
    assert "hls::stream<" in (tmp_path / "m.hls4ml/firmware/myproject.h").read_text()
    assert str(ib.load(out).input_types[0]) == "ap_fixed<13,5>"
    assert ib.load(out).types == ib.load(keras_file, default_precision="ap_fixed<13,5>", backend="Vivado").types


def test_granularity_and_default_precision_of_load(keras_file: str) -> None:
    by_model = ib.load(keras_file, granularity="model", default_precision="ap_fixed<12,4>")
    assert {str(kind) for slot, kind in by_model.types.items() if slot.endswith(".accum")} == {"ap_fixed<12,4>"}
    with pytest.raises(ib.IsobitError, match="granularity are for a generated configuration, but hls_config is given"):
        ib.load(keras_file, granularity="type", hls_config={"Model": {"Precision": "fixed<8,4>", "ReuseFactor": 1}})
    with pytest.raises(ib.IsobitError, match=r"granularity 'layer' is not supported; supported: name, type, model"):
        ib.load(keras_file, granularity="layer")


# -- the project beside -----------------------------------------------------------------------------------------------


@pytest.mark.csim
def test_csim_and_check_take_the_project_beside(
    small: Network, converted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = str(converted / "student.isobit"), tmp_path / "y.npy"
    np.save(tmp_path / "x.npy", small.x)
    data = ["--data", str(tmp_path / "x.npy")]
    assert (
        run(["csim", model, *data, "--optimisation", "0", "--out", str(out), "--trace", str(tmp_path / "t.npz")]) == 0
    )
    assert np.array_equal(np.load(out), ib.load(model).predict(small.x))
    with np.load(tmp_path / "t.npz") as traced:
        for name, array in ib.load(model).trace(small.x).items():
            assert np.array_equal(traced[name], array.raw), name
            assert str(traced[f"{name}.type"]) == str(array.type)
    capsys.readouterr()
    simulation = ib.csim(model, optimisation="0")
    assert ib.check(ib.load(model), small.x, [simulation]).ok
    assert simulation.predict(small.x[0]).shape == (3,)
    exported = ib.export_hls(ib.load(model), tmp_path / "hls", oracle="reference", random_events=4)
    assert any("hls4ml's own C-simulation" in line for line in exported.manifest["vectors"]["results"])


@pytest.mark.csim
@pytest.mark.full
def test_check_compares_csim_of_a_model_file(small: Network, converted: Path, tmp_path: Path, capsys: Any) -> None:
    np.save(tmp_path / "x.npy", small.x)
    command = ["check", str(converted / "student.isobit"), "--data", str(tmp_path / "x.npy"), "--reference-events", "5"]
    assert run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [road["name"] for road in document["roads"]] == ["csim", "cpp", "reference"]


@pytest.mark.parametrize("seal", ["of another user", "none", "empty", "forged", "of another project"])
def test_a_project_from_somewhere_else_is_not_compiled(
    seal: str, folder: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's archive holds a model file and a project that match; unpacked, both belong to the user."""
    model, file = folder / "student.isobit", folder / "student.hls4ml/isobit.seal"
    assert refusal(model) is None  # isobit wrote this content for this user: a copy is as good
    if seal == "of another user":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    elif seal == "none":
        file.unlink()
    elif seal == "of another project":
        file.write_text(beside._seal("0" * 64))
    else:
        file.write_text("" if seal == "empty" else "0" * 64)
    assert "was not written by your isobit" in str(refusal(model))
    with pytest.raises(ib.IsobitError, match="if you trust its origin"):
        ib.csim(model)
    assert refusal(model, project=folder / "student.hls4ml") is None
    assert run(["check", str(model), "--events", "5", "--against", "csim"]) == 2
    assert "was not written by your isobit" in capsys.readouterr().err
    assert run(["check", str(model), "--events", "5", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert any("csim NOT compared" in note and "not written by your isobit" in note for note in document["notes"])


def test_a_secret_that_others_may_read_seals_nothing(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    key = private.key_file()
    assert key is not None
    key.parent.mkdir(parents=True)
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    with pytest.raises(ib.IsobitError, match="the secret that seals hls4ml projects is not safe: others may read"):
        refusal(folder / "student.isobit")


def test_a_changed_project_is_not_compiled_unless_named(folder: Path) -> None:
    model, project = folder / "student.isobit", folder / "student.hls4ml"
    with (project / "firmware/nnet_utils/nnet_dense.h").open("a") as header:
        header.write("// changed\n")
    assert "has changed since the model file was written" in str(refusal(model))
    named = ib.load(model, project=project)
    assert named.csim_refusal() is None
    assert named.project is not None
    assert named.project.changed()
    shutil.rmtree(project)
    assert "does not exist" in str(refusal(model))
    project.mkdir()
    assert "cannot be used: " in str(refusal(model))
    assert ib.load(model).predict(np.zeros((2, 5))).shape == (2, 3)  # which needs no project
    with pytest.raises(ib.IsobitError, match="is not an hls4ml project: it has no folder 'firmware'"):
        refusal(model, project=project)


def test_a_copy_with_other_types_has_no_project(converted: Path) -> None:
    changed = ib.load(converted / "student.isobit").with_types({"fc1.accum": "ap_fixed<9,4>"})
    with pytest.raises(ib.IsobitError, match="no hls4ml project to simulate"):
        changed.csim()


def test_nor_has_it_one_when_it_takes_the_models_place(folder: Path) -> None:
    """The project beside the file is the unchanged model's: comparing with it would find differences that are none."""
    path = folder / "student.isobit"
    ib.load(path).with_types({"fc1.accum": "ap_fixed<9,4>"}).save(path, overwrite=True)
    assert "has no hls4ml project to simulate" in str(refusal(path))


def test_overwriting_replaces_projects_and_nothing_else(small: Network, tmp_path: Path) -> None:
    path, project = tmp_path / "m.isobit", tmp_path / "m.hls4ml"
    project.mkdir()
    (project / "mine.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(ib.IsobitError, match=r"exists|is not an hls4ml project and is left alone"):
            small.model.save(path, project=True, overwrite=overwrite)
    assert (project / "mine.txt").read_text() == "mine"
    assert not path.exists()
    shutil.rmtree(project)
    small.model.save(path, project=True)
    (project / "firmware/more.h").write_text("")
    assert "has changed" in str(refusal(path))
    small.model.save(path, project=True, overwrite=True)
    assert refusal(path) is None
    with pytest.raises(ib.IsobitError, match="has no hls4ml project to save"):
        ib.load(path).save(tmp_path / "n.isobit", project=True)


def test_a_project_that_cannot_be_replaced_is_put_back(
    small: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.isobit"
    small.model.save(path, project=True)
    before = (tmp_path / "m.hls4ml" / "isobit.seal").read_text()

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(beside, "write_project", full)
    with pytest.raises(ib.IsobitError):
        small.model.save(path, project=True, overwrite=True)
    assert (tmp_path / "m.hls4ml" / "isobit.seal").read_text() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m.hls4ml", "m.isobit"]
