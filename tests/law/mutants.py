"""Mutants of the three laws: the law's source with one token or expression changed.

Python laws are changed in their syntax tree, law.hpp token by token. judging.py tells which mutants are noticed.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import laws

__all__ = ["EQUIVALENT", "LAWS", "Mutant", "equivalents", "mutants", "normal_form"]

PYTHON = laws.INCLUDE.parents[1] / "python" / "isobit"
#: The three laws: name, file.
LAWS = {
    "law.py": PYTHON / "fixed" / "law.py",
    "reference": PYTHON / "engines" / "reference" / "law.py",
    "law.hpp": laws.INCLUDE / "isobit" / "law.hpp",
}
#: Survivors, each with the reason why it computes the same as the law.
EQUIVALENT = Path(__file__).resolve().with_name("equivalent_mutants.json")


@dataclass(frozen=True)
class Mutant:
    """One changed place: ``name`` says where and what (no line numbers: it outlives edits elsewhere)."""

    law: str
    name: str
    line: int
    source: str  # the whole changed file


_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Div: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
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
    return LAWS[law].read_text() if law == "law.hpp" else "\n\n".join(map(ast.unparse, _stripped(law).body))


def _python_mutants(law: str) -> Iterator[Mutant]:
    tree = _stripped(law)
    parts = [ast.unparse(part) for part in tree.body]
    for number, function in enumerate(tree.body):
        if not isinstance(function, ast.FunctionDef):
            continue
        inside: dict[int, str] = {}
        for node in ast.walk(function):  # statements come before what is in them
            if isinstance(node, ast.stmt):
                inside.update(dict.fromkeys(map(id, ast.walk(node)), ast.unparse(node).partition("\n")[0]))
        for node, put in list(_places(function)):
            before = ast.unparse(node).partition("\n")[0]
            place = "" if inside[id(node)] == before else f" in `{inside[id(node)]}`"
            for variant in list(_variants(node)):
                put(variant)
                source = "\n\n".join([*parts[:number], ast.unparse(function), *parts[number + 1 :]])
                put(node)
                after = ast.unparse(variant).partition("\n")[0]
                name = f"{function.name}: `{before}` -> `{after}`{place}"
                yield Mutant(law, name, getattr(node, "lineno", 0), source)


def _places(function: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Give every node below a function, in the order of `ast.walk`, with what puts another in its place."""
    for parent in ast.walk(function):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield value, functools.partial(setattr, parent, field)
            elif isinstance(value, list):
                for index, node in enumerate(value):
                    if isinstance(node, ast.AST):
                        yield node, functools.partial(value.__setitem__, index)


_TOKENS: list[tuple[str, tuple[str, ...]]] = [
    (r"<<", (">>",)), (r">>", ("<<",)), (r"<=", ("<", ">")), (r">=", (">", "<")), (r"==", ("!=",)), (r"!=", ("==",)),
    (r"&&", ("||",)), (r"\|\|", ("&&",)), (r"(?<=\s)<(?=\s)", ("<=", ">=")), (r"(?<=\s)>(?=\s)", (">=", "<=")),
    (r"(?<=\s)&(?=\s)", ("|",)), (r"(?<=\s)\|(?=\s)", ("&",)), (r"(?<=\s)\+(?=\s)", ("-",)),
    (r"(?<=\s)-(?=\s)", ("+",)),
    (r"~", ("",)), (r"(?<![=!<>])!(?!=)", ("",)), (r"\b[012]\b", ("+1", "-1")), (r"(?<=[(\s])-(?=\w)", ("",)),
    (r"\b(?:half|sticky|negative|lost|guard|top)\b(?=[ ;)])", ("!{}",)), (r"(?<=_mode::)[A-Z_]+(?=[ )])", ("next",)),
    (r"\bmaximum(?=<Int>\(f\))", ("minimum",)), (r"\bminimum(?=<Int>\(f\))", ("maximum",)),
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
