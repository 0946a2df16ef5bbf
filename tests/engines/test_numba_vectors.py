"""Vectors of Numba's kernels, instruction by instruction, against NumPy: arithmetic, memory, conversions, branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from llvmlite import ir
from numba import njit
from numba.extending import intrinsic

from isobit.engines.numba.vectors import VECTOR_BYTES, Vectors, nothing, pointer

KINDS = (np.float32, np.float64, np.int32, np.int64)
#: Numbers of a row; three whole vectors of the narrowest type, and a place where they begin.
WIDTH, BEGIN, SKIPPED = 48, 2, 5

#: By name: what vectors compute of two vectors a and b, and what NumPy does.
FORMULAS: dict[str, tuple[Callable[[Vectors, Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "add": (lambda v, a, b: v.add(a, b), lambda a, b: a + b),
    "subtract": (lambda v, a, b: v.subtract(a, b), lambda a, b: a - b),
    "multiply": (lambda v, a, b: v.multiply(a, b), lambda a, b: a * b),
    "multiply_add": (lambda v, a, b: v.multiply_add(a, b, v.number(3)), lambda a, b: a * b + 3),
    "clamp": (lambda v, a, b: v.clamp(a, v.number(-4), v.number(5)), lambda a, b: np.clip(a, -4, 5)),
    "below": (lambda v, a, b: v.builder.select(v.compare("<", a, b), a, b), np.minimum),
    "at most": (
        lambda v, a, b: v.builder.select(v.compare("<=", a, b), v.number(1), b),
        lambda a, b: np.where(a <= b, 1, b),
    ),
    "number": (lambda v, a, b: v.number(-7), lambda a, b: 0 * a - 7),
}
FLOATS: dict[str, tuple[Callable[[Vectors, Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "floor": (lambda v, a, b: v.floor(v.multiply(a, v.number(0.25))), lambda a, b: np.floor(a / 4)),
    "rint": (lambda v, a, b: v.call("rint", v.multiply(a, v.number(0.5))), lambda a, b: np.rint(a / 2)),
    "larger": (lambda v, a, b: v.call("maxnum", a, b), np.maximum),
}


def formulas(dtype: Any) -> dict[str, Any]:
    return FORMULAS | (FLOATS if np.dtype(dtype).kind == "f" else {})


@intrinsic
def computed(typingctx, x, x_at, y, y_at, out, out_at, first, width):  # type: ignore[no-untyped-def]
    """Rows of every formula; the elements of y at the places in x modulo 8, one of them everywhere; a branch."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, to = (pointer(context, builder, signature, args, place) for place in (0, 2, 4))
        v = Vectors(builder, a.type.pointee)
        dtype = np.dtype(str(signature.args[0].dtype))
        with v.events(args[7], args[6]) as place:
            one, two = v.load(a, place), v.load(b, place)
            found = [make(v, one, two) for make, _ in formulas(dtype).values()]
            found += [v.taken(b, v.clamp(one, v.number(0), v.number(7))), v.repeat(b, 3), v.repeat(b, args[6])]
            for row, value in enumerate(found):
                v.store(value, to, builder.add(v.index(row * (WIDTH + BEGIN)), place))
        cases = {n: lambda n=n: builder.store(builder.load(v.at(b, n)), v.at(to, n)) for n in (0, 1)}
        v.switch(args[6], {BEGIN - 1: cases[1], BEGIN: cases[0]})
        return context.get_dummy_value()

    return nothing((x, x_at, y, y_at, out, out_at, first, width)), code


@njit
def compute(x: Any, y: Any, out: Any, first: Any, width: Any) -> None:
    computed(x, 1, y, SKIPPED, out, 3, first, width)


@pytest.mark.parametrize("dtype", KINDS)
def test_every_instruction(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    x, y = (rng.integers(-9, 10, 1 + SKIPPED + BEGIN + WIDTH).astype(dtype) for _ in range(2))
    of = [function for _, function in formulas(dtype).values()]
    out = np.full((len(of) + 3) * (BEGIN + WIDTH) + 3, 99, dtype=dtype)
    whole = WIDTH - 1  # the last numbers fill no vector
    compute(x, y, out, BEGIN, whole)
    a, b = x[1:], y[SKIPPED:]
    wanted = [function(a[: BEGIN + WIDTH], b[: BEGIN + WIDTH]) for function in of]
    wanted += [b[np.clip(a[: BEGIN + WIDTH], 0, 7).astype(int)], b[3] + 0 * a, b[BEGIN] + 0 * a]
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    end = BEGIN + whole // lanes * lanes
    for row, values in enumerate(wanted):
        found = out[3 + row * (BEGIN + WIDTH) :][: BEGIN + WIDTH]
        name = [*formulas(dtype), "taken", "repeat 3", "repeat"][row]
        np.testing.assert_array_equal(found[BEGIN:end], values[BEGIN:end], err_msg=name)
        np.testing.assert_array_equal(found[end:], 99, err_msg=name)
        np.testing.assert_array_equal(found[1 if row == 0 else 0 : BEGIN], 99, err_msg=name)
    assert out[3] == b[0]
    assert (out[:3] == 99).all()


@intrinsic
def converted(typingctx, x, x_at, out, out_at):  # type: ignore[no-untyped-def]
    """Eight numbers as another type."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, to = (pointer(context, builder, signature, args, place) for place in (0, 2))
        v, w = Vectors(builder, a.type.pointee, 8), Vectors(builder, to.type.pointee, 8)
        assert (v.type, v.lanes) == (ir.VectorType(a.type.pointee, 8), 8)
        w.store(v.convert(v.load(a, 0), w), to, 0)
        return context.get_dummy_value()

    return nothing((x, x_at, out, out_at)), code


@njit
def convert(x: Any, out: Any) -> None:
    converted(x, 1, out, 2)


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_conversions(source: Any, target: Any) -> None:
    x = np.array([77, -9, 8, 0, 1 << 20, -1, -(1 << 20), 5, 6], dtype=source)
    out = np.zeros(10, dtype=target)
    convert(x, out)
    np.testing.assert_array_equal(out, np.array([0, 0, *x[1:]], dtype=target))
