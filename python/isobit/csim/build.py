"""Compile a design into a program of its own, once for each content: sources, weights, headers, flags, compiler."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from isobit.compiler import compiler, version_and_standard
from isobit.csim.cache import build_folder, cache_folder, discard, intact, prune, store, touch, writing
from isobit.csim.compiling import preprocessed, run_compiler, written
from isobit.csim.precompiled import lay_precompiled
from isobit.csim.state import BASELINE_MAIN, static_state, symbols
from isobit.csim.words import parse_ports
from isobit.errors import CSimError
from isobit.ports import Port

__all__ = ["Built", "build", "build_program"]

_FACTS = "facts.json"
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
        Its arguments, in order; an argument that is both is in both lists. Shapes are flat.
    state
        Variables that keep their value from event to event; empty for most.
    """

    folder: Path
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    state: tuple[str, ...]


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
    """Compile ``main.cpp`` among ``files``, or take the result of an earlier compilation.

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
        Variables that do not count as state; see :func:`~isobit.csim.state.static_state`.
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
    version, _ = version_and_standard(command)
    facts_version = Path(__file__).with_name("state.py").read_bytes()  # what is found out about a build is kept with it
    key = "\0".join([version, *command, *flags, *sources, *link]).encode() + b"\0" + facts_version + b"\0" + identity
    final = build_folder(key)

    def make(folder: Path) -> None:
        with ThreadPoolExecutor(1) as beside:  # two compilers at once
            baseline = beside.submit(_baseline, files, header_flags)
            lay_precompiled(folder, files, flags, _kept)
            run_compiler([*flags, "main.cpp", *sources, *link, "-o", "program"], folder, what)
        state = static_state(symbols(folder / "program", command), baseline.result(), filled)
        hidden = [f"unknown: {name} is a shared library" for name in unseen]
        facts = {"ports": _describe(folder), "state": [*state, *hidden]}
        (folder / _FACTS).write_text(json.dumps(facts))

    if _made(final, files, make, ["program", _FACTS, "firmware/weights"]):
        prune(final)
    return _built(final)


def build_program(
    files: Mapping[str, bytes], flags: Sequence[str], sources: Sequence[str], identity: bytes, *, what: str
) -> Path:
    """Compile and link self-contained sources, or take the result of an earlier time.

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
    digest = hashlib.sha256("\0".join([version_and_standard(command)[0], *command, *flags, *sources]).encode())
    digest.update(b"\0" + identity)
    for path, content in sorted(files.items()):
        digest.update(f"\0{path}\0{len(content)}\0".encode() + content)
    final = build_folder(digest.digest())

    def make(folder: Path) -> None:
        run_compiler([*flags, *sources, "-o", "program"], folder, what)

    if _made(final, files, make, ["program"]):
        prune(final)
    touch(final)
    return final / "program"


def _made(final: Path, files: Mapping[str, bytes], make: Callable[[Path], None], names: Sequence[str]) -> bool:
    """Make what is missing or damaged in the cache, unless another process is faster; tell whether it was made here.

    Parameters
    ----------
    final
        Where it belongs.
    files
        What is written to the private folder that ``make`` gets.
    make
        Compiles there.
    names
        What is kept of that folder.
    """
    if final.exists() and intact(final):
        return False
    with written(files) as folder, _alone(final):
        if final.exists():
            if intact(final):
                return False
            with writing():
                discard(final)
        make(folder)
        with writing():
            store(folder, names, final)
    return True


def _kept(content: bytes, files: Mapping[str, bytes], make: Callable[[Path], None], names: Sequence[str]) -> Path:
    """Folder in the cache of what ``make`` gives for a content."""
    final = build_folder(content)
    _made(final, files, make, names)
    touch(final)
    return final


def _baseline(files: Mapping[str, bytes], flags: Sequence[str]) -> list[tuple[str, str]] | None:
    """Variables of the program that calls nothing, compiled once for each header set, its flags and compiler.

    At -O0, which is the quickest and keeps every variable that another level keeps.
    """
    flags = [re.sub("^-O[1-3]$", "-O0", flag) for flag in flags]
    headers = {path: text for path, text in files.items() if path.startswith(("isobit_csim/", "firmware/ap_types/"))}
    bare = {**headers, "main.cpp": BASELINE_MAIN.encode()}
    command = compiler()
    seen = _bridge_text(tuple(sorted(bare.items())), tuple(flags), command)
    facts_version = Path(__file__).with_name("state.py").read_bytes()
    key = "\0".join(["baseline", version_and_standard(command)[0], *command, *flags]).encode()
    final = build_folder(key + b"\0" + facts_version + b"\0" + seen)

    def make(folder: Path) -> None:
        run_compiler([*flags, "main.cpp", "-o", "program"], folder, "the bridge")
        (folder / _FACTS).write_text(json.dumps(symbols(folder / "program", command)))

    _made(final, bare, make, [_FACTS])
    return _symbols_of(final)


@lru_cache(16)
def _bridge_text(files: tuple[tuple[str, bytes], ...], flags: tuple[str, ...], command: tuple[str, ...]) -> bytes:
    """All that the compiler, ``command``, sees of the program that calls nothing."""
    return preprocessed(dict(files), flags, ["main.cpp"], "the bridge")


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
