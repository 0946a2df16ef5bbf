"""The command line: exit status, clean output, refusals, and how fast it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_networks import Network, events, fill, hls_config, mixed_keras, small_keras
from graphs import every_op, tiny

import isobit as ib
from isobit.commands import run
from isobit.model.file import save_graph

MAIN = [sys.executable, "-c", "from isobit.cli import main; main()"]
COMMANDS = [
    "certify",
    "check",
    "convert",
    "cost",
    "csim",
    "demo",
    "explain",
    "export",
    "hls",
    "lint",
    "plan",
    "predict",
    "profile",
    "study",
    "sweep",
    "trace",
    "train",
    "tune",
]
group = pytest.mark.xdist_group("api-check")


@pytest.fixture
def model(tmp_path: Path) -> str:
    save_graph(tiny(), tmp_path / "tiny.isobit")
    return str(tmp_path / "tiny.isobit")


@pytest.fixture
def data(tmp_path: Path) -> str:
    np.save(tmp_path / "x.npy", events(3, 30, 3))
    return str(tmp_path / "x.npy")


def isobit(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MAIN, *arguments], capture_output=True, text=True, check=False, **options)


def refused(capsys: pytest.CaptureFixture[str], told: str, *arguments: str) -> None:
    """Status 2, one error on stderr, nothing on stdout."""
    assert run(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err.replace("\n", " "), captured.err
    assert "Traceback" not in captured.err


# -- status and output ------------------------------------------------------------------------------------------------


def test_equal_is_0(model: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", model, "--data", data]) == 0
    out = capsys.readouterr().out
    assert out.startswith("EQUAL: tiny")
    assert "30 events on cpp, 30 events on reference" in out
    assert "csim NOT compared" in out


def test_different_is_1(
    model: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from isobit.engines import cpp

    original = cpp.CppEngine.run

    def wrong(self: Any, graph: Any, inputs: Any, threads: int) -> Any:
        values = original(self, graph, inputs, threads)
        return {name: ib.FixedArray(array.raw ^ 1, array.type) for name, array in values.items()}

    monkeypatch.setattr(cpp.CppEngine, "run", wrong)
    assert run(["check", model, "--data", data, "--json", "--html", str(tmp_path / "r.html")]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert "differ first in layer fc" in document["verdict"]
    assert "DIFFERENT: tiny" in (tmp_path / "r.html").read_text()


def test_json_is_one_object_and_nothing_else(model: str, data: str, tmp_path: Path) -> None:
    done = isobit("check", model, "--data", data, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["ok"] is True
    assert [road["name"] for road in document["roads"]] == ["cpp", "reference"]
    done = isobit("predict", model, data, "--out", str(tmp_path / "y.npy"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["events"], document["resumed_from"]) == (30, 0)
    assert (document["outputs"], document["out"]) == ({"y": "ap_fixed<16,6>"}, str(tmp_path / "y.npy"))


def test_no_progress_bar_when_piped(model: str, data: str) -> None:
    done = isobit("check", model, "--data", data, env={**os.environ, "TERM": "xterm-256color"})
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


def test_random_events_are_repeatable(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    def overflows(seed: str) -> Any:
        assert run(["check", model, "--events", "500", "--seed", seed, "--json", "--against", "cpp"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["events"] == 500
        assert document["notes"] == [f"500 random events, seed {seed}"]
        return document["overflows"]

    assert overflows("5") == overflows("5") != overflows("6")
    assert overflows("5")  # they visit the whole input range


def test_predict_writes_the_bits(model: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "y.npy"
    assert run(["predict", model, data, "--out", str(out), "--engine", "reference", "--threads", "1"]) == 0
    assert np.array_equal(np.load(out), ib.load(model).predict(np.load(data)))
    assert "30 events of ap_fixed<16,6>" in capsys.readouterr().out
    before = out.read_bytes()
    refused(capsys, "exists; choose another name", "predict", model, data, "--out", str(out))
    assert out.read_bytes() == before
    assert run(["predict", model, data, "--out", str(out), "--overwrite"]) == 0


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_of_every_command(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: isobit")
    assert all(name in out for name in (COMMANDS if not command else ["--json"]))


def test_version_and_command_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert ib.__version__ in capsys.readouterr().out
    from isobit.commands import cli

    assert cli.list_commands(None) == COMMANDS  # type: ignore[arg-type]


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["check"], "Missing argument 'MODEL'"),
        (["check", "MODEL", "--nonsense"], "No such option"),
        (["check", "MODEL", "--threads", "0"], "0 is not in the range"),
        (["check", "MODEL", "--events", "0"], "0 is not in the range"),
        (["check", "MODEL", "--reference-events", "0"], "0 is not in the range"),
        (["check", "MODEL", "--seed", "-1"], "-1 is not in the range"),
        (["check", "MODEL", "--against", "gpu"], "'gpu' is not one of 'csim', 'cpp'"),
        (["check", "MODEL", "--against", "numba"], "nothing to compare"),
        (["check", "MODEL", "--against", ","], "names no road"),
        (["check", "MODEL", "--against", "csim"], "has no hls4ml project to simulate"),
        (["check", "nowhere.isobit"], "nowhere.isobit does not exist"),
        (["check", "nowhere.keras"], "nowhere.keras does not exist"),
        (["check", "/tmp"], "/tmp is a folder"),
        (["check", "MODEL", "--data", "nowhere.npy"], "nowhere.npy does not exist"),
        (["check", "MODEL", "--data", "/tmp"], "not a readable .npy file"),
        (["check", "MODEL", "--config", "nowhere.yml"], "nowhere.yml"),
        (["predict", "MODEL", "nowhere.npy", "--out", "y.npy"], "nowhere.npy does not exist"),
        (["predict", "MODEL", "DATA"], "Missing option '--out'"),
        (["predict", "MODEL", "DATA", "--out", "y.npy", "--engine", "gpu"], "'gpu' is not one of 'auto'"),
        (["demo", "--events", "99"], "99 is not in the range"),
        (["demo", "--out", "x.jpg"], "must end in .png, .pdf, .svg, got x.jpg"),
        (["demo", "--threads", "0"], "0 is not in the range"),
    ],
)
def test_bad_usage_is_2(
    arguments: list[str], told: str, model: str, data: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [model if a == "MODEL" else data if a == "DATA" else a for a in arguments]
    refused(capsys, told, *arguments)
    assert not (tmp_path / "y.npy").exists()


def test_unreadable_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in (("a.isobit", b"hello"), ("b.isobit", b""), ("c.keras", b"hello"), ("d.h5", b"hello")):
        (tmp_path / name).write_bytes(content)
        refused(capsys, name, "check", str(tmp_path / name))


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "not a readable .npy file"),
        (b"1 2 3\n", "not a readable .npy file"),
        (b"PK\x03\x04 a broken zip", "not a readable .npy file"),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (9, 3), }", "not a readable"),
        (np.full((4, 3), None), "not a readable .npy file"),  # pickled
        (np.zeros((4, 2)), "shape (4, 2)"),
        (np.zeros((0, 3)), "no event"),
        (np.full((4, 3), np.inf), "event 0, column 0 is inf"),
        (np.zeros((4, 3), dtype=complex), "complex128"),
        (np.full((4, 3), "x"), "must hold real numbers"),
    ],
)
def test_unreadable_data(content: Any, told: str, model: str, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "bad.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    refused(capsys, told, "check", model, "--data", str(path))


def test_overwrite_is_refused_before_the_work(model: str, data: str, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "r.html").write_text("mine")
    refused(capsys, "r.html exists", "check", model, "--data", data, "--html", str(tmp_path / "r.html"))
    assert (tmp_path / "r.html").read_text() == "mine"
    (tmp_path / "p.png").write_text("mine")
    refused(capsys, "p.png exists", "demo", "--out", str(tmp_path / "p.png"))
    assert (tmp_path / "p.png").read_text() == "mine"
    assert run(["check", model, "--data", data, "--html", str(tmp_path / "r.html"), "--overwrite"]) == 0
    assert "<!doctype html>" in (tmp_path / "r.html").read_text()


def test_several_outputs_are_refused_by_npy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_graph(every_op(), tmp_path / "m.isobit")
    np.save(tmp_path / "x.npy", np.zeros((2, 2)))
    arguments = ["predict", str(tmp_path / "m.isobit"), str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npy")]
    refused(capsys, "has 2 outputs (flat, norm) and a .npy file holds one", *arguments)


def test_a_bug_is_not_called_a_difference(
    model: str, data: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own exit status for an exception is 1, which says that bits differ."""
    from isobit.engines import cpp

    def broken(*arguments: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cpp.CppEngine, "run", broken)
    assert run(["check", model, "--data", data]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ZeroDivisionError: a bug" in captured.err


# -- Keras files ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keras") / "student.keras"
    small_keras().save(path)
    return path


def lambda_model(nested: bool) -> Any:
    from tensorflow.keras import Model, Sequential, layers

    inputs = layers.Input((5,))
    code: Any = layers.Lambda(lambda x: x * 2, name="hidden_code")
    return Model(inputs, (Sequential([layers.Input((3,)), code]) if nested else code)(layers.Dense(3)(inputs)))


@pytest.mark.hls4ml
@group
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_lambda_layers_are_refused_unless_asked(suffix: str, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / f"code{suffix}"
    for nested in (True, False):
        lambda_model(nested).save(path)
        refused(capsys, "Lambda layer 'hidden_code'", "check", str(path))
    with pytest.raises(ib.IsobitError, match=r"Lambda layer 'hidden_code'.*allow_lambda=True"):
        ib.load(path)
    # Asked for, it gets as far as hls4ml, which has no such layer.
    assert run(["check", str(path), "--allow-lambda"]) == 2
    assert "hls4ml cannot convert" in capsys.readouterr().err


def quantised_keras() -> Any:
    """QActivation by name: as an object, QKeras 0.9 cannot read it back from a .keras file (only from .h5)."""
    import qkeras as q
    from tensorflow.keras import Model, layers

    inputs = layers.Input((5,), name="features")
    bits = q.quantized_bits(6, 1, alpha=1)
    x = q.QDense(4, kernel_quantizer=bits, bias_quantizer="quantized_bits(6,2,alpha=1)")(inputs)
    x = q.QActivation("quantized_relu(8,3)")(layers.BatchNormalization()(x))
    keras = Model(inputs, layers.LeakyReLU(alpha=0.25)(q.QDense(3, kernel_quantizer="ternary(alpha=1)")(x)))
    fill(keras, 4)
    return keras


@pytest.mark.hls4ml
@group
@pytest.mark.parametrize("suffix, make", [(".keras", quantised_keras), (".h5", quantised_keras), (".h5", mixed_keras)])
def test_keras_files_give_the_same_network(suffix: str, make: Any, tmp_path: Path) -> None:
    """With QKeras imported, Keras 2.15 alone never ends on a .keras file."""
    keras = make()
    keras.save(tmp_path / f"m{suffix}")
    assert ib.load(tmp_path / f"m{suffix}").graph == ib.load(keras).graph


@pytest.mark.hls4ml
@group
def test_weights_only_and_truncated_keras_files(keras_file: Path, tmp_path: Path, capsys: Any) -> None:
    small_keras().save_weights(tmp_path / "w.h5")
    refused(capsys, "no architecture", "check", str(tmp_path / "w.h5"))
    small_keras().save(tmp_path / "m.h5")
    for name, whole in (("t.keras", keras_file.read_bytes()), ("t.h5", (tmp_path / "m.h5").read_bytes())):
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        refused(capsys, name, "check", str(tmp_path / name))


@pytest.mark.turn(2)
@pytest.mark.hls4ml
@group
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("legacy", ["0", "1"])
def test_json_of_a_keras_file_is_clean(legacy: str, keras_file: Path) -> None:
    """TensorFlow and hls4ml like to talk; and either Keras must read the file (tfmot sets this variable, unasked)."""
    arguments = ["check", str(keras_file), "--events", "50", "--against", "cpp,reference", "--json"]
    done = isobit(*arguments, env={**os.environ, "TF_USE_LEGACY_KERAS": legacy}, timeout=120)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["ok"] is True
    assert document["keras"][0]["largest"] > 0


@pytest.mark.hls4ml
@group
def test_config(keras_file: Path, small: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    config = hls_config(small.keras, "ap_fixed<13,5>")
    config["LayerName"]["fc1"]["Precision"]["accum"] = "ap_fixed<9,4>"
    (tmp_path / "part.yml").write_text(yaml.safe_dump(config))
    whole = {"HLSConfig": config, "Backend": "Vivado", "ClockPeriod": 4, "ProjectName": "mine", "IOType": "io_parallel"}
    (tmp_path / "whole.yml").write_text(yaml.safe_dump(whole))
    expected = ib.load(small.keras, hls_config=config)
    documents = {}
    for name in ("part.yml", "whole.yml"):
        arguments = ["check", str(keras_file), "--config", str(tmp_path / name), "--events", "200", "--against", "cpp"]
        assert run([*arguments, "--json"]) == 0
        documents[name] = json.loads(capsys.readouterr().out)
        types = {layer["layer"]: layer["type"] for layer in documents[name]["roads"][0]["layers"]}
        assert types == {t.name: str(t.type) for t in expected.graph.inputs} | {
            op.name: str(op.output.type) for op in expected.graph.ops
        }
    assert [documents[name]["model"] for name in documents] == ["myproject", "mine"]
    overflow = documents["part.yml"]["overflows"]
    assert any((entry["layer"], entry["type"]) == ("fc1", "ap_fixed<9,4>") for entry in overflow)


@pytest.mark.hls4ml
@group
@pytest.mark.parametrize(
    "text, told",
    [
        ("a: [1", "not readable YAML"),
        ("- 1\n- 2\n", "holds no hls4ml configuration"),
        ("", "holds no hls4ml configuration"),
        ("Other: 1\n", "neither 'HLSConfig' nor 'Model'"),
        ("HLSConfig:\n", "'HLSConfig' must be a mapping, got None"),
        ("HLSConfig: 3\n", "'HLSConfig' must be a mapping, got 3"),
        ("!!python/object/apply:os.system ['touch sprung']\n", "holds no hls4ml configuration"),
        ("\x00\x01", "not readable YAML"),
        ("Model: {Precision: ap_float, ReuseFactor: 1}\n", "hls4ml cannot convert"),
        (
            "HLSConfig: {Model: {Precision: 'fixed<8,4>', ReuseFactor: 1}}\nBackend: oneAPI\n",
            "'oneAPI' is not supported",
        ),
        ("HLSConfig: {Model: {Precision: 'fixed<8,4>', ReuseFactor: 1}}\nIOType: io_serial\n", "io_serial"),
    ],
)
def test_bad_config(text: str, told: str, keras_file: Path, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yml").write_text(text)
    refused(capsys, told, "check", str(keras_file), "--config", "bad.yml")
    assert not (tmp_path / "sprung").exists()


def test_config_needs_a_keras_file(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yml").write_text("Model: {}\n")
    refused(capsys, "--config needs a Keras file", "check", model, "--config", str(tmp_path / "c.yml"))


# -- start ------------------------------------------------------------------------------------------------------------


def test_import_is_light() -> None:
    """What takes time to import waits until it is needed."""
    heavy = {"tensorflow", "numba", "llvmlite", "click", "rich", "hls4ml", "h5py", "pyarrow", "uproot", "matplotlib"}
    heavy |= {"isobit._core", "isobit.plan.plan", "isobit.witness.search", "isobit.engines.cpp"}
    code = f"import sys, isobit; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_without_click_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['click'] = None; from isobit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'isobit[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.hls4ml
@pytest.mark.csim
@group
def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = run(["demo", "--events", "2000", "--reference-events", "20"]), capsys.readouterr()
    assert status == 0 and said.err == "", said.err
    assert len(said.out.splitlines()) <= 40  # one screen
    last = said.out.strip().splitlines()[-1]
    assert last.startswith("2,000 of 2,000 events equal on numba, cpp, cpp-strict, csim; 20 of 20 on reference")
    assert "EQUAL: " in said.out
    assert "hardware" in said.out
    assert (tmp_path / "isobit-demo.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["isobit-demo.png"]
    # Again as JSON: the compiled simulation is reused.
    assert run(["demo", "--events", "300", "--reference-events", "5", "--json", "--out", "b.pdf"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert [(road["name"], road["events"]) for road in document["roads"]] == [
        ("cpp", 300),
        ("cpp-strict", 300),
        ("csim", 300),
        ("reference", 5),
    ]
    assert document["provenance"]["seed"] == 2026
    assert list(document["fwhm"]) == ["hardware", "teacher", "student", "firmware"]
    assert all(len(widths) == 3 for widths in document["fwhm"].values())
    assert document["fwhm"]["hardware"][1] < 0.3  # rad: extrapolated to the vertex
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF-")


def test_with_types_by_hand_is_what_the_cli_reads(model: str, tmp_path: Path) -> None:
    """A saved copy with other types is another model for the command line, too."""
    changed = ib.load(model).with_types({"fc.result": replace(ib.load(model).types["fc.result"], width=5)})
    changed.save(tmp_path / "changed.isobit")
    done = isobit("check", str(tmp_path / "changed.isobit"), "--events", "20", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["roads"][0]["layers"][-1]["type"] == "ap_fixed<5,6>"
