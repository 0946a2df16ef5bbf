"""What a shared library says of itself: symbols, relocations and run paths. Nothing of it is run.

Semantics: the ELF specification's dynamic section and symbol table, and glibc's dynamic linker, for which a symbol of
the binding ``STB_GNU_UNIQUE`` exists once in a process, whatever flags the libraries were loaded with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError, ModelFileError

__all__ = ["Library", "Symbol", "read_library"]

_FUNCTION, _OBJECT = ("STT_FUNC", "STT_GNU_IFUNC"), ("STT_OBJECT", "STT_TLS", "STT_COMMON")
_UNIQUE = ("STB_GNU_UNIQUE", "STB_LOOS", 10)
#: Flags of the dynamic section: references to own symbols are bound at link time; code is changed while it is loaded.
_SYMBOLIC, _TEXTREL = 0x2, 0x4
#: Most symbols of a library that is read; a library of the LHC's experiments has some ten thousand.
_MOST_SYMBOLS = 1 << 20


@dataclass(frozen=True)
class Symbol:
    """A symbol that a library defines for others.

    Attributes
    ----------
    name
        As the linker has it, mangled.
    function
        Whether it is code; else data.
    binding
        ``strong``, ``weak`` or ``unique``.
    protected
        Whether the library's own references cannot be bound to another library's symbol.
    size
        In bytes.
    content
        The bytes, as far as the file holds them; empty for what is zero at the start.
    rebound
        Whether the library's own references to it are bound while it is loaded, possibly to another library's.
    """

    name: str
    function: bool
    binding: str
    protected: bool
    size: int
    content: bytes
    rebound: bool


@dataclass(frozen=True)
class Library:
    """A shared library.

    Attributes
    ----------
    path
        The file.
    machine
        Name of the processor, as ELF calls it.
    symbols
        What it defines for others, in the order of the file.
    undefined
        Names that it takes from others, weak ones left out.
    needed
        Libraries that are loaded with it.
    rpath, runpath
        Folders in which those are searched; empty where there are none.
    symbolic
        Whether it was linked with ``-Bsymbolic``.
    executable_stack, text_relocations
        Whether loading it makes the process's stack executable; whether its code is changed while it is loaded.
    """

    path: Path
    machine: str
    symbols: tuple[Symbol, ...]
    undefined: frozenset[str]
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]
    symbolic: bool
    executable_stack: bool
    text_relocations: bool

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def by_name(self) -> dict[str, Symbol]:
        """Its symbols by name."""
        return {symbol.name: symbol for symbol in self.symbols}


def read_library(path: str | Path) -> Library:
    """Read a shared library's tables.

    Parameters
    ----------
    path
        An ELF shared object.

    Raises
    ------
    ModelFileError
        If the file is missing, no ELF file, no shared library, or damaged.
    MissingDependencyError
        If pyelftools is not installed.
    """
    try:
        from elftools.elf.elffile import ELFFile
    except ImportError as error:
        raise MissingDependencyError(
            f"reading libraries needs pyelftools: pip install 'isobit[elf]' ({error})"
        ) from None
    file = Path(path)
    if not file.is_file():
        raise ModelFileError(
            f"{file} is a folder; expected a shared library (.so)" if file.is_dir() else f"{file} does not exist"
        )
    with file.open("rb") as stream:
        if stream.read(4) != b"\x7fELF":
            raise ModelFileError(f"{file} is no ELF file; expected a shared library (.so)")
        try:
            return _library(file, ELFFile(stream))
        except ModelFileError as error:
            if str(file) in str(error):
                raise
            raise ModelFileError(f"{file} is a damaged ELF file: {error}") from None
        except (MemoryError, RecursionError):
            raise ModelFileError(f"{file} is a damaged ELF file: its tables are larger than the memory") from None
        except Exception as error:  # pyelftools raises nearly everything on damaged files
            told = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelFileError(f"{file} is a damaged or truncated ELF file: {told[0]}") from None


def _library(path: Path, elf: Any) -> Library:
    kind = elf.header["e_type"]
    if kind != "ET_DYN":
        words = {"ET_REL": "an object file", "ET_EXEC": "a program", "ET_CORE": "a core dump"}.get(kind, f"{kind}")
        raise ModelFileError(f"{path} is {words}; expected a shared library (.so)")
    size = path.stat().st_size
    for section in elf.iter_sections():
        held = 0 if section["sh_type"] == "SHT_NOBITS" else section["sh_size"]
        if section["sh_offset"] + held > size:
            raise ModelFileError(
                f"{path} is a truncated ELF file: section {section.name!r} ends beyond its {size} bytes"
            )
    dynamic, table = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynsym")
    if dynamic is None or table is None:
        raise ModelFileError(f"{path} has no table of dynamic symbols; expected a shared library (.so)")
    if table.num_symbols() > _MOST_SYMBOLS:
        raise ModelFileError(f"{path} is a damaged ELF file: it has {table.num_symbols()} symbols")
    tags: dict[str, list[Any]] = {}
    for tag in dynamic.iter_tags():
        tags.setdefault(str(tag.entry.d_tag), []).append(tag)
    flags = sum(tag.entry.d_val for tag in tags.get("DT_FLAGS", []))
    rebound = set(_relocated(elf, elf.get_section_index(".dynsym")))
    found, undefined = [], set()
    for number, symbol in enumerate(table.iter_symbols()):
        binding, visibility = symbol["st_info"]["bind"], symbol["st_other"]["visibility"]
        if not symbol.name or binding == "STB_LOCAL":
            continue
        if symbol["st_shndx"] == "SHN_UNDEF":
            undefined |= {symbol.name} if binding != "STB_WEAK" else set()
            continue
        kind = symbol["st_info"]["type"]
        if visibility in ("STV_HIDDEN", "STV_INTERNAL") or kind not in (*_FUNCTION, *_OBJECT):
            continue
        form = "unique" if binding in _UNIQUE else "weak" if binding == "STB_WEAK" else "strong"
        protected = visibility == "STV_PROTECTED"
        content = _content(elf, symbol)
        found.append(
            Symbol(symbol.name, kind in _FUNCTION, form, protected, symbol["st_size"], content, number in rebound)
        )
    stack = [s for s in elf.iter_segments() if s["p_type"] == "PT_GNU_STACK"]
    return Library(
        path,
        elf.get_machine_arch(),
        tuple(found),
        frozenset(undefined),
        tuple(tag.needed for tag in tags.get("DT_NEEDED", [])),
        tuple(part for tag in tags.get("DT_RPATH", []) for part in tag.rpath.split(":")),
        tuple(part for tag in tags.get("DT_RUNPATH", []) for part in tag.runpath.split(":")),
        bool(flags & _SYMBOLIC) or "DT_SYMBOLIC" in tags,
        any(segment["p_flags"] & 1 for segment in stack),
        bool(flags & _TEXTREL) or "DT_TEXTREL" in tags,
    )


def _relocated(elf: Any, table: int) -> Iterator[int]:
    """Numbers of the symbols that relocations look up while the library is loaded."""
    for section in elf.iter_sections():
        if section["sh_type"] in ("SHT_REL", "SHT_RELA") and section["sh_link"] == table:
            for entry in section.iter_relocations():
                yield entry["r_info_sym"]


def _content(elf: Any, symbol: Any) -> bytes:
    index = symbol["st_shndx"]
    if not isinstance(index, int) or index >= elf.num_sections():
        return b""
    section = elf.get_section(index)
    if section["sh_type"] == "SHT_NOBITS":
        return b""
    start = symbol["st_value"] - section["sh_addr"]
    if start < 0 or start + symbol["st_size"] > section["sh_size"]:
        raise ModelFileError(f"symbol {symbol.name!r} lies outside of its section")
    elf.stream.seek(section["sh_offset"] + start)
    return bytes(elf.stream.read(symbol["st_size"]))
