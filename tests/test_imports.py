"""Imports point one way, from what users call down to the headers; no circle, no private name of another file.

All imports count: those inside functions, and those for annotations alone. Engines and commands that are named by a
string (``isobit.engines.registry.ENGINES``) are loaded by whoever calls them and are no imports of the registry.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "isobit"

#: Rooms and files of the package, from the ground up; those of one level do not need each other in a circle.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("_core",),
    ("_version", "compiler", "cpp_words", "errors", "files", "hdf5", "headers", "pages", "private", "suggest"),
    ("fixed",),
    ("model",),
    ("bounds",),
    ("plan",),
    ("engines",),
    ("profile", "witness"),
    ("ports", "data", "frontends"),
    ("network",),
    ("csim",),
    ("libraries", "streaming"),
    ("vectors",),
    ("api",),
    ("answers", "check", "cost", "explain", "hls", "layers", "lint", "students", "testing"),
    ("certify", "sweep"),
    ("tune",),
    ("studies",),
    ("commands",),
    ("cli",),
    ("__main__", "__init__"),
)


def sources() -> dict[str, str]:
    """Text of every module by its dotted name, without ``isobit.``; packages by their own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path.read_text()
    return found


@cache
def imported(text: str) -> tuple[tuple[int, str, str], ...]:
    """Line, module and name of everything that is imported from isobit."""
    return tuple(_imported(text))


def _imported(text: str) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names if alias.name.split(".")[0] == "isobit")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            if node.module is not None and node.module.split(".")[0] == "isobit":
                yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def arrows(texts: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """For each module the modules that it imports, with a line."""
    found: dict[str, dict[str, int]] = {}
    for module, text in texts.items():
        found[module] = {}
        for line, source, name in imported(text):
            full = f"{source}.{name}".removeprefix("isobit").strip(".")
            target = full if full in texts or full == "_core" else source.removeprefix("isobit").strip(".")
            found[module][target or "__init__"] = line
    return found


def level_of(module: str) -> int:
    """Level of a module, from the ground.

    Raises
    ------
    KeyError
        If no level names its room.
    """
    place = module.split(".")[0]
    for level, rooms in enumerate(LEVELS):
        if place in rooms:
            return level
    raise KeyError(f"no level of tests/test_imports.py names {place!r}, the room of {module}")


def climbing(texts: Mapping[str, str]) -> list[str]:
    """Imports from a higher level."""
    return [
        f"{module}, line {line}: imports {target}, which stands higher"
        for module, targets in arrows(texts).items()
        for target, line in targets.items()
        if level_of(target) > level_of(module)
    ]


def circle(graph: Mapping[str, Mapping[str, int]]) -> str:
    """A circle, if there is one."""
    try:
        TopologicalSorter({module: set(targets) - {module} for module, targets in graph.items()}).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def rooms(texts: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The same arrows between rooms."""
    found: dict[str, dict[str, int]] = {}
    for module, targets in arrows(texts).items():
        room = found.setdefault(module.split(".")[0], {})
        room.update((target.split(".")[0], line) for target, line in targets.items())
    return found


def strangers(texts: Mapping[str, str]) -> list[str]:
    """Imports of names that another file keeps for itself."""
    return [
        f"{module}, line {line}: imports {name} of {source}"
        for module, text in texts.items()
        for line, source, name in imported(text)
        if name.startswith("_") and name not in ("_core", "__version__")
    ]


def test_no_import_climbs() -> None:
    assert climbing(sources()) == []


def test_no_circle_of_files_and_none_of_rooms() -> None:
    texts = sources()
    assert circle(arrows(texts)) == ""
    assert circle(rooms(texts)) == ""


def test_no_private_name_of_another_file() -> None:
    assert strangers(sources()) == []


@pytest.mark.parametrize(
    "module, line",
    [
        ("fixed.law", "from isobit.model.ops import Op"),
        ("fixed.law", "def f():\n    from isobit.model import ops"),
        ("model.ops", "if TYPE_CHECKING:\n    from isobit.plan.plan import Plan"),
        ("engines.registry", "import isobit"),
        ("hls.core", "import isobit.commands.hls"),
    ],
)
def test_a_climbing_import_is_named(module: str, line: str) -> None:
    texts = sources()
    texts[module] += f"\n{line}\n"
    found = climbing(texts)
    assert len(found) == 1
    assert found[0].startswith(f"{module}, line ")


def test_a_circle_is_named() -> None:
    texts = sources()
    texts["fixed.modes"] += "\ndef f():\n    from isobit.fixed.array import FixedArray\n"
    assert "fixed.modes -> fixed.array" in circle(arrows(texts))
    texts = sources()
    texts["check.report"] += "\nfrom isobit.hls.core import Core\n"
    texts["hls.core"] += "\nfrom isobit.check.outcome import Outcome\n"
    assert circle(arrows(texts)) == ""
    assert circle(rooms(texts)) in ("check -> hls -> check", "hls -> check -> hls")


def test_a_private_name_of_another_file_is_named() -> None:
    texts = sources()
    texts["model.ops"] += "\nfrom isobit.fixed.types import _FIXED\n"
    assert strangers(texts)[0].endswith("imports _FIXED of isobit.fixed.types")


def headers() -> dict[str, dict[str, int]]:
    """For each of isobit's headers those that it includes, by their paths in ``cpp/include``, with a line."""
    include = ROOT / "cpp" / "include"
    known = {path.relative_to(include).as_posix(): path for path in include.rglob("*") if path.is_file()}
    found: dict[str, dict[str, int]] = {}
    for name, path in known.items():
        found[name] = {}
        for line, text in enumerate(path.read_text().splitlines(), 1):
            if match := re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', text):
                beside = os.path.normpath(f"{os.path.dirname(name)}/{match[1]}")  # noqa: PTH120, of a name, no file
                found[name][beside if beside in known else match[1]] = line
    return found


def test_headers_stand_below_the_binding_and_include_each_other_in_no_circle() -> None:
    found = headers()
    assert circle({name: {other: 1 for other in others if other in found} for name, others in found.items()}) == ""
    below = [f"{name} includes {other}" for name, others in found.items() for other in others if "bind" in other]
    assert below == []


def test_headers_for_synthesis_include_nothing_that_only_a_host_needs() -> None:
    """But ``text.hpp``, which is a host's door to host/, and packets, which a host checks."""
    host = "isobit/host/"
    found = {
        name
        for name, others in headers().items()
        if name.startswith("isobit/") and not name.startswith(host) and any(other.startswith(host) for other in others)
    }
    assert found == {"isobit/text.hpp", "isobit/kernels/packets.hpp"}
