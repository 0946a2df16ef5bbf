"""What ``predict`` runs: layers joined into stages, from raw integers and from floats, on wide and narrow numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.layers import Choice, Constant, Formula, Halved, Input, Op, Result, Select, Tensor
from isobit.model import Activation, BatchNorm, Graph, Transpose, Weight
from isobit.model.layers import Broadcast, Merge, PReLU
from isobit.model.primitives import identity_view
from isobit.plan.plan import make_plan

KINDS = [
    "ap_fixed<40,40>",
    "ap_fixed<33,20,AP_RND,AP_SAT>",
    "ap_ufixed<6,6>",
    "ap_fixed<8,8>",
    "ap_fixed<20,20>",
    "ap_fixed<12,4,AP_TRN,AP_SAT_SYM>",
    "ap_fixed<9,3,AP_RND_CONV,AP_SAT_ZERO>",
    "ap_fixed<32,32>",
]


def kind(text: str) -> FixedType:
    return FixedType.parse(text)


def weight(name: str, raw: Any, text: str) -> Weight:
    form = kind(text)
    values = np.asarray(raw) * 2.0**-form.fraction
    return Weight(name, np.asarray(raw, dtype=np.int64), form, values, values)


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """A chain of layers that join, behind a merge of two inputs, with the last tensor as the only output."""
    rng = np.random.default_rng(seed)

    def some() -> FixedType:
        return kind(KINDS[rng.integers(len(KINDS))])

    size = int(rng.integers(1, 7))
    x, y = (Tensor(name, (size,), some()) for name in "xy")
    function = ("add", "subtract", "multiply", "average", "maximum", "minimum")[seed % 6]
    ops: list[Any] = [Merge("m", ("x", "y"), Tensor("m_o", (size,), some()), function)]
    for place in range(int(rng.integers(1, 4))):
        source, output = ops[-1].output, Tensor(f"o{place}", (size,), some())
        name, reads = f"l{place}", (source.name,)
        if rng.integers(2):
            scale, bias = (weight(n, rng.integers(-9, 10, size), "ap_fixed<8,1>") for n in ("scale", "bias"))
            ops.append(BatchNorm(name, reads, output, scale, bias))
        else:
            ops.append(Activation(name, reads, output, ("linear", "relu")[rng.integers(2)]))
    graph = Graph("g", (x, y), tuple(ops), (ops[-1].output.name,))
    data = {}
    for tensor in (x, y):
        raw = rng.integers(tensor.type.raw_min, tensor.type.raw_max + 1, (120, size))
        raw[:60] = np.clip(rng.integers(-90, 90, (60, size)), tensor.type.raw_min, tensor.type.raw_max)
        if tensor.type.overflow.name == "SAT_SYM":  # no float gives the number below its range
            raw = np.maximum(raw, -tensor.type.raw_max)
        data[tensor.name] = FixedArray.from_raw(raw, tensor.type)
    return graph, data


@pytest.mark.oracle(sample=50)
@pytest.mark.parametrize("seed", range(120))
def test_predictions_are_those_of_the_reference(seed: int) -> None:
    try:
        graph, data = draw(seed)
    except UnsupportedError as reason:  # what AMD's headers compare wrongly
        assert "AMD's simulation headers" in str(reason)
        return
    (output,) = graph.outputs
    wanted = get_engine("reference").run(graph, data, 1)[output]
    roads: dict[str, Any] = {name: CppEngine(name) for name in instruction_sets()} | {"numba": get_engine("numba")}
    floats = [array.to_float() for array in data.values()]
    for name, road in roads.items():
        found = road.run_outputs(graph, data, 1)[output]
        np.testing.assert_array_equal(found.raw, wanted.raw, err_msg=f"{name} from raw integers")
        if (values := road.predict_floats(graph, floats, 1)) is not None:
            np.testing.assert_array_equal(values[0], wanted.to_float(), err_msg=f"{name} from floats")
    assert ib.check(ib.Model(graph), data, ("cpp", "numba", "cpp-strict", "reference")).ok


def test_int32_takes_no_number_that_it_cannot_hold() -> None:
    """A scaling and a rounding in one step are for int32 alone: what they begin with must fit, not what is left."""
    x, inner = Tensor("x", (2, 2), kind("ap_fixed<40,40>")), Tensor("m_o", (2, 2), kind("ap_fixed<8,8>"))
    turned = Transpose("m", ("x",), inner, (2, 2), (1, 0))
    scale, bias = weight("scale", [3, 5, -7, 9], "ap_fixed<8,1>"), weight("bias", [1, 2, 3, 4], "ap_fixed<8,8>")
    norm = BatchNorm("b", ("m_o",), Tensor("b_o", (2, 2), kind("ap_fixed<12,8>")), scale, bias)
    graph = Graph("g", (x,), (turned, norm), ("b_o",))
    assert {stage.lane_name for stage in make_plan(graph).stages} == {"float64"}


def test_check_compares_what_predict_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace computes every layer by itself; a wrong bit of joined layers alone is found all the same."""
    graph, data = draw(1)
    honest = CppEngine.run_outputs

    def wrong(self: CppEngine, *given: Any) -> Any:
        found = honest(self, *given)
        (name,) = graph.outputs
        raw = found[name].raw.copy()
        raw[-1, 0] ^= 1
        return found | {name: FixedArray.from_raw(raw, found[name].type)}

    monkeypatch.setattr(CppEngine, "run_outputs", wrong)
    report = ib.check(ib.Model(graph), data, ("cpp", "reference"))
    assert not report.ok


@pytest.mark.parametrize("size", [3, 4, 5, 8, 11])
def test_a_wrap_that_begins_a_stage_is_counted(size: int) -> None:
    """In whole register tiles and in those that are left over."""
    texts = ("ap_fixed<33,33>", "ap_fixed<32,32>", "ap_fixed<20,20>", "ap_fixed<32,32>")
    tensors = {name: Tensor(name, (size,), kind(text)) for name, text in zip("xabc", texts, strict=True)}
    ops = (
        Activation("l0", ("x",), tensors["a"], "linear"),
        Activation("l2", ("a",), tensors["b"], "linear"),
        Activation("l3", ("a",), tensors["c"], "relu"),
    )
    graph = Graph("g", (tensors["x"],), ops, ("b", "c"))
    profile = ib.Model(graph).profile(np.full((200, size), 2.0**25))
    (count,) = profile.overflows
    assert (count.layer, count.slot) == ("l2", "result")
    assert count.events.tolist() == [200] * size


def test_slopes_beyond_a_lane_are_not_put_into_it() -> None:
    x = Tensor("x", (4,), kind("ap_ufixed<6,6>"))
    huge = kind("ap_ufixed<140,140>")
    raw = np.array([1 << 139, 5, 1 << 130, 0], dtype=object)
    slopes = Weight("param", raw, huge, raw.astype(np.float64), raw.astype(np.float64))
    graph = Graph("g", (x,), (PReLU("p", ("x",), Tensor("o", (4,), kind("ap_fixed<12,8>")), slopes),), ("o",))
    data = {"x": FixedArray.from_raw(np.array([[0, 1, 2, 63], [0, 0, 0, 0]]), x.type)}
    wanted = get_engine("reference").run(graph, data, 1)["o"].raw
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, data, 1)["o"].raw, wanted, err_msg=engine)


def test_what_a_layer_is_lowered_to_is_checked() -> None:
    @dataclass(frozen=True, eq=False)
    class Odd(Op):
        gives: Any = None

        tag: ClassVar[str] = "odd"

        def lower(self, *tensors: Tensor) -> Any:
            return self.gives

    x = Tensor("x", (4,), kind("ap_fixed<8,3>"))
    output = Tensor("o", (4,), kind("ap_fixed<12,9>"))
    right = Select("l", ("x",), output, identity_view(4))
    narrow = Select("l", ("x",), Tensor("o", (4,), kind("ap_fixed<8,3>")), identity_view(4))
    renamed = Select("zzz", ("x",), output, identity_view(4))
    assert Graph("g", (x,), (Odd("l", ("x",), output, (right,)),), ("o",)).lowered.ops == (right,)
    for gives, words, error in (
        (right, "is lowered to Select", TypeMismatchError),
        (None, "is lowered to None", TypeMismatchError),
        ((narrow,), "gives Tensor.*expected the name 'l' and Tensor", ShapeError),
        ((renamed,), "the last, 'zzz', gives", ShapeError),
    ):
        with pytest.raises(error, match=rf"layer 'l' \(odd\).*{words}"):
            _ = Graph("g", (x,), (Odd("l", ("x",), output, gives),), ("o",)).lowered
    with pytest.raises(TypeMismatchError, match=r"an expression \+ 1: expected another expression"):
        Input(0) + 1  # type: ignore[operator]
    with pytest.raises(TypeMismatchError, match="layer 'l' selects with a list"):
        Select("l", ("x",), output, [0, 1, 2, 3])


def test_a_broadcast_repeats_a_position_or_a_channel() -> None:
    for shape, good in (((1, 1, 3), True), ((2, 4, 1), True), ((1, 1, 2), False), ((2, 1, 3), False)):
        x = Tensor("x", shape, kind("ap_fixed<8,3>"))
        op = Broadcast("b", ("x",), Tensor("o", (2, 4, 3), x.type))
        if good:
            Graph("g", (x,), (op,), ("o",))
        else:
            with pytest.raises(ShapeError, match=r"layer 'b' \(broadcast\)"):
                Graph("g", (x,), (op,), ("o",))


def test_choices_without_an_input_on_the_left() -> None:
    x = Tensor("x", (3,), kind("ap_fixed<8,3>"))
    one, two = (Constant(weight("c", [v], "ap_fixed<4,2>")) for v in (1, 2))
    half = Halved(Input(0))
    choice = Choice(one, two, Result(Input(0), x.type), Result(half, kind("ap_fixed<9,3>")))
    op = Formula("f", ("x",), Tensor("o", (3,), kind("ap_fixed<9,3>")), choice, (identity_view(3),))
    graph = Graph("g", (x,), (op,), ("o",), primitive=True)
    data = {"x": FixedArray.from_raw(np.array([[4, 5, -7]]), x.type)}
    for engine in ("cpp", "numba", "cpp-strict"):
        assert get_engine(engine).run(graph, data, 1)["o"].raw.tolist() == [[4, 5, -7]], engine


def test_a_program_that_gives_nothing() -> None:
    """A layer that nobody reads, before one that no lane takes."""
    x = Tensor("x", (2,), kind("ap_fixed<80,40>"))
    dead = Activation("dead", ("x",), Tensor("d", (2,), kind("ap_fixed<8,3>")), "relu")
    small = Tensor("y", (2,), kind("ap_fixed<6,3>"))
    gone = Activation("gone", ("y",), Tensor("e", (2,), kind("ap_fixed<8,3>")), "relu")
    wide = Activation("wide", ("x",), Tensor("w", (2,), kind("ap_fixed<90,40>")), "linear")
    graph = Graph("g", (x, small), (dead, gone, wide), ("w",))
    data = {
        "x": FixedArray.from_raw(np.array([[1, -2]]), x.type),
        "y": FixedArray.from_raw(np.array([[1, -2]]), small.type),
    }
    for engine in ("cpp", "numba"):
        assert get_engine(engine).run_outputs(graph, data, 1)["w"].raw.tolist() == [[1 << 10, -2 << 10]], engine
