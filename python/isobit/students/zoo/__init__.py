"""The reference networks of the Level-1 trigger: how each is built, and the configuration with which it is converted.

An entry's *golden config* is a JSON file in `students/data/`, with every type written out, so that tests, benchmarks
and the demo use the same firmware when hls4ml's defaults change. With the *auto* config (granularity 'name') hls4ml
infers the types of results and accumulators.

`build` gives an untrained network, `network` one with weights (trained where isobit ships them, otherwise drawn from a
seed so that values spread as in a trained network), and `inputs` events for it.

TensorFlow, QKeras and hls4ml are imported when a network is built or converted, not before.
"""

from __future__ import annotations

import json
from typing import Any, Final

from isobit.errors import MissingDependencyError, RangeError, UnsupportedError
from isobit.students.zoo import anomaly, controls, deployed, few_bits, images, jets, met, muon_mlps, point_sets
from isobit.students.zoo.entry import Floats, ZooEntry
from isobit.students.zoo.muon_mlps import INTEGER, INTEGER_VARIANT, REUSE_FACTOR, WIDTH, MuonEntry
from isobit.students.zoo.sheet import BACKEND, CLOCK_NS, HLS4ML_VERSION, PART
from isobit.students.zoo.weights import data_file, draw_weights, load_weights, save_weights

__all__ = [
    "BACKEND",
    "CLOCK_NS",
    "HLS4ML_VERSION",
    "INTEGER",
    "INTEGER_VARIANT",
    "PART",
    "REUSE_FACTOR",
    "WIDTH",
    "ZOO",
    "MuonEntry",
    "ZooEntry",
    "auto_config",
    "build",
    "data_file",
    "entry",
    "golden_config",
    "inputs",
    "load_student",
    "load_teacher",
    "load_weights",
    "network",
    "save_weights",
    "write_out",
]

ZOO: Final[dict[str, ZooEntry]] = {
    entry.name: entry
    for family in (muon_mlps, jets, few_bits, point_sets, anomaly, images, met, controls, deployed)
    for entry in family.ENTRIES
}


def entry(name: str) -> ZooEntry:
    """The entry called `name`.

    Raises
    ------
    UnsupportedError
        If there is none; the message lists those that exist.
    """
    if name not in ZOO:
        raise UnsupportedError(f"no network {name!r} in the zoo, available: {', '.join(ZOO)}")
    return ZOO[name]


def build(name: str, *, integer: int | None = None) -> Any:
    """A fresh, untrained Keras model of the network called `name`; see `ZooEntry.build`."""
    return entry(name).build(integer=integer)


def network(name: str, *, seed: int = 2026) -> Any:
    """The Keras model called `name`, with weights.

    Parameters
    ----------
    name
        A name in `ZOO`.
    seed
        Of the weights, if isobit ships none. Drawn weights solve no task, but they spread each layer's values over
        its formats as trained ones do: see `isobit.students.zoo.weights.draw_weights`.

    Returns
    -------
    The trained model where isobit ships its weights (mugmt_student), else `build` with drawn weights.
    """
    found = entry(name)
    if data_file(f"{name}.npz").is_file():
        return load_student(name)
    model = found.build()
    draw_weights(model, found, seed)
    return model


def inputs(name: str, n: int, seed: int) -> Floats | list[Floats]:
    """`n` events for the network called `name`, drawn from `seed`; the same arguments give the same events.

    Returns
    -------
    float64, shape (n, *shape of the network's input): toys of what the trigger sees, scaled as the golden config
    expects them, within the range of its input type. For several inputs (l1_met) a list, in the model's order.

    Raises
    ------
    UnsupportedError
        If the zoo has no such network.
    RangeError
        If `n` or `seed` is negative.
    """
    found = entry(name)
    if n < 0:
        raise RangeError(f"number of events is {n}, expected 0 or more")
    if seed < 0:
        raise RangeError(f"seed is {seed}, expected 0 or more")
    return found.sample(n, seed)


def golden_config(name: str, *, integer: int | None = None) -> dict[str, Any]:
    """Arguments of `hls4ml.converters.convert_from_keras_model` for the network called `name`, without the folder.

    Parameters
    ----------
    name
        A name in `ZOO`.
    integer
        For the muon networks: integer bits, sign included, of all 18-bit types. 6 is the golden config as committed,
        ap_fixed<18,6>; 12 is the variant that reads [18,6] as 6 fractional bits, ap_fixed<18,12>. Build or load the
        network with the same number: hls4ml takes the weights' types from the quantisers, whatever the configuration
        says. The other networks have no such variant.

    Returns
    -------
    dict
        backend, part, clock_period (ns), clock_uncertainty, io_type and hls_config, with strategy, reuse factor and
        every type layer by layer; the caller's own copy.

    Raises
    ------
    UnsupportedError
        If the zoo has no such network, or it has no variants.
    RangeError
        If `integer` is not 0 to 18.
    """
    found = entry(name)
    text = data_file(name + ".golden.json").read_text(encoding="utf-8")
    if integer is not None:
        found.check_variant(integer)
        text = text.replace(f"fixed<{WIDTH},{INTEGER}", f"fixed<{WIDTH},{integer}")
    arguments: dict[str, Any] = json.loads(text)["arguments"]
    return arguments


def auto_config(name: str) -> dict[str, Any]:
    """As `golden_config`, but at granularity 'name': hls4ml infers the types of results, accumulators and scales.

    Weights have the types of their quantisers, if they have quantisers; inputs have their golden types.
    """
    found = entry(name)
    try:
        from hls4ml.utils import config_from_keras_model
    except ImportError as error:
        raise MissingDependencyError("this needs hls4ml: pip install 'isobit[hls4ml]'") from error
    arguments = golden_config(name)
    golden = arguments["hls_config"]
    arguments["hls_config"] = config_from_keras_model(
        found.build(),
        granularity="name",
        backend=BACKEND,
        default_precision=golden["Model"]["Precision"]["default"],
        default_reuse_factor=golden["Model"]["ReuseFactor"],
    )
    arguments["hls_config"]["Model"]["Strategy"] = golden["Model"]["Strategy"]
    for layer in found.given:
        precision = arguments["hls_config"]["LayerName"][layer]["Precision"]
        precision["accum"] = golden["LayerName"][layer]["Precision"]["accum"]
    for part in ("inputs", *dict(found.others)):
        kept = golden["LayerName"][part]["Precision"]["result"]
        arguments["hls_config"]["LayerName"][part]["Precision"]["result"] = kept
    return arguments


def write_out(network: ZooEntry) -> dict[str, Any]:
    """The content of a golden config's file, from which `data/` was made: `python -m isobit.students.zoo` writes it."""
    return {"network": network.name, "hls4ml": HLS4ML_VERSION, "arguments": network.sheet().arguments()}


def load_student(name: str, path: Any = None, *, integer: int | None = None) -> Any:
    """The trained Keras model of the network called `name`.

    Parameters
    ----------
    name
        A name in `ZOO`.
    path
        Weights as `save_weights` wrote them (str or PathLike). Default: those shipped with isobit (of mugmt_student,
        mugmt_teacher, mugmt_baseline and dimuon_student; docs/studies says how they were trained).
    integer
        Integer bits of the quantisers, as in `golden_config`. The file holds unquantised weights, trained with 6.

    Raises
    ------
    ModelFileError
        If the file is missing, not a file of weights, or of another network.
    """
    return load_weights(entry(name), path, integer=integer, known=tuple(ZOO))


def load_teacher() -> Any:
    """The trained Keras model of mugmt_teacher, in float.

    `network("mugmt_teacher")` draws its weights: no firmware of this network would hold the trained ones.
    """
    return load_student("mugmt_teacher")
