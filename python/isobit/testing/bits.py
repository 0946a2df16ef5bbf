"""Assertions on whole networks: two roads give the same bits, or the failure says where, why and for which event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import OverwriteError, ShapeError, UnsupportedError
from isobit.explain.explaining import explain
from isobit.explain.outputs import columns_of, outputs_of
from isobit.network import Network

__all__ = ["assert_bit_exact", "write_tb_data"]

Floats = npt.NDArray[np.float64]
Road = Callable[[list[Floats]], list[Floats]]

#: Differences that a failure shows.
_SHOWN = 5
#: Events of which a failure makes the simplest.
_SHRUNK = 8


def assert_bit_exact(
    model: Network, x: Any, against: Any = "csim", *, engine: str = "auto", tb_data: str | Path | None = None
) -> None:
    """Assert that a network's outputs are, bit for bit, those of another road.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    x
        Events, as for :meth:`isobit.Model.predict`.
    against
        ``csim`` (hls4ml's compiled C-simulation of this model), the name of an engine, a :class:`isobit.CSim`, another
        network, or arrays.
    engine
        The engine of the network's own road.
    tb_data
        Folder into which a failure writes the event, shrunk by hypothesis to a simpler one, as hls4ml's test bench
        reads it.

    Raises
    ------
    AssertionError
        If a bit differs: with the number of events, the first five differences, the inputs, the cause as far as two
        networks are compared, and a simpler event that still differs.
    ShapeError
        If there are no events, or arrays of another shape.
    UnsupportedError
        For what is neither an engine nor a road.
    """
    columns = columns_of(model, x)
    mine: Road = lambda part: _listed(model.predict(_plain(part), engine=engine))  # noqa: E731
    theirs = _road(model, against, columns)
    got, wanted = mine(columns), theirs(columns)
    if [a.shape for a in got] != [a.shape for a in wanted]:
        raise ShapeError(f"outputs have shapes {[a.shape for a in got]} and {[a.shape for a in wanted]}")
    wrong = _differing(got, wanted)
    if not wrong.any():
        return
    lines = [f"{int(wrong.sum())} of {len(wrong)} events differ"]
    for event in np.flatnonzero(wrong)[:_SHOWN]:
        inputs = ", ".join(f"{v:g}" for v in np.concatenate([c[event].ravel() for c in columns])[:16])
        for name, a, b in zip(_names(model), got, wanted, strict=True):
            for at in np.argwhere(a[event] != b[event])[:1]:
                place = tuple(int(i) for i in at)
                numbers = f"{a[event][place]:.12g}, expected {b[event][place]:.12g}"
                lines.append(f"  event {event}, {name}{list(place)}: {numbers}; inputs [{inputs}]")
    if isinstance(against, Network):
        found = explain(model, _plain([c[wrong][:512] for c in columns]), against)
        lines += [f"  cause: {found.causes[0].quantiser}"] if found.causes else []
        lines += [f"  the roads part at {found.first}"] if found.first is not None else []
    if not isinstance(against, (np.ndarray, list, tuple)):
        fails = [c[wrong][:_SHRUNK] for c in columns]
        simple = _shrunk(fails, lambda part: bool(_differing(mine(part), theirs(part)).any()))
        lines.append(f"  simpler: inputs [{', '.join(f'{v:g}' for v in np.concatenate([c.ravel() for c in simple]))}]")
        if tb_data is not None:
            write_tb_data(tb_data, simple, theirs(simple))
            lines.append(f"  written to {tb_data}")
    raise AssertionError("\n".join(lines))


def write_tb_data(folder: str | Path, inputs: list[Floats], outputs: list[Floats]) -> None:
    """Write events as hls4ml's test bench reads them: ``tb_input_features.dat`` and ``tb_output_predictions.dat``.

    One line an event, all inputs one after the other, then the outputs likewise (``write_test_bench`` in
    vivado_writer.py).

    Raises
    ------
    OverwriteError
        If one of the files exists.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, arrays in (("tb_input_features.dat", inputs), ("tb_output_predictions.dat", outputs)):
        if (place / name).exists():
            raise OverwriteError(f"{place / name} exists")
        rows = np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)
        (place / name).write_text("".join(" ".join(map(repr, row)) + "\n" for row in rows.tolist()), encoding="utf-8")


def _road(model: Network, against: Any, columns: list[Floats]) -> Road:
    if isinstance(against, Network):
        return lambda part: outputs_of(against, part)
    if isinstance(against, str):
        if against != "csim":
            return lambda part: _listed(model.predict(_plain(part), engine=against))
        if not hasattr(model, "csim"):
            raise UnsupportedError("a csim needs a model that isobit.load gave")
        against = model.csim()
    if hasattr(against, "predict"):
        return lambda part: _listed(against.predict(_plain(part)))
    arrays = _listed(against)
    if any(len(array) != len(columns[0]) for array in arrays):
        raise ShapeError(f"{[len(array) for array in arrays]} events are expected, {len(columns[0])} were given")
    return lambda part: [a.reshape(len(a), *t.shape) for a, t in zip(arrays, model.graph.output_tensors, strict=True)]


def _plain(columns: list[Floats]) -> Any:
    return columns[0] if len(columns) == 1 else columns


def _listed(values: Any) -> list[Floats]:
    return [np.asarray(v, np.float64) for v in (values if isinstance(values, (list, tuple)) else [values])]


def _names(model: Network) -> list[str]:
    return [tensor.name for tensor in model.graph.output_tensors]


def _differing(got: list[Floats], wanted: list[Floats]) -> npt.NDArray[np.bool_]:
    pairs = zip(got, wanted, strict=True)
    wrong = [(a != b.reshape(a.shape)).reshape(len(a), -1).any(axis=1) for a, b in pairs]
    return np.asarray(np.any(wrong, axis=0), dtype=np.bool_)


def _shrunk(events: list[Floats], differs: Callable[[list[Floats]], bool]) -> list[Floats]:
    """The simplest event that hypothesis finds between zeros and these; the first of them where it is not installed."""
    try:
        from isobit.testing.shrinking import simplest
    except ImportError:
        return [column[:1] for column in events]
    return simplest(events, differs)
