"""Events made simple by hypothesis: as many zeros and as few bits as still fail."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

__all__ = ["simplest"]

Floats = npt.NDArray[np.float64]

#: Bits of a number that an event may keep; with all of them it is as it was.
_BITS = 24
#: Events that are tried until one fails, and in all.
_EXAMPLES, _TRIES = 100, 600


def simplest(events: list[Floats], fails: Callable[[list[Floats]], bool]) -> list[Floats]:
    """The simplest event that still fails.

    Parameters
    ----------
    events
        Inputs in order, each of shape (events, ...), every one of which fails.
    fails
        Whether an event, inputs of shape (1, ...), fails. It is asked some hundred times at most.

    Returns
    -------
    One event. Each number of one of those given is cut to its leading bits; hypothesis finds how few are enough, and
    prefers the first event, and none at all: zero.
    """
    shapes = [column.shape[1:] for column in events]
    flat = np.concatenate([column.reshape(len(column), -1) for column in events], axis=1)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    known: dict[bytes, bool] = {}

    def columns(event: Floats) -> list[Floats]:
        return [part.reshape(1, *shape) for part, shape in zip(np.split(event, ends), shapes, strict=True)]

    def failing(event: Floats) -> bool:
        key = event.tobytes()
        if key not in known:
            known[key] = len(known) < _TRIES and fails(columns(event))
        return known[key]

    def found(rows: Floats, together: bool) -> Floats | None:
        """The simplest event made of these; ``together``: no number keeps fewer bits than some number of bits."""
        bits = st.integers(0, _BITS)
        each = st.lists(bits, min_size=rows.shape[1], max_size=rows.shape[1])
        drawn = st.tuples(st.integers(0, len(rows) - 1), bits if together else st.just(0), each)
        try:
            return find(drawn.map(lambda cut: _cut(rows[cut[0]], np.maximum(cut[1], cut[2]))), failing, settings=_QUICK)
        except NoSuchExample:
            return None

    event = found(flat, False)
    if event is None:  # many numbers must keep many bits
        event = found(flat, True)
        again = None if event is None else found(event[None], False)
        event = flat[0] if event is None else event if again is None else again
    return columns(event)


#: Nothing is kept between calls, and the same events give the same one.
_QUICK = settings(
    max_examples=_EXAMPLES,
    database=None,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def _cut(event: Floats, bits: npt.NDArray[np.int64]) -> Floats:
    """Numbers with so many leading bits, toward zero; zero with none, the number itself with all."""
    mantissa, exponent = np.frexp(event)
    short = np.ldexp(np.trunc(np.ldexp(mantissa, bits)), exponent - bits)
    return np.asarray(np.where(bits >= _BITS, event, short), dtype=np.float64)
