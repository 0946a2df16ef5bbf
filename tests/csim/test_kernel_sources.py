"""What a kernel is made from: declarations, files, flags and libraries; errors that say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.compiler import compiler
from isobit.csim import compiling, kernel
from isobit.csim.compiling import base_flags
from isobit.csim.flags import read_flags
from isobit.errors import CompilerError, CSimError, ShapeError, TypeMismatchError, UnsupportedError

pytestmark = [pytest.mark.csim, pytest.mark.xdist_group("csim-kernels")]

Write = Callable[[str, str], Path]
CODE = """
#include "ap_fixed.h"
typedef ap_fixed<16, 6> d;
void twice(d x[2], d y[2]) { for (int i = 0; i < 2; i++) y[i] = x[i] + x[i]; }
void over(int x) {}
void over(float x) {}
template <int N> void many(int x) {}
namespace ns { void inside(int x) {} }
int main(int argc, char **argv) { return 1; }
"""


def test_shapes_of_any_integers_and_a_main_of_the_users(write: Write) -> None:
    path = write("k.cpp", CODE)
    for shape in ([2], np.int64(2), (np.int32(2), 1), np.array([2]), 2):
        k = ib.csim_kernel(path, "twice", [ib.In("d", shape), ib.Out("d", shape)])  # type: ignore[arg-type]
        assert k(np.ones(k.inputs[0].shape)).raw.ravel().tolist() == [2048, 2048]
    for bad in ([True], [2.0], "2", [[2]], -1):
        with pytest.raises(ShapeError, match=r"args\[0\]: the shape"):
            ib.csim_kernel(path, "twice", [ib.In("d", bad)])  # type: ignore[arg-type]


def test_without_hls4ml_isobits_headers_do(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise AssertionError("hls4ml was asked for")

    monkeypatch.setattr(kernel, "vendor_include_folder", none)
    k = ib.csim_kernel(write("k.cpp", CODE), "twice", [ib.In("d", 2), ib.Out("d", 2)])
    assert k([1, 2]).to_float().tolist() == [2, 4]


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    "top, args, told",
    [
        ("nix", [ib.In("int")], "declares no 'nix'"),
        ("inside", [ib.In("int")], "declares no 'inside'; its namespace belongs to a name"),
        ("ns::nix", [ib.In("int")], "declares no 'nix'"),
        ("over", [ib.In("int")], "overloaded or a template; give its template arguments"),
        ("many", [ib.In("int")], "overloaded or a template; give its template arguments"),
        ("many<3>", [ib.In("e_t")], "declares no 'e_t'"),
    ],
)
def test_names_that_the_source_does_not_have(write: Write, top: str, args: Any, told: str) -> None:
    with pytest.raises(CompilerError, match=told) as error:
        ib.csim_kernel(write("k.cpp", CODE), top, args)
    assert "declares no 'P0'" not in str(error.value)  # a name of the bridge's


def test_files_and_lists_that_are_refused(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("k.cpp", CODE)
    with pytest.raises(UnsupportedError, match="is a folder; csim_kernel needs the C"):
        ib.csim_kernel(tmp_path, "twice", [])
    with pytest.raises(TypeMismatchError, match=r"args must be a list of ib\.In.*got In\("):
        ib.csim_kernel(path, "twice", ib.In("d"))  # type: ignore[arg-type]
    (tmp_path / "gone").mkdir()
    shutil.copy(path, tmp_path / "gone")
    k = ib.csim_kernel(tmp_path / "gone" / "k.cpp", "twice", [ib.In("d", 2), ib.Out("d", 2)])
    monkeypatch.chdir(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(CSimError, match=r"runs in the folder .*gone, which is gone"):
        k([1, 2])
    with pytest.raises(UnsupportedError, match=r"k\.cpp cannot be found"):
        ib.csim_kernel("k.cpp", "twice", [])


def _archive(folder: Path, name: str, value: int) -> None:
    (folder / "v.cpp").write_text(f"int value() {{ static int calls = 0; return {value} + calls++; }}")
    subprocess.run([*compiler(), "-fPIC", "-c", "v.cpp"], cwd=folder, check=True)
    if name.endswith(".so"):
        subprocess.run([*compiler(), "-shared", "v.o", "-o", name], cwd=folder, check=True)
    else:
        subprocess.run(["ar", "rcs", name, "v.o"], cwd=folder, check=True)
    (folder / "v.o").unlink()


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    "file, flags", [("libv.a", ["lib/libv.a"]), ("libv.a", ["-Llib", "-lv"]), ("libv.so", ["-L", "lib", "-lv"])]
)
def test_libraries_count_by_their_content(write: Write, tmp_path: Path, file: str, flags: list[str]) -> None:
    (tmp_path / "lib").mkdir()
    path = write("k.cpp", '#include "v.h"\nvoid f(int &y) { y = value(); }')
    (tmp_path / "lib" / "v.h").write_text("int value();")
    for value in (3, 4):
        _archive(tmp_path / "lib", file, value)
        k = ib.csim_kernel(path, "f", [ib.Out("int")], flags=[*flags, "-Ilib", "-lm"])
        assert [k().raw.item() for _ in range(2)] == [value, value]
        assert k.state == (("value::calls",) if file == "libv.a" else ("unknown: libv.so is a shared library",))


def test_flags_are_sorted(tmp_path: Path) -> None:
    found = read_flags(["-Ia", "-isystem", "/b", "-O2", "-include", "x.h", "-lm", "-L", "c"], tmp_path)
    assert found.compile == (f"-I{tmp_path}/a", "-isystem", "/b", "-O2", "-include", "x.h", f"-L{tmp_path}/c")
    assert (found.link, found.shared) == (("-lm",), ())
    for flag, told in (("@more", "files of flags"), ("b.cpp", "sources="), ("-I", "no folder"), ("no.a", "not exist")):
        with pytest.raises(UnsupportedError, match=told):
            read_flags([flag], tmp_path)


@pytest.mark.turn(3)
def test_a_compiler_behind_another_command(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = tmp_path / "wrap"
    wrapper.write_text('#!/bin/sh\nexec "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("CXX", f"{wrapper} {' '.join(compiler())}")
    k = ib.csim_kernel(write("k.cpp", CODE), "twice", [ib.In("d", 2), ib.Out("d", 2)])
    assert k([1, 2]).to_float().tolist() == [2, 4]
    monkeypatch.setenv("CXX", "'")
    with pytest.raises(CompilerError, match="CXX is"):
        compiler()


@pytest.mark.turn(3)
def test_a_cache_by_a_relative_path_or_none(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("k.cpp", CODE)
    args = [ib.In("d", 2), ib.Out("d", 2)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOBIT_CACHE", "here")
    k = ib.csim_kernel(path, "twice", args)
    assert k([1, 2]).to_float().tolist() == [2, 4]
    assert k._program.is_relative_to(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ISOBIT_CACHE", "~/here")
    assert ib.csim_kernel(path, "twice", args)._program == k._program

    def read_only(*args: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", read_only)
    assert ib.csim_kernel(path, "twice", args)([1, 2]).to_float().tolist() == [2, 4]
    monkeypatch.setenv("ISOBIT_CACHE", str(path))
    with pytest.raises(CSimError, match=r"k\.cpp, cannot be written: .*; set ISOBIT_CACHE to a folder"):
        ib.csim_kernel(path, "twice", args)


def test_a_build_in_use_is_touched(write: Write) -> None:
    k = ib.csim_kernel(write("k.cpp", CODE), "twice", [ib.In("d", 2), ib.Out("d", 2)])
    os.utime(k._program.parent, (0, 0))
    k([1, 2])
    assert k._program.parent.stat().st_mtime > 1e9


def test_an_older_compiler_gets_a_standard_that_the_headers_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "version_and_standard", lambda command: ("old", "-std=c++11"))
    assert base_flags("0", "isobit")[0] == "-std=c++14"
    assert base_flags("0", "vendor")[0] == "-std=c++11"
