"""The compiler at work on a design: flags, the bridge's sources, and what it says in words that help."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from isobit.compiler import compiler, version_and_standard
from isobit.errors import CompilerError, UnsupportedError
from isobit.headers import isobit_include_folders

__all__ = ["base_flags", "bridge_files", "header_identity", "preprocessed", "run_compiler", "written"]

#: A static_assert of the bridge, as g++ and clang print it.
_TYPES = re.compile(r"In instantiation of 'struct isobit_csim::declared_and_kernels<(.*)>'")
_OURS = re.compile(r"error: static(?: assertion failed|_assert failed).*isobit: ")
#: A name in isobit's main.cpp, a kernel's function or type, that the source does not have, or has several times.
_UNKNOWN = re.compile(
    r"main\.cpp:\d+:\d+: error: (?:.*undeclared identifier |no member named )?'([\w:]+)'"
    r"(?: was not declared| has not been declared| is not a member| in namespace|;|$)"
)
#: Types that the bridge derives from the kernel's signature.
_BRIDGES = re.compile(r"[AP]\d+|isobit_signature")
_OVERLOADED = re.compile(r"main\.cpp:\d+:\d+: error: .*overloaded function")


def base_flags(optimisation: str, headers: str) -> list[str]:
    """Flags of hls4ml's build_lib.sh, plus -DNDEBUG.

    Without it, AMD's headers abort on a cast that rounds away more bits than its source has (docs/semantics.md, B1).

    Raises
    ------
    UnsupportedError
        For ``fast``, which would change tables that the firmware computes in floating point.
    """
    if optimisation == "fast":
        raise UnsupportedError("optimisation='fast' is not supported, it changes floating-point results; use 0 to 3")
    standard = version_and_standard(compiler())[1]
    if headers == "isobit" and standard == "-std=c++11":  # an older compiler; isobit's headers need 14
        standard = "-std=c++14"
    return [standard, f"-O{optimisation}", "-pthread", "-DNDEBUG", "-w"]


def bridge_files() -> dict[str, bytes]:
    """The bridge's own sources, as a design's main.cpp includes them."""
    folder = Path(__file__).with_name("cpp")
    return {f"isobit_csim/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.hpp"))}


def header_identity(headers: str) -> bytes:
    """What a compiled design depends on beyond its own files: isobit's headers, if it is compiled with them."""
    digest = hashlib.sha256()
    if headers == "isobit":
        root = isobit_include_folders()[-1]
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


def preprocessed(
    files: Mapping[str, bytes], flags: Sequence[str], sources: Sequence[str], what: str, *, marked: bool = False
) -> bytes:
    """Every token that the compiler would see, whatever was included; if ``marked``, with lines that name the files.

    Raises
    ------
    CompilerError
        If a source or header is missing or wrong.
    """
    with written(files) as folder:
        return b"\0".join(
            run_compiler([*flags, "-E", *([] if marked else ["-P"]), source], folder, what).stdout.encode(
                errors="surrogateescape"
            )
            for source in sources
        )


@contextlib.contextmanager
def written(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A private folder with these files, for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="isobit-csim-") as name:
        for relative, content in files.items():
            path = Path(name) / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(name)


def run_compiler(arguments: Sequence[str], folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    """Run the compiler in a folder.

    Parameters
    ----------
    arguments
        Everything after the compiler's name.
    folder
        Where it runs.
    what
        The design in words, for messages.

    Raises
    ------
    CompilerError
        If it fails: with what the bridge's own checks say, and an excerpt of what the compiler said.
    """
    command = [*compiler(), "-fdiagnostics-color=never", *arguments]
    english = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, env=english, capture_output=True, errors="surrogateescape", check=False)
    if done.returncode == 0:
        return done
    said = (done.stderr or done.stdout).encode(errors="replace").decode(errors="replace").strip().splitlines()
    ours = dict.fromkeys(line.partition("isobit: ")[2] for line in said if _OURS.search(line))
    ours |= dict.fromkeys(f"(declared, the kernel's: {match[1]})" for line in said if (match := _TYPES.search(line)))
    for line in said:
        match = _UNKNOWN.search(line)
        if match and not (ours and _BRIDGES.fullmatch(match[1])):  # what the bridge derives from it is unknown as well
            ours[f"the source declares no '{match[1]}'; its namespace belongs to a name: 'ns::kernel'"] = None
        if _OVERLOADED.search(line):
            ours[
                "the function is overloaded or a template; give its template arguments ('kernel<16>'), or write a "
                "function of another name that calls it"
            ] = None
    start = next((i for i, line in enumerate(said) if "error" in line), len(said))
    excerpt = said[max(0, min(start, len(said) - 15)) :][:20]
    reason = "".join(f"\n{text}" for text in ours)
    raise CompilerError(
        f"{shlex.join(compiler())} could not compile {what} (exit status {done.returncode}):{reason}\n"
        + "\n".join(excerpt)
    )
