"""Mangled names (Itanium C++ ABI), as far as lint reads them: the identifiers in them, and a short readable form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["VENDOR_TYPES", "borne_types", "identifiers", "is_of_project", "readable"]

#: Types whose layout is that of a header: AMD's, those of hls4ml's nnet_types.h, and streams.
VENDOR_TYPES = ("ap_fixed", "ap_ufixed", "ap_int", "ap_uint", "ap_fixed_base", "ap_int_base", "ap_private", "stream")
#: Namespaces and types of headers, in which equal names mean equal code.
_HEADERS = re.compile(
    r"std|__gnu_cxx|__cxxabiv1|nnet|hls|hls4mlEmulator|isobit|isobit_names|ssdm_\w+|_?ap_\w+|_AP_\w+|a[fp]_\w+_ref|ap\w*Ref"
)
#: What hls4ml calls the structs with a layer's configuration.
_CONFIG = re.compile(r"(^|_)config\d+(_|$)")
#: A literal of a template, a substitution, a template's parameter: parts with digits that are no identifiers.
_OTHER = re.compile(r"L[a-z]n?\d+E|S[0-9A-Z]*_|S[abdiost]|T\d*_")
_NUMBER = re.compile(r"\d+")
_ENUMERATOR = re.compile(r"n?\d+E")
_STATIC = re.compile(r"E(\d+)(?=[A-Za-z_])")
_KINDS = (("_ZGVZ", "guard of "), ("_ZTV", "vtable of "), ("_ZTI", "typeinfo of "), ("_ZTS", "typeinfo name of "))


def identifiers(name: str) -> list[str]:
    """The identifiers in a mangled name, in their order; the name itself if it is not mangled.

    Parameters
    ----------
    name
        A symbol's name.
    """
    return list(_identifiers(name[2:])) if name.startswith("_Z") else [name]


def _identifiers(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if other := _OTHER.match(text, at):
            at = other.end()
            if other[0] == "St":
                yield "std"
            continue
        literal = text[at] == "L"
        number = _NUMBER.match(text, at + literal)
        if number is None:
            at += 1
            continue
        end = number.end() + int(number[0])
        yield text[number.end() : end]
        at = end
        if literal and (value := _ENUMERATOR.match(text, at)):  # of an enumeration, such as AP_TRN's
            at = value.end()


def borne_types(name: str) -> tuple[str, ...]:
    """AMD's types, isobit's in their place, streams and nnet::array in a mangled name, each once."""
    found = identifiers(name)
    types = [one for one in found if one in VENDOR_TYPES]
    pairs = list(pairwise(found))
    types += [
        "::".join(pair) for pair in pairs if pair in (("nnet", "array"), ("isobit", "fixed"), ("isobit", "integer"))
    ]
    return tuple(dict.fromkeys(types))


def is_of_project(name: str) -> bool:
    """Whether a symbol is the project's own, so that another project may mean something else by the same name.

    A template of a header is the project's own where it has one of hls4ml's structs (``config2``) among its arguments.
    """
    found = identifiers(name)
    if not found:  # placement new and the like
        return False
    return _HEADERS.fullmatch(found[0]) is None or any(_CONFIG.search(one) for one in found)


def readable(name: str) -> str:
    """A short form for people: ``nnet::dense<...>``, ``table in nnet::lookup<...>``."""
    if not name.startswith("_Z"):
        return name
    for start, words in _KINDS:
        if name.startswith(start):
            rest = "_ZZ" + name[5:] if start == "_ZGVZ" else "_Z" + name[4:]
            return words + readable(rest)
    if name.startswith("_ZZ"):
        ends = ((match, len(re.sub(r"_\d*$", "", name)) - match.end()) for match in _STATIC.finditer(name))
        static = next(
            (name[match.end() :][: int(match[1])] for match, left in ends if int(match[1]) == left), "a static"
        )
        return f"{static} in {readable('_Z' + name[3:])}"
    return _qualified(name[2:]) or name


def _qualified(text: str) -> str:
    """The qualified name at the front of an encoding, its template arguments as dots."""
    nested, at, parts = text.startswith("N"), 0, []
    if nested:
        at = 1
        while at < len(text) and text[at] in "KVrRO":
            at += 1
    if text.startswith("St", at):
        parts.append("std")
        at += 2
    while (number := _NUMBER.match(text, at)) is not None:
        end = number.end() + int(number[0])
        parts.append(text[number.end() : end])
        at = end
        if text.startswith("I", at):
            parts[-1] += "<...>"
            break
        if not nested:
            break
    return "::".join(parts)
