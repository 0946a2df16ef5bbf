"""Descriptions of the wrapper: where they are found, what steps mean, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wrapped_networks import DESCRIPTIONS, network

import isobit as ib
from isobit.errors import IsobitError, ModelFileError, TypeMismatchError, UnsupportedError
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.frontends.wrapper import find_wrapper
from isobit.model import Embedding, Graph, Tensor, Weight

HEAD = """
inputs:
  - {name: a, type: "ap_fixed<9,4>", size: 5}
  - {name: b, type: ap_uint<6>, size: 5}
"""


def wrapped(folder: Path, text: str, name: str = "SCORES") -> ib.Model:
    path = folder / "wrapped.yml"
    path.write_text(text)
    return ib.load(network(name), wrapper=path)


def numbers(model: ib.Model) -> list[ib.FixedArray]:
    rng = np.random.default_rng(8)
    return [
        ib.FixedArray.from_raw(rng.integers(t.type.raw_min, t.type.raw_max, (300, t.size), endpoint=True), t.type)
        for t in model.graph.inputs
    ]


#: Steps, and what they give by AMD's operators as isobit.FixedArray has them, from the arrays a and b.
STEPS: dict[str, tuple[str, Callable[..., ib.FixedArray]]] = {
    "cast": (
        '{name: y, step: cast, from: a, type: "ap_fixed<5,3,AP_RND,AP_SAT>"}',
        lambda a, b: a.cast(FixedType.parse("ap_fixed<5,3,AP_RND,AP_SAT>")),
    ),
    "add": ("{name: y, step: add, from: a, with: b}", lambda a, b: a + b),
    "subtract": ("{name: y, step: subtract, from: b, with: a}", lambda a, b: b - a),
    "multiply": ('{name: y, step: multiply, from: a, with: b, type: "ap_fixed<8,6>"}',
                 lambda a, b: (a * b).cast(FixedType.parse("ap_fixed<8,6>"))),
    "constants": (
        '{name: y, step: subtract, from: b, constants: [0.5, -1.3, 2, 7.75, -8], constant_type: "ap_fixed<6,4>"}',
        lambda a, b: b - ib.FixedArray.from_float([0.5, -1.3, 2, 7.75, -8], "ap_fixed<6,4>"),
    ),
    "factor": (
        '{name: y, step: multiply, from: a, constants: -2, constant_type: ap_int<2>}',
        lambda a, b: a * ib.FixedArray.from_float([-2.0] * 5, "ap_int<2>"),
    ),
    "select": (
        '{name: y, step: select, from: [a, b], take: [9, "0:5:2", 9, "-1::-4"], type: "ap_fixed<12,7>"}',
        lambda a, b: ib.FixedArray.from_raw(
            np.concatenate([x.cast(FixedType(12, 7)).raw for x in (a, b)], 1)[:, [9, 0, 2, 4, 9, 9, 5, 1]],
            FixedType(12, 7),
        ),
    ),
    "scale": (
        "{name: y, step: scale, from: b, power: [-3, 0, 2, -1, 1]}",
        lambda a, b: ib.FixedArray.from_raw(b.raw << np.array([0, 3, 5, 2, 4]), FixedType(11, 8, signed=False)),
    ),
    "sum": (
        '{name: y, step: sum, from: a, accum: "ap_fixed<7,5,AP_RND_CONV,AP_SAT>", type: "ap_fixed<6,5>"}',
        lambda a, b: _sum(a, FixedType.parse("ap_fixed<7,5,AP_RND_CONV,AP_SAT>")).cast(FixedType(6, 5)),
    ),
    "sum_of_squares": (
        '{name: y, step: sum_of_squares, from: a, accum: "ap_fixed<12,9,AP_RND_CONV,AP_SAT>"}',
        lambda a, b: _sum(a * a, FixedType.parse("ap_fixed<12,9,AP_RND_CONV,AP_SAT>")),
    ),
    "mean": (
        '{name: y, step: mean, from: a, accum: "ap_fixed<12,7>"}',
        lambda a, b: _sum(a, FixedType(12, 7)) / ib.FixedArray.from_float([5.0], "ap_int<32>"),
    ),
    "argmax": (
        "{name: y, step: argmax, from: a}",
        lambda a, b: ib.FixedArray.from_raw(a.raw.argmax(axis=1)[:, None], FixedType.int_type(3, signed=False)),
    ),
}  # fmt: skip


def _sum(x: ib.FixedArray, accum: FixedType) -> ib.FixedArray:
    total = ib.FixedArray.from_float(np.zeros((len(x), 1)), accum)
    for k in range(x.shape[1]):
        total = (total + x[:, k : k + 1]).cast(accum)
    return total


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_amds_operator(tmp_path: Path, step: str) -> None:
    text, operator = STEPS[step]
    model = wrapped(tmp_path, f"{HEAD}before:\n  - {text}\nnetwork: {{x: a}}\noutputs: [y, fc]\n")
    a, b = numbers(model)
    expected = operator(a, b)
    inputs, _ = model.quantise([a, b])
    for engine in ("reference", "cpp"):
        found = model.run(inputs, engine)["y"]
        assert np.array_equal(found.to_float(), expected.to_float()), engine
    if "type:" not in text and step != "mean":
        assert found.type == expected.type or step in ("factor", "sum", "sum_of_squares")
        assert (found.type.width, found.type.integer) == (expected.type.width, expected.type.integer)


def test_formats_without_a_type_are_those_of_operators(tmp_path: Path) -> None:
    model = wrapped(tmp_path, f"{HEAD}before:\n  - {{name: y, step: subtract, from: a, with: b}}\nnetwork: {{x: y}}\n")
    a, b = model.input_types
    assert model.graph.tensors["y"].type == growth.difference(a, b)
    assert model.layers == ["y", "x", "fc"]
    assert model.wrapper is not None
    assert model.wrapper.steps == ("y", "x")
    assert model.graph.outputs == ("fc_out",)


STEP = "before:\n  - "
WRONG = {
    "inputs is missing or empty": "before: []\n",
    "unknown entry 'input'; did you mean 'inputs'": f"{HEAD}input: []\n",
    r"inputs\[0\]: type: cannot read the type": "inputs: [{name: a, type: float}]\n",
    r"inputs\[0\]: name is '1a'; expected letters": "inputs: [{name: 1a, type: ap_int<3>}]\n",
    r"there is another input 'a'": "inputs: [{name: a, type: ap_int<3>}, {name: a, type: ap_int<3>}]\n",
    "the input 'fc' has the name of a tensor or layer": "inputs: [{name: fc, type: ap_int<3>}]\n",
    r"inputs\[0\]: shape is \[0\]": "inputs: [{name: a, type: ap_int<3>, shape: [0]}]\n",
    r"inputs\[0\]: range is": "inputs: [{name: a, type: ap_int<3>, range: [2, 1]}]\n",
    r"before\[0\]: step is 'shift'; did you mean": f"{HEAD}{STEP}{{name: y, step: shift, from: a}}\n",
    r"before\[0\]: says not what it reads": f"{HEAD}{STEP}{{name: y, step: cast, type: ap_int<3>}}\n",
    r"before\[0\]: there is no 'c' here": f"{HEAD}{STEP}{{name: y, step: cast, from: c, type: ap_int<3>}}\n",
    r"before\[0\]: the name 'fc' is taken": f"{HEAD}{STEP}{{name: fc, step: cast, from: a, type: ap_int<3>}}\n",
    r"before\[0\]: by has 9; expected shifts of fewer bits than ap_fixed<9,4> has": (
        f"{HEAD}{STEP}{{name: y, step: shift_right, from: a, by: 9}}\n"
    ),
    r"by has 2 numbers for a tensor of 5": f"{HEAD}{STEP}{{name: y, step: shift_left, from: a, by: [1, 2]}}\n",
    r"by is 0.5; expected a whole number": f"{HEAD}{STEP}{{name: y, step: shift_left, from: a, by: 0.5}}\n",
    "expected one of with": f"{HEAD}{STEP}{{name: y, step: add, from: a}}\n",
    "the entry 'constant_type' is missing": f"{HEAD}{STEP}{{name: y, step: add, from: a, constants: 1}}\n",
    "number 0 of constants is 'x'": (
        f"{HEAD}{STEP}{{name: y, step: add, from: a, constants: x, constant_type: ap_int<4>}}\n"
    ),
    "constants have 1.5; ap_int<4> holds whole numbers from -8 to 7": (
        f"{HEAD}{STEP}{{name: y, step: add, from: a, constants: 1.5, constant_type: ap_int<4>}}\n"
    ),
    "take has 5; expected whole numbers from 0 to 4": f"{HEAD}{STEP}{{name: y, step: select, from: a, take: 5}}\n",
    "type is missing": f"{HEAD}{STEP}{{name: y, step: select, from: [a, b]}}\n",
    "from names 2 tensors; expected one": f"{HEAD}{STEP}{{name: y, step: argmax, from: [a, b]}}\n",
    "the network's input 'x' gets nothing": HEAD,
    "network: unknown entry 'z'; known: x": f"{HEAD}network: {{z: a}}\n",
    "'q' has 3 numbers, the network's input 'x' 5": (
        f'{HEAD}{STEP}{{name: q, step: select, from: a, take: ["0:3"]}}\nnetwork: {{x: q}}\n'
    ),
    "there is no 'none' here": f"{HEAD}network: {{x: a}}\noutputs: [none]\n",
    "outputs must be different layers": f"{HEAD}network: {{x: a}}\noutputs: [a]\n",
    "'y' is there twice": f"{HEAD}network: {{x: a}}\nbefore:\n  - {{y: 1, y: 2}}\n",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, words: str) -> None:
    with pytest.raises(IsobitError, match=words) as error:
        wrapped(tmp_path, WRONG[words])
    assert str(error.value).startswith(str(tmp_path / "wrapped.yml"))


def test_shifts_of_symmetric_saturation_are_refused(tmp_path: Path) -> None:
    text = 'inputs: [{name: a, type: "ap_fixed<9,4,AP_TRN,AP_SAT_SYM>", size: 5}]\n'
    with pytest.raises(ModelFileError, match="leaves AP_SAT_SYM's range"):
        wrapped(tmp_path, f"{text}{STEP}{{name: y, step: shift_right, by: -1}}\n")


def test_where_a_description_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "firmware").mkdir(parents=True)
    (tmp_path / "other" / "firmware").mkdir(parents=True)
    assert find_wrapper(folder) is None
    beside = tmp_path / "wrapper.yml"
    beside.write_text("inputs: []\n")
    with pytest.raises(
        ModelFileError, match=r"wrapper.yml does not say which folder .* add the entry project: project"
    ):
        find_wrapper(folder)
    assert find_wrapper(folder, False) is None
    beside.write_text("project: project\n")
    assert find_wrapper(folder) == beside
    assert find_wrapper(tmp_path / "other") is None
    (folder / "wrapper.yml").write_text("")
    assert find_wrapper(folder) == folder / "wrapper.yml"
    assert find_wrapper(folder, beside) == beside
    with pytest.raises(ModelFileError, match=r"wrapper\.yml: project is 'project', which is not .*other: it describes"):
        find_wrapper(tmp_path / "other", beside)
    assert find_wrapper(object()) is None
    with pytest.raises(ModelFileError, match="does not exist"):
        find_wrapper(folder, tmp_path / "none.yml")
    with pytest.raises(TypeMismatchError, match="expected the path of a YAML file"):
        find_wrapper(folder, True)


def test_other_types_keep_the_wrapper(tmp_path: Path) -> None:
    model = wrapped(tmp_path, DESCRIPTIONS["SHIFTS"], "SHIFTS")
    other = model.with_types({"fc.accum": "ap_fixed<20,9>", "relu.result": "ap_ufixed<7,3>"})
    assert other.wrapper is not None and model.wrapper is not None
    assert other.wrapper.steps == model.wrapper.steps
    assert other.firmware_graph.types()["relu.result"] == other.types["relu.result"] != model.types["relu.result"]
    assert [op.name for op in other.firmware_graph.ops] == ["fc", "relu"]
    assert model.firmware_graph.types()["relu.result"] == model.types["relu.result"]


def test_a_file_has_the_steps_and_no_wrapper(tmp_path: Path) -> None:
    model = wrapped(tmp_path, DESCRIPTIONS["SHIFTS"], "SHIFTS")
    with pytest.raises(UnsupportedError, match=r"without the wrapper of .*: save the model without a project"):
        model.save(tmp_path / "a.isobit", project=True)
    model.save(tmp_path / "a.isobit")
    read = ib.load(tmp_path / "a.isobit")
    assert read.wrapper is None and read.layers == model.layers
    x = np.random.default_rng(1).normal(0, 300, (20, 6))
    assert all(np.array_equal(a, b) for a, b in zip(read.predict(x), model.predict(x), strict=True))


def test_a_wrapped_model_is_a_model(tmp_path: Path) -> None:
    model = wrapped(tmp_path, DESCRIPTIONS["SCORES"])
    with pytest.raises(TypeMismatchError, match=r"has the wrapper .*; expected none"):
        ib.load(model, wrapper=tmp_path / "wrapped.yml")
    x = np.random.default_rng(2).normal(0, 20, (200, 5))
    model.save(tmp_path / "model.isobit")
    again = ib.load(tmp_path / "model.isobit")
    assert again.graph.ops == model.graph.ops
    for one, other in zip(model.predict_raw(x), again.predict_raw(x), strict=True):
        assert np.array_equal(one.raw, other.raw)
    assert {count.layer for count in model.profile(x).counts} <= set(model.layers)
    assert "best" in str(model.plan())
    assert {finding.layer for finding in ib.lint(model)} & set(model.wrapper.steps)
    assert set(model.trace(x)) == set(model.layers)
    ib.export_hls(model, tmp_path / "core")
    assert any("best" in path.read_text() for path in (tmp_path / "core").rglob("*.cpp"))
    wider = model.with_types({"x.result": "ap_fixed<20,14,AP_RND,AP_WRAP>"})
    causes = ib.explain(model, 20 * x, against=wider).causes
    assert (causes[0].layer, causes[0].slot) == ("x", "result")


def test_ranges_of_the_networks_inputs_are_proven(tmp_path: Path) -> None:
    table = Weight.from_written("embeddings", np.arange(8.0).reshape(4, 2), FixedType(8, 5))
    x = Tensor("x", (2,), FixedType.parse("ap_uint<5>"), limits=(0, 3))
    op = Embedding("rows", ("x",), Tensor("rows_out", (4,), FixedType(8, 5)), table)
    inner = ib.Model(Graph("embedded", (x,), (op,), ("rows_out",)))
    path = tmp_path / "wrapped.yml"
    text = (
        "inputs:\n  - {name: kinds, type: ap_int<6>, size: 2RANGE}\nbefore:\n  - {name: moved, step: add, constants: "
    )
    text += "1, constant_type: ap_int<2>}\n"
    path.write_text(text.replace("RANGE", ", range: [-1, 2]"))
    model = ib.load(inner, wrapper=path)
    assert model.predict([[-1, 2]]).ravel().tolist() == [0, 1, 6, 7]
    path.write_text(text.replace("RANGE", ""))
    with pytest.raises(ModelFileError, match="'x' is said to lie between 0 and 3, but the steps before it give"):
        ib.load(inner, wrapper=path)
    assert (
        ib.load(inner, wrapper=path, input_ranges={"kinds": (-1, 2)}).predict([[0, 0]]).ravel().tolist() == [2, 3] * 2
    )
    with pytest.raises(UnsupportedError, match="reads rows by 'x'"):
        Graph("embedded", (Tensor("x", (2,), x.type),), (op,), ("rows_out",))
