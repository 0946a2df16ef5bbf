"""The networks of the golden records: the zoo, the test generators' draws, and some made by hand.

A record keeps each as a model file, and `compare` loads that: it needs neither TensorFlow nor the generators. Only the
part `model` makes them anew, to hold the front end and the model files to the record.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Networks of each generator.
SETS, TABLES, STRATEGIES, MIXED, HYPOTHESIS = 22, 22, 10, 20, 8
#: Networks of `tests/engines/lane_networks.py` for each lane.
_LANES = {
    "float32": 1,
    "float64": 3,
    "int32": 1,
    "int64": 1,
    "dot16": 3,
    "dot16-split": 2,
    "floor32": 3,
    "mulhi16": 3,
    "sequential float32": 3,
    "sequential float64": 2,
    "sequential int64": 2,
    "wide": 2,
}
#: Networks whose export is recorded, and how numbers go in and out of it.
EXPORTS = (
    ("hand/binary", "io_parallel"),
    ("hand/saturating", "io_parallel"),
    ("hand/saturating", "io_stream"),
    ("hand/wide", "io_parallel"),
    ("hand/sets", "io_parallel"),
    ("hand/sets", "io_stream"),
    ("hand/tables", "io_parallel"),
    ("hand/tables", "io_stream"),
    ("hand/packets", "io_stream"),
    ("zoo/mugmt_student", "io_parallel"),
    ("zoo/mugmt_student", "io_stream"),
    ("zoo/jet_mlp", "io_parallel"),
    ("zoo/jet_deepsets", "io_stream"),
    ("zoo/btag_conv1d", "io_parallel"),
    ("zoo/ad_dnn_vae", "io_parallel"),
    ("mixed/1", "io_parallel"),
)


@dataclass(frozen=True)
class Source:
    """A network by name.

    Attributes
    ----------
    name
        `family/number`.
    make
        Makes the model; raises UnsupportedError for what isobit does not support.
    anew
        Whether making it again gives the same (hypothesis takes constants of the sources into its draws).
    """

    name: str
    make: Callable[[], Any]
    anew: bool = True


def sources() -> list[Source]:
    """Every network, in the order of the record."""
    return [*_zoo(), *_generated(), *_lanes(), *_by_hand(), *_by_hypothesis()]


def _test_module(folder: str, name: str) -> Any:
    place = str(ROOT / "tests" / folder)
    if place not in sys.path:
        sys.path.append(place)
    return importlib.import_module(name)


def _model(graph: Any) -> Any:
    import isobit

    return graph if isinstance(graph, isobit.Model) else isobit.Model(graph)


# -- families ----------------------------------------------------------------------------------------------------------


def _zoo() -> list[Source]:
    from isobit.students import zoo

    def make(name: str) -> Any:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import isobit
        from isobit.students.zoo.entry import keras_package

        keras_package().backend.clear_session()  # Keras numbers the layers without a name
        arguments = zoo.golden_config(name)
        options = {key: arguments[key] for key in ("hls_config", "backend", "part", "io_type")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return isobit.load(zoo.network(name), **options)

    return [Source(f"zoo/{name}", partial(make, name)) for name in zoo.ZOO]


def zoo_events(name: str, events: int) -> Any:
    """Events of a network of the zoo, floats."""
    from isobit.students import zoo

    return zoo.inputs(name.partition("/")[2], events, seed=1101)


def _generated() -> list[Source]:
    draws: dict[str, tuple[int, Callable[[int], Any]]] = {
        "sets": (SETS, lambda seed: _test_module("sets", "set_graphs").draw(seed)[0]),
        "tables": (TABLES, lambda seed: _test_module("tables", "table_draws").a_graph(seed)),
        "strategies": (STRATEGIES, lambda seed: _test_module("kernels", "dense_draws").draw_layer(seed)[0]),
        "mixed": (MIXED, _mixed),
    }

    def make(draw: Callable[[int], Any], seed: int) -> Any:
        return _model(draw(seed))

    return [
        Source(f"{family}/{seed}", partial(make, draw, seed))
        for family, (count, draw) in draws.items()
        for seed in range(count)
    ]


def _mixed(seed: int) -> Any:
    _test_module("sets", "set_graphs")
    return importlib.import_module("recording.mixed").draw(seed)


def _lanes() -> list[Source]:
    def make(lane: str, number: int) -> Any:
        return _test_module("engines", "lane_networks").NETWORKS[lane][number]

    return [
        Source(f"lanes/{lane.replace(' ', '_')}_{number}", partial(make, lane, number))
        for lane, count in _LANES.items()
        for number in range(count)
    ]


def _by_hand() -> list[Source]:
    places = {
        "saturating": ("hls", "hls_networks"),
        "binary": ("hls", "hls_networks"),
        "wide": ("hls", "hls_networks"),
        "sets": ("hls", "hls_tables_sets"),
        "tables": ("hls", "hls_tables_sets"),
        "packets": ("hls", "hls_packets"),
        "every_op": ("api", "graphs"),
    }

    def make(name: str) -> Any:
        return _model(getattr(_test_module(*places[name]), name)())

    return [Source(f"hand/{name}", partial(make, name)) for name in places]


def _by_hypothesis() -> list[Source]:
    def make(family: str, number: int) -> Any:
        if not drawn[family]:
            from isobit.testing import fixed_types, models

            drawing = _test_module("analysis", "drawing")
            few, many = fixed_types(max_width=14, min_fraction=-4, max_fraction=16), drawing.WIDE
            strategy = {
                "models": lambda: models(max_layers=6, max_size=6, types=few),
                "graphs": lambda: drawing.graphs(max_layers=5, max_size=4),
                "wide": lambda: drawing.graphs(max_layers=3, max_size=3, kinds=many),
            }[family]()
            largest = sorted(_draws(strategy, 80), key=lambda model: -len(model.layers))
            binary = [model for model in largest[HYPOTHESIS:] if model.graph.inputs[0].xnor][:2]
            drawn[family] = largest[: HYPOTHESIS - len(binary)] + binary
        return drawn[family][number]

    drawn: dict[str, list[Any]] = {"models": [], "graphs": [], "wide": []}
    return [
        Source(f"{family}/{number}", partial(make, family, number), anew=False)
        for family in drawn
        for number in range(HYPOTHESIS)
    ]


def _draws(strategy: Any, count: int) -> list[Any]:
    import hypothesis

    found = []

    @hypothesis.seed(1101)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def keep(graph: Any) -> None:
        found.append(_model(graph))

    keep()
    return found


# -- coverage ----------------------------------------------------------------------------------------------------------


def traits(document: Mapping[str, Any]) -> set[str]:
    """What a model file's graph has: ops, functions, orders, strategies, modes, several positions."""
    found = set()
    shapes = {tensor["name"]: tensor["shape"] for tensor in document["inputs"]}
    for op in document["ops"]:
        tag, shape = op["op"], shapes[op["inputs"][0]]
        shapes[op["output"]["name"]] = op["output"]["shape"]
        found.add(f"op {tag}")
        if prod(shape[:-1]) > 1:
            found.add(f"{tag} at several positions")
        for key in ("function", "implementation", "order", "strategy"):
            if key in op:
                found.add(f"{tag} {key} {op[key]}")
        for value in op.values():
            if isinstance(value, dict) and "encoding" in value:
                found.add(f"encoding {value['encoding']}")
            for text in (value.get("type") if isinstance(value, dict) else value,):
                found |= _modes(text)
    if any(tensor["xnor"] for tensor in document["inputs"]):
        found.add("xnor input")
    return found


def _modes(text: Any) -> set[str]:
    from isobit import FixedType

    if not isinstance(text, str) or not text.startswith(("ap_fixed<", "ap_ufixed<")):
        return set()
    kind = FixedType.parse(text)
    width = "wider than 64 bits" if kind.width > 64 else "up to 64 bits"
    bits = {"WRAP with saturation bits"} if kind.saturation_bits else set()
    return {f"overflow {kind.overflow.name}", f"rounding {kind.rounding.name}", width} | bits


def wanted() -> set[str]:
    """What must be among the networks of a record."""
    from isobit import Overflow, Rounding
    from isobit.model import Activation, Dense, Encoding, Softmax, TableActivation
    from isobit.model.ops import OPS

    tags = OPS.keys() - {"foreign", "argmax", "sum", "take"}  # which no network has that is drawn
    found = {f"op {tag}" for tag in tags}
    found |= {f"{tag} at several positions" for tag in tags if tag != "dense"}
    found |= {f"overflow {mode.name}" for mode in Overflow} | {f"rounding {mode.name}" for mode in Rounding}
    found |= {f"encoding {encoding.value}" for encoding in Encoding}
    found |= {f"dense strategy {name}" for name in Dense.STRATEGIES}
    found |= {f"pointwise_conv strategy {name}" for name in ("latency", "resource", "resource_unrolled")}
    found |= {f"activation function {name}" for name in Activation.FUNCTIONS}
    found |= {f"table_activation function {name}" for name in TableActivation.FUNCTIONS}
    found |= {f"softmax implementation {name}" for name in Softmax.IMPLEMENTATIONS}
    found |= {f"pooling order {name}" for name in ("parallel", "stream", "tree")}
    found |= {f"pooling function {name}" for name in ("max", "average")}
    return found | {"wider than 64 bits", "WRAP with saturation bits", "xnor input"}


def covered(documents: Iterable[Mapping[str, Any]]) -> tuple[Counter[str], list[str]]:
    """How many networks have each trait, and the traits that none has."""
    counts = Counter(trait for document in documents for trait in traits(document))
    return counts, sorted(wanted() - counts.keys())
