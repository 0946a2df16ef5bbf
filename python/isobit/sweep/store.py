"""The points of a sweep in one SQLite file: written as they are found, read by later runs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from isobit._version import __version__
from isobit.errors import DataFileError, ResumeError
from isobit.sweep.configuration import divided

__all__ = ["Record", "Store", "identity"]

_FORMAT = 2


@dataclass(frozen=True)
class Record:
    """One configuration.

    Attributes
    ----------
    point
        Values by dimension.
    types
        Formats that it changes, by ``layer.slot``.
    metrics
        Figures by name; empty for a configuration that does not exist.
    refused
        Why it does not exist; empty for those that do.
    settings
        What else it changes: entries of tables, reuse factors, and whether hls4ml converted it again.
    inferred
        After a conversion: what the network has that is neither the model's nor what was asked for, such as formats
        that were inferred anew.
    """

    point: dict[str, Any]
    types: dict[str, str]
    metrics: dict[str, float]
    refused: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    inferred: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> dict[str, str]:
        """Formats and settings."""
        return {**self.types, **self.settings}


def identity(*parts: Any) -> str:
    """Hash of what figures depend on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode())
        digest.update(b"\0")
    return digest.hexdigest()


class Store:
    """A sweep's file.

    Parameters
    ----------
    path
        SQLite file; None keeps the points in memory.
    subject
        :func:`identity` of the network, the events, the reference and the metrics; a file of another one is refused.

    Raises
    ------
    ResumeError
        If the file belongs to another network, other events, reference or metrics.
    DataFileError
        If it is no file of a sweep.
    """

    def __init__(self, path: Path | None, subject: str) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(":memory:" if path is None else path, timeout=60)
            self._connection.execute("CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT)")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS points "
                "(changes TEXT PRIMARY KEY, point TEXT, metrics TEXT, refused TEXT, inferred TEXT)"
            )
            known = dict(self._connection.execute("SELECT key, value FROM about"))
        except sqlite3.DatabaseError as error:
            raise DataFileError(f"{path} is no store of a sweep: {error}") from error
        if not known:
            rows = {"format": str(_FORMAT), "subject": subject, "isobit": __version__}
            self._connection.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
            self._connection.commit()
        elif known.get("format") != str(_FORMAT) or known.get("subject") != subject:
            self._connection.close()
            raise ResumeError(
                f"{path} holds a sweep of another network, other events, another reference or other metrics; give "
                "another store"
            )

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, records: list[Record]) -> None:
        """Keep records, all or none of them."""
        rows = [
            (
                _key(one.changes),
                json.dumps(one.point, sort_keys=True),
                json.dumps(one.metrics, sort_keys=True),
                one.refused,
                json.dumps(one.inferred, sort_keys=True),
            )
            for one in records
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?)", rows)

    def find(self, changes: Mapping[str, str]) -> Record | None:
        """The record of a configuration."""
        row = self._connection.execute(f"{_SELECT} WHERE changes = ?", (_key(changes),)).fetchone()
        return None if row is None else _record(*row)

    def __iter__(self) -> Iterator[Record]:
        rows = self._connection.execute(f"{_SELECT} ORDER BY changes").fetchall()
        yield from (_record(*row) for row in rows)


_SELECT = "SELECT changes, point, metrics, refused, inferred FROM points"


def _key(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def _record(changes: str, point: str, metrics: str, refused: str, inferred: str) -> Record:
    types, settings = divided(json.loads(changes))
    return Record(json.loads(point), types, json.loads(metrics), refused, settings, json.loads(inferred))
