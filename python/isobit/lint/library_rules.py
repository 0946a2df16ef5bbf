"""Rules about built libraries: names that clash, weights that others can reach, types and paths that leak."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from isobit.libraries.elf import Library, Symbol
from isobit.libraries.names import borne_types, identifiers, is_of_project, readable
from isobit.lint.rules import Finding, rule

__all__ = ["INTERFACE", "LibraryContext"]

#: What hls4mlEmulator's loader looks up (hls4mlEmulatorExtras, src/hls4ml/emulator.cc).
INTERFACE = ("create_model", "destroy_model")
#: What the linker adds to every library.
_LINKERS = ("_init", "_fini", "_edata", "_end", "__bss_start")
#: Names in a message; the evidence has all.
_SHOWN = 4
_HIDE = (
    "compile with -fvisibility=hidden -fvisibility-inlines-hidden, and give create_model and destroy_model "
    '__attribute__((visibility("default")))'
)
_SPACE = "a namespace of its own for each network (hls4ml's option namespace)"


@dataclass(frozen=True)
class LibraryContext:
    """What these rules look at.

    Attributes
    ----------
    libraries
        The libraries, by the names that the report uses.
    loading
        What the loader test found, as (library, message, evidence).
    """

    libraries: dict[str, Library]
    loading: Sequence[tuple[str, str, dict[str, object]]] = field(default=())

    def pairs(self) -> Iterator[tuple[str, Library, str, Library]]:
        """Every two libraries."""
        for (one, first), (other, second) in combinations(self.libraries.items(), 2):
            yield one, first, other, second


def _names(names: Iterable[str]) -> str:
    """A few names in words; copies of one function (``C1``, ``C2``) are one."""
    words = list(dict.fromkeys(readable(name) for name in names))
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")


def _common(one: Library, other: Library, take: Callable[[Symbol, Symbol], bool]) -> list[tuple[Symbol, Symbol]]:
    """Symbols of both libraries, except those of the interface and the linker."""
    pairs = ((symbol, other.by_name.get(symbol.name)) for symbol in one.symbols if _counts(symbol))
    return [(a, b) for a, b in pairs if b is not None and take(a, b)]


def _counts(symbol: Symbol) -> bool:
    """Whether a symbol is more than the interface, the linker's, or the name of a type."""
    return symbol.name not in (*INTERFACE, *_LINKERS) and not symbol.name.startswith(("_ZTI", "_ZTS"))


def _rebinds(library: Library, symbol: Symbol) -> bool:
    return symbol.rebound and not symbol.protected and not library.symbolic


def _unique(a: Symbol, b: Symbol) -> bool:
    return "unique" in (a.binding, b.binding)


def _certain(a: Symbol, b: Symbol) -> bool:
    """Whether two symbols of one name are certainly two things."""
    return a.size != b.size or a.function != b.function or (not a.function and a.content != b.content)


@rule("IB601", "symbol-clash", "error", about="libraries")
def clashes(context: LibraryContext) -> Iterator[Finding]:
    """Two libraries define the same name, and mean different things.

    Loaded with RTLD_GLOBAL, linked into one program, or reached through a third library, the definition that was loaded
    first serves both: one network then computes with the other's weights, or runs the other's layers. hls4ml calls the
    weights of every network w2, b2, ..., and its configurations config2, ...: template functions of two networks have
    the same mangled names. It is an error where the definitions certainly differ (in size, or as data in content) or
    belong to no template, a warning where they have the same size, a note where neither library lets its own references
    be bound to another's (-Bsymbolic, protected visibility). create_model and destroy_model are looked up in each
    library and may be in all of them.
    """
    for one, first, other, second in context.pairs():
        found = _common(
            first,
            second,
            lambda a, b: not _unique(a, b) and (a.binding == b.binding == "strong" or is_of_project(a.name)),
        )
        bound = [(a, b) for a, b in found if _rebinds(first, a) or _rebinds(second, b)]
        kept = [(a, b) for a, b in found if (a, b) not in bound]
        certain = [(a, b) for a, b in bound if a.binding == b.binding == "strong" or _certain(a, b)]
        maybe = [(a, b) for a, b in bound if (a, b) not in certain]
        for severity, group, words in (
            ("error", certain, "define"),
            ("warning", maybe, "define, with the same size,"),
            ("note", kept, "define, without letting anyone else's in,"),
        ):
            if group:
                names = [a.name for a, _ in group]
                evidence = {"libraries": [one, other], "symbols": names}
                message = f"{one} and {other} both {words} {_names(names)}"
                yield Finding("IB601", severity, one, "", message, evidence, fix=f"{_HIDE}; {_SPACE}")


@rule("IB602", "shared-static", "error", about="libraries")
def statics(context: LibraryContext) -> Iterator[Finding]:
    """Two libraries share a static variable, whatever flags they are loaded with.

    g++ gives static variables of template and inline functions, and static members of templates, the binding
    STB_GNU_UNIQUE: there is one in the process, even if every library is loaded with RTLD_LOCAL. hls4ml's activations
    keep their tables in such variables: the network that runs first fills the table that both read. It is an error
    where the name is the project's own or the sizes differ; for a header's own variables it is a note.
    """
    for one, first, other, second in context.pairs():
        found = _common(first, second, _unique)
        own = [a.name for a, b in found if is_of_project(a.name) or a.size != b.size]
        rest = [a.name for a, _ in found if a.name not in own]
        for severity, names in (("error", own), ("note", rest)):
            if names:
                message = f"{one} and {other} share {_names(names)}, even with RTLD_LOCAL"
                evidence = {"libraries": [one, other], "symbols": names}
                fix = f"-fvisibility=hidden, or -fno-gnu-unique and RTLD_LOCAL; {_SPACE}"
                yield Finding("IB602", severity, one, "", message, evidence, fix=fix)


@rule("IB603", "headers-differ", "warning", about="libraries")
def headers(context: LibraryContext) -> Iterator[Finding]:
    """Two libraries were compiled with different headers, compilers or flags.

    The same function of a header (ap_fixed, nnet_utils, the standard library) has another size in each. That is
    harmless by itself; where such functions can be bound to the other library's, objects of two layouts meet.
    """
    for one, first, other, second in context.pairs():
        found = _common(
            first,
            second,
            lambda a, b: a.binding == b.binding == "weak" and not is_of_project(a.name) and a.size != b.size,
        )
        names = [a.name for a, b in found if _rebinds(first, a) or _rebinds(second, b)]
        if names:
            message = f"{one} and {other} have other code for {_names(names)}"
            evidence = {"libraries": [one, other], "symbols": names}
            yield Finding(
                "IB603", "warning", one, "", message, evidence, fix=f"the same headers and flags for both, or {_HIDE}"
            )


@rule("IB604", "external-weights", "warning", about="libraries")
def weights(context: LibraryContext) -> Iterator[Finding]:
    """Weights, biases or other data of a library have external linkage.

    Any library with the same name can replace them, or be served by them. hls4ml's weights/*.h define global
    variables; compiled into a library they are exported unless visibility is hidden or they are in an unnamed
    namespace.
    """
    for name, library in context.libraries.items():
        data = [s.name for s in library.symbols if not s.function and s.binding == "strong" and s.name not in _LINKERS]
        data = [one for one in data if not one.startswith(("_ZTV", "_ZTI", "_ZTS", "_ZTT", "_ZGV"))]
        if data:
            size = sum(library.by_name[one].size for one in data)
            message = f"{name} exports {len(data)} variables, {size} bytes: {_names(data)}"
            yield Finding("IB604", "warning", name, "", message, {"symbols": data, "bytes": size}, fix=_HIDE)


@rule("IB605", "no-visibility", "warning", about="libraries")
def visibility(context: LibraryContext) -> Iterator[Finding]:
    """A library exports more than its interface.

    A library for hls4mlEmulator needs two names, create_model and destroy_model. Every other exported function can
    replace another library's, and slows down loading. Functions of the standard library, whose headers ask for default
    visibility, are not counted.
    """
    for name, library in context.libraries.items():
        more = [s.name for s in library.symbols if s.function and _counts(s)]
        more = [one for one in more if identifiers(one)[:1] not in (["std"], ["__gnu_cxx"])]
        if more:
            message = f"{name} exports {len(more)} functions beside {' and '.join(INTERFACE)}"
            yield Finding(
                "IB605", "warning", name, "", message, {"functions": len(more), "first": more[:20]}, fix=_HIDE
            )


@rule("IB606", "types-across-border", "warning", about="libraries")
def border(context: LibraryContext) -> Iterator[Finding]:
    """Exported functions take AMD's types, nnet::array or hls::stream.

    Caller and library then agree only if both were compiled with the same headers, the same standard and the same
    flags; nothing checks that. Templates are left out: each library brings its own.
    """
    for name, library in context.libraries.items():
        strong = [s.name for s in library.symbols if s.function and s.binding == "strong"]
        found = {symbol: types for symbol in strong if (types := borne_types(symbol))}
        if found:
            kinds = sorted({one for each in found.values() for one in each})
            message = f"{name}: {_names(found)} take{'s' if len(found) == 1 else ''} {', '.join(kinds)}"
            fix = "plain integers and floats at the border, or hidden functions behind create_model"
            yield Finding("IB606", "warning", name, "", message, {"symbols": list(found), "types": kinds}, fix=fix)


@rule("IB607", "run-path", "warning", about="libraries")
def paths(context: LibraryContext) -> Iterator[Finding]:
    """A library searches its dependencies in folders of the machine that built it.

    DT_RPATH is searched before LD_LIBRARY_PATH and cannot be overridden; an empty or relative entry is the current
    folder; an absolute one exists on the build machine alone, and elsewhere somebody else may make it. $ORIGIN, the
    library's own folder, is not reported in a RUNPATH.
    """
    for name, library in context.libraries.items():
        surprises = [(f"RPATH {one!r}", one) for one in library.rpath]
        surprises += [
            (f"RUNPATH {one!r}", one) for one in library.runpath if not one.startswith(("$ORIGIN", "${ORIGIN}"))
        ]
        surprises += [(f"needs {one!r} by a path", one) for one in library.needed if "/" in one]
        if surprises:
            message = f"{name}: {', '.join(words for words, _ in surprises)}"
            evidence = {"rpath": list(library.rpath), "runpath": list(library.runpath), "needed": list(library.needed)}
            fix = "link without -rpath (patchelf --remove-rpath), or with -Wl,--enable-new-dtags,-rpath,'$ORIGIN'"
            yield Finding("IB607", "warning", name, "", message, evidence, fix=fix)


@rule("IB608", "unsafe-link", "warning", about="libraries")
def unsafe(context: LibraryContext) -> Iterator[Finding]:
    """Loading a library makes the stack executable, or changes its code.

    Hardened systems refuse both. An executable stack comes from assembly without a .note.GNU-stack section or from
    nested functions; relocations in code come from objects that were not compiled with -fPIC.
    """
    for name, library in context.libraries.items():
        found = ["an executable stack"] if library.executable_stack else []
        found += ["relocations in its code"] if library.text_relocations else []
        if found:
            message = f"{name} has {' and '.join(found)}"
            yield Finding(
                "IB608", "warning", name, "", message, {"found": found}, fix="-fPIC and -Wl,-z,noexecstack,-z,text"
            )


@rule("IB609", "no-interface", "error", about="libraries")
def interface(context: LibraryContext) -> Iterator[Finding]:
    """A library lacks create_model or destroy_model.

    hls4mlEmulator's loader looks up both and throws if one is missing; they are C functions (extern "C") with default
    visibility. A library with hls4ml's own bridge functions (NAME_float, NAME_double) instead is a note.
    """
    for name, library in context.libraries.items():
        missing = [one for one in INTERFACE if one not in library.by_name or not library.by_name[one].function]
        if not missing:
            continue
        names = [s.name for s in library.symbols if s.function]
        bridge = [n for n in names if n.endswith("_double") and n.removesuffix("_double") + "_float" in names]
        if bridge and len(missing) == 2:
            message = f"{name} has hls4ml's bridge ({bridge[0]}), not hls4mlEmulator's interface"
            yield Finding("IB609", "note", name, "", message, {"missing": missing, "bridge": bridge})
            continue
        like = [n for n in names for one in missing if n.startswith("_Z") and f"{len(one)}{one}" in n]
        message = f"{name} has no {' and no '.join(missing)}" + (f"; {_names(like)} is a C++ function" if like else "")
        fix = 'extern "C" hls4mlEmulator::Model* create_model(); extern "C" void destroy_model(hls4mlEmulator::Model*)'
        yield Finding("IB609", "error", name, "", message, {"missing": missing}, fix=fix)


@rule("IB610", "borrowed-symbol", "error", about="libraries")
def borrowed(context: LibraryContext) -> Iterator[Finding]:
    """A library takes a name from another network's library.

    It does not define the name and does not say which library does. It works, or computes with the other network's
    function or weights, as long as that library happens to be loaded first with RTLD_GLOBAL.
    """
    for name, library in context.libraries.items():
        for other, giver in context.libraries.items():
            taken = sorted(one for one in library.undefined if one in giver.by_name)
            if other != name and taken and giver.name not in library.needed:
                message = f"{name} lacks {_names(taken)} and would take it from {other}"
                yield Finding(
                    "IB610", "error", name, "", message, {"from": other, "symbols": taken}, fix="link the definition in"
                )


@rule("IB611", "loading-changes-bits", "error", about="libraries")
def loading(context: LibraryContext) -> Iterator[Finding]:
    """A library gives other bits when the others are loaded as well.

    Found by running them (--load), in worker processes: each alone, then all in the order given and in the reverse
    order, with RTLD_LOCAL and with RTLD_GLOBAL, on the same random inputs.
    """
    for name, message, evidence in context.loading:
        yield Finding("IB611", "error", name, "", message, evidence, fix=f"{_HIDE}; {_SPACE}")
