"""The zoo's networks under three configurations and both IO types, compared with hls4ml's C-simulation.

golden       the committed configuration
auto         granularity 'name': hls4ml infers the types of results and accumulators
overflowing  the golden one, with integer bits cut from results and accumulators so that the most layers overflow
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

import isobit as ib
from isobit.errors import CompilerError, CSimError, FormatError, UnsupportedError
from isobit.fixed import FixedType
from isobit.frontends.keras import convert
from isobit.students import zoo

CONFIGS = ("golden", "overflowing", "auto")
IO_TYPES = ("io_parallel", "io_stream")
#: Seed of the events.
SEED = 7
#: Events on which overflows are counted.
COUNTED = 500
#: Bits that are cut at most, unless nothing overflows then.
MOST_BITS = 8
#: Overflows on the counted events that make a layer one that overflows.
ENOUGH = 50
#: Events that are compared at once; tracing them all would take gigabytes.
CHUNK = 1000
#: Events that are compared, in all; fewer where one event takes the C-simulation more than 25,000 products.
EVENTS = 10_000
SLOW_EVENTS = 1000
SLOW = {"mugmt_teacher", "beam_control", "ad_cnn_ae", "top_lstm", "top_gru", "track_gnn"}
#: Modes of the results and accumulators of the overflowing configuration, layer after layer.
MODES = ("TRN,WRAP", "RND,SAT", "TRN,SAT_SYM", "RND_CONV,WRAP", "RND_ZERO,SAT_ZERO")
#: Bits that a cut leaves at least.
LEAST_WIDTH = 4


class NoBits(Exception):
    """A network that has no bits to compare; ``by`` says who refuses it."""

    def __init__(self, by: str, message: str) -> None:
        super().__init__(message)
        self.by = by


def digest(content: Any) -> str:
    """First 16 digits of the SHA-256 of a JSON-able object, or of a list of arrays."""
    arrays = isinstance(content, list) and all(isinstance(part, np.ndarray) for part in content)
    data = b"".join(part.tobytes() for part in content) if arrays else json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:16]


def cut(golden: dict[str, Any], bits: int) -> tuple[dict[str, Any], set[str]]:
    """Arguments with `bits` integer bits less in results and accumulators and with other modes; the layers cut.

    Layers that only move numbers stay as they are, as do recurrent ones, whose input has the type of their results, and
    the sum of a softmax, on which its table depends.
    """
    arguments = copy.deepcopy(golden)
    layers = arguments["hls_config"]["LayerName"]
    computing = [
        name
        for name, layer in layers.items()
        if "ReuseFactor" in layer and "recurrent_weight" not in layer["Precision"]
    ]
    for place, name in enumerate(computing):
        precision = layers[name]["Precision"]
        for slot in ("result",) if "exp_table" in precision else ("result", "accum"):
            if slot in precision:
                kind = FixedType.parse(precision[slot])
                less = min(bits, kind.width - LEAST_WIDTH)
                head = "ap_fixed" if kind.signed else "ap_ufixed"
                precision[slot] = f"{head}<{kind.width - less},{kind.integer - less},{MODES[place % len(MODES)]}>"
    return arguments, set(computing)


@functools.cache
def keras_network(name: str) -> Any:
    """The network with its weights."""
    return zoo.network(name)


def loaded(name: str, arguments: dict[str, Any]) -> ib.Model:
    """The network as a model.

    Raises
    ------
    NoBits
        If hls4ml cannot convert it, or isobit refuses it; then the message says what hls4ml's project does.
    """
    given = dict(arguments)
    config, clock = given.pop("hls_config"), given.pop("clock_period")
    try:
        graph = convert(keras_network(name), config, clock_ns=clock, **given)
    except UnsupportedError as error:
        raise NoBits("hls4ml", first_lines(error)) from error
    try:
        return ib.load(graph)
    except UnsupportedError as error:
        raise NoBits("isobit", f"{first_lines(error)}; {what_hls4ml_does(graph, name)}") from error


def what_hls4ml_does(graph: Any, name: str) -> str:
    """What becomes of a project that isobit refuses to read."""
    try:
        simulation = ib.csim(graph, optimisation="0")
    except (CompilerError, CSimError, UnsupportedError) as error:
        return f"hls4ml's project does not compile: {first_lines(error)}"
    try:
        simulation.predict(zoo.inputs(name, 4, SEED))
    except CSimError as error:
        return f"hls4ml's C-simulation fails: {first_lines(error)}"
    return "hls4ml's project compiles and runs"


def first_lines(error: Exception) -> str:
    """What an error says first, and the first error of a compiler in it."""
    lines = str(error).splitlines() or [type(error).__name__]
    return " ".join(
        [lines[0].partition("; supported:")[0], *[line.strip() for line in lines[1:] if "error:" in line][:1]]
    )[:600]


def overflows(model: ib.Model, name: str) -> dict[str, int]:
    """How often each format is left on the first events; what a quantised activation clips is not counted."""
    found = model.profile(zoo.inputs(name, COUNTED, SEED), threads=1).overflows
    return {f"{one.layer}.{one.slot}": int(one.total.sum()) for one in found if not one.clips}


@functools.cache
def cut_that_overflows(name: str) -> dict[str, Any]:
    """Arguments of the overflowing configuration: the least cut under which the most layers overflow."""
    golden = loaded(name, zoo.golden_config(name))
    found: dict[int, dict[str, Any]] = {}
    for bits in range(1, 16):
        if bits > MOST_BITS and max(found) > 0:
            break
        arguments, layers = cut(zoo.golden_config(name), bits)
        given = arguments["hls_config"]["LayerName"]
        types = {f"{layer}.{slot}": kind for layer in layers for slot, kind in given[layer]["Precision"].items()}
        try:
            model = golden.with_types({slot: kind for slot, kind in types.items() if slot in golden.types})
        except (UnsupportedError, FormatError):  # thresholds have the type of the sums in front of them
            model = loaded(name, arguments)
        counts: Counter[str] = Counter()
        for slot, count in overflows(model, name).items():
            counts[slot.rpartition(".")[0]] += count
        found.setdefault(sum(count >= ENOUGH for count in counts.values()), arguments)
    return found[max(found)]


def arguments_of(name: str, config: str, io_type: str) -> dict[str, Any]:
    """Arguments of hls4ml's converter for one of `CONFIGS`."""
    makers = {"golden": zoo.golden_config, "auto": zoo.auto_config, "overflowing": cut_that_overflows}
    return {**copy.deepcopy(makers[config](name)), "io_type": io_type}


def events_of(name: str) -> int:
    """Events on which a network is compared."""
    return SLOW_EVENTS if name in SLOW else EVENTS


def chunks(name: str, events: int) -> Iterator[Any]:
    """Events of a network, `CHUNK` at once."""
    x = zoo.inputs(name, events, SEED)
    for first in range(0, events, CHUNK):
        part = slice(first, first + CHUNK)
        yield [array[part] for array in x] if isinstance(x, list) else x[part]
