"""A page as data: a verdict, facts, sections of text, tables, fragments to paste and pictures, and where it is from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from isobit.pages.figures import Figure

#: Words that YAML takes for something else than a text.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))

__all__ = ["Fragment", "Lines", "Page", "Part", "Section", "Table", "Value", "config_fragment"]


@dataclass(frozen=True)
class Value:
    """A cell of a table that is more than its text.

    Attributes
    ----------
    text
        What is shown.
    number
        What it is sorted by; None for the text.
    code
        Whether it is shown as code, such as a format.
    paste
        Something to copy, behind a button; empty for nothing.
    """

    text: str
    number: float | None = None
    code: bool = False
    paste: str = ""


@dataclass(frozen=True)
class Table:
    """Rows that a reader may sort and filter.

    Attributes
    ----------
    caption
        What they are.
    header
        Names of the columns.
    rows
        Cells: texts, numbers, None for nothing, or :class:`Value`.
    marks
        For each row ``bad``, ``warn``, ``good`` or nothing; none for none of them.
    keys
        For each row what points of charts stand for it; none for none of them.
    """

    kind: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    marks: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lines:
    """Lines of text: one as a paragraph, several as a list."""

    kind: ClassVar[str] = "lines"
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Fragment:
    """Something to copy: what it is, and its text."""

    kind: ClassVar[str] = "fragment"
    label: str
    text: str


Part = Table | Lines | Fragment | Figure


@dataclass(frozen=True)
class Section:
    """A heading and what is below it.

    Attributes
    ----------
    title
        The heading.
    parts
        What is below it, in order.
    folded
        Whether a reader has to open it.
    """

    title: str
    parts: tuple[Part, ...]
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """What a command found.

    Attributes
    ----------
    command
        Its name, such as ``check``.
    subject
        What it is about: the network's name.
    verdict
        The result in one sentence.
    state
        ``good``, ``warn``, ``bad``, or nothing.
    facts
        A few figures: what and how much.
    sections
        Where, why, how much, what to do; details last. Those without parts are left out.
    origin
        Where it is from: what and which.
    """

    command: str
    subject: str
    verdict: str
    state: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    origin: tuple[tuple[str, str], ...] = field(default=())

    @property
    def shown(self) -> tuple[Section, ...]:
        """Sections that have parts."""
        return tuple(section for section in self.sections if section.parts)

    def figures(self) -> Iterator[Figure]:
        """Every picture, in order."""
        return (part for section in self.shown for part in section.parts if isinstance(part, Figure))

    def from_(self, rows: Mapping[str, str]) -> Page:
        """Copy that says more about where it is from."""
        return replace(self, origin=(*self.origin, *rows.items()))


def config_fragment(config: Mapping[str, Any], label: str = "hls4ml configuration") -> tuple[Fragment, ...]:
    """A part of an hls4ml configuration to paste, as YAML; nothing for an empty one."""
    return (Fragment(label, "\n".join(_yaml(config, 0))),) if config else ()


def _yaml(config: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Mappings of scalars as YAML, which needs no package; texts are quoted as in JSON, which YAML contains."""
    for key, value in config.items():
        plain = re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) and key.lower() not in _WORDS
        name = key if plain else json.dumps(key, ensure_ascii=False)
        if isinstance(value, Mapping):
            yield f"{'  ' * depth}{name}:"
            yield from _yaml(value, depth + 1)
        else:
            yield f"{'  ' * depth}{name}: {json.dumps(value, ensure_ascii=False)}"
