"""Mutants of lowerings and of the primitives' kernels: one place of a function's syntax tree changed.

lowering_areas.py names the functions. A mutant's name says where and what, without line numbers, so that it outlives
edits elsewhere.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import importlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from lowering_areas import AREAS
from written_mutants import WRITTEN

import isobit

__all__ = ["Mutant", "drawn", "install", "mutants", "written"]

PACKAGE = Path(isobit.__file__).parent


@dataclass(frozen=True)
class Mutant:
    """One changed place.

    Attributes
    ----------
    area
        Name in :data:`AREAS`.
    name
        Function, what was there, what is there now, and the line around it.
    module, function
        Where.
    place, new
        Position of the changed node in ``ast.walk`` of the function, and what stands there; of a written mutant the
        old text and the new one.
    """

    area: str
    name: str
    module: str
    function: str
    place: int | str
    new: ast.AST | str

    def code(self) -> tuple[CodeType, list[Any] | None]:
        """What the function then runs, and its defaults if they are literals; SyntaxError if it is no Python."""
        tree = _tree(self.module)
        target = _definitions(tree)[self.function]
        if isinstance(self.place, str):
            lines = _source(self.module).splitlines(keepends=True)
            first, last = target.lineno - 1, target.end_lineno
            text = "".join(lines[first:last])
            if text.count(self.place) != 1:
                raise ValueError(f"{self.function} has {text.count(self.place)} times: {self.place}")
            changed = text.replace(self.place, str(self.new))
            tree = ast.parse("".join([*lines[:first], changed, *lines[last:]]))
        else:
            assert isinstance(self.new, ast.AST)
            _Replace(list(ast.walk(target))[self.place], self.new).visit(target)
        found = _code(compile(ast.fix_missing_locations(tree), self.module, "exec"), self.function)
        assert found is not None
        try:
            return found, [ast.literal_eval(node) for node in _definitions(tree)[self.function].args.defaults]
        except ValueError:
            return found, None


# -- changes -----------------------------------------------------------------------------------------------------------

_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Div: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
_PAIRS = (
    ("min", "max"), ("minimum", "maximum"), ("any", "all"), ("zeros", "ones"), ("Plus", "Minus"), ("low", "high"),
    ("sum_of", "difference"), ("PLUS", "MINUS"), ("above", "below"), ("over", "under"), ("left", "right"),
    ("lows", "highs"), ("width", "integer"), ("weight", "recurrent_weight"), ("bias", "recurrent_bias"),
    ("activation", "recurrent_activation"), ("table", "recurrent_table"), ("forward", "backward"),
    ("before", "after"), ("exp_table", "inv_table"), ("raw_min", "raw_max"), ("one", "two"), ("slope", "shift"),
    ("height", "width_"), ("pool_height", "pool_width"), ("stride_height", "stride_width"), ("pad_top", "pad_left"),
    ("sum_with", "product_with"), ("start", "stop"), ("floor", "ceil"), ("_lstm", "_gru"), ("AroundZero", "BelowZero"),
    ("sequence", "tree"), ("TRN", "RND"), ("TRN_ZERO", "TRN"), ("WRAP", "SAT"), ("fresh", "kept"), ("new", "old"),
    ("gates", "shown"), ("update", "reset"),
)  # fmt: skip
_OTHER = {**{b: a for a, b in _PAIRS}, **dict(_PAIRS)}
#: Methods and functions that are left out: their first operand stays.
_DROPPED = {"reversed", "sorted", "swapaxes", "transpose", "repeated", "repeat", "cumsum", "abs", "argsort", "tile"}
#: Calls and attributes whose numbers have an order, which is turned around.
_ORDERED = {
    *("arange", "identity_view", "ravel", "concatenate", "stack", "flatnonzero", "windows", "pad", "broadcast_to"),
    *("transpose", "broadcast_view", "index", "moved", "_index", "_places", "_numbered", "take_along_axis"),
}
_SEQUENCES = {"perm", "perms", "factors", "kernel", "strides", "before", "after", "order", "view", "views", "groups"}
#: Calls whose arguments may be exchanged without a change.
_SYMMETRIC = {
    *("sum_of", "product", "_sum", "_product", "Plus", "Times", "min", "max", "minimum", "maximum", "array_equal"),
    *("add", "multiply", "range", "zip", "Tensor"),
}
#: Nodes whose insides say nothing about numbers: errors, names, casts of arrays.
_SILENT = (ast.Raise, ast.Assert, ast.JoinedStr)
_QUIET_WORDS = {"strict", "dtype", "slot", "kind", "slots"}


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """The changed forms of one node."""
    if isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, _BINARY[type(node.op)](), node.right)
        yield node.left  # a term is left out
        if isinstance(node.op, (ast.Sub, ast.FloorDiv, ast.LShift)):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in _COMPARE.get(type(op), ()):
                yield ast.Compare(node.left, [*node.ops[:i], other(), *node.ops[i + 1 :]], node.comparators)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _OTHER:
        yield ast.Constant(_OTHER[node.value])
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        yield from _renamed(node)
        if isinstance(node, ast.Attribute) and node.attr in _SEQUENCES:
            yield _turned(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load):
        for i in range(len(node.elts) - 1):
            turned = [*node.elts[:i], node.elts[i + 1], node.elts[i], *node.elts[i + 2 :]]
            yield type(node)(turned, node.ctx)


def _renamed(node: ast.Name | ast.Attribute) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name) and node.id in _OTHER:
        yield ast.Name(_OTHER[node.id], node.ctx)
    if isinstance(node, ast.Attribute) and node.attr in _OTHER:
        yield ast.Attribute(node.value, _OTHER[node.attr], node.ctx)


def _turned(node: ast.expr) -> ast.Subscript:
    return ast.Subscript(node, ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1))), ast.Load())


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """Neighbouring arguments exchanged, or the call left out."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("isinstance", "getattr", "cast", "enumerate", "zip"):
        return
    for i in range(len(node.args) - 1):
        one, two = node.args[i], node.args[i + 1]
        if called in _SYMMETRIC or isinstance(one, ast.Starred) or isinstance(two, ast.Starred):
            continue
        yield ast.Call(node.func, [*node.args[:i], two, one, *node.args[i + 2 :]], node.keywords)
    for i, word in enumerate(node.keywords):
        if word.arg is not None and word.arg not in _QUIET_WORDS:
            yield ast.Call(node.func, node.args, [*node.keywords[:i], *node.keywords[i + 1 :]])
    if called in _ORDERED:
        yield _turned(node)
    if called in _DROPPED and isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") != "np":
        yield node.func.value
    elif called in _DROPPED and node.args:
        yield node.args[0]


def _is_silent(node: ast.AST) -> bool:
    """Whether nothing in a node is a number or an order of numbers."""
    if isinstance(node, ast.keyword):
        return node.arg in _QUIET_WORDS
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in ("list", "dict")
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "") == "name"
    return isinstance(node, _SILENT)


def _places(function: ast.FunctionDef) -> list[int]:
    """Positions in ``ast.walk`` of the nodes that compute something."""
    silent: set[int] = set()
    for node in ast.walk(function):
        quiet: list[ast.AST] = [node] if _is_silent(node) else []
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            quiet = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            quiet = [*node.decorator_list, *([node.returns] if node.returns else [])]
        for each in quiet:
            silent.update(map(id, ast.walk(each)))
    return [place for place, node in enumerate(ast.walk(function)) if id(node) not in silent]


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return copy.deepcopy(self.new) if node is self.old else self.generic_visit(node)


# -- mutants of a function ---------------------------------------------------------------------------------------------


def _definitions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Functions and methods by qualified name."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}": part for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def _code(code: CodeType, name: str) -> CodeType | None:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_qualname == name:
                return part
            if (found := _code(part, name)) is not None:
                return found
    return None


def _of_function(area: str, module: str, name: str) -> Iterator[Mutant]:
    function = _definitions(_tree(module))[name]
    nodes = list(ast.walk(function))
    inside: dict[int, str] = {}
    for node in nodes:  # statements come before what is in them
        if isinstance(node, ast.stmt):
            inside.update(dict.fromkeys(map(id, ast.walk(node)), ast.unparse(node).partition("\n")[0]))
    seen = Counter[str]()
    known = {node.id for node in nodes if isinstance(node, ast.Name)} | vars(builtins).keys()
    known |= {name.asname or name.name for node in _tree(module).body for name in getattr(node, "names", [])}
    for place in _places(function):
        node = nodes[place]
        for variant in _variants(node):
            if isinstance(variant, ast.Name) and isinstance(node, ast.Name) and variant.id not in known:
                continue
            before, after = (ast.unparse(n).partition("\n")[0] for n in (node, variant))
            if before == after:
                continue
            around = "" if inside[id(node)] == before else f" in `{inside[id(node)]}`"
            text = f"{name}: `{before}` -> `{after}`{around}"
            seen[text] += 1
            text += f" (#{seen[text]})" if seen[text] > 1 else ""
            yield Mutant(area, text, module, name, place, variant)


def _source(module: str) -> str:
    return (PACKAGE / f"{module.replace('.', '/')}.py").read_text()


def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module))


def written(area: str) -> list[Mutant]:
    """Those of written_mutants.py."""
    found = []
    for where, old, new in WRITTEN.get(area, ()):
        module, _, name = where.rpartition(":")
        found.append(Mutant(area, f"{name}: `{old}` -> `{new}`, by hand", module or AREAS[area].module, name, old, new))
    return found


def _functions(area: str) -> list[tuple[str, str]]:
    """Module and qualified name of every function."""
    here = AREAS[area]
    if here.functions == ("*",):
        return [(here.module, name) for name in _definitions(_tree(here.module))]
    parts = (text.rpartition(":") for text in here.functions)
    return [(module or here.module, name) for module, _, name in parts]


@functools.cache
def mutants(area: str) -> tuple[Mutant, ...]:
    """Every mutant of an area, in a stable order."""
    places = _functions(area)
    return (*written(area), *(mutant for module, name in places for mutant in _of_function(area, module, name)))


def drawn(area: str, seed: object) -> list[Mutant]:
    """All of them: the written ones first, the others in an order that the seed decides."""
    first = written(area)
    others = list(mutants(area)[len(first) :])
    random.Random(f"{seed} {area}").shuffle(others)
    return [*first, *others]


def install(mutant: Mutant) -> None:
    """Let this process run a mutant's code in the function's place."""
    thing: Any = importlib.import_module(f"isobit.{mutant.module}")
    for part in mutant.function.split("."):
        thing = vars(thing)[part]
    for inner in ("fget", "func", "__func__", "__wrapped__"):
        thing = getattr(thing, inner, thing)
    assert isinstance(thing, FunctionType)
    thing.__code__, defaults = mutant.code()
    if defaults is not None:
        thing.__defaults__ = tuple(defaults) or None
