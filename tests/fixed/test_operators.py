"""Operators of FixedArray: by their mathematical definition, ORACLES' values, NumPy's rules, and what is refused."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operators_oracle import Case, run

from isobit import FixedArray, FixedType, IsobitError
from isobit.errors import DivisionByZeroError, RangeError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed import growth


def fixed(values: Any, kind: str) -> FixedArray:
    return FixedArray.from_float(values, kind)


@st.composite
def operands(draw: st.DrawFn, integers: bool = False) -> tuple[FixedArray, FixedArray]:
    """Two arrays of one shape; widths around the borders of int64 and beyond, and small ones."""
    arrays = []
    size = draw(st.integers(1, 4))
    for _ in range(2):
        width = draw(st.integers(1, 8) | st.integers(24, 36) | st.integers(60, 66) | st.integers(1, 140))
        signed = draw(st.booleans())
        if integers or draw(st.booleans()):
            kind = FixedType.int_type(width, signed=signed)
        else:
            kind = FixedType(width, draw(st.integers(-40, 160)), signed)
        raws = st.integers(kind.raw_min, kind.raw_max) | st.sampled_from([kind.raw_min, kind.raw_max, 0])
        arrays.append(FixedArray.from_raw(draw(st.lists(raws, min_size=size, max_size=size)), kind))
    return arrays[0], arrays[1]


def values(array: FixedArray) -> list[Fraction]:
    return [int(raw) * array.type.lsb for raw in array.raw.ravel()]


def stored_well(array: FixedArray) -> None:
    """Every raw integer is in range, in the storage that the format asks for."""
    assert array.raw.dtype == (np.int64 if array.type.fits_int64 else object)
    assert all(array.type.raw_min <= int(raw) <= array.type.raw_max for raw in array.raw.ravel())
    if array.raw.dtype == object:
        assert all(type(raw) is int for raw in array.raw.ravel())


EXACT: dict[Callable[[Any, Any], Any], Callable[[FixedType, FixedType], FixedType]] = {
    operator.add: growth.sum_of,
    operator.sub: growth.difference,
    operator.mul: growth.product,
}


@given(operands(), st.sampled_from(list(EXACT)))
@settings(max_examples=300)
def test_sum_difference_product_are_exact(pair: tuple[FixedArray, FixedArray], function: Any) -> None:
    a, b = pair
    result = function(a, b)
    assert result.type == EXACT[function](a.type, b.type)
    stored_well(result)
    assert values(result) == [function(x, y) for x, y in zip(values(a), values(b), strict=True)]


@given(operands())
@settings(max_examples=200)
def test_quotient_is_cut_toward_zero(pair: tuple[FixedArray, FixedArray]) -> None:
    a, b = pair
    if not b.raw.all():
        with pytest.raises(DivisionByZeroError, match=f"index .{int(np.argmin(b.raw != 0))},"):
            a / b
        return
    result = a / b
    stored_well(result)
    for found, x, y in zip(result.raw, values(a), values(b), strict=True):
        assert int(found) == math.trunc(x / y / result.type.lsb)


@given(operands(integers=True))
def test_remainder_takes_the_dividends_sign(pair: tuple[FixedArray, FixedArray]) -> None:
    a, b = pair
    if not b.raw.all():
        with pytest.raises(DivisionByZeroError, match="'%': the divisor is zero"):
            a % b
        return
    result = a % b
    stored_well(result)
    for found, x, y in zip(result.raw, a.raw, b.raw, strict=True):
        assert int(found) == int(x) - int(y) * math.trunc(Fraction(int(x), int(y)))


@given(operands(), st.sampled_from([operator.and_, operator.or_, operator.xor]))
def test_logic_acts_on_endless_bits(pair: tuple[FixedArray, FixedArray], function: Any) -> None:
    a, b = pair
    result = function(a, b)
    stored_well(result)
    scale = Fraction(2) ** max(a.type.fraction, b.type.fraction)
    expected = [function(int(x * scale), int(y * scale)) / scale for x, y in zip(values(a), values(b), strict=True)]
    assert values(result) == expected


@given(operands(), st.sampled_from([operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]))
@settings(max_examples=200)
def test_comparison_is_of_values(pair: tuple[FixedArray, FixedArray], function: Any) -> None:
    a, b = pair
    for x, y in ((a, b), (b, a), (a, a.cast("ap_fixed<400,200>"))):
        assert function(x, y).tolist() == [function(p, q) for p, q in zip(values(x), values(y), strict=True)]
    bound = b.type.max
    assert function(a, bound).tolist() == [function(x, bound) for x in values(a)]


@given(operands(), st.integers(-150, 150))
def test_shift_negate_invert(pair: tuple[FixedArray, FixedArray], amount: int) -> None:
    a, _ = pair
    span, kind = 1 << a.type.width, a.type

    def folded(raw: int) -> int:
        raw %= span
        return raw - span if kind.signed and raw >= span >> 1 else raw

    up = [folded(int(raw) << amount if amount >= 0 else int(raw) >> -amount) for raw in a.raw]
    for result in (a << amount, a >> -amount, a << np.array([amount]), a >> FixedArray.from_raw(-amount, "ap_int<9>")):
        assert result.type == kind
        stored_well(result)
        assert [int(raw) for raw in result.raw] == up
    assert values(-a) == [-x for x in values(a)]
    stored_well(-a)
    assert [int(raw) for raw in (~a).raw] == [folded(~int(raw)) for raw in a.raw]
    stored_well(~a)


@given(st.integers(0, 6), st.integers(1, 3), st.integers(1, 3), operands(), st.data())
def test_matrix_product_and_sum_are_exact(
    n: int, rows: int, columns: int, kinds: tuple[FixedArray, FixedArray], data: st.DataObject
) -> None:
    def draw(kind: FixedType, shape: tuple[int, int]) -> FixedArray:
        count = shape[0] * shape[1]
        raws = st.lists(st.integers(kind.raw_min, kind.raw_max) | st.just(kind.raw_min), min_size=count, max_size=count)
        return FixedArray.from_raw(data.draw(raws), kind).reshape(shape)

    a, b = draw(kinds[0].type, (rows, n)), draw(kinds[1].type, (n, columns))
    result = a @ b
    assert result.type == growth.dot(a.type, b.type, n)
    stored_well(result)
    x, y = np.array(values(a)).reshape(rows, n), np.array(values(b)).reshape(n, columns)
    for i, j in np.ndindex(rows, columns):
        assert int(result.raw[i, j]) * result.type.lsb == sum(p * q for p, q in zip(x[i], y[:, j], strict=True))
    if n:
        assert (a[0] @ b[:, 0]).shape == ()
        assert np.array_equal(a[0] @ b[:, 0], result[0, 0])
    for axis in (None, 0, 1, -1, (0, 1)):
        total = a.sum(axis)
        stored_well(total)
        reference = np.vectorize(int, otypes=[object])(a.raw).sum(axis=axis) if a.size else np.zeros(total.shape, int)
        assert np.array_equal(total.raw, reference)
        assert total.type.fraction == a.type.fraction
    assert a.sum(1, keepdims=True).shape == (rows, 1)


@pytest.mark.parametrize("count, bits", [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (16, 4), (17, 5)])
def test_a_sum_grows_by_the_logarithm(count: int, bits: int) -> None:
    kind = FixedType(8, 3)
    lowest = FixedArray.from_raw([kind.raw_min] * count, kind)
    assert lowest.sum().type == FixedType(8 + bits, 3 + bits)
    assert lowest.sum().raw == count * kind.raw_min
    # no narrower format would do
    assert bits == 0 or count * kind.raw_min < -(1 << (8 + bits - 2))


# -- ORACLES: values to get right -------------------------------------------------------------------------------------


def test_result_types_by_hand() -> None:
    u4, f4, f84 = (FixedArray.from_raw([3], t) for t in ("ap_ufixed<4,4>", "ap_fixed<4,4>", "ap_fixed<8,4>"))
    for result, kind in [
        (u4 - u4, "ap_fixed<5,5>"),
        (f4 + u4, "ap_fixed<6,6>"),
        (u4 + u4, "ap_ufixed<5,5>"),
        (f84 / f84, "ap_fixed<13,9>"),
        (f84 + 1, "ap_fixed<37,33>"),
        (f84 * 1, "ap_fixed<40,36>"),
        (1 * f84, "ap_fixed<40,36>"),
        (f84 * (2**31 - 1), "ap_fixed<40,36>"),
        (f84 * 2**31, "ap_fixed<72,68>"),
        (f84 * np.int8(1), "ap_fixed<16,12>"),
        (f84 * np.array([True]), "ap_fixed<9,5>"),
        (f84 + True, "ap_fixed<9,5>"),
        (np.ones(1, dtype=np.uint16) - f84, "ap_fixed<22,18>"),
        (-f84, "ap_fixed<9,5>"),
        (-u4, "ap_fixed<5,5>"),
        (f84 << 2, "ap_fixed<8,4>"),
    ]:
        assert str(result.type) == kind
    ints = {n: FixedArray.from_raw([1], n) for n in ("ap_int<8>", "ap_uint<3>")}
    a, b = ints.values()
    kinds = [str(r.type) for r in (a + b, a - b, a * b, a / b, b / a, a % b, b % a, a & b, ~b, -b, +a, a + f84)]
    assert kinds == [
        *("ap_int<9>", "ap_int<9>", "ap_int<11>", "ap_int<8>", "ap_int<4>", "ap_int<4>", "ap_uint<3>"),
        *("ap_int<8>", "ap_uint<3>", "ap_int<4>", "ap_int<8>", "ap_fixed<13,9>"),
    ]
    assert str((-FixedArray.from_raw(0, "ap_int<1>")).type) == "ap_int<3>"


def test_values_by_hand() -> None:
    one, three = fixed(1, "ap_fixed<8,4>"), fixed(3, "ap_fixed<8,4>")
    assert float(one / three) == 0.3125
    assert float(-one / three) == -0.3125
    saturating = fixed(7.5, "ap_fixed<8,4,AP_RND,AP_SAT>")
    assert float(saturating << 1) == -1
    assert (saturating << 1).type == saturating.type
    assert [float(x) for x in (saturating << 8, saturating >> 8, fixed(-3, "ap_fixed<8,4>") >> 9)] == [0, 0, -0.0625]
    assert float(saturating >> -1) == -1
    assert float(saturating << -1) == 3.75
    half = fixed(-1.5, "ap_fixed<8,4>")
    assert half.cast("ap_int<8>").raw == -1
    assert half.cast("ap_fixed<8,8>").raw == -2
    assert int(half) == -1
    lowest = fixed(-8, "ap_fixed<8,4,AP_TRN,AP_SAT>")
    assert float(-lowest) == 8
    assert float((-lowest).cast(lowest.type)) == 7.9375
    assert (fixed([-1e-300], "ap_fixed<8,4>").raw, fixed([-1e-300], "ap_fixed<8,4,AP_RND>").raw) == (-1, 0)
    below = FixedArray.from_raw(2**62 - 1, "ap_fixed<64,2>")
    assert below == 1.0
    assert below != 1
    assert below < FixedArray.from_raw(1, "ap_int<2>")
    assert FixedArray.from_raw(-7, "ap_int<4>") % 3 == -1
    assert FixedArray.from_raw(7, "ap_int<4>") % -3 == 1
    assert fixed(1 / 256, "ap_fixed<1,-7>").to_float() == -1 / 256  # UG1399's own example says 1/256


DEFECTS = [  # (a, operator, b, raw of a, raw of b, the headers' raw result, the right one)
    ("B5", "ap_fixed<32,16>", "<", "ap_ufixed<32,16>", -(1 << 16), 1 << 16, 0, 1),
    ("B6", "ap_fixed<8,8>", "/", "ap_fixed<8,8>", -128, -1, -128, 128),
    ("B7", "ap_uint<16>", "/", "ap_int<8>", 341, -1, 0, -341),
    ("B7", "ap_uint<8>", "%", "ap_int<8>", 100, -7, 100, 2),
]


@pytest.mark.csim
def test_defects_of_the_headers_are_not_followed() -> None:
    functions = {"<": operator.lt, "/": operator.truediv, "%": operator.mod}
    parse = FixedType.parse
    cases = [Case(parse(a), parse(b), (x,), (y,), (symbol,)) for _, a, symbol, b, x, y, _, _ in DEFECTS]
    for defect, result in zip(DEFECTS, run(cases), strict=True):
        name, a, symbol, b, x, y, header, right = defect
        assert result[symbol].raw.item() == header, name
        found: Any = functions[symbol](FixedArray.from_raw(x, a), FixedArray.from_raw(y, b))
        assert (found.raw if isinstance(found, FixedArray) else found) == right, name


# -- assignment and mixed operands ------------------------------------------------------------------------------------


def test_compound_assignment_binds_a_new_array() -> None:
    a = before = fixed([7.5, -8], "ap_fixed<8,4,AP_RND,AP_SAT>")
    a += 1
    assert a.type == before.type
    assert a.to_float().tolist() == [7.9375, -7]
    assert before.to_float().tolist() == [7.5, -8]
    count = FixedArray.from_raw([-1], "ap_int<4>")
    count += fixed(0.5, "ap_fixed<4,2>")  # ap_int += ap_fixed goes through the integer part first
    assert count.raw.tolist() == [-1]
    with pytest.raises(TypeError, match="item assignment"):
        a[0] = before[0]  # type: ignore[index]


@pytest.mark.parametrize("other", [1.5, np.float32(1), [1, 2], (1,), np.array([0.5, 1]), 1j, np.array([1, 2], object)])
@pytest.mark.parametrize("function", [operator.add, operator.mul, operator.truediv, operator.and_, operator.iadd])
def test_what_has_no_format_is_refused(other: Any, function: Any) -> None:
    a = fixed([1, 2], "ap_fixed<8,4>")
    for x, y in ((a, other), (other, a)):
        with pytest.raises(TypeMismatchError, match=r"from_float|takes no out"):
            function(x, y)


def test_other_things_are_pythons_business() -> None:
    a = fixed([1], "ap_fixed<8,4>")
    assert (a == None) is False  # noqa: E711
    for function in (operator.add, operator.lt, operator.mul):
        with pytest.raises(TypeError):
            function(a, "x")
    with pytest.raises(TypeError, match="unhashable"):
        hash(a)


def test_integers_without_a_format() -> None:
    a = fixed([1], "ap_fixed<8,4>")
    assert str((a + (2**63 - 1)).type) == "ap_fixed<69,65>"
    with pytest.raises(RangeError, match=f"{2**63} is not a C"):
        a + 2**63
    assert (a < 2**100).all()
    assert (a == 1).all()


def test_refusals_say_what_is_offered() -> None:
    a, i = fixed([1, 2], "ap_fixed<8,4>"), FixedArray.from_raw([1, 2], "ap_int<4>")
    with pytest.raises(UnsupportedError, match=r"ap_fixed<8,4> % ap_int<4> does not exist"):
        a % i
    with pytest.raises(TypeMismatchError, match="one division, '/'"):
        a // 2
    with pytest.raises(TypeMismatchError, match=r"cast the amount to an ap_int"):
        a << a
    with pytest.raises(TypeMismatchError, match=r"must be an integer, got 1\.5"):
        a << 1.5
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\) cannot be broadcast"):
        a + fixed([1, 2, 3], "ap_fixed<8,4>")
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\) do not belong"):
        a @ fixed([1, 2, 3], "ap_fixed<8,4>")
    with pytest.raises(ShapeError, match="use \\* for numbers"):
        a @ 2
    with pytest.raises(ShapeError, match="axis 1 does not exist"):
        a.sum(1)
    with pytest.raises(ShapeError, match="ambiguous"):
        bool(a)
    with pytest.raises(TypeMismatchError, match="single number"):
        float(a)
    with pytest.raises(IsobitError, match=r"width 4124 is not in 1\.\.4096"):
        FixedArray.from_raw([1], "ap_fixed<4096,4>") + 0
    with pytest.raises(DivisionByZeroError, match=r"index \(1, 0\)"):
        a / FixedArray.from_raw([[1], [0]], "ap_int<4>")
    with pytest.raises(ZeroDivisionError):
        a / 0


# -- NumPy ------------------------------------------------------------------------------------------------------------


def test_broadcasting_is_numpys() -> None:
    a, b = fixed(np.arange(3), "ap_fixed<8,6>"), fixed(np.arange(4).reshape(4, 1), "ap_ufixed<9,5>")
    for result in (a + b, np.add(a, b), a * b, b - a):
        assert result.shape == (4, 3)
    assert (a + b).to_float().tolist() == (np.arange(3) + np.arange(4).reshape(4, 1)).tolist()
    assert (np.arange(3) * a).to_float().tolist() == [0, 1, 4]
    assert (np.arange(3) < a + 1).all()
    assert (a << np.array([[0], [1]])).raw.tolist() == [[0, 4, 8], [0, 8, 16]]
    assert np.sum(a) == 3
    assert np.sum(a, axis=0) == 3


def test_ufuncs_are_the_operators_or_refused() -> None:
    a, b = FixedArray.from_raw([5, -7], "ap_int<4>"), FixedArray.from_raw([3, 3], "ap_int<4>")
    for ufunc, function in [
        (np.add, operator.add),
        (np.subtract, operator.sub),
        (np.multiply, operator.mul),
        (np.divide, operator.truediv),
        (np.remainder, operator.mod),
        (np.fmod, operator.mod),
        (np.bitwise_xor, operator.xor),
        (np.left_shift, operator.lshift),
        (np.matmul, operator.matmul),
    ]:
        found, expected = ufunc(a, b), function(a, b)
        assert found.type == expected.type
        assert found.raw.tolist() == expected.raw.tolist()
    assert np.negative(a).raw.tolist() == [-5, 7]
    assert np.less(a, b).tolist() == [False, True]
    for call in (
        lambda: np.exp(a),
        lambda: np.floor_divide(a, b),
        lambda: np.add.reduce(a),
        lambda: np.add(a, b, out=np.zeros(2)),
        lambda: np.left_shift(np.array([1, 2]), a),
        lambda: np.array(a),
        lambda: np.asarray([a, b]),
        lambda: np.mean(a),
        lambda: np.sqrt(a.reshape(2, 1)),
        lambda: np.clip(a, b, b),
    ):
        with pytest.raises(TypeMismatchError):
            call()


def test_shapes_joins_and_copies() -> None:
    a = FixedArray.from_raw(np.arange(6).reshape(2, 3), "ap_fixed<8,6>")
    assert a.T.raw.tolist() == a.transpose(1, 0).raw.tolist() == np.transpose(a).raw.tolist() == a.raw.T.tolist()
    assert a.reshape((3, 2)).shape == np.reshape(a, (3, 2)).shape == (3, 2)
    with pytest.raises(ShapeError, match="cannot reshape"):
        a.reshape(4)
    assert FixedArray.concatenate([a, a]).shape == np.concatenate([a, a]).shape == (4, 3)
    assert FixedArray.concatenate([a, a], axis=1).raw.tolist() == np.concatenate([a.raw, a.raw], axis=1).tolist()
    assert FixedArray.stack([a, a]).shape == np.stack([a, a]).shape == (2, 2, 3)
    with pytest.raises(TypeMismatchError, match="cannot join ap_fixed<9,6> to ap_fixed<8,6>"):
        FixedArray.concatenate([a, a.cast("ap_fixed<9,6>")])
    with pytest.raises(TypeMismatchError, match="cannot join ndarray"):
        FixedArray.concatenate([a, a.raw])  # type: ignore[list-item]
    with pytest.raises(ShapeError):
        FixedArray.concatenate([a, a[:, :1]])
    with pytest.raises(ShapeError, match="no arrays"):
        FixedArray.concatenate([])
    assert np.array_equal(a.copy(), a)
    assert not np.shares_memory(a.copy().raw, a.raw)
    assert not np.array_equal(a, a[:1])
    assert (np.ndim(a), np.shape(a), np.size(a)) == (2, (2, 3), 6)


@pytest.mark.parametrize("kind", ["ap_fixed<8,6>", "ap_fixed<80,6,AP_RND,AP_SAT>"])
def test_pickled_and_copied(kind: str) -> None:
    a = FixedArray.from_raw([1, -2], kind)
    for b in (pickle.loads(pickle.dumps(a)), copy.deepcopy(a), copy.copy(a)):
        assert b.type == a.type
        assert b.raw.tolist() == [1, -2]
        with pytest.raises(ValueError, match="read-only"):
            b.raw[0] = 3


def test_repr_and_str() -> None:
    a = fixed([0.5, -1.25], "ap_fixed<8,4>")
    assert repr(a) == "FixedArray([ 0.5 , -1.25], 'ap_fixed<8,4>')"
    assert str(a) == "[ 0.5  -1.25]"
    assert str(fixed([2**-12, 300], "ap_fixed<24,12>")) == "[  0.000244140625 300.            ]"
    assert str(fixed([2**-40], "ap_fixed<24,-20>")) == "[9.094947017729282e-13]"
    assert repr(a[0]) == "FixedArray(0.5, 'ap_fixed<8,4>')"
    assert repr(FixedArray.from_raw([3, -2], "ap_int<4>")) == "FixedArray([ 3, -2], 'ap_int<4>')"
    assert repr(FixedArray.from_raw([2**60 + 1], "ap_fixed<62,3>")) == (
        "FixedArray(raw=[1152921504606846977], 'ap_fixed<62,3>')"
    )
    assert "1.0000000000000002" in repr(fixed([1 + 2**-52], "ap_ufixed<53,1>"))
    assert repr(FixedArray.from_raw(np.arange(100), "ap_uint<7>")) == (
        "FixedArray([ 0,  1,  2, ..., 97, 98, 99], 'ap_uint<7>', shape=(100,))"
    )
    assert repr(FixedArray.from_raw([1], "ap_fixed<8,-2000>")) == "FixedArray(raw=[1], 'ap_fixed<8,-2000>')"
