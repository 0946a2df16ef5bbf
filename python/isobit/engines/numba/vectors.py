"""Vectors in Numba: the few instructions from which tiles and passes are made.

Numba leaves it to LLVM whether a loop becomes vector code, and promotes int32 to int64 on the way. Here the vectors are
written down, as LLVM values of 64 bytes, so that sums stay in registers (measured: 1.4 to 2 times faster than loops
that LLVM vectorises), and there is no loop for LLVM to analyse (compilation is three times faster).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

__all__ = ["VECTOR_BYTES", "Vectors", "nothing", "pointer"]

#: Bytes of a vector. Machines with shorter registers take several of them.
VECTOR_BYTES = 64

_SUFFIX = {"float": "f32", "double": "f64", "i32": "i32", "i64": "i64"}


class Vectors:
    """Vectors of one element type in a function under construction.

    Parameters
    ----------
    builder
        Where instructions go.
    element
        LLVM type of a number: float, double, i32 or i64.
    lanes
        Numbers in a vector; by default as many as fill :data:`VECTOR_BYTES`.
    """

    def __init__(self, builder: Any, element: Any, lanes: int | None = None) -> None:
        self.builder = builder
        self.element = element
        self.floating = not isinstance(element, ir.IntType)
        self.size = 4 if str(element) in ("float", "i32") else 8
        self.lanes = lanes or VECTOR_BYTES // self.size
        self.type = ir.VectorType(element, self.lanes)

    # -- control -------------------------------------------------------------------------------------------------------

    @staticmethod
    def index(value: int) -> Any:
        """A constant of the type of indices."""
        return ir.Constant(ir.IntType(64), value)

    @contextmanager
    def events(self, width: Any, first: Any) -> Iterator[Any]:
        """Loop over whole vectors of ``width`` numbers; gives the place of each, ``first`` and on."""
        lanes = self.index(self.lanes)
        with cgutils.for_range(self.builder, self.builder.udiv(width, lanes)) as loop:
            yield self.builder.add(first, self.builder.mul(loop.index, lanes))

    def switch(self, value: Any, cases: Mapping[int, Callable[[], None]]) -> None:
        """Do what belongs to a value; nothing for any other."""
        builder = self.builder
        after = builder.append_basic_block("after")
        switch = builder.switch(value, after)
        for number, case in cases.items():
            block = builder.append_basic_block("case")
            switch.add_case(self.index(number), block)
            builder.position_at_end(block)
            case()
            builder.branch(after)
        builder.position_at_end(after)

    # -- memory --------------------------------------------------------------------------------------------------------

    def at(self, base: Any, index: Any) -> Any:
        """Address of an element; ``index`` may be a Python integer."""
        if isinstance(index, int):
            index = self.index(index)
        return self.builder.gep(base, [index], inbounds=True)

    def load(self, base: Any, index: Any) -> Any:
        """The vector that begins at an element."""
        address = self.builder.bitcast(self.at(base, index), self.type.as_pointer())
        return self.builder.load(address, align=self.size)

    def store(self, value: Any, base: Any, index: Any) -> None:
        """Write a vector from an element on."""
        self.builder.store(value, self.builder.bitcast(self.at(base, index), self.type.as_pointer()), align=self.size)

    def repeat(self, base: Any, index: Any) -> Any:
        """One element in every place."""
        return self.splat(self.builder.load(self.at(base, index)))

    def taken(self, base: Any, places: Any) -> Any:
        """The elements at a vector of places, which are whole numbers of the vector's own type."""
        b, found = self.builder, ir.Constant(self.type, ir.Undefined)
        for lane in range(self.lanes):
            which = ir.Constant(ir.IntType(32), lane)
            place = b.extract_element(places, which)
            if self.floating:
                place = b.fptosi(place, ir.IntType(64))
            elif self.size < 8:
                place = b.sext(place, ir.IntType(64))
            found = b.insert_element(found, b.load(self.at(base, place)), which)
        return found

    def splat(self, value: Any) -> Any:
        """One number in every place."""
        i32 = ir.IntType(32)
        first = self.builder.insert_element(ir.Constant(self.type, ir.Undefined), value, ir.Constant(i32, 0))
        return self.builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(i32, self.lanes), [0] * self.lanes))

    def number(self, value: float) -> Any:
        """A constant in every place."""
        return ir.Constant(self.type, [float(value) if self.floating else int(value)] * self.lanes)

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def call(self, name: str, *values: Any) -> Any:
        """One of LLVM's own functions."""
        kind = ir.FunctionType(self.type, [self.type] * len(values))
        full = f"llvm.{name}.v{self.lanes}{_SUFFIX[str(self.element)]}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, full), values)

    def add(self, a: Any, b: Any) -> Any:
        """``a + b``."""
        return self.builder.fadd(a, b) if self.floating else self.builder.add(a, b)

    def subtract(self, a: Any, b: Any) -> Any:
        """``a - b``."""
        return self.builder.fsub(a, b) if self.floating else self.builder.sub(a, b)

    def multiply(self, a: Any, b: Any) -> Any:
        """``a * b``."""
        return self.builder.fmul(a, b) if self.floating else self.builder.mul(a, b)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """``a * b + c``; callers make sure that no rounding can tell a fused one from two instructions."""
        return self.call("fmuladd", a, b, c) if self.floating else self.add(self.multiply(a, b), c)

    def compare(self, how: str, a: Any, b: Any) -> Any:
        """A vector of truth values."""
        return self.builder.fcmp_ordered(how, a, b) if self.floating else self.builder.icmp_signed(how, a, b)

    def clamp(self, value: Any, low: Any, high: Any) -> Any:
        """Into low .. high."""
        value = self.builder.select(self.compare("<", value, low), low, value)
        return self.builder.select(self.compare(">", value, high), high, value)

    def floor(self, value: Any) -> Any:
        """Rounded down."""
        return self.call("floor", value)

    def convert(self, value: Any, to: Vectors) -> Any:
        """The same numbers as another type; callers make sure that it holds them."""
        if str(to.element) == str(self.element):
            return value
        if self.floating and to.floating:
            return (self.builder.fpext if to.size > self.size else self.builder.fptrunc)(value, to.type)
        if self.floating:
            return self.builder.fptosi(value, to.type)
        if to.floating:
            return self.builder.sitofp(value, to.type)
        return (self.builder.sext if to.size > self.size else self.builder.trunc)(value, to.type)


def pointer(context: Any, builder: Any, signature: Any, args: Any, place: int) -> Any:
    """Address of an intrinsic's array argument, moved on by the argument after it."""
    base = context.make_array(signature.args[place])(context, builder, args[place]).data
    return builder.gep(base, [args[place + 1]], inbounds=True)


def nothing(kinds: Sequence[Any]) -> Any:
    """Signature of an intrinsic that gives nothing: arrays as they come, int64 for the rest."""
    return types.none(*(kind if isinstance(kind, types.Array) else types.int64 for kind in kinds))
