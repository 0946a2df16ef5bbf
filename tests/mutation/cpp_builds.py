"""The C++ kernels with all mutants in them: as a package that Python imports, and as test programs."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sysconfig
from pathlib import Path

from cpp_mutants import ROOT, SWITCH, write_sources

from isobit.compiler import compiler

__all__ = ["build_package", "build_test", "choose"]

_COMMON = ["-std=c++17", "-w", "-fPIC", "-fvisibility=hidden", "-fwrapv", "-Wno-psabi"]
#: One instruction set, avx2 where the processor has it.
_AVX2 = "avx2" in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else False
_ISA = (
    ["-DISOBIT_ISA=avx2", "-DISOBIT_VECTOR_BYTES=32", "-mavx2", "-mfma"]
    if _AVX2
    else [
        "-DISOBIT_ISA=baseline",
        "-DISOBIT_VECTOR_BYTES=16",
    ]
)
_KERNELS = ["-O0", "-ffp-contract=fast", *_ISA]


def build_package(folder: Path) -> Path:
    """A folder for ``PYTHONPATH``: the package with a ``_core`` in which :func:`choose` takes a mutant."""
    import pybind11

    if not (folder / "cpp").exists():
        write_sources(folder)
    include = [f"-I{path}" for path in (folder / "cpp/include", pybind11.get_include(), sysconfig.get_path("include"))]
    bindings = folder / "cpp" / "bindings"
    unit = folder / "unit.cpp"
    small = sorted(path for path in bindings.glob("*.cpp") if path.name not in ("batch_kernels.cpp", "dot_kernels.cpp"))
    if _AVX2:
        sets = bindings / "batch_sets.hpp"
        kept = [line for line in sets.read_text().splitlines() if not re.search(r'^ +\{"(avx512|baseline)', line)]
        sets.write_text("\n".join(["#define ISOBIT_BATCH_X86", *kept, ""]))
    unit.write_text("".join(f'#include "{path}"\n' for path in small if path.name != "bind_batch.cpp"))
    switch = folder / "switch.cpp"
    switch.write_text(
        f'extern "C" __attribute__((visibility("default"))) volatile int {SWITCH};\nvolatile int {SWITCH} = 0;\n'
    )
    parts = [
        (unit, ["-O0"]),
        (bindings / "bind_batch.cpp", ["-O0"]),
        (switch, []),
        (bindings / "batch_kernels.cpp", _KERNELS),
    ]
    objects = []
    for source, flags in parts:
        objects.append(str(folder / f"{source.stem}.o"))
        subprocess.run([*compiler(), *_COMMON, *flags, *include, "-c", str(source), "-o", objects[-1]], check=True)
    package = folder / "python" / "isobit"
    package.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "python" / "isobit").iterdir():
        if not path.name.startswith("_core.") and not (package / path.name).exists():
            (package / path.name).symlink_to(path)
    core = package / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run([*compiler(), "-shared", *objects, "-o", str(core), "-lpthread"], check=True)
    return package.parent


def choose(number: int) -> None:
    """Let this process run a mutant; 0: none."""
    import isobit._core as core

    ctypes.c_int.in_dll(ctypes.CDLL(core.__file__), SWITCH).value = number


def build_test(folder: Path, name: str) -> Path:
    """A program of tests/cpp; the environment variable ``ISOBIT_MUTANT`` chooses the mutant."""
    if not (folder / "cpp").exists():
        write_sources(folder)
    switch = folder / f"{name}_switch.cpp"
    text = 'std::getenv("ISOBIT_MUTANT") ? std::atoi(std::getenv("ISOBIT_MUTANT")) : 0'
    switch.write_text(f'#include <cstdlib>\nextern "C" volatile int {SWITCH};\nvolatile int {SWITCH} = {text};\n')
    program, source = folder / name, ROOT / "tests" / "cpp" / f"{name}.cpp"
    command = [*compiler(), "-std=c++17", "-w", "-O0", f"-I{folder / 'cpp/include'}", str(source), str(switch)]
    subprocess.run([*command, "-o", str(program)], check=True)
    return program


def run_test(program: Path, number: int) -> bool:
    """Whether a test program notices a mutant."""
    environment = {**os.environ, "ISOBIT_MUTANT": str(number)}
    try:
        done = subprocess.run([str(program)], env=environment, capture_output=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0
