"""Only lowering, front ends, reference and emitters know layers; whatever else computes or proves knows primitives.

A module that decides by a layer's class has to be edited for each new layer. Therefore such a class is imported in the
rooms below alone, and nobody decides by an op's tag. What a report has to know of a layer is a property of
:class:`isobit.model.Op`.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType

import pytest

from isobit.model.ops import OPS, Op
from test_imports import sources

#: Rooms that know layers: they define, read, draw and compute them by hls4ml's loops.
ROOMS = ("model.layers", "frontends", "engines.reference", "testing", "students")
#: Files that write or call the C++ kernel of a layer, by its class.
CALLERS = (
    *("hls.layers", "hls.positions", "hls.recurrent_layers", "hls.set_layers", "hls.table_layers"),
    "engines.strict",
)
#: ``isobit.model`` gathers their names, ``isobit.model.ops`` registers them by their tags.
GATHERING = ("model", "model.ops")


def isobits() -> set[type[Op]]:
    """Classes of isobit's own layers."""
    return {op for op in OPS.values() if op.__module__.startswith("isobit.")}


def knows_layers(module: str) -> bool:
    """Whether a module, by its name without ``isobit.``, may know them."""
    return module in CALLERS + GATHERING or any(f"{module}.".startswith(f"{room}.") for room in ROOMS)


def dispatching(texts: Mapping[str, str]) -> list[str]:
    """Imports of layers, and comparisons of tags, in modules that have no business with layers."""
    return [
        f"{module}, line {line}: {what}"
        for module, text in texts.items()
        if not knows_layers(module)
        for line, what in _found(ast.parse(text))
    ]


def _found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "isobit.model" or alias.name.startswith("isobit.model.layers"):
                    yield node.lineno, f"imports {alias.name}, which has layers"
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module.split(".")[0] == "isobit":
            for alias in node.names:
                value = _value(node.module, alias.name)
                name = value.__name__ if isinstance(value, ModuleType) else ""
                if (
                    (isinstance(value, type) and value in isobits())
                    or name == "isobit.model"
                    or name.startswith("isobit.model.layers")
                ):
                    yield node.lineno, f"imports {alias.name} of {node.module}"
        elif isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            if any(isinstance(side, ast.Attribute) and side.attr == "tag" for side in sides):
                yield node.lineno, "compares a tag"


def _value(module: str, name: str) -> object:
    found = getattr(importlib.import_module(module), name, None)
    return found if found is not None else importlib.import_module(f"{module}.{name}")


def test_nobody_else_decides_by_a_layers_class() -> None:
    assert dispatching(sources()) == []


def test_no_layer_is_a_primitive() -> None:
    assert not {op.__name__ for op in isobits() if op.primitive}


@pytest.mark.parametrize(
    "line",
    [
        "from isobit.model import Pooling",
        "from isobit.model.layers.table import TableActivation as Table",
        "def f():\n    from isobit.model.layers import shape",
        "import isobit.model.layers.pooling",
        "import isobit.model as m",
        "from isobit import model",
        "def f(op):\n    return op.tag in ('pooling', 'softmax')",
    ],
)
def test_a_module_that_does_is_named(line: str) -> None:
    texts = sources()
    for module in ("plan.verdicts", "check.outputs", "model.requested", "hls.table_events"):
        found = dispatching({module: f"{texts[module]}\n{line}\n"})
        assert len(found) == 1
        assert found[0].startswith(f"{module}, line ")
