"""The firmware's outputs against the Keras model's, over all events: how far apart, and whether they decide alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from isobit.check.gaps import reals
from isobit.errors import ShapeError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["FloatDifference", "KerasOutputs"]

#: Events that Keras takes at a time.
_BATCH = 8192


@dataclass(frozen=True)
class FloatDifference:
    """Firmware against the Keras model's float output; a difference, not a failure.

    Attributes
    ----------
    output
        Output name.
    largest, rms
        Largest and root-mean-square difference, in units of one.
    lsb
        LSB of the output's format, for comparison.
    spread
        Standard deviation of the Keras model's output, over all events and neurons.
    events
        Events compared.
    decision
        What ``agree`` counts: ``argmax`` for several outputs, ``above 0.5`` for one that is a probability, else empty.
    agree
        Events in which both decide alike.
    classifies
        Whether the output is made for that decision: probabilities that sum to one, or a single one.
    """

    output: str
    largest: float
    rms: float
    lsb: float
    spread: float = 0.0
    events: int = 0
    decision: str = ""
    agree: int = 0
    classifies: bool = False

    @property
    def relative(self) -> float:
        """The rms in units of the spread; infinite for a constant output of Keras'."""
        return self.rms / self.spread if self.spread else (float("inf") if self.rms else 0.0)

    @property
    def agreement(self) -> float | None:
        """Share of events in which both decide alike; None where nothing is decided."""
        return self.agree / self.events if self.decision and self.events else None

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return {**asdict(self), "agreement": self.agreement}


@dataclass
class _Sums:
    """What is summed up for one output."""

    largest: float = 0.0
    squares: float = 0.0
    total: float = 0.0
    total_squares: float = 0.0
    argmax: int = 0
    above: int = 0
    normalised: bool = True
    probabilities: bool = True


class KerasOutputs:
    """Accumulates the differences to a Keras model's outputs over blocks of events.

    Parameters
    ----------
    graph
        The network.
    keras_model
        The float model.
    """

    def __init__(self, graph: Graph, keras_model: Any) -> None:
        self.graph = graph
        self.keras_model = keras_model
        self.events = 0
        self._sums = [_Sums() for _ in graph.outputs]

    def update(self, floats: Mapping[str, Any], values: Mapping[str, FixedArray]) -> Any:
        """Take one block.

        Parameters
        ----------
        floats
            The inputs by name: float64, shape (events, size).
        values
            The firmware's tensors for them, by name; the outputs at least.

        Returns
        -------
        The largest difference of each event, shape (events,).

        Raises
        ------
        ShapeError
            If the Keras model has another number of outputs.
        """
        given = [floats[tensor.name].reshape(-1, *tensor.shape) for tensor in self.graph.inputs]
        truth = self._predict(given)
        if len(truth) != len(self.graph.outputs):
            raise ShapeError(f"the Keras model has {len(truth)} outputs, the firmware {len(self.graph.outputs)}")
        by_event = []
        for tensor, found, sums in zip(self.graph.output_tensors, truth, self._sums, strict=True):
            mine = reals(values[tensor.name], tensor)
            keras = np.asarray(found, dtype=np.float64).reshape(mine.shape)
            gap = np.abs(keras - mine)
            sums.largest = max(sums.largest, float(gap.max()))
            sums.squares += float((gap**2).sum())
            sums.total += float(keras.sum())
            sums.total_squares += float((keras**2).sum())
            sums.argmax += int(np.count_nonzero(keras.argmax(axis=1) == mine.argmax(axis=1)))
            sums.above += int(np.count_nonzero(((keras > 0.5) == (mine > 0.5)).all(axis=1)))
            sums.probabilities &= bool((keras >= 0).all() and (keras <= 1).all())
            sums.normalised &= bool(np.allclose(keras.sum(axis=1), 1, atol=1e-3))
            by_event.append(gap.max(axis=1))
        self.events += len(given[0])
        return np.max(by_event, axis=0)

    def _predict(self, given: list[Any]) -> list[Any]:
        """What ``keras_model.predict`` gives, without its making a data set of every block."""
        parts = []
        for start in range(0, len(given[0]), _BATCH):
            batch = [array[start : start + _BATCH] for array in given]
            found = self.keras_model.predict_on_batch(batch[0] if len(batch) == 1 else batch)
            parts.append(found if isinstance(found, list) else [found])
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]

    def result(self) -> tuple[FloatDifference, ...]:
        """The differences of all blocks, one for each output."""
        return tuple(
            self._difference(tensor.name, tensor.size, float(tensor.type.lsb), sums)
            for tensor, sums in zip(self.graph.output_tensors, self._sums, strict=True)
        )

    def _difference(self, name: str, size: int, lsb: float, sums: _Sums) -> FloatDifference:
        count = self.events * size
        mean = sums.total / count
        spread = float(np.sqrt(max(0.0, sums.total_squares / count - mean**2)))
        decision, agree = ("argmax", sums.argmax) if size > 1 else ("", 0)
        if size == 1 and sums.probabilities:
            decision, agree = "above 0.5", sums.above
        classifies = sums.probabilities and (size == 1 or sums.normalised)
        rms = float(np.sqrt(sums.squares / count))
        return FloatDifference(name, sums.largest, rms, lsb, spread, self.events, decision, agree, classifies)
