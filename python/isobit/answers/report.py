"""What a comparison with given answers found, as text and as plain Python objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from isobit.pages.paged import Paged

__all__ = ["AnswerReport", "Explained", "FirstDifference", "OutputDifference"]

#: Explanations in the text; the dictionary has all.
_SHOWN = 4


@dataclass(frozen=True)
class OutputDifference:
    """One output.

    Attributes
    ----------
    output, type
        Its name and format.
    differ
        Numbers that differ, of ``values``.
    events
        Events in which one does.
    by_number
        For each number of the output, the events in which it differs.
    over_time
        Events that differ in each of as many equal parts of the file, in order (:attr:`AnswerReport.parts`).
    """

    output: str
    type: str
    differ: int
    values: int
    events: int
    by_number: tuple[int, ...] = ()
    over_time: tuple[int, ...] = ()


@dataclass(frozen=True)
class FirstDifference:
    """The first number that differs, and the cast that gives the network's own.

    Attributes
    ----------
    event, output, index
        Where.
    given, expected
        What the file has, and what the network gives: real numbers.
    given_raw, expected_raw
        Their raw integers; None where the file's number is none of the format.
    layer, type
        The layer whose last cast gives the number, and the format that it casts into.
    before
        What was cast, rounded to the format's LSB, before overflow: a raw integer.
    overflows, rounds
        Whether this cast changed the number by overflow, and by rounding.
    upstream
        Slots of the network that overflow in this event, as ``layer.slot``.
    """

    event: int
    output: str
    index: int
    given: float
    expected: float
    given_raw: int | None
    expected_raw: int
    layer: str
    type: str
    before: int
    overflows: bool
    rounds: bool
    upstream: tuple[str, ...]

    def lines(self) -> list[str]:
        """The difference in words."""
        raws = f"raw {'none' if self.given_raw is None else self.given_raw}, expected {self.expected_raw}"
        does = [word for word, yes in (("rounds", self.rounds), ("overflows", self.overflows)) if yes]
        effect = " and ".join(does) or "changes nothing"
        cast = f"the last cast is {self.layer}.result into {self.type}, which {effect} here"
        lines = [
            f"first difference: event {self.event}, {self.output}[{self.index}] is {self.given:.12g}, expected "
            f"{self.expected:.12g} ({raws})",
            f"  {cast}" + (f": {self.before} before" if self.overflows else ""),
        ]
        if self.upstream:
            lines.append(f"  overflows in this event: {', '.join(self.upstream)}")
        return lines


@dataclass(frozen=True)
class Explained:
    """A single change of the network, or of the vectors, that gives the answers of the file.

    Attributes
    ----------
    kind
        ``events``, ``inputs``, ``scale``, ``rounding``, ``overflow``, ``integer``, ``fraction``, or ``wrapper``: a
        wrapper's step.
    place
        What is changed: ``fc1.accum``; two inputs; ``step[2]``; empty for the order of events.
    words
        The change in words.
    events, of
        Events in which it gives the file's answers, of those on which it was tried.
    """

    kind: str
    place: str
    words: str
    events: int
    of: int

    @property
    def complete(self) -> bool:
        """Whether it gives the file's answers in every event that was tried."""
        return self.events == self.of

    def __str__(self) -> str:
        share = "every one of" if self.complete else f"{self.events} of"
        return f"{self.words}: {share} {self.of} events agree"


@dataclass(frozen=True)
class AnswerReport(Paged):
    """Given answers against the network's.

    Attributes
    ----------
    network
        Its name.
    inputs, answers
        The files.
    events, differ
        Events that were compared, and those that differ.
    outputs
        Each output.
    first
        The first difference; None if there is none.
    explanations
        Changes that explain the differences, the simplest first; incomplete ones only if no change explains all.
    tried
        Changes that were tried.
    notes
        What to know about the files: numbers written to a few digits.
    parts
        First event of each part of the file that ``over_time`` counts in, and the number of events at the end.
    origin
        For the page: versions and what the network is.
    """

    PAGE: ClassVar[str] = "isobit.answers.page"

    network: str
    inputs: str
    answers: str
    events: int
    differ: int
    outputs: tuple[OutputDifference, ...]
    first: FirstDifference | None = None
    explanations: tuple[Explained, ...] = ()
    tried: int = 0
    notes: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every number is the same."""
        return self.differ == 0

    def __str__(self) -> str:
        if self.ok:
            lines = [f"EQUAL: {self.answers} holds what {self.network} gives for {self.inputs}, {self.events:,} events"]
            return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
        lines = [f"DIFFERENT: {self.differ:,} of {self.events:,} events of {self.answers} differ from {self.network}"]
        lines += [
            f"  {one.output} {one.type}: {one.differ:,} of {one.values:,} numbers differ, in {one.events:,} events"
            for one in self.outputs
            if one.differ
        ]
        if self.first is not None:
            lines += self.first.lines()
        whole = [one for one in self.explanations if one.complete]
        if whole:
            lines.append("explained by" if len(whole) == 1 else f"explained by any of these {len(whole)} changes:")
        else:
            lines.append(
                f"none of {self.tried} single changes explains it" + (", closest:" if self.explanations else "")
            )
        lines += [f"  {one}" for one in (whole or self.explanations)[:_SHOWN]]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {name: value for name, value in asdict(self).items() if name != "origin"} | {"ok": self.ok}
