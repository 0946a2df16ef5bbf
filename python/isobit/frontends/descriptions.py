"""Descriptions in YAML: read as plain data, with every unknown, missing or wrong entry named by file and place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from isobit.errors import MissingDependencyError, ModelFileError
from isobit.frontends.identify import refuse_missing
from isobit.suggest import did_you_mean

__all__ = ["Entries", "read_mapping"]

#: Largest description that is read, in bytes.
_MOST_BYTES = 1 << 20


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top is a mapping; no entry may be there twice, and no tag makes an object.

    Raises
    ------
    MissingDependencyError
        If PyYAML is not installed.
    ModelFileError
        If the file is missing or is no such mapping.
    """
    try:
        import yaml
    except ImportError as error:
        raise MissingDependencyError(f"reading {path} needs PyYAML: pip install 'isobit[elf]' ({error})") from None
    refuse_missing(path)
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        raise ModelFileError(f"{path} is no description; expected a YAML file of at most {_MOST_BYTES} bytes")

    class Loader(yaml.SafeLoader):
        """SafeLoader that refuses an entry that is there twice, and aliases, which may unpack to gigabytes."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases (*name) are not allowed")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value]
            if twice := [key for key in keys if keys.count(key) > 1]:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {twice[0]!r} is there twice")
            return super().construct_mapping(node, deep)

    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError, RecursionError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise ModelFileError(f"{path} is not readable YAML: {told}") from None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise ModelFileError(f"{path} is no description; expected a YAML mapping")
    return document


class Entries:
    """The entries of one mapping of a description.

    Parameters
    ----------
    path
        The file.
    place
        Where in it: ``interface``, ``before[2]``; empty at the top.
    values
        The mapping.
    """

    def __init__(self, path: Path, place: str, values: Mapping[str, Any]) -> None:
        self.path, self.place, self.values = path, place, values

    def wrong(self, words: str) -> ModelFileError:
        """The error that says so, with file and place."""
        return ModelFileError(f"{self.path}: {self.place + ': ' if self.place else ''}{words}")

    def only(self, *known: str) -> None:
        """Check that no other entries are there.

        Raises
        ------
        ModelFileError
            Naming the first, and the nearest that is known.
        """
        for key in self.values:
            if key not in known:
                raise self.wrong(f"unknown entry {key!r}{did_you_mean(str(key), known)}; known: {', '.join(known)}")

    def has(self, key: str) -> bool:
        """Whether an entry is there."""
        return key in self.values

    def _get(self, key: str) -> Any:
        if key not in self.values:
            raise self.wrong(f"the entry {key!r} is missing")
        return self.values[key]

    def text(self, key: str) -> str:
        """An entry that is a text."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"{key} is {value!r:.80}; expected a text")
        return value.strip()

    def whole(self, key: str, default: int | None = None, least: int = 0, most: int = 1 << 30) -> int:
        """An entry that is a whole number within a range."""
        value = self.values.get(key, default) if default is not None else self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(f"{key} is {value!r:.80}; expected a whole number from {least} to {most}")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """An entry that is one of some words."""
        value = self.values.get(key, default) if default is not None else self._get(key)
        if not isinstance(value, str) or value not in allowed:
            raise self.wrong(
                f"{key} is {value!r:.80}{did_you_mean(str(value), allowed)}; allowed: {', '.join(allowed)}"
            )
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        """An entry that is a mapping."""
        value = self._get(key)
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.wrong(f"{key} is {value!r:.80}; expected a mapping")
        return value

    def mappings(self, key: str) -> list[Entries]:
        """An entry that is a list of mappings; none if it is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(f"{key} is {value!r:.80}; expected a list of mappings")
        place = f"{self.place}.{key}" if self.place else key
        return [Entries(self.path, f"{place}[{number}]", one) for number, one in enumerate(value)]
