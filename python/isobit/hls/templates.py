"""Texts in package data: in ``.in`` files ``@{name}`` is replaced, everything else is copied."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["fill", "indented", "template_text"]

_FIELD = re.compile(r"@\{(\w+)\}")


def fill(template: str, **values: object) -> str:
    """The text of a template with every field filled in; a missing or unused value is a KeyError."""
    text = template_text(f"{template}.in")
    unused = set(values) - set(_FIELD.findall(text))
    if unused:
        raise KeyError(f"{template} has no field {', '.join(sorted(unused))}")
    return _FIELD.sub(lambda match: str(values[match[1]]), text)


def template_text(name: str) -> str:
    """The text of a file in ``templates/``, as it is."""
    return (Path(__file__).with_name("templates") / name).read_text(encoding="utf-8")


def indented(lines: list[str], by: int) -> str:
    """Lines as a text, each indented."""
    return "\n".join(" " * by + line for line in lines)
