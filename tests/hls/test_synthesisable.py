"""What a synthesis tool would refuse, found with host compilers: language, library calls, recursion, loop bounds."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import isobit as ib
from isobit.compiler import compiler
from tiers import drawn

Exported = Callable[[str], ib.HlsProject]
NETWORKS = ["saturating", "binary", "wide", "sets", "tables", "primitives"]
#: More of them, for full runs.
LOWERED = ["recurrent", "lowered"]
#: With streams: every way in which packets pass.
STREAMED = ["packets", "positions"]
#: A stream as hardware has it. That of a host allocates and throws, and so do the checks that stand in the core.
FIFO = Path(__file__).parent / "fifo"
SYNTHESIS = ["-D__SYNTHESIS__", "-D__VITIS_HLS__", "-Wno-unknown-pragmas", "-Wno-unused-label"]
STRICT = ["-std=c++14", "-pedantic-errors", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror"]
#: Balanced trees: distances double up to a size that every caller takes from its shape.
TREE = {
    "int apart = 1; apart < count; apart *= 2",
    "int i = 0; i + apart < count; i += 2 * apart",
    "int distance = 1; distance < shape.window_size(); distance *= 2",
    "int k = 0; k + distance < shape.window_size(); k += 2 * distance",
}
#: What a compiler may call to copy memory; synthesis has no call there.
COPIES = {"memcpy", "memmove", "memset"}


@pytest.fixture(
    params=[pytest.param(("io_parallel", name), id=name) for name in drawn(NETWORKS, 3)]
    + [pytest.param(("io_stream", name), id=f"{name}-streams") for name in drawn(STREAMED, 1)]
    + [pytest.param(("io_parallel", name), id=name, marks=pytest.mark.full) for name in LOWERED]
    + [pytest.param(("io_stream", "recurrent"), id="recurrent-streams", marks=pytest.mark.full)]
)
def project(request: pytest.FixtureRequest, exported: Exported, streamed: Exported) -> ib.HlsProject:
    io_type, name = request.param
    return (exported if io_type == "io_parallel" else streamed)(name)


def _compile(project: ib.HlsProject, *flags: str, command: tuple[str, ...] | None = None) -> None:
    include = project.folder / "firmware/include"
    arguments = [f"-I{include / 'numbers/isobit'}", f"-I{include}", f"-I{project.folder / 'firmware'}"]
    if project.manifest["io_type"] == "io_stream":
        arguments = [f"-I{FIFO}", *arguments, *SYNTHESIS]
    source = str(project.folder / f"firmware/{project.top}.cpp")
    run = [*(command or compiler()), *STRICT, *arguments, *flags, source]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


@pytest.mark.turn(3)
def test_strict_cpp14_without_a_warning_and_nothing_from_a_library(project: ib.HlsProject, tmp_path: Path) -> None:
    """Neither allocation nor libm, exceptions, RTTI, virtual functions: the object needs nothing, has no vtable."""
    _compile(project, "-O2", "-c", "-o", str(tmp_path / "core.o"))
    undefined = subprocess.run(["nm", "-u", str(tmp_path / "core.o")], capture_output=True, text=True, check=True)
    needed = {line.split()[-1] for line in undefined.stdout.splitlines()}
    assert needed <= COPIES, needed
    symbols = subprocess.run(["nm", str(tmp_path / "core.o")], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"\b_ZT[VISv]|__cxa|_GLOBAL__", symbols), symbols
    assert not re.search(r" [dDbB] ", symbols), symbols  # no writable data: the core keeps no state


def test_the_directives_are_legal_where_they_stand(project: ib.HlsProject) -> None:
    """With the tool's macros, pragmas and labels are switched on; test_directives.py reads what they say."""
    _compile(project, "-fsyntax-only", *SYNTHESIS)


@pytest.mark.turn(3)
def test_a_second_compiler(project: ib.HlsProject) -> None:
    clang = next((found for v in ("clang++-14", "clang++") if (found := shutil.which(v))), None)
    if clang is None:
        pytest.skip("clang is not installed")
    _compile(project, "-fsyntax-only", command=(clang,))
    _compile(project, "-fsyntax-only", *SYNTHESIS, command=(clang,))


@pytest.mark.turn(3)
def test_no_recursion(project: ib.HlsProject, tmp_path: Path) -> None:
    """The call graph, as the compiler writes it, has no cycle."""
    _compile(project, "-O0", "-fcallgraph-info", "-c", "-o", str(tmp_path / "core.o"))
    text = (tmp_path / "core.ci").read_text()
    calls: dict[str, set[str]] = {}
    for source, target in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
        calls.setdefault(source, set()).add(target)
    assert len(calls) > 20
    done: set[str] = set()

    def visit(function: str, above: tuple[str, ...]) -> None:
        assert function not in above, f"recursion: {' -> '.join([*above, function])}"
        if function not in done:
            for called in calls.get(function, ()):
                visit(called, (*above, function))
            done.add(function)

    for function in calls:
        visit(function, ())


def test_every_loop_is_bounded_by_the_shape(project: ib.HlsProject) -> None:
    """All loops are counted ones, from a constant to what the compile-time shape or a template argument says."""
    folder = project.folder / "firmware"
    loops = 0
    for path in [*sorted((folder / "include/isobit/kernels").glob("*.hpp")), folder / f"{project.top}.cpp"]:
        code = re.sub(r"//.*", "", path.read_text())
        assert not re.search(r"\b(while|do|goto|new|delete|throw|virtual|dynamic_cast|typeid)\b", code), path
        loops += len(re.findall(r"\bfor\b", code))
        for function in re.split(r"\n(?=template|static void|void)", code):
            known = dict(re.findall(r"(?:const|constexpr) int (\w+) = ([^;]+);", function))
            headers = re.findall(r"\bfor \(([^)]*\([^)]*\)[^)]*|[^)]*)\)", function)
            variables = {re.match(r"int (\w+)", header)[1] for header in headers}  # type: ignore[index]
            for header in headers:
                if header in TREE:
                    continue
                counted = re.fullmatch(r"int (\w+) = \d+; \1 < ([^;]+); \+\+\1", header)
                assert counted is not None, (path.name, header)
                _assert_constant(counted[2], known, variables, f"{path.name}: for ({header})")
    assert loops >= 10
    core = (folder / f"{project.top}.cpp").read_text()
    shapes = set(re.findall(r"kernels::(\w*shape)\b", core))
    assert shapes
    assert all(shape.startswith("static_") for shape in shapes)  # never the shapes of run-time sizes


def _assert_constant(expression: str, known: dict[str, str], variables: set[str], where: str) -> None:
    """An expression of the shape's members, template arguments (capitalised) and constants made of them."""
    plain = re.sub(r"\b(weight_count|multipliers)\(shape\)|\bshape\.\w+\(\)", "0", expression)
    for word in re.findall(r"[A-Za-z_]\w*", plain):
        assert word not in variables, f"{where}: depends on the loop variable {word}"
        if word in known:
            _assert_constant(known[word], known, variables, where)
        else:
            assert word[0].isupper(), f"{where}: {word} is no constant"
