"""Fingerprints of the functions in a project's ``nnet_utils``: which of them are hls4ml's own, and of which versions.

A function's fingerprint is a hash of its tokens, without comments, white space and pragmas. The committed table
(``fingerprints.json``, made by ``tools/fingerprints_run.py`` from the packages on PyPI) has those of every released
version whose layers have been compared. A layer is emulated only if its function and everything that it calls are in
the table; otherwise it is named.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from isobit.frontends.firmware.older import DIRECTIVES, EMULATED, VETTED, Since, release

__all__ = ["ALWAYS", "Chunk", "Library", "chunks_of", "foreign_types", "known_functions", "missing_types", "whole"]

#: What every project's C-simulation uses.
ALWAYS = ("load_weights_from_txt", "load_compressed_weights_from_txt", "load_exponent_weights_from_txt", "array")
_TOKEN = re.compile(
    r"(?P<skip>\s+|//(?:[^\n\\]|\\[ \t\r\f\v]*\n|\\)*|/\*.*?\*/)|(?P<directive>#(?:[^\n\\]|\\.)*)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<other>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\.?\d(?:[eE][-+]|[\w.])*|.)",
    re.DOTALL,
)
_INCLUDE = re.compile(r'#\s*include\s*"([^"]+)"')
#: Directives that do not count: pragmas of the synthesis tool, and of one compiler its warnings.
_PRAGMA = re.compile(r"# ?pragma (?:HLS|hls|once|warning)\b(?!.*/\*)")
#: Headers of AMD's, which come from ``ap_types`` or from the synthesis tool.
_VENDORS = re.compile(r"(?:ap_|hls_|utils/)\w+\.h|math\.h")
_OPEN, _CLOSE = "({[", ")}]"
#: Headers that are read token by token elsewhere.
_READ = ("firmware/defines.h", "firmware/parameters.h")


@dataclass(frozen=True)
class Chunk:
    """One definition.

    Attributes
    ----------
    key
        File and name: ``nnet_dense.h:dense``; definitions of one name in one file are one chunk.
    digest
        Hash of its tokens.
    words
        Every identifier in it.
    """

    key: str
    digest: str
    words: frozenset[str]

    @property
    def name(self) -> str:
        """The name alone."""
        return self.key.partition(":")[2]


def chunks_of(file: str, text: str) -> list[Chunk]:
    """The definitions of a header, and what its directives are (a chunk named ``#``)."""
    found: dict[str, list[list[str]]] = {}
    directives: list[str] = []
    tokens: list[str] = []
    depth = 0
    for token in _tokens(text, directives):
        if not tokens and token == "}":  # of a namespace
            continue
        tokens.append(token)
        depth += (token in _OPEN) - (token in _CLOSE)
        if token == "{" and depth == 1 and tokens[0] == "namespace" and len(tokens) <= 3:
            tokens, depth = [], 0
        elif depth == 0 and (token == ";" or (token == "}" and not _is_class(tokens))):
            found.setdefault(_name(tokens), []).append(tokens)
            tokens = []
    if tokens:
        found.setdefault(_name(tokens), []).append(tokens)
    if directives:
        found["#"] = [directives]
    return [
        Chunk(f"{file}:{name}", _digest(parts), frozenset(word for part in parts for word in part))
        for name, parts in found.items()
    ]


def whole(path: str, text: str) -> tuple[str, str]:
    """Key and digest of a header of AMD's number types, which is one chunk, from its path in ``ap_types``."""
    return f"ap_types/{path}:", hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def foreign_types(files: Mapping[str, bytes]) -> list[str]:
    """Headers of number types in a project that are not those that hls4ml ships, sorted."""
    known, start = known_functions(), "firmware/ap_types/"
    found = []
    for path, content in files.items():
        if path.startswith(start):
            key, digest = whole(path.removeprefix(start), content.decode(errors="replace"))
            found += [] if digest in known.get(key, ()) else [path]
    return sorted(found)


def missing_types(files: Mapping[str, bytes]) -> list[str]:
    """Headers of number types that every release has, where a project brings some but not these."""
    start = "firmware/ap_types/"
    if not any(path.startswith(start) for path in files):
        return []  # it takes those of the synthesis tool
    every = len(_table()["versions"])
    paths = [
        f"{start}{key.removeprefix('ap_types/').removesuffix(':')}"
        for key, digests in _table()["functions"].items()
        if key.startswith("ap_types/") and sum(map(len, digests.values())) == every
    ]
    return [path for path in paths if path not in files]


def _tokens(text: str, directives: list[str]) -> Iterable[str]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "directive":
            part = " ".join(found[0].replace("\\\n", " ").partition("//")[0].split())
            if not _PRAGMA.match(part):
                directives.append(part)
        elif found.lastgroup != "skip":
            yield found[0]


def _is_class(tokens: list[str]) -> bool:
    """Whether a definition ends with a semicolon behind its brace: a class, an enumeration, a list of numbers."""
    head = tokens[: tokens.index("{")] if "{" in tokens else tokens
    return "(" not in head and bool({"class", "struct", "enum", "union", "="} & set(_without_templates(head)))


def _without_templates(tokens: list[str]) -> list[str]:
    """Tokens without ``template <...>``."""
    kept, place = [], 0
    while place < len(tokens):
        if tokens[place] == "template":
            depth, place = 0, place + 1
            while place < len(tokens):
                depth += (tokens[place] == "<") - (tokens[place] == ">")
                place += 1
                if depth == 0:
                    break
        else:
            kept.append(tokens[place])
            place += 1
    return kept


def _name(tokens: list[str]) -> str:
    """The name that a definition gives."""
    words = _without_templates(tokens)
    place = angles = 0
    while place < len(words):
        word = words[place]
        if word in ("class", "struct", "enum") and not angles and place + 1 < len(words):
            following = words[place + 1]
            return words[place + 2] if following == "class" and place + 2 < len(words) else following
        if word == "(" and angles:  # a condition among template arguments
            depth = 0
            while place < len(words):
                depth += (words[place] == "(") - (words[place] == ")")
                if depth == 0:
                    break
                place += 1
        elif word in ("=", "(") and place:
            return words[place - 1]
        elif word == "{":
            break
        angles = max(0, angles + (word == "<") - (word == ">"))
        place += 1
    return next((word for word in reversed(words) if re.fullmatch(r"[A-Za-z_]\w*", word)), "")


def _digest(parts: list[list[str]]) -> str:
    text = "\n\n".join(sorted("\n".join(part) for part in parts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    document: dict[str, Any] = json.loads(Path(__file__).with_name("fingerprints.json").read_bytes())
    return document


@functools.cache
def known_functions() -> Mapping[str, Mapping[str, list[str]]]:
    """For each chunk (``nnet_dense.h:dense``) the digests that are known, each with hls4ml's versions that have it."""
    versions: list[str] = list(_table()["versions"])
    functions: Mapping[str, Mapping[str, list[int]]] = _table()["functions"]
    return {
        key: {d: [versions[i] for i in places] for d, places in digests.items()} for key, digests in functions.items()
    }


class Library:
    """The headers that a project includes, in definitions.

    Parameters
    ----------
    files
        The project's files by path.
    sources
        The files that include others.
    """

    def __init__(self, files: Mapping[str, bytes], sources: Iterable[str]) -> None:
        self.chunks: dict[str, Chunk] = {}
        #: Headers that are included and not there.
        self.missing: list[str] = []
        #: Definitions that hls4ml generates for a layer, which have been read; by key.
        self.vouched: set[str] = set()
        left, seen = list(sources), set[str]()
        while left:
            path = left.pop()
            if path in seen or path not in files:
                continue
            seen.add(path)
            text = files[path].decode(errors="replace")
            here = PurePosixPath(path).parent
            for name in _included(text):
                beside = _joined(here, name)
                left.append(beside)
                if beside not in files and not _VENDORS.fullmatch(name):
                    self.missing.append(beside)
            if not (path in _READ or path in sources or here.name in ("ap_types", "weights")):
                for chunk in chunks_of(PurePosixPath(path).name, text):
                    if (other := self.chunks.get(chunk.key)) is not None:  # of another folder: both must be known
                        both = chunk.words | other.words
                        chunk = Chunk(chunk.key, chunk.digest if chunk.digest == other.digest else "", both)
                    self.chunks[chunk.key] = chunk
        self._by_name: dict[str, list[Chunk]] = {}
        for chunk in self.chunks.values():
            self._by_name.setdefault(chunk.name, []).append(chunk)

    def reached(self, names: Iterable[str]) -> dict[str, Chunk]:
        """Everything that definitions of these names use, directives of all headers included."""
        left, found = [*names, "#"], dict[str, Chunk]()
        while left:
            for chunk in self._by_name.get(left.pop(), ()):
                if chunk.key not in found:
                    found[chunk.key] = chunk
                    left += chunk.words & self._by_name.keys()
        return found

    def releases(self, key: str) -> list[str]:
        """The releases that have a definition as this project has it; none for one that it lacks."""
        chunk = self.chunks.get(key)
        return known_functions().get(key, {}).get(chunk.digest, []) if chunk is not None else []

    def unknown(self, names: Iterable[str], since: Since | None = None) -> list[str]:
        """Those of them that are none whose semantics isobit has, sorted.

        Parameters
        ----------
        names
            Functions that a layer calls.
        since
            Definitions of which the layer takes some releases alone, each with the first of them and the first that it
            does not take any more (None: all newer ones).
        """
        taken = since or {}
        return sorted(
            key
            for key, chunk in self.reached([*names, *ALWAYS]).items()
            if chunk.key not in self.vouched and not _same_bits(chunk, taken.get(key))
        )


def _same_bits(chunk: Chunk, taken: tuple[str, str | None] | None) -> bool:
    """Whether a definition gives the bits of a release that isobit emulates, or is one of those that a layer takes."""
    releases = known_functions().get(chunk.key, {}).get(chunk.digest, [])
    if taken is not None:
        first, last = taken
        return any(
            release(first) <= release(name) and (last is None or release(name) < release(last)) for name in releases
        )
    if set(EMULATED) & set(releases):
        return True
    first = DIRECTIVES if chunk.name == "#" else VETTED.get(chunk.key, "")
    return bool(first) and any(release(name) >= release(first) for name in releases)


def _included(text: str) -> list[str]:
    """The headers that a file includes, comments left out."""
    directives = (found[0] for found in _TOKEN.finditer(text) if found.lastgroup == "directive")
    return [name[1] for directive in directives if (name := _INCLUDE.match(directive))]


def _joined(here: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (here / name).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
