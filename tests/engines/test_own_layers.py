"""Mistakes in a layer of one's own: each is one error, which names the layer and says what is allowed."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import isobit as ib
from isobit import layers
from isobit.errors import (
    FormatError,
    IsobitError,
    ModelFileError,
    RangeError,
    RegistrationError,
    ShapeError,
    TypeMismatchError,
    UnsupportedError,
)
from isobit.fixed import FixedType
from isobit.frontends.hls4ml.graph import op_of
from isobit.layers import Constant, Formula, Input, Numbers, Op, Result, Tensor, Weight
from isobit.model import Graph
from isobit.model.expressions import form_of
from isobit.model.weights import Encoding

DATA, RESULT = FixedType.parse("ap_fixed<7,3>"), FixedType.parse("ap_fixed<12,6,AP_RND,AP_SAT>")
ENGINES = ("auto", "numba", "cpp", "cpp-strict", "reference")


@dataclass(frozen=True, eq=False)
class Distance(Op):
    """``(x - y)**2`` of every pair; ``y`` is repeated where it has fewer numbers."""

    tag: ClassVar[str] = "test_distance"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def check_inputs(self, *tensors: Tensor) -> None:
        self._counted(tensors)


def exact(op: Distance, tensors: layers.Tensors, inputs: layers.Inputs) -> Numbers:
    x, y = inputs
    y = y.spread(*x.shape)
    difference = layers.difference(tensors[0].type, tensors[1].type)
    return layers.assign((x - y) * (x - y), op.output.type, layers.product(difference, difference))


def lowered(self: Distance, *tensors: Tensor) -> tuple[Op, ...]:
    difference = Formula.of(self, tensors, Input(0) - Input(1), inner=2)
    return difference, Formula.of(self, (difference.output,), Input(0) * Input(0))


@pytest.fixture(autouse=True)
def distance() -> Iterator[None]:
    layers.register_op(Distance)
    yield
    layers.forget(Distance.tag)


def network(result: FixedType = RESULT) -> Graph:
    x, y = Tensor("x", (4,), DATA), Tensor("y", (1,), DATA)
    own = Distance("own", ("x", "y"), Tensor("own_out", (4,), result))
    return Graph("g", (x, y), (own,), ("own_out",))


def events(count: int = 600) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    sizes = {"x": 4, "y": 1}
    return {k: rng.integers(DATA.raw_min, DATA.raw_max + 1, (count, n)) / 16 for k, n in sizes.items()}


def by_hand(data: dict[str, Any]) -> Any:
    lsb = 2.0**-RESULT.fraction
    return np.clip(np.floor((data["x"] - data["y"]) ** 2 / lsb + 0.5), RESULT.raw_min, RESULT.raw_max) * lsb


# -- what is right ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["reference", "bounds", "lower"])
def test_two_steps_and_a_repeated_input_on_every_engine(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layers.register_reference(Distance)(exact)
    if way == "bounds":

        @layers.register_bounds(Distance)
        def bounds(op: Distance, tensors: layers.Tensors, ranges: layers.Ranges) -> layers.OpBounds:
            x, y = ranges
            many = np.zeros(op.output.size, dtype=np.int64)
            difference = layers.minus(x, layers.Range(many + y.low, many + y.high, y.fraction))
            return layers.bounds_of(op, layers.times(difference, difference))

    if way == "lower":
        monkeypatch.setattr(Distance, "lower", lowered)
    model, data = ib.Model(network()), events()
    for engine in ENGINES:
        np.testing.assert_array_equal(model.predict(data, engine=engine), by_hand(data), err_msg=engine)
    plan = model.plan(witnesses=True)
    assert set(plan.lanes) == {"own"}
    assert (plan.lanes["own"] == "reference") == (way != "lower")
    verdict = plan["own.result"]
    assert verdict.known == (way != "reference")
    if way != "reference":
        assert set(verdict.bits) == {13}  # (8 - 1/16)**2 in units of 1/64, and a sign
    assert (verdict.witnesses is None) == (way != "lower")
    if way == "lower":
        assert {w.neuron for w in verdict.witnesses or ()} == {0, 1, 2, 3}
        saturated = model.profile(data)["own.result"].events
        np.testing.assert_array_equal(saturated, np.count_nonzero((data["x"] - data["y"]) ** 2 >= 32, axis=0))


def test_squares_have_no_negative_bounds() -> None:
    x = layers.Range(np.array([-3, 2, -7]), np.array([2, 5, -4]), 1)
    square = layers.times(x, x)
    assert (square.low.tolist(), square.high.tolist(), square.fraction) == ([0, 4, 16], [9, 25, 49], 2)
    other = layers.times(x, layers.Range(x.low, x.high, 1))
    assert (other.low.tolist(), other.high.tolist()) == ([-6, 4, 16], [9, 25, 49])


def test_the_format_of_an_expression_is_that_of_the_arithmetic() -> None:
    x, y = FixedType.parse("ap_fixed<7,3>"), FixedType.parse("ap_ufixed<5,2>")
    for made, wanted in (
        (Input(0) + Input(1), "ap_fixed<8,4>"),
        (Input(1) - Input(1), "ap_fixed<6,3>"),
        ((Input(0) - Input(1)) * Input(1), "ap_fixed<13,6>"),
        (layers.Halved(Input(1)), "ap_ufixed<6,2>"),
    ):
        assert str(form_of(made, [x, y])) == wanted
        assert str(Result.of(made, Tensor("x", (1,), x), Tensor("y", (1,), y)).form) == wanted


# -- registering -----------------------------------------------------------------------------------------------------


def test_what_is_registered_twice_is_refused() -> None:
    with pytest.raises(
        RegistrationError, match=r"op Distance needs a tag of its own, got 'test_distance'; taken: .*dense"
    ):
        layers.register_op(Distance)
    for register, what in (
        (layers.register_reference, "a reference"),
        (layers.register_bounds, "bounds"),
        (layers.register_emitter, "an emitter"),
    ):
        register(Distance)(exact)  # type: ignore[operator]
        with pytest.raises(RegistrationError, match=f"op 'test_distance' has {what} already, exact.*forget"):
            register(Distance)(exact)  # type: ignore[operator]
    layers.register_handler("HDistance")(_read)
    with pytest.raises(RegistrationError, match=r"class 'HDistance' have a handler already, _read.*forget"):
        layers.register_handler("HOther", "HDistance")(_read)
    layers.forget("HDistance")
    layers.register_handler("HOther", "HDistance")(_read)  # nothing was kept of the refused one
    layers.forget("HOther", "HDistance")


def test_isobits_own_layers_stay() -> None:
    for name in ("dense", "Dense", "no_such"):
        with pytest.raises(RegistrationError, match=f"'{name}' is no layer of your own; registered: test_distance"):
            layers.forget("test_distance", name)
    with pytest.raises(RegistrationError, match="'Dense' have a handler already"):
        layers.register_handler("Dense")(_read)
    with pytest.raises(RegistrationError, match="op 'dense' has a reference already"):
        layers.register_reference(ib.model.Dense)(exact)


def test_a_class_that_is_no_frozen_dataclass_is_refused() -> None:
    class Plain(Op):
        tag: ClassVar[str] = "test_plain"

    @dataclass(frozen=True)
    class Equal(Op):
        tag: ClassVar[str] = "test_equal"

    @dataclass(frozen=True, eq=False)
    class Nameless(Op):
        pass

    for cls in (Plain, Equal):
        with pytest.raises(
            RegistrationError, match=rf"op {cls.__name__} must be .* @dataclass\(frozen=True, eq=False\)"
        ):
            layers.register_op(cls)
    with pytest.raises(RegistrationError, match="op Nameless needs a tag of its own, got ''"):
        layers.register_op(Nameless)
    with pytest.raises(RegistrationError, match="a handler needs the names of hls4ml's classes"):
        layers.register_handler(_read)  # type: ignore[arg-type]


# -- reading ---------------------------------------------------------------------------------------------------------


def _read(node: Any) -> Any:
    return node.made


def node(made: Any) -> Any:
    attributes = {"function_cpp": "nnet::distance(x, y, out);"}
    return SimpleNamespace(class_name="HDistance", name="own", outputs=["own"], made=made, get_attr=attributes.get)


def test_without_a_handler() -> None:
    with pytest.raises(
        UnsupportedError, match=r"layer 'own' is of class 'HDistance', .* by isobit.layers.register_handler"
    ):
        op_of(node(None))


@dataclass(frozen=True, eq=False)
class Unknown(Op):
    tag: ClassVar[str] = "test_unknown"


def test_what_a_handler_gives_is_checked() -> None:
    out = Tensor("own", (4,), RESULT)
    right = Distance("own", ("x", "y"), out)
    layers.register_handler("HDistance")(_read)
    try:
        assert op_of(node(right)) is right
        for made, what in (
            (None, "gives a NoneType; expected an op with the layer's edges, .*edges_of"),
            (Distance("other", ("x", "y"), out), "gives op 'other' with the output 'own'; expected"),
            (Distance("own", ("x", "y"), Tensor("other", (4,), RESULT)), "gives op 'own' with the output 'other'"),
            (Unknown("own", ("x",), out), "gives a Unknown, which is not known; .*register_op"),
        ):
            with pytest.raises(RegistrationError, match=rf"handler of layer 'own' \(HDistance\) {what}"):
                op_of(node(made))
    finally:
        layers.forget("HDistance")


def test_a_weight_is_flat_or_of_a_given_shape() -> None:
    class FixedPrecisionType:
        width, integer, signed, saturation_bits = 8, 3, True, 0
        rounding_mode, saturation_mode = SimpleNamespace(name="TRN"), SimpleNamespace(name="WRAP")

    data = np.arange(6).reshape(2, 3) / 4
    for slot, given in (("table", data), ("weight", data), ("weight", data.ravel())):
        variable = SimpleNamespace(data=given, type=SimpleNamespace(precision=FixedPrecisionType()), weight_class="")
        held: Any = SimpleNamespace(name="own", weights={slot: variable}, get_attr={}.get)
        shaped = layers.weight_of(held, slot, shape=(3, 2))
        np.testing.assert_array_equal(shaped.raw, np.arange(6).reshape(3, 2) * 8)
        assert shaped.name == slot
    assert layers.weight_of(
        SimpleNamespace(name="own", weights={"table": variable}, get_attr={}.get), "table"
    ).shape == (6,)


# -- computing -------------------------------------------------------------------------------------------------------


def test_without_a_reference() -> None:
    model = ib.Model(network())
    for engine in ENGINES:
        with pytest.raises(
            UnsupportedError, match=r"layer 'own' cannot .* op 'test_distance' has no reference.*register_reference"
        ):
            model.predict(events(3), engine=engine)
    assert not model.plan()["own.result"].known


WRONG = {
    "raw": (lambda op, x, y: (x - y).raw, TypeMismatchError, "gives ndarray; expected Numbers of integers"),
    "nothing": (lambda op, x, y: None, TypeMismatchError, "gives NoneType; expected Numbers"),
    "floats": (lambda op, x, y: Numbers(x.raw * 0.5, 6, 7), TypeMismatchError, "gives Numbers of float64; expected"),
    "a number": (lambda op, x, y: Numbers.exactly(0), ShapeError, r"of shape \(1,\); expected \(4, 600\)"),
    "its half": (lambda op, x, y: layers.assign(x[:2], op.output.type), ShapeError, r"of shape \(2, \d+\); expected"),
    "turned": (lambda op, x, y: Numbers(x.raw.T, 4, 7), ShapeError, r"of shape \(\d+, 4\); expected \(4, "),
    "not cast": (lambda op, x, y: (x - y) * (x - y), RangeError, "no number of ap_fixed<12,6,AP_RND,AP_SAT>.*assign"),
    "too large": (lambda op, x, y: x * 2**8, RangeError, "multiples of 0.015625 from -32 to 31.984375"),
    "too fine": (lambda op, x, y: x * Numbers.exactly(Fraction(1, 8)), RangeError, "no number of ap_fixed<12,6"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mistake", WRONG)
def test_what_a_reference_gives_is_checked(mistake: str, engine: str) -> None:
    wrong, error, words = WRONG[mistake]
    layers.register_reference(Distance)(
        lambda op, tensors, inputs: wrong(op, inputs[0], inputs[1].spread(*inputs[0].shape))
    )
    data = events()
    words = words.replace("600", "(512|600)")  # blocks of events
    with pytest.raises(
        error, match=rf"the reference of layer 'own' \(test_distance\) gives.*{words}|{words}"
    ) as caught:
        ib.Model(network()).predict(data, engine=engine)
    assert isinstance(caught.value, IsobitError)
    assert "the reference of layer 'own' (test_distance) gives" in str(caught.value)


def test_the_first_wrong_number_is_named() -> None:
    @layers.register_reference(Distance)
    def reference(op: Distance, tensors: layers.Tensors, inputs: layers.Inputs) -> Numbers:
        raw = np.zeros((4, inputs[0].shape[1]), dtype=np.int64)
        raw[2, 7] = -2049
        return Numbers(raw, 6, 12)

    with pytest.raises(RangeError, match=r"gives -32.015625 \(element 2, event 7\)"):
        ib.Model(network()).predict(events(20))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_inside_a_reference_is_its_own(engine: str) -> None:
    @layers.register_reference(Distance)
    def reference(op: Distance, tensors: layers.Tensors, inputs: layers.Inputs) -> Numbers:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        ib.Model(network()).predict(events(3), engine=engine)
    assert str(caught.value) == "mine"
    assert "in the reference of layer 'own' (test_distance)" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reference_cannot_change_its_inputs(engine: str) -> None:
    @layers.register_reference(Distance)
    def reference(op: Distance, tensors: layers.Tensors, inputs: layers.Inputs) -> Numbers:
        inputs[0].raw[0] = 0
        return layers.assign(inputs[0], op.output.type)

    given = ib.Model(network()).quantise(events(3))[0]
    with pytest.raises(ValueError, match="read-only"):
        ib.Model(network()).run(given, engine)
    np.testing.assert_array_equal(given["x"].to_float(), events(3)["x"])


# -- bounds ----------------------------------------------------------------------------------------------------------


def _bounded(low: int, high: int, fraction: int = 6, size: int = 4) -> Any:
    values = layers.Range(np.full(size, low), np.full(size, high), fraction)
    return lambda op, tensors, ranges: layers.OpBounds(op, values, values, values, np.zeros(size, dtype=bool))


@pytest.mark.parametrize("engine", ["auto", "numba", "cpp-strict"])
def test_numbers_that_leave_the_layers_own_bounds_are_refused(engine: str) -> None:
    """The stages after it would be exact only within them."""
    layers.register_reference(Distance)(exact)
    layers.register_bounds(Distance)(_bounded(0, 1000))
    with pytest.raises(
        RangeError, match=r"layer 'own' \(test_distance\) gives .* exclude: .* 0 to 1000 .*register_bounds"
    ):
        ib.Model(network()).predict(events(), engine=engine)
    layers.forget(Distance.tag)
    layers.register_op(Distance)
    layers.register_reference(Distance)(exact)
    layers.register_bounds(Distance)(_bounded(0, 2047))
    np.testing.assert_array_equal(ib.Model(network()).predict(events(), engine=engine), by_hand(events()))


@pytest.mark.parametrize(
    "rule, error, words",
    [
        (lambda op, tensors, ranges: ranges[0], TypeMismatchError, "are a Range; expected OpBounds, .*bounds_of"),
        (_bounded(0, 1, size=3), ShapeError, r"have the shapes \[\(3,\)\]; expected \(4,\)"),
        (_bounded(0, 1, fraction=5), RangeError, "from 0 to 1 at 5 fraction bits; .* has -2048 to 2047 at 6"),
        (_bounded(0, 2048), RangeError, "from 0 to 2048 at 6"),
    ],
)
def test_what_bounds_say_is_checked(rule: Any, error: type[Exception], words: str) -> None:
    layers.register_bounds(Distance)(rule)
    with pytest.raises(error, match=rf"the bounds of layer 'own' \(test_distance\) .*{words}"):
        ib.Model(network()).plan()


# -- lowering, files, export -----------------------------------------------------------------------------------------


def _weight(values: Any, encoding: Encoding = Encoding.PLAIN, kind: str = "ap_fixed<8,2>") -> Weight:
    return Weight.from_written("scale", np.asarray(values, dtype=float), FixedType.parse(kind), None, encoding)


def test_a_formula_that_does_not_fit_is_refused() -> None:
    tensors = network().inputs
    own = network().ops[0]
    for outcome, words in (
        (Input(0) * Constant(_weight([1, 2])), "has 2 values of scale, expected 1 or 4"),
        (Input(0) * Constant(_weight([1], Encoding.XNOR, "ap_uint<1>")), "scale, which is of xnor encoding"),
        (Input(0) + Input(1), r"an expression reads the inputs \[0, 1\], but it is given 1 of them"),
    ):
        with pytest.raises((ShapeError, UnsupportedError), match=words):
            Formula.of(own, tensors[:1], outcome).check_inputs(tensors[0])
    with pytest.raises(ShapeError, match=r"has 2 inputs, 2 views, and an expression of the inputs \[0\]"):
        Formula.of(own, tensors, Input(0)).check_inputs(*tensors)
    with pytest.raises(
        FormatError, match="layer 'own' computes numbers of 8 fraction bits and calls them ap_fixed<7,3>"
    ):
        Formula.of(own, tensors, Result(Input(0) * Input(1), DATA)).check_inputs(*tensors)
    with pytest.raises(ShapeError, match=r"'own' reads 'z' of shape \(3,\), which cannot be repeated to \(4,\)"):
        Formula.of(own, (tensors[0], Tensor("z", (3,), DATA)), Input(0) + Input(1))


def test_a_file_with_a_layer_that_is_not_registered(tmp_path: Path) -> None:
    layers.register_reference(Distance)(exact)
    ib.Model(network()).save(tmp_path / "m.isobit")
    layers.forget(Distance.tag)
    try:
        with pytest.raises(
            ModelFileError, match=r"unknown op 'test_distance'; known: .*run its isobit.layers.register_op"
        ):
            ib.load(tmp_path / "m.isobit")
    finally:
        layers.register_op(Distance)
    assert ib.load(tmp_path / "m.isobit").graph == network()


def test_a_field_that_files_do_not_hold_is_refused(tmp_path: Path) -> None:
    @layers.register_op
    @dataclass(frozen=True, eq=False)
    class Shifted(Op):
        shifts: Any
        tag: ClassVar[str] = "test_shifted"

    try:
        for shifts in (np.arange(4), [1, 2], (1, np.int64(2))):
            op = Shifted("own", ("x",), Tensor("own_out", (4,), RESULT), shifts)
            graph = Graph("g", (Tensor("x", (4,), DATA),), (op,), ("own_out",))
            with pytest.raises(TypeMismatchError, match=r"own.shifts is a (ndarray|list|tuple), .* allowed: Weight"):
                ib.Model(graph).save(tmp_path / "m.isobit")
            assert not list(tmp_path.iterdir())
    finally:
        layers.forget("test_shifted")


def test_an_export_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="layer 'own' cannot be exported: no emitter for op 'test_distance'"):
        ib.export_hls(ib.Model(network()), tmp_path / "out")
    assert not (tmp_path / "out").exists()
