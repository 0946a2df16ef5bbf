"""ib.csim of folders and graphs: hls4ml's own bits, whatever the layers; the user's folder is only read."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.errors import CSimError, ModelFileError, RangeError, TypeMismatchError, UnsupportedError

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("csim-projects")]

NAMES = ("heads", "conv", "stream", "recurrent")


def simulation(folder: Path, name: str, **options: Any) -> ib.CSim:
    return ib.csim(folder / name, optimisation="0", **options)


def facts(folder: Path, name: str) -> dict[str, Any]:
    with np.load(folder / f"{name}.npz") as stored:
        return dict(stored)


def listed(facts: dict[str, Any], kind: str) -> Any:
    """One array, or the list of several."""
    arrays = [facts[f"{kind}{k}"] for k in range(9) if f"{kind}{k}" in facts]
    return arrays[0] if len(arrays) == 1 else arrays


def pairs(one: Any, other: Any) -> list[tuple[Any, Any]]:
    one, other = (value if isinstance(value, list) else [value] for value in (one, other))
    return list(zip(one, other, strict=True))


# -- the bits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_folder_graph_and_hls4ml_agree(projects: Path, name: str) -> None:
    known, sim = facts(projects, name), simulation(projects, name)
    x = listed(known, "x")
    values, raw = sim.predict(x, threads=1), sim.predict_raw(x, threads=1)
    for mine, hls4mls in pairs(values, listed(known, "y")):
        assert mine.shape == hls4mls.shape
        assert mine.dtype == hls4mls.dtype == np.float64
        assert np.array_equal(mine, hls4mls)
        assert len(np.unique(mine)) > 20
    for mine, graphs in pairs(raw, listed(known, "raw")):
        assert mine.shape == graphs.shape
        assert np.array_equal(mine.raw, graphs)
    for mine, value in pairs(raw, values):
        assert np.array_equal(mine.to_float(), value)


@pytest.mark.parametrize("name", NAMES)
def test_one_worker_or_three_doubles_or_bits(projects: Path, name: str) -> None:
    known, sim = facts(projects, name), simulation(projects, name)
    x = listed(known, "x")
    fixed = [ib.FixedArray.from_float(array, t) for (array, t) in zip(*map(_list, (x, sim.input_types)), strict=True)]
    expected = sim.predict_raw(x, threads=1)
    for other in (
        sim.predict_raw(x, threads=3),
        sim.predict_raw(x),
        sim.predict_raw(fixed if len(fixed) > 1 else fixed[0], threads=2),
    ):
        for one, two in pairs(expected, other):
            assert one.type == two.type
            assert np.array_equal(one.raw, two.raw)
    single = sim.predict_raw([a[7] for a in x] if isinstance(x, list) else x[7])
    for one, two in pairs(expected, single):
        assert two.shape == one.shape[1:]
        if not sim.state:
            assert np.array_equal(one.raw[7], two.raw)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", ["conv", "stream", "recurrent"])
def test_traces_are_hls4mls(projects: Path, name: str) -> None:
    known, sim = facts(projects, name), simulation(projects, name)
    assert str(sim.program.folder) == str(known["program"])  # the graph, written traced, is the very same content
    traced = sim.trace(known["x0"], threads=2)
    hls4mls = {key.removeprefix("trace."): value for key, value in known.items() if key.startswith("trace.")}
    graphs = {key.removeprefix("tap."): value for key, value in known.items() if key.startswith("tap.")}
    assert list(traced) == list(graphs)
    assert set(traced) == set(hls4mls)
    for layer, array in traced.items():
        assert np.array_equal(array.to_float(), hls4mls[layer].reshape(array.shape)), layer
        assert np.array_equal(array.raw, graphs[layer].reshape(array.shape)), layer
    for layer in ("fc", "conv", "lstm"):
        if layer in graphs:
            assert graphs[layer].shape == hls4mls[layer].shape
    assert {name: a.shape for name, a in sim.trace(known["x0"][:0]).items()} == {
        name: (0, a.shape[1]) for name, a in traced.items()
    }


def test_a_graph_is_traced_though_its_folder_is_not(projects: Path) -> None:
    known, sim = facts(projects, "heads"), simulation(projects, "heads")
    with pytest.raises(UnsupportedError, match="the project's sources trace no layer; write it with TraceOutput"):
        sim.trace(listed(known, "x"))
    assert np.array_equal(known["tap.fc"], known["raw0"])
    assert np.array_equal(known["tap.sum"], known["raw1"])


def test_names_types_and_state(projects: Path) -> None:
    heads = simulation(projects, "heads")
    assert [str(t) for t in heads.input_types] == ["ap_fixed<16,6>", "ap_fixed<16,6>"]
    assert [(port.name, port.shape) for port in heads.program.inputs] == [("first", (4,)), ("second", (3,))]
    assert "second: input (3,) ap_fixed<16,6>" in repr(heads)
    assert heads.state == ()
    assert simulation(projects, "conv").state == ()
    assert "nnet::compute_output_buffer_1d::kernel_data" in simulation(projects, "stream").state
    assert set(simulation(projects, "recurrent").state) == {"nnet::lstm_static::h_state", "nnet::lstm_static::s_state"}
    with pytest.raises(UnsupportedError, match="a folder has no isobit model"):
        _ = heads.model


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", NAMES)
def test_isobits_headers_give_the_same_bits(projects: Path, name: str) -> None:
    known = facts(projects, name)
    sim = ib.csim(projects / name, headers="isobit", optimisation="0")
    assert sim.state == simulation(projects, name).state
    x = listed(known, "x")
    for mine, vendors in pairs(sim.predict_raw(x, threads=1), listed(known, "raw")):
        assert np.array_equal(mine.raw, vendors)
    if name != "heads":
        for layer, array in sim.trace(x).items():
            assert np.array_equal(array.raw, known[f"tap.{layer}"].reshape(array.shape)), layer


# -- what is the user's -----------------------------------------------------------------------------------------------


def _snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted([folder, *folder.rglob("*")])
    }


def test_the_folder_is_only_read(projects: Path, tmp_path: Path) -> None:
    folder = tmp_path / "conv"
    shutil.copytree(projects / "conv", folder)
    (folder / "firmware" / "built.so").write_bytes(b"as hls4ml's own build, no part of the sources")
    before = _snapshot(folder)
    sim = simulation(tmp_path, "conv")
    sim.trace(facts(projects, "conv")["x0"], threads=2)
    assert _snapshot(folder) == before
    assert not list(sim.program.folder.rglob("built.so"))


def test_other_weights_are_another_program(projects: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(projects / "heads", folder)
    x, first = listed(facts(projects, "heads"), "x"), simulation(projects, "heads")
    same = ib.csim(folder, optimisation="0")
    assert same.program.folder == first.program.folder  # the place does not count
    weights = folder / "firmware" / "weights" / "b2.txt"
    values = [float(value) for value in weights.read_text().split(",")]
    text = ", ".join(str(value + 1.0) for value in values)
    _edit(weights.with_suffix(".h"), weights.read_text(), text)
    weights.write_text(text)
    other = ib.csim(folder, optimisation="0")
    assert other.program.folder != first.program.folder
    assert np.array_equal(other.predict(x)[0], first.predict(x)[0] + 1.0)


# -- firmware that keeps state, dies, or computes in floating point ---------------------------------------------------


def _changed(projects: Path, folder: Path, **changes: tuple[str, str]) -> Path:
    """A copy of the project 'heads' with replacements in the files of these stems."""
    shutil.copytree(projects / "heads", folder)
    for name, (old, new) in changes.items():
        path = next(p for p in (folder / "firmware").glob("*") if p.name == name.replace("_", "."))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    return folder


def test_state_and_death(projects: Path, tmp_path: Path) -> None:
    code = "static int calls = 0; if (calls == 40) abort(); layer2_out[0] = calls++;\n}\n\n}"
    sim = ib.csim(_changed(projects, tmp_path / "p", twohead_cpp=("\n}\n\n}", f"\n{code}")), optimisation="0")
    assert sim.state == ("nn::twohead::calls",)
    x = [array[:40] for array in listed(facts(projects, "heads"), "x")]
    for _ in range(2):  # in order in spite of three threads, and from the start at each call
        assert sim.predict(x, threads=3)[0][:, 0].tolist() == list(range(40))
    more = [np.concatenate([array, array]) for array in x]
    with pytest.raises(CSimError, match="killed by SIGABRT in event 40 and said nothing"):
        sim.predict(more)
    assert sim.predict(x)[0][3, 0] == 3


def test_state_by_the_names_of_hls4ml(projects: Path, tmp_path: Path) -> None:
    """In the user's own functions they are state, in hls4ml's namespace, too."""
    code = (
        "}\n}\nnamespace nnet { int mine() { static int initialized = 0; return initialized++; } }\n"
        "int loads() { static int loaded_weights = 0; return loaded_weights++; }\n"
        "int keeps() { static int w2 = 0; return w2++; }\nnamespace nn {\n"
    )
    folder = _changed(
        projects,
        tmp_path / "p",
        twohead_cpp=("\n}\n\n}", "\nlayer2_out[0] = nnet::mine() + loads() + keeps();\n}\n\n}"),
    )
    source = folder / "firmware" / "twohead.cpp"
    _edit(source, "namespace nn {", "namespace nn {" + code.removeprefix("}\n"))
    sim = ib.csim(folder, optimisation="0")
    assert sim.state == ("keeps::w2", "loads::loaded_weights", "nnet::mine::initialized")
    x = [array[:40] for array in listed(facts(projects, "heads"), "x")]
    for _ in range(2):
        assert sim.predict(x, threads=3)[0][:3, 0].tolist() == [0, 3, 6]


def test_floating_point_is_float64(projects: Path, tmp_path: Path) -> None:
    folder = _changed(
        projects, tmp_path / "p", defines_h=("typedef ap_fixed<36,16> sum_result_t", "typedef float sum_result_t")
    )
    sim, fixed = ib.csim(folder, optimisation="0"), simulation(projects, "heads")
    assert sim.output_types == [fixed.output_types[0], None]
    x = listed(facts(projects, "heads"), "x")
    first, second = sim.predict_raw(x)
    assert isinstance(first, ib.FixedArray)
    assert isinstance(second, np.ndarray)
    assert np.array_equal(second, fixed.predict(x)[1].astype(np.float32).astype(np.float64))
    assert np.array_equal(sim.predict(x)[1], second)


# -- no project -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage, told",
    [
        (lambda f: shutil.rmtree(f / "firmware"), "not an hls4ml project: it has no folder 'firmware'"),
        (lambda f: (f / "firmware" / "twohead.cpp").unlink(), r"'firmware' has no twohead\.cpp"),
        (lambda f: _edit(f / "hls4ml_config.yml", "Backend: Vitis", "Backend: Quartus"), "the back end 'Quartus'"),
        (lambda f: _edit(f / "hls4ml_config.yml", "  first:\n  - 4", "  first:\n  - 5"), "4 elements in the firmware"),
        (lambda f: (f / "hls4ml_config.yml").write_text("- 1\n"), "holds no hls4ml configuration"),
        (lambda f: (f / "hls4ml_config.yml").write_text("{\n"), "not readable YAML"),
        (lambda f: _edit(f / "firmware" / "defines.h", "ap_fixed<16,6> input_t", "ap_float<8,4> input_t"), "ap_float"),
        (
            lambda f: _edit(f / "firmware" / "twohead.h", "input_t first[4]", "input_t first"),
            "neither an array nor an hls::stream",
        ),
        (
            lambda f: _edit(f / "firmware" / "twohead.h", "void twohead", "int twohead"),
            "declares no function 'twohead'",
        ),
        (
            lambda f: _edit(f / "firmware" / "twohead.h", "first[4]", "third[4]"),
            "'third' is not an input, output or weight",
        ),
        (lambda f: (f / "firmware" / "weights" / "w2.txt").write_text(""), r"w2\.txt holds 0 weights; expected 12"),
        (lambda f: (f / "firmware" / "weights" / "b2.txt").write_text("0.0,nan,0"), r"b2\.txt: value 1 is 'nan'"),
        (
            lambda f: (f / "firmware" / "weights" / "b2.txt").write_text("9,9,9"),
            r"b2\.h \(synthesis\) differ in 3 of 3",
        ),
        (lambda f: (f / "firmware" / "weights" / "b2.txt").unlink(), r"b2\.txt is missing"),
        (
            lambda f: [p.unlink() for p in (f / "hls4ml_config.yml", f / "twohead_bridge.cpp")],
            "says which arguments of 'twohead' are inputs and outputs",
        ),
    ],
)
def test_folders_that_are_refused(projects: Path, tmp_path: Path, damage: Any, told: str) -> None:
    shutil.copytree(projects / "heads", tmp_path / "p")
    damage(tmp_path / "p")
    with pytest.raises((ModelFileError, UnsupportedError), match=told):
        ib.csim(tmp_path / "p")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_older_folder_without_shapes(projects: Path, tmp_path: Path) -> None:
    """hls4ml before 1.0: sizes have names, and only the bridge tells inputs from outputs."""
    from isobit.frontends.project import read_project

    shutil.copytree(projects / "heads", tmp_path / "p")
    (tmp_path / "p" / "hls4ml_config.yml").unlink()
    defines = tmp_path / "p" / "firmware" / "defines.h"
    _edit(defines, "// hls-fpga-machine-learning insert numbers", "#define N_INPUT_1_1 4\n")
    for path in (tmp_path / "p" / "firmware" / "twohead.h", tmp_path / "p" / "twohead_bridge.cpp"):
        path.write_text(
            path.read_text().replace("first[4]", "first[N_INPUT_1_1]").replace("input_t, 4>", "input_t, N_INPUT_1_1>")
        )
    project = read_project(tmp_path / "p")
    assert project.namespace == "nn"
    assert [(p.name, p.direction, p.shape, p.stream) for p in project.parameters] == [
        ("first", "in", (4,), False),
        ("second", "in", (3,), False),
        ("layer2_out", "out", (3,), False),
        ("layer5_out", "out", (3,), False),
    ]


def test_weights_may_be_a_link(projects: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(projects / "heads", folder)
    (folder / "firmware" / "weights").rename(tmp_path / "weights")
    (folder / "firmware" / "weights").symlink_to(tmp_path / "weights")
    (folder / "firmware" / "again").symlink_to(folder / "firmware")  # in a circle
    assert ib.csim(folder, optimisation="0").program.folder == simulation(projects, "heads").program.folder


def test_errors_are_found_in_all_that_is_printed(projects: Path, tmp_path: Path) -> None:
    code = (
        'std::cout << "ERROR: early" << std::endl;\n'
        'for (int i = 0; i < 3000; i++) std::cout << std::string(99, 32) << "\\n";'
    )
    folder = _changed(projects, tmp_path / "p", twohead_cpp=("\n}\n\n}", f"\n{code}\n}}\n\n}}"))
    with pytest.raises(CSimError, match="reports an error: ERROR: early"):
        ib.csim(folder, optimisation="0").predict([np.zeros((1, 4)), np.zeros((1, 3))])


def test_bad_numbers_are_named_by_input_and_the_users_index(projects: Path) -> None:
    sim, x = simulation(projects, "conv"), np.zeros((3, 6, 2))
    x[1, 4, 1] = np.nan
    with pytest.raises(RangeError, match=r"image holds nan at index \(1, 4, 1\)"):
        sim.predict(x)


@pytest.mark.parametrize("name", ["heads", "conv", "stream", "recurrent"])
def test_a_folder_is_a_model(projects: Path, name: str) -> None:
    model = ib.load(projects / name)
    assert len(model.layers) > 1
    assert model.csim_refusal() is None


def test_options_belong_to_keras(projects: Path) -> None:
    with pytest.raises(TypeMismatchError, match="a folder takes no options, got io_type"):
        ib.csim(projects / "heads", io_type="io_stream")
    with pytest.raises(ModelFileError, match="does not exist"):
        ib.csim(projects / "nowhere.keras")
