"""The folder of an unfinished run: who may work in it, what the run depends on, and how much is safe on the disk.

``OUT.partial/`` holds the rows written so far and ``journal.json``, which is replaced as a whole, after the rows that
it covers have reached the disk. So whatever kills the process, or the machine, the journal never claims more than is
there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from isobit.errors import OverwriteError, ResumeError
from isobit.files import naming, refuse_overwrite
from isobit.streaming.writers.base import sync_path

__all__ = ["Journal", "Workspace"]

_JOURNAL, _NEXT, _LOCK = "journal.json", "journal.next", "lock"


@dataclass(frozen=True)
class Journal:
    """How far a run is.

    Attributes
    ----------
    pins
        What the run depends on: versions, the model's sha256, data files, options. Only a run with the same may resume.
    events
        So many events, from the first on, are safe.
    moves
        Once all events are safe and the files are whole: file in the folder -> its final name, in this order.
    """

    pins: Mapping[str, Any]
    events: int = 0
    moves: Mapping[str, str] | None = None

    def require_same(self, pins: Mapping[str, Any], folder: Path) -> None:
        """Raise unless the pins are equal.

        Raises
        ------
        ResumeError
            Naming everything that differs.
        """
        if differences := _differences(self.pins, json.loads(json.dumps(pins)), ""):
            raise ResumeError(
                f"{folder} holds an unfinished run that differs from this one: {'; '.join(differences)}. Repeat the "
                "earlier run, or begin again: restart=True, --restart"
            )


def _journal(document: Any) -> Journal:
    """The journal in a document; others may have written it, and files get the names in it.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    journal = Journal(**document)
    if not isinstance(journal.pins, dict) or type(journal.pins.get("chunk")) is not int or journal.pins["chunk"] < 1:
        raise ValueError("it does not say what the run depends on")
    if type(journal.events) is not int or journal.events < 0:
        raise ValueError(f"events is {journal.events!r}")
    if not (journal.moves is None or isinstance(journal.moves, dict)):
        raise ValueError(f"moves is {journal.moves!r}")
    for pair in (journal.moves or {}).items():
        for name in pair:
            if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
                raise ValueError(f"{name!r} is not a file name")
    return journal


def _differences(was: Any, now: Any, where: str) -> list[str]:
    if isinstance(was, dict) and isinstance(now, dict):
        found = []
        for key in dict.fromkeys([*was, *now]):
            found += _differences(was.get(key), now.get(key), f"{where} {key}".strip())
        return found
    return [] if was == now else [f"{where} was {was}, is {now}"]


class Workspace:
    """The folder of an unfinished run, locked while in use; a context manager.

    Raises
    ------
    ResumeError
        If another process works in it, or it is something else than such a folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Workspace:
        if self.folder.exists() and not self.folder.is_dir():
            raise ResumeError(f"{self.folder} is not a folder; unfinished runs are kept there: move it away")
        known = {_JOURNAL, _NEXT, _LOCK}
        if self.folder.is_dir():
            others = sorted(path.name for path in self.folder.iterdir() if path.name not in known)
            if others and not (self.folder / _JOURNAL).exists():
                raise ResumeError(
                    f"{self.folder} holds {others[0]!r} but no journal, so it is not an unfinished run: move it away"
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ResumeError(f"another process is working in {self.folder}") from None
        except OSError:  # a file system without locks: then nothing guards against a second process
            pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder.is_dir() and not (self.folder / _JOURNAL).exists():
            self.remove()  # nothing began
        os.close(self._lock)

    def load(self) -> Journal | None:
        """The journal of an earlier run, if there is one.

        Raises
        ------
        ResumeError
            If it cannot be read.
        """
        path = self.folder / _JOURNAL
        if not path.exists():
            return None
        try:
            return _journal(json.loads(path.read_text()))
        except (ValueError, TypeError, RecursionError) as error:
            raise ResumeError(f"{path} is damaged ({error}); begin again: restart=True, --restart") from None

    def save(self, journal: Journal) -> None:
        """Replace the journal, as a whole; it is on the disk when this returns."""
        following = self.folder / _NEXT
        with naming(self.folder / _JOURNAL):
            with following.open("w") as file:
                json.dump(asdict(journal), file)
                file.flush()
                os.fsync(file.fileno())
            following.replace(self.folder / _JOURNAL)
            sync_path(self.folder)

    def clear(self) -> None:
        """Delete all but the lock, the journal last: until then it is known whose folder it is."""
        names = [path for path in self.folder.iterdir() if path.name not in (_JOURNAL, _LOCK)]
        for path in [*names, self.folder / _JOURNAL]:
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the folder."""
        self.clear()
        (self.folder / _LOCK).unlink(missing_ok=True)
        self.folder.rmdir()

    def places(self, journal: Journal) -> dict[Path, Path]:
        """Each finished file's final name -> where it is now: in this folder, or already under that name."""
        moves = {self.folder.parent / target: self.folder / name for name, target in (journal.moves or {}).items()}
        return {target: source if source.exists() else target for target, source in moves.items()}

    def publish(self, journal: Journal, *, overwrite: bool) -> None:
        """Give the finished files their names, and delete the folder. May be repeated after a kill.

        Raises
        ------
        OverwriteError
            If a file of that name is there that is not this run's; the folder is kept.
        ResumeError
            If a finished file is in neither place.
        """
        for name, target in (journal.moves or {}).items():
            source, place = self.folder / name, self.folder.parent / target
            if source.exists():
                _move(source, place, overwrite)
            elif not place.exists():
                raise ResumeError(f"{source} is gone; begin again: restart=True, --restart")
        sync_path(self.folder.parent)
        self.remove()


def _move(source: Path, place: Path, overwrite: bool) -> None:
    if overwrite:
        source.replace(place)
        return
    try:  # unlike a rename, a link never replaces what appeared there meanwhile
        os.link(source, place, follow_symlinks=False)
    except FileExistsError:
        if not place.samefile(source):  # else a kill came between link and unlink
            raise OverwriteError(
                f"{place} appeared meanwhile and was left alone; the finished run is kept in {source.parent}: move "
                f"{place} away, or replace it with overwrite=True (--overwrite), and run again"
            ) from None
    except OSError:  # a file system without links
        refuse_overwrite(place)
        source.replace(place)
        return
    source.unlink()
