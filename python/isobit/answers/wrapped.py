"""Compare a network and its described wrapper with the compiled one, through hls4mlEmulator's interface."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from isobit.answers.comparing import compare_given
from isobit.answers.report import AnswerReport
from isobit.answers.steps import StepSearch
from isobit.errors import ModelFileError, RangeError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.libraries.emulator import EmulatorProgram
from isobit.libraries.interface import Interface, Part, read_interface
from isobit.model.ops import Tensor
from isobit.network import Network
from isobit.vectors.reading import Given

__all__ = ["check_wrapper", "telling_events"]

#: Events in which one number alone is not zero, at most.
_ALONE = 512
#: Most numbers of an event that a note shows.
_SHOWN = 64


def check_wrapper(
    model: Network,
    x: Any = None,
    *,
    description: str | os.PathLike[str] | None = None,
    library: str | os.PathLike[str] | None = None,
    events: int = 1000,
    seed: int = 1,
    tries: int = 1000,
    timeout: float | None = 60.0,
) -> AnswerReport:
    """Compare a model with the compiled wrapper of its network, bit by bit. This runs the library's code.

    Parameters
    ----------
    model
        A network with its wrapper (``isobit.load(folder, wrapper=...)``).
    x
        Events as for :meth:`isobit.Model.predict`. None: events in which one number alone is not zero, the ends of the
        formats, and random numbers, large and small.
    description
        The YAML file with the entries ``library`` and ``interface``; by default the wrapper's.
    library
        The shared library, instead of the description's.
    events, seed
        How many random events, and their seed.
    tries
        As for :func:`isobit.compare_answers`: how many changes are tried at most that may explain a difference, after
        those of the constants of the wrapper's steps, which are all tried; 0 for none.
    timeout
        Seconds without an event's end after which the library's process is ended.

    Returns
    -------
    The first event that differs, and the changes that explain every difference: of the kind ``wrapper`` those of a
    step's constants, whose place is the step.

    Raises
    ------
    UnsupportedError
        If the model has no wrapper, and no description is given.
    ModelFileError
        If the interface does not hand over what the wrapper's description says.
    CSimError, CompilerError
        If the library cannot be run.
    """
    if description is not None:
        path = Path(description)
    elif model.wrapper is not None:
        path = model.wrapper.path
    else:
        raise UnsupportedError("the model has no wrapper: load it with wrapper=, or name a description")
    interface = read_interface(path)
    if library is not None:
        interface = replace(interface, library=Path(library))
    _same(path, "input", interface.inputs, model.graph.inputs)
    _same(path, "result", interface.results, model.graph.output_tensors)
    if not interface.library.is_file():
        raise ModelFileError(f"{path}: the library {interface.library} does not exist")
    if x is None:
        given = telling_events(model.graph.inputs, events, seed)
    else:
        quantised, _ = model.quantise(x)
        given = [quantised[tensor.name] for tensor in model.graph.inputs]
    y = _run(interface, given, model.graph.output_tensors, timeout)
    search = None if model.wrapper is None else StepSearch(model.graph, model.wrapper)
    what = f"random events (seed {seed})" if x is None else "the given events"
    inputs = tuple(Given(tensor, array) for tensor, array in zip(model.graph.inputs, given, strict=True))
    report = compare_given(model, inputs, y, (what, interface.library.name), tries=tries, explain=search)
    return report if report.first is None else replace(report, notes=_event(inputs, report.first.event))


def _event(inputs: tuple[Given, ...], event: int) -> tuple[str, ...]:
    """The raw integers of an event, if they are few."""
    rows = [(one.tensor.name, one.values.raw[event].ravel().tolist()) for one in inputs]
    if sum(len(row) for _, row in rows) > _SHOWN:
        return ()
    return (f"raw inputs of event {event}: {', '.join(f'{name} {row}' for name, row in rows)}",)


def _same(path: Path, what: str, parts: Sequence[Part], tensors: Sequence[Tensor]) -> None:
    """Check that an interface hands over some tensors; modes of a type are of no account."""

    def key(kind: Any) -> tuple[Any, ...]:
        return kind.width, kind.integer, kind.signed

    theirs = [(part.size, key(part.type)) for part in parts]
    mine = [(tensor.size, key(tensor.type)) for tensor in tensors]
    if theirs != mine:
        words = [", ".join(f"{one.type}[{one.size}]" for one in some) for some in (parts, tensors)]
        raise ModelFileError(
            f"{path}: interface: {what} is {words[0]}, but the model's {what}s are {words[1]}; expected the same"
        )


def _run(
    interface: Interface, given: list[FixedArray], tensors: Sequence[Tensor], timeout: float | None
) -> tuple[Given, ...]:
    """What the library gives, in the formats of the model's outputs."""
    inputs = [
        FixedArray.from_raw(array.raw.reshape(len(array.raw), -1), part.type)
        for array, part in zip(given, interface.inputs, strict=True)
    ]
    (found,) = EmulatorProgram([interface], timeout=timeout).run([inputs])
    return tuple(
        Given(tensor, FixedArray.from_raw(array.raw.reshape(len(array.raw), -1), tensor.type))
        for tensor, array in zip(tensors, found, strict=True)
    )


def telling_events(tensors: Sequence[Tensor], events: int, seed: int) -> list[FixedArray]:
    """Events that tell one wrong constant from another: raw integers of each input, shape (events, size).

    The first are zero and at both ends of the formats. Then each number alone is at an end, or 1; then come random
    events, every second one of numbers of few bits.

    Parameters
    ----------
    tensors
        The inputs.
    events, seed
        How many random events, and their seed.

    Raises
    ------
    RangeError
        For fewer than one.
    """
    if events < 1:
        raise RangeError(f"events must be at least 1, got {events}")
    rng = np.random.default_rng(seed)
    size = sum(tensor.size for tensor in tensors)
    ends = [tensor.raw_range for tensor in tensors for _ in range(tensor.size)]
    low, high = (np.array([end[k] for end in ends], dtype=object) for k in (0, 1))
    zero = np.array([min(max(0, least), most) for least, most in ends], dtype=object)
    rows = [zero, low, high]
    for place in range(min(size, _ALONE // 3)):
        for value in (low[place], high[place], min(max(1, low[place]), high[place])):
            row = zero.copy()
            row[place] = value
            rows.append(row)
    bits = max(tensor.type.width for tensor in tensors)
    words = -(-bits // 32)
    for number in range(events):
        drawn: Any = sum(rng.integers(0, 1 << 32, size).astype(object) << (32 * k) for k in range(words))
        if number % 2:
            span = 1 << int(rng.integers(1, bits + 1))
            rows.append(np.minimum(np.maximum(drawn % (2 * span + 1) - span, low), high))
        else:
            rows.append(drawn % (high - low + 1) + low)
    raw, found, start = np.array(rows, dtype=object), [], 0
    for tensor in tensors:
        found.append(FixedArray.from_raw(raw[:, start : start + tensor.size], tensor.type))
        start += tensor.size
    return found
