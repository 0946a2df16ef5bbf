"""Compile a design into a program of its own, once for each content: sources, weights, headers, flags, compiler."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from isobit.csim.cache import build_folder, cache_folder, discard, intact, prune, store, touch, writing
from isobit.csim.ports import Port, parse_ports
from isobit.csim.state import BASELINE_MAIN, static_state, symbols
from isobit.errors import CompilerError, CSimError, UnsupportedError
from isobit.headers import isobit_include_folders

__all__ = [
    "Built",
    "base_flags",
    "bridge_files",
    "build",
    "build_program",
    "compiler",
    "header_identity",
    "preprocessed",
]

_FACTS = "facts.json"
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
#: Seconds that a design may take to say what its arguments are; it runs no event for that.
_PATIENCE = 60


@dataclass(frozen=True)
class Built:
    """A compiled design.

    Attributes
    ----------
    folder
        Holds ``program`` and what it reads.
    inputs, outputs
        Its arguments, in order; an argument that is both stands in both. Shapes are flat.
    state
        Variables that keep their value from event to event; empty for most.
    """

    folder: Path
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    state: tuple[str, ...]


def compiler() -> tuple[str, ...]:
    """Command of the C++ compiler: ``$CXX``, split as a shell does (``ccache g++``), else ``g++``.

    Raises
    ------
    CompilerError
        If it is not on PATH.
    """
    text = os.environ.get("CXX") or "g++"
    try:
        name, *more = shlex.split(text)
    except ValueError:
        raise CompilerError(f"CXX is {text!r}, which is no command; expected such as 'g++' or 'ccache g++'") from None
    path = shutil.which(name)
    if path is None:
        raise CompilerError(
            f"the C-simulation needs a C++ compiler, but {name!r} is not on PATH; install g++ "
            "(Debian/Ubuntu: apt-get install g++) or set CXX"
        )
    return path, *more


@lru_cache
def _version_and_standard(command: tuple[str, ...]) -> tuple[str, str]:
    """Version of the compiler, and the standard that hls4ml's build_lib.sh would choose for it."""
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout
    probe = [*command, "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"]
    modern = subprocess.run(probe, input="", capture_output=True, text=True, check=False).returncode == 0
    return version, "-std=c++23" if modern else "-std=c++11"


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
    standard = _version_and_standard(compiler())[1]
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
    with _written(files) as folder:
        return b"\0".join(
            _run_compiler([*flags, "-E", *([] if marked else ["-P"]), source], folder, what).stdout.encode(
                errors="surrogateescape"
            )
            for source in sources
        )


def build(
    files: Mapping[str, bytes],
    flags: Sequence[str],
    identity: bytes,
    *,
    what: str,
    sources: Sequence[str] = (),
    header_flags: Sequence[str],
    filled: Collection[str] = (),
    link: Sequence[str] = (),
    unseen: Collection[str] = (),
) -> Built:
    """Compile ``main.cpp`` among ``files``, or take the result of an earlier time.

    Parameters
    ----------
    files
        Relative path and content of everything that is written to the private folder where the compiler runs.
    flags
        The compiler's flags; paths relative to that folder.
    identity
        What the result depends on besides the flags and the compiler's version.
    what
        The design in words, for messages.
    sources
        Further files to compile along.
    header_flags
        Those of ``flags`` that every design with this header set has.
    filled
        Variables that are no state; see :func:`~isobit.csim.state.static_state`.
    link, unseen
        Libraries, and names of those among them whose variables the program's symbols do not show.

    Returns
    -------
    The program in :func:`~isobit.csim.cache.cache_folder`, with what ``files`` holds in ``firmware/weights``.

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails; the message ends with what it said.
    CSimError
        If the compiled design cannot even start.
    """
    command = compiler()
    version, _ = _version_and_standard(command)
    facts_version = Path(__file__).with_name("state.py").read_bytes()  # what is found out about a build is kept with it
    key = "\0".join([version, *command, *flags, *sources, *link]).encode() + b"\0" + facts_version + b"\0" + identity
    final = _place(key)
    if final.exists() and intact(final):
        return _built(final)
    with _written(files) as folder:
        flags_and_files = [*flags, "main.cpp", *sources, *link, "-o", "program"]
        with _alone(final):
            if final.exists():
                if intact(final):  # another process was faster
                    return _built(final)
                with writing():
                    discard(final)
            with ThreadPoolExecutor(1) as beside:  # two compilers at once
                baseline = beside.submit(_baseline, files, header_flags)
                _run_compiler(flags_and_files, folder, what)
            state = static_state(symbols(folder / "program", command), baseline.result(), filled)
            hidden = [f"unknown: {name} is a shared library" for name in unseen]
            facts = {"ports": _describe(folder), "state": [*state, *hidden]}
            (folder / _FACTS).write_text(json.dumps(facts))
            with writing():
                store(folder, ["program", _FACTS, "firmware/weights"], final)
    prune(final)
    return _built(final)


def build_program(
    files: Mapping[str, bytes], flags: Sequence[str], sources: Sequence[str], identity: bytes, *, what: str
) -> Path:
    """Compile and link sources that stand by themselves, or take the result of an earlier time.

    Parameters
    ----------
    files
        Relative path and content of everything that is written to the private folder where the compiler runs.
    flags
        The compiler's flags; paths relative to that folder, or absolute.
    sources
        Paths among ``files`` to compile.
    identity
        What the result depends on besides files, flags and the compiler's version.
    what
        The design in words, for messages.

    Returns
    -------
    The program, in the cache.

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails; the message ends with what it said.
    """
    command = compiler()
    digest = hashlib.sha256("\0".join([_version_and_standard(command)[0], *command, *flags, *sources]).encode())
    digest.update(b"\0" + identity)
    for path, content in sorted(files.items()):
        digest.update(f"\0{path}\0{len(content)}\0".encode() + content)
    final = _place(digest.digest())
    if not (final.exists() and intact(final)):
        with _written(files) as folder, _alone(final):
            if not (final.exists() and intact(final)):  # else another process was faster
                with writing():
                    if final.exists():
                        discard(final)
                _run_compiler([*flags, *sources, "-o", "program"], folder, what)
                with writing():
                    store(folder, ["program"], final)
        prune(final)
    touch(final)
    return final / "program"


def _place(key: bytes) -> Path:
    return build_folder(key)


def _baseline(files: Mapping[str, bytes], flags: Sequence[str]) -> list[tuple[str, str]] | None:
    """Variables of the program that calls nothing, compiled once for each header set, its flags and compiler."""
    headers = {path: text for path, text in files.items() if path.startswith(("isobit_csim/", "firmware/ap_types/"))}
    bare = {**headers, "main.cpp": BASELINE_MAIN.encode()}
    command = compiler()
    seen = preprocessed(bare, flags, ["main.cpp"], "the bridge")
    facts_version = Path(__file__).with_name("state.py").read_bytes()
    key = "\0".join(["baseline", _version_and_standard(command)[0], *command, *flags]).encode()
    final = _place(key + b"\0" + facts_version + b"\0" + seen)
    if not (final.exists() and intact(final)):
        with _written(bare) as folder, _alone(final):
            if final.exists():
                if intact(final):
                    return _symbols_of(final)
                with writing():
                    discard(final)
            _run_compiler([*flags, "main.cpp", "-o", "program"], folder, "the bridge")
            (folder / _FACTS).write_text(json.dumps(symbols(folder / "program", command)))
            with writing():
                store(folder, [_FACTS], final)
    return _symbols_of(final)


def _symbols_of(folder: Path) -> list[tuple[str, str]] | None:
    touch(folder)
    listed = json.loads((folder / _FACTS).read_text())
    return None if listed is None else [(symbol, name) for symbol, name in listed]


def _built(folder: Path) -> Built:
    touch(folder)
    facts = json.loads((folder / _FACTS).read_text())
    ports = parse_ports(facts["ports"])
    inputs = tuple(port for direction, port in ports if direction == "in")
    outputs = tuple(port for direction, port in ports if direction == "out")
    return Built(folder, inputs, outputs, tuple(facts["state"]))


@contextlib.contextmanager
def _written(files: Mapping[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="isobit-csim-") as name:
        for relative, content in files.items():
            path = Path(name) / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(name)


@contextlib.contextmanager
def _alone(final: Path) -> Iterator[None]:
    """One process at a time compiles a content."""
    lock = cache_folder() / "locks" / final.name
    with writing():
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = lock.open("w")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:  # whoever comes between waits for another file; that costs a second compilation at worst
            lock.unlink(missing_ok=True)


def _run_compiler(arguments: Sequence[str], folder: Path, what: str) -> subprocess.CompletedProcess[str]:
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
                "the function is overloaded or a template; say its template arguments ('kernel<16>'), or give one of "
                "another name that calls it"
            ] = None
    start = next((i for i, line in enumerate(said) if "error" in line), len(said))
    excerpt = said[max(0, min(start, len(said) - 15)) :][:20]
    reason = "".join(f"\n{text}" for text in ours)
    raise CompilerError(
        f"{shlex.join(compiler())} could not compile {what} (exit status {done.returncode}):{reason}\n"
        + "\n".join(excerpt)
    )


def _describe(folder: Path) -> str:
    """What the compiled design says that its arguments are."""
    command = [str(folder / "program"), "describe"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, errors="replace", check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise CSimError(f"the design does not start: it took more than {_PATIENCE} s before its first event") from None
    if done.returncode != 0:
        status = done.returncode
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
        said = " / ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise CSimError(f"the design does not start: it {how} before its first event" + (f": {said}" if said else ""))
    return done.stdout
