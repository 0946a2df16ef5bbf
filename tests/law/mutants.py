"""Mutants of the three laws, and the comparison that has to notice them.

A mutant is the law's source with one token or expression changed. It is judged by what the tests compare: the grid of
widths up to 4, a sample of formats up to 8 bits, and the golden casts of wide formats. The expected values are the
vendor's: law.py's own grid, after its hashes have been found equal to those of AMD's headers (exhaustive_8.json), and
golden_wide.json, which the headers made.
"""

from __future__ import annotations

import ast
import copy
import functools
import json
import random
import re
import shutil
import signal
import subprocess
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import golden
import grid
import laws
import vendor
from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType

__all__ = ["EQUIVALENT", "LAWS", "Mutant", "equivalents", "judge", "mutants", "normal_form"]

PYTHON = laws.INCLUDE.parents[1] / "python" / "isobit"
#: The three laws: name, file.
LAWS = {
    "law.py": PYTHON / "fixed" / "law.py",
    "reference": PYTHON / "engines" / "reference" / "law.py",
    "law.hpp": laws.INCLUDE / "isobit" / "law.hpp",
}
TIMEOUT_S = 120.0
#: Survivors, each with the reason why it computes the same as the law.
EQUIVALENT = Path(__file__).resolve().with_name("equivalent_mutants.json")


@dataclass(frozen=True)
class Mutant:
    """One changed place: ``name`` says where and what (no line numbers: it outlives edits elsewhere)."""

    law: str
    name: str
    line: int
    source: str  # the whole changed file


# -- making them --------------------------------------------------------------------------------------------------------

_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Div: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.Pow: ast.Mult,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_MODES = ("RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV", "TRN", "TRN_ZERO")
_FOLDS = ("SAT", "SAT_ZERO", "SAT_SYM", "WRAP", "WRAP_SM")


def _other(name: str) -> str | None:
    """Give the next mode of the same kind."""
    for names in (_MODES, _FOLDS):
        if name in names:
            return names[(names.index(name) + 1) % len(names)]
    return {"below": "above", "above": "below", "high": "low", "low": "high"}.get(name)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Give the changed forms of one node."""
    if isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, _BINARY[type(node.op)](), node.right)
        yield node.left  # the term dropped
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in _COMPARE.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [op()], node.comparators)
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in _COMPARE.get(type(op), ()):
                yield ast.Compare(node.left, [*node.ops[:i], other(), *node.ops[i + 1 :]], node.comparators)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values  # all but one condition dropped
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and (other := _other(node.id)):
        yield ast.Name(other, node.ctx)
    elif isinstance(node, ast.Attribute) and (other := _other(node.attr)):
        yield ast.Attribute(node.value, other, node.ctx)


def _stripped(law: str) -> ast.Module:
    """Parse a Python law; what is no computation (docstrings, annotations) is left out of its functions."""
    tree = ast.parse(LAWS[law].read_text())
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            function.returns = None
            for argument in function.args.args:
                argument.annotation = None
            if ast.get_docstring(function):
                function.body = function.body[1:]
    return tree


def normal_form(law: str) -> str:
    """Give the text that a law's mutants are changes of."""
    return LAWS[law].read_text() if law == "law.hpp" else ast.unparse(_stripped(law))


def _python_mutants(law: str) -> Iterator[Mutant]:
    tree = _stripped(law)
    for function in [n for n in tree.body if isinstance(n, ast.FunctionDef)]:
        nodes = list(ast.walk(function))
        inside: dict[int, str] = {}
        for node in nodes:  # statements come before what is in them
            if isinstance(node, ast.stmt):
                inside.update((id(part), ast.unparse(node).partition("\n")[0]) for part in ast.walk(node))
        for position, node in enumerate(nodes):
            for variant in _variants(node):
                changed = copy.deepcopy(tree)
                home = next(f for f in changed.body if isinstance(f, ast.FunctionDef) and f.name == function.name)
                _Replace(list(ast.walk(home))[position], variant).visit(home)
                before, after = (ast.unparse(n).partition("\n")[0] for n in (node, variant))
                source = ast.unparse(ast.fix_missing_locations(changed))
                place = "" if inside[id(node)] == before else f" in `{inside[id(node)]}`"
                yield Mutant(law, f"{function.name}: `{before}` -> `{after}`{place}", getattr(node, "lineno", 0), source)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return copy.deepcopy(self.new) if node is self.old else self.generic_visit(node)


_TOKENS: list[tuple[str, tuple[str, ...]]] = [
    (r"<<", (">>",)), (r">>", ("<<",)), (r"<=", ("<", ">")), (r">=", (">", "<")), (r"==", ("!=",)), (r"!=", ("==",)),
    (r"&&", ("||",)), (r"\|\|", ("&&",)), (r"(?<=\s)<(?=\s)", ("<=", ">=")), (r"(?<=\s)>(?=\s)", (">=", "<=")),
    (r"(?<=\s)&(?=\s)", ("|",)), (r"(?<=\s)\|(?=\s)", ("&",)), (r"(?<=\s)\+(?=\s)", ("-",)), (r"(?<=\s)-(?=\s)", ("+",)),
    (r"~", ("",)), (r"(?<![=!<>])!(?!=)", ("",)), (r"\b[012]\b", ("+1", "-1")), (r"(?<=[(\s])-(?=\w)", ("",)),
    (r"\b(?:half|sticky|negative|lost|guard|top)\b(?=[ ;)])", ("!{}",)),
    (r"(?<=_mode::)[A-Z_]+(?=[ )])", ("next",)), (r"\bmaximum(?=<Int>\(f\))", ("minimum",)), (r"\bminimum(?=<Int>\(f\))", ("maximum",)),
]  # fmt: skip


def _function(text: str, at: int) -> str:
    """Name of the C++ function around a position."""
    heads = re.findall(r"^constexpr [^\n(]*?(\w+)\(", text[:at], re.MULTILINE)
    return heads[-1] if heads else "law.hpp"


def _cpp_mutants(law: str) -> Iterator[Mutant]:
    text = LAWS[law].read_text()
    begin = text.index("namespace law {")
    lines = list(re.finditer(r"[^\n]*\n", text[begin:]))
    for line in lines:
        code = line[0].partition("//")[0]
        if code.lstrip().startswith(("template", "constexpr", "#", "namespace", "using")):
            continue
        for pattern, replacements in _TOKENS:
            for match in re.finditer(pattern, code):
                for new in replacements:
                    token = match[0]
                    put = {"+1": f"{token} + 1", "-1": f"({token} - 1)", "next": _other(token) or token}.get(new, new)
                    put = put.replace("{}", token)
                    changed = code[: match.start()] + put + code[match.end() :]
                    at = begin + line.start()
                    number = text.count("\n", 0, at) + 1
                    source = text[:at] + changed.rstrip("\n") + "\n" + text[at + len(line[0]) :]
                    column = match.start() - len(code) + len(code.lstrip())
                    name = f"{_function(text, at)}: `{token}` -> `{put}` at {column} in `{code.strip()}`"
                    yield Mutant(law, name, number, source)


@functools.cache
def mutants(law: str) -> tuple[Mutant, ...]:
    """Give every mutant of a law that differs from it, in a stable order."""
    made = {m.source: m for m in (_cpp_mutants(law) if law == "law.hpp" else _python_mutants(law))}
    same = normal_form(law)
    seen: Counter[str] = Counter()
    named = []
    for mutant in made.values():
        if mutant.source != same:
            seen[mutant.name] += 1
            again = f" (#{seen[mutant.name]})" if seen[mutant.name] > 1 else ""
            named.append(replace(mutant, name=mutant.name + again))
    return tuple(named)


def equivalents() -> dict[str, dict[str, str]]:
    """Give the mutants known to be equivalent: law, name, reason."""
    return dict(json.loads(EQUIVALENT.read_text()))


# -- judging them -------------------------------------------------------------------------------------------------------


class TooSlow(Exception):
    """A mutant that does not end."""


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@functools.cache
def _samples() -> tuple[tuple[FixedType, int, npt.NDArray[np.uint8]], ...]:
    """Targets of the grid, with the sources' greatest width and the vendor's bytes: those of up to 4 bits, then wider."""
    small = [t for job in grid.walk(4) for t in grid.targets(*job)]
    wide = [t for job in grid.walk(golden.WIDTH) if job[0] > 4 for t in grid.targets(*job)]
    order = random.Random(1)
    order.shuffle(small)
    chosen = [(t, 4) for t in small] + [(t, 7) for t in order.sample(wide, 6)]
    return tuple((t, m, golden.expected(t, m)) for t, m in chosen)


def _judge_python(apply: Callable[[npt.NDArray[Any], int, FixedType], npt.NDArray[Any]], module: Any) -> str | None:
    for target, max_source, expected in _samples():
        if report := laws.differences("mutant", target, max_source, expected, grid.apply(apply, target, max_source)):
            return report
    for case in golden.wide():
        found = golden.by_law(case, apply, module)
        if found != list(case.results):
            return f"{case.source} -> {case.target}: {found[:3]} expected {list(case.results[:3])}"
    return _judge_edges(module) if hasattr(module, "int64_domain") else _judge_overflows(module)


def _judge_overflows(module: Any) -> str | None:
    """Check the reference's public ``overflows`` against the format's own bounds."""
    for target in (t for job in grid.walk(3) for t in grid.targets(*job)):
        for integer in range(-10, 11):
            if module.overflows(integer, target) == (target.min <= integer * target.lsb <= target.max):
                return f"overflows({integer}, {target}) is wrong"
    return None


def _judge_edges(module: Any) -> str | None:
    """Compare law.py at the edge of its domain, as test_law_wide.test_edges_of_int64 does."""
    bits = laws.law.INT64_BITS
    for shift in (-60, -1, 0, 1, 2, 60, 61, 62, 63, 64, 100):
        room = bits - max(0, -shift)
        if not module.int64_domain(room, shift, bits) or module.int64_domain(room + 1, shift, bits):
            return f"the domain's edge moved at shift {shift}"
        raw = np.array([(1 << room), -(1 << room), (1 << room) - 1, 1, -1], dtype=np.int64)
        for target in (t for q in Rounding for s in (False, True) for t in grid.targets(3, s, q)):
            expected, found = laws.definition(raw, shift, target), laws.vectorised(raw, shift, target, module)
            if not np.array_equal(expected, found):
                return f"int64, shift {shift} -> {target}: {found.tolist()} expected {expected.tolist()}"
    return None


def _judge_cpp(mutant: Mutant) -> str | None:
    with tempfile.TemporaryDirectory() as scratch:
        include = Path(scratch) / "include"
        shutil.copytree(laws.INCLUDE, include)
        (include / "isobit" / "law.hpp").write_text(mutant.source)
        try:
            law = laws.CppLaw(Path(scratch), include, ("-std=c++14", "-w", "-O0"))
        except vendor.OracleError:
            return "does not compile"
        samples = _samples()
        jobs = []
        for target, max_source, _ in samples:
            points = grid.points(target.width, max_source)
            jobs.append((target, points.raw, points.shift))
        native = [c for c in golden.wide() if c.fits(127)]
        wide = [(c.target, c.values, c.shift) for c in native]
        try:
            for (target, limit, expected), found in zip(samples, law.cast(jobs, 64, TIMEOUT_S), strict=True):
                bytes_ = (found & 0xFF).astype(np.uint8)
                if report := laws.differences("mutant", target, limit, expected, bytes_):
                    return report
            for case, found in zip(native, law.cast(wide, 128, TIMEOUT_S), strict=True):
                if [int(v) for v in found] != list(case.results):
                    return f"{case.source} -> {case.target}: wide values differ"
        except subprocess.SubprocessError as error:
            return f"fails: {type(error).__name__}"
    return None


def judge(mutant: Mutant) -> str | None:
    """Compare a mutant as the tests compare the law: how it was noticed, or None if it survived."""
    if mutant.law == "law.hpp":
        return _judge_cpp(mutant)
    module: Any = types.ModuleType("mutant")
    try:
        with _limit(TIMEOUT_S), np.errstate(all="ignore"):
            exec(compile(mutant.source, mutant.name, "exec"), module.__dict__)
            adapter = laws.vectorised if mutant.law == "law.py" else laws.definition
            return _judge_python(lambda raw, shift, target: adapter(raw, shift, target, module), module)
    except TooSlow:
        return f"does not end within {TIMEOUT_S:.0f} s"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
