"""The headers as others find them: the CMake package, pkg-config, and what is said below C++14."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import isobit

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = Path(isobit.get_include())

SOURCE = """
#include <cstdio>
#include {header}
int main() {{ std::printf("%g", ({type}(1.25) * {type}(0.5)).to_double()); }}
"""
CMAKE = """
cmake_minimum_required(VERSION 3.18)
project(user LANGUAGES CXX)
find_package(isobit {wanted} REQUIRED)
add_executable(main main.cpp)
target_link_libraries(main PRIVATE {target})
"""
NUMBERS = ("<isobit/fixed.hpp>", "isobit::fixed<8, 4>")
NAMED = ("<ap_fixed.h>", "ap_fixed<8, 4>")
needs_cmake = pytest.mark.skipif(shutil.which("cmake") is None, reason="CMake is not installed")
needs_pkg_config = pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")


def run(*command: str | Path, **options: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **options}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=env)


def source(folder: Path, header: str, kind: str) -> Path:
    (folder / "main.cpp").write_text(SOURCE.format(header=header, type=kind))
    return folder / "main.cpp"


@needs_cmake
@pytest.mark.parametrize("target, subject", [("isobit::headers", NUMBERS), ("isobit::vendor_names", NAMED)])
def test_cmake_package(target: str, subject: tuple[str, str], tmp_path: Path) -> None:
    source(tmp_path, *subject)
    (tmp_path / "CMakeLists.txt").write_text(CMAKE.format(wanted="0.1", target=target))
    done = run("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-Disobit_DIR={isobit.get_cmake_dir()}")
    assert done.returncode == 0, done.stderr
    done = run("cmake", "--build", tmp_path / "b")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(tmp_path / "b/main").stdout == "0.625"


@needs_cmake
def test_cmake_package_has_a_version(tmp_path: Path) -> None:
    source(tmp_path, *NUMBERS)
    for wanted, fits in (("0.1.0 EXACT", True), ("0.0.9", False), ("0.2", False), ("1.0", False)):
        (tmp_path / "CMakeLists.txt").write_text(CMAKE.format(wanted=wanted, target="isobit::headers"))
        done = run("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-Disobit_DIR={isobit.get_cmake_dir()}")
        assert (done.returncode == 0) is fits, (wanted, done.stderr)


@needs_pkg_config
@pytest.mark.parametrize("package, subject", [("isobit", NUMBERS), ("isobit-vendor-names", NAMED)])
def test_pkg_config(package: str, subject: tuple[str, str], tmp_path: Path) -> None:
    flags = run("pkg-config", "--cflags", package, PKG_CONFIG_PATH=isobit.get_pkgconfig_dir())
    assert flags.returncode == 0, flags.stderr
    done = run("g++", "-std=c++14", *flags.stdout.split(), source(tmp_path, *subject), "-o", tmp_path / "main")
    assert done.returncode == 0, done.stderr
    assert run(tmp_path / "main").stdout == "0.625"


def test_the_version_is_the_same_everywhere() -> None:
    """The files are installed as they are, so that they also serve a source tree."""
    texts = {
        "python/isobit/_version.py": r'^__version__ = "(.+)"$',  # which the wheel has its version from
        "cpp/cmake/isobitConfigVersion.cmake": r'set\(PACKAGE_VERSION "(.+)"\)',
        "cpp/pkgconfig/isobit.pc": r"^Version: (.+)$",
        "cpp/pkgconfig/isobit-vendor-names.pc": r"^Version: (.+)$",
    }
    found = {file: re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE) for file, pattern in texts.items()}
    assert found == {file: [isobit.__version__] for file in texts}


def test_the_wheel_holds_them() -> None:
    text = (ROOT / "CMakeLists.txt").read_text()
    for folder in ("include", "cmake", "pkgconfig"):
        assert f"install(DIRECTORY cpp/{folder}/ DESTINATION isobit/{folder})" in text


HEADERS = sorted(
    path.relative_to(INCLUDE).as_posix()
    for path in INCLUDE.rglob("*.h*")
    if "amd" not in path.as_posix()  # they start with AMD's own
)


@pytest.mark.oracle(sample=12)
@pytest.mark.parametrize("header", HEADERS)
def test_below_cpp14_is_one_error(header: str, tmp_path: Path) -> None:
    """GCC goes on after an #error: without a stop there were 1,308 errors more."""
    (tmp_path / "main.cpp").write_text(f"#include <{header}>\n")
    flags = ["-fsyntax-only", f"-I{INCLUDE}", f"-I{INCLUDE}/vendor_names", str(tmp_path / "main.cpp")]
    text = run("g++", "-std=c++11", *flags).stderr
    errors = re.findall(r"error: (.*)", text)
    assert errors[:1] == ['#error "isobit needs C++14 or later: compile with -std=c++14"'], text
    assert errors[1:] == ["isobit needs C++14 or later: No such file or directory"], text


@pytest.mark.parametrize("header", ["ap_fixed.h", "hls_stream.h", "hls_math.h", "isobit/fixed.hpp"])
def test_nor_does_cpp98_say_anything_else(header: str, tmp_path: Path) -> None:
    """The standard of a g++ before 6 that is told none."""
    (tmp_path / "main.cpp").write_text(f"#include <{header}>\n")
    flags = ["-fsyntax-only", f"-I{INCLUDE}", f"-I{INCLUDE}/vendor_names", str(tmp_path / "main.cpp")]
    errors = re.findall(r"error: (.*)", run("g++", "-std=c++98", *flags).stderr)
    assert ["isobit needs C++14 or later" in error for error in errors] == [True, True]
