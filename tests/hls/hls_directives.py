"""A grammar of the directives that isobit writes, after UG1399 (Vitis HLS, HLS Pragmas): names, keys, values, places.

A compiler takes any pragma that it does not know. Here every one is read in its place: the block in which it stands,
and the names which that block sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PRAGMA = "ISOBIT_PRAGMA("
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_CONDITION = re.compile(r"^[ \t]*#.*?(?<!\\)$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """What stands in braces: its kind (function, loop or other), the text before, and what has been read of it."""

    kind: str
    head: str
    start: int
    begun: bool = False  # whether anything but directives has been read
    names: list[str] = field(default_factory=list)  # of its directives


@dataclass(frozen=True)
class Directive:
    """A directive: the text after HLS, the blocks around it from the outside, the function's text before it."""

    text: str
    around: tuple[Block, ...]
    before: str
    leads: bool

    @property
    def block(self) -> Block:
        return self.around[-1]

    @property
    def name(self) -> str:
        return self.text.split()[0]


def plain(text: str) -> str:
    """C++ without comments and preprocessor lines."""
    return _CONDITION.sub("", _COMMENT.sub("", text))


def directives(text: str) -> Iterator[Directive]:
    """Every directive of a C++ text in its place."""
    code = plain(text)
    stack: list[Block] = []
    depth = head = k = 0
    while k < len(code):
        character = code[k]
        if depth == 0 and code.startswith(_PRAGMA, k):
            end = code.index(")", k)
            written = " ".join(code[k + len(_PRAGMA) : end].split())
            function = next((block for block in reversed(stack) if block.kind == "function"), None)
            before = code[function.start : k] if function else ""
            leads = bool(stack) and not stack[-1].begun and not code[head:k].strip()
            if written.startswith("HLS "):
                yield Directive(written.removeprefix("HLS "), tuple(stack), before, leads)
                if stack:
                    stack[-1].names.append(written.split()[1])
            else:
                yield Directive(f"not-HLS {written}", tuple(stack), before, leads)
            k = head = end + 1
            continue
        depth += (character == "(") - (character == ")")
        if depth == 0 and character in ";{}":
            statement = code[head:k]
            if stack and (statement.strip() or character == "{"):
                stack[-1].begun = True
            if character == "{":
                stack.append(Block(_kind(statement), statement, k + 1))
            elif character == "}":
                stack.pop()
            head = k + 1
        k += 1
    assert not stack, "braces do not match"


def _kind(head: str) -> str:
    words = re.sub(r"ISOBIT_LOOP\(\w+\)", "", head).strip()
    if words.startswith("for "):
        return "loop"
    if re.match(r"(if|else|do|while|switch|namespace)\b", words):
        return "other"
    return "function" if re.search(r"\)\s*(const)?\s*$", words) else "other"


# -- the grammar ------------------------------------------------------------------------------------------------------

_COMPLETE, _PARTS = "complete", ("block", "cyclic")
#: By name: the words that may follow (each a choice), keys that must and may be given, blocks where it may stand.
GRAMMAR: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "INLINE": (("", "off", "recursive"), (), (), ("function",)),
    "UNROLL": (("",), (), ("factor",), ("loop",)),
    "PIPELINE": (("", "rewind"), ("II",), ("style",), ("function", "loop")),
    "DATAFLOW": (("",), (), (), ("function",)),
    "ALLOCATION": (("operation",), ("instances", "limit"), (), ("function",)),
    "ARRAY_PARTITION": ((_COMPLETE, *_PARTS), ("variable",), ("factor", "dim"), ("function", "loop")),
    "ARRAY_RESHAPE": ((_COMPLETE, *_PARTS), ("variable",), ("factor", "dim"), ("function", "loop")),
    "AGGREGATE": (("",), ("variable",), ("compact",), ("function",)),
    "STREAM": (("",), ("variable", "depth"), ("type",), ("function",)),
    "INTERFACE": (("",), ("mode", "port"), (), ("function",)),
}
_CHOICES = {
    "style": ("stp", "flp", "frp"),
    "instances": ("mul", "add", "sub"),
    "mode": ("ap_vld", "ap_none", "axis"),
    "compact": ("bit", "byte", "none", "auto"),
    "type": ("fifo", "pipo", "shared", "unsync"),
}
#: Of one block, at most one of each, and never two of a group.
_ALONE = ("INLINE", "UNROLL", "PIPELINE", "DATAFLOW", "ALLOCATION")
_APART = ({"INLINE", "PIPELINE", "DATAFLOW"}, {"UNROLL", "PIPELINE"}, {"INLINE", "ALLOCATION"})


def complaint(directive: Directive, constants: frozenset[str] = frozenset(), top: str = "") -> str:
    """What is wrong with a directive, empty if nothing is.

    Parameters
    ----------
    directive
        One of :func:`directives`.
    constants
        Arrays of other files that it may name.
    top
        The function that may have ports and DATAFLOW.
    """
    name, *rest = re.sub(r"\s*=\s*", "=", directive.text).split()
    if name not in GRAMMAR:
        return f"no directive is called {name}"
    words, needed, optional, places = GRAMMAR[name]
    options = [part.split("=", 1) for part in rest if "=" in part]
    given = dict(options)
    bare = [part for part in rest if "=" not in part]
    if len(bare) > 1 or (bare[0] if bare else "") not in words:
        return f"{name} takes one of {words}, not {bare}"
    if unknown := set(given) - {*needed, *optional}:
        return f"{name} has no {sorted(unknown)}"
    if missing := set(needed) - set(given):
        return f"{name} needs {sorted(missing)}"
    if len(given) != len(options):
        return f"{name} says something twice"
    if not directive.around or directive.block.kind not in places:
        return f"{name} stands in no {' or '.join(places)}"
    if directive.block.kind == "loop" and name in ("UNROLL", "PIPELINE") and not directive.leads:
        return f"{name} is not at the head of its loop"
    if name == "ALLOCATION" and rest[0] != "operation":
        return "ALLOCATION says first of what"
    return (
        _place(directive, name, bare, top)
        or _layout(name, bare, given)
        or next((told for option in given.items() if (told := _value(*option, directive, constants))), "")
    )


def _place(directive: Directive, name: str, bare: list[str], top: str) -> str:
    others = set(directive.block.names) | {name}
    if name in _ALONE and directive.block.names.count(name) > 1:
        return f"{name} stands twice"
    if clash := next((group for group in _APART if name in group and len(group & others) > 1), None):
        return f"{sorted(clash & others)} contradict each other"
    if name in ("INTERFACE", "DATAFLOW") and not re.search(rf"\b{top or '<none>'}\(", directive.block.head):
        return f"{name} stands outside the top function"
    if bare == ["rewind"] and directive.block.kind != "loop":
        return "rewind is for loops"
    return ""


def _layout(name: str, bare: list[str], given: dict[str, str]) -> str:
    if not name.startswith("ARRAY_"):
        return ""
    if (bare[0] in _PARTS) != ("factor" in given):
        return f"{name} {bare[0]} {'needs a factor' if bare[0] in _PARTS else 'has no factor'}"
    return f"{name} in parts of one" if given.get("factor") == "1" else ""


def _value(key: str, value: str, directive: Directive, constants: frozenset[str]) -> str:
    head = next(block.head for block in reversed(directive.around) if block.kind == "function")
    if key in _CHOICES:
        return "" if value in _CHOICES[key] else f"{key} is one of {_CHOICES[key]}, not {value}"
    if key == "port":
        return "" if re.search(rf"\b{value}(\[\d+\])?\s*[,)]", head) else f"there is no port {value}"
    if key == "variable":
        streams = directive.name == "STREAM"
        declared = re.findall(
            r"\bhls::stream<[\w:]+> (\w+)\(" if streams else r"[\w>] (\w+)\[[^;=]*\];", directive.before
        )
        declared += [] if streams else re.findall(r"(\w+)\[[^\]]*\]", head)
        known = {*declared, *(() if streams else constants)}
        return "" if value in known else f"there is no {'stream' if streams else 'array'} {value}"
    if re.fullmatch(r"\d+", value):
        return "" if int(value) > 0 or key == "dim" else f"{key} is {value}"
    if value == key:
        return f"{key}={value} may be taken for a constant of the tool"
    templates = " ".join(block.head for block in directive.around)
    if re.search(rf"\bconstexpr int {value} =", directive.before) or re.search(rf"\bint {value}\s*[,>=]", templates):
        return ""
    return f"{key} is {value}, which is no number here"


def complaints(text: str, constants: frozenset[str] = frozenset(), top: str = "") -> list[str]:
    """Everything that is wrong with the directives of a text."""
    found = [(directive, complaint(directive, constants, top)) for directive in list(directives(text))]
    return [f"{directive.text}: {told}" for directive, told in found if told]
