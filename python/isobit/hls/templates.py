"""Text templates in package data: ``@{name}`` is replaced, everything else stands as it is."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["fill", "indented"]

_FIELD = re.compile(r"@\{(\w+)\}")


def fill(template: str, **values: object) -> str:
    """The text of a template with every field filled in; a missing or unused value is a KeyError."""
    text = (Path(__file__).with_name("templates") / template).read_text(encoding="utf-8")
    unused = set(values) - set(_FIELD.findall(text))
    if unused:
        raise KeyError(f"{template} has no field {', '.join(sorted(unused))}")
    return _FIELD.sub(lambda match: str(values[match[1]]), text)


def indented(lines: list[str], by: int) -> str:
    """Lines as a text, each indented."""
    return "\n".join(" " * by + line for line in lines)
