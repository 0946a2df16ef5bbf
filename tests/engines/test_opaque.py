"""A layer of the user's of which only the reference is known: on every engine, in plan, profile, trace and file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import isobit as ib
from isobit.bounds import rules as op_bounds
from isobit.engines.reference import kernels
from isobit.errors import UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.layers import (
    Inputs,
    Numbers,
    Op,
    Tensor,
    Tensors,
    assign,
    forget,
    register_bounds,
    register_op,
    register_reference,
)
from isobit.model import Activation, Graph

KIND, RESULT = FixedType.parse("ap_fixed<7,3>"), FixedType.parse("ap_fixed<6,3,AP_RND,AP_SAT>")


@dataclass(frozen=True, eq=False)
class Blend(Op):
    """``x * x - y``, of two inputs of one size."""

    tag: ClassVar[str] = "test_blend"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)


@pytest.fixture
def blend() -> Iterator[None]:
    register_op(Blend)

    @register_reference(Blend)
    def reference(op: Blend, tensors: Tensors, inputs: Inputs) -> Numbers:
        x, y = inputs
        return assign(x * x - y, op.output.type)

    yield
    forget(Blend.tag)


def network() -> Graph:
    x, y = Tensor("x", (4,), KIND), Tensor("y", (4,), KIND)
    relu = Activation("relu", ("x",), Tensor("relu_out", (4,), KIND), "relu")
    own = Blend("own", ("relu_out", "y"), Tensor("own_out", (4,), RESULT))
    last = Activation("last", ("own_out",), Tensor("last_out", (4,), KIND), "linear")
    return Graph("g", (x, y), (relu, own, last), ("last_out",))


def events(count: int = 1500) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    return {name: rng.integers(KIND.raw_min, KIND.raw_max + 1, (count, 4)) * 2.0**-KIND.fraction for name in "xy"}


def by_hand(x: Any, y: Any) -> Any:
    exact = np.maximum(x, 0) ** 2 - y
    lsb = 2.0**-RESULT.fraction
    rounded = np.floor(exact / lsb + 0.5)
    return np.clip(rounded, RESULT.raw_min, RESULT.raw_max) * lsb


@pytest.mark.usefixtures("blend")
def test_every_engine_and_every_question(tmp_path: Path) -> None:
    model, data = ib.Model(network()), events()
    wanted = by_hand(data["x"], data["y"])
    for engine in ("auto", "cpp", "numba", "cpp-strict", "reference"):
        np.testing.assert_array_equal(model.predict(data, engine=engine), wanted, err_msg=engine)
    np.testing.assert_array_equal(model.trace(data)["own"].to_float(), wanted)
    assert ib.check(model, data, ("cpp", "cpp-strict", "reference")).ok

    plan = model.plan()
    assert plan.lanes["own"] == "reference"
    assert not plan.safe
    assert not plan["own.result"].known
    assert "own.result ap_fixed<6,3,AP_RND,AP_SAT>: not known whether it overflows, since the layer gives no" in str(
        plan
    )
    assert plan["relu.result"].safe
    assert model.plan(witnesses=True)["own.result"].witnesses is None
    profile = model.profile(data)
    assert profile.uncounted == ("own",)
    assert "not counted in own: computed by the layer's own reference" in str(profile)
    layer = profile.layer("own")
    np.testing.assert_array_equal(layer.high, (wanted.max(axis=0) / 2.0**-RESULT.fraction).astype(int))

    model.save(tmp_path / "m.isobit")
    np.testing.assert_array_equal(ib.load(tmp_path / "m.isobit").predict(data), wanted)
    other = model.with_types({"own.result": "ap_fixed<8,4>"})
    np.testing.assert_array_equal(other.predict(data), other.predict(data, engine="reference"))
    assert not np.array_equal(other.predict(data), wanted)


@pytest.mark.usefixtures("blend")
def test_bounds_of_its_own_are_taken() -> None:
    from isobit.bounds.ranges import Range, cast_range

    @register_bounds(Blend)
    def bounds(op: Blend, tensors: Tensors, ranges: op_bounds.Ranges) -> op_bounds.OpBounds:
        x, y = ranges
        most = x.magnitude * x.magnitude
        y = y.at(2 * KIND.fraction)
        exact = Range(-y.high, most - y.low, 2 * KIND.fraction)
        cast = cast_range(exact, None, op.output.type)
        return op_bounds.OpBounds(op, exact, cast.rounded, cast.result, cast.overflow)

    plan = ib.Model(network()).plan()
    assert plan["own.result"].known
    assert "own.result ap_fixed<6,3,AP_RND,AP_SAT>: may saturate: 4 of 4 neurons" in str(plan)


@pytest.mark.usefixtures("blend")
def test_without_a_reference_it_is_refused_by_name() -> None:
    reference = kernels.KERNELS.pop(Blend)
    try:
        with pytest.raises(
            UnsupportedError, match=r"layer 'own' cannot .* op 'test_blend' has no reference.*register_reference"
        ):
            ib.Model(network()).predict(events(3))
    finally:
        kernels.KERNELS[Blend] = reference
    with pytest.raises(UnsupportedError, match="own"):
        ib.export_hls(ib.Model(network()), Path("nowhere"), test_vectors=events(3))
    assert not Path("nowhere").exists()


@pytest.mark.usefixtures("blend")
def test_an_empty_batch() -> None:
    found = ib.Model(network()).run({n: FixedArray.from_float(v, KIND) for n, v in events(0).items()}, "cpp")
    assert found["own_out"].shape == (0, 4)
