"""One configuration: what it changes of a network, and the network that has the changes, retyped or converted anew."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from isobit.errors import UnsupportedError
from isobit.lint.rules import fragment_of
from isobit.model.graph import Graph
from isobit.model.requested import linear_layers, reuse_factors
from isobit.network import Network

__all__ = [
    "CONVERSION",
    "CONVERSIONS",
    "ENTRIES",
    "REUSE",
    "configuration_of",
    "divided",
    "is_reconverted",
    "reconverted",
    "retyped",
]

#: Names of what a configuration changes beside formats: ``layer.slot entries``, ``layer reuse_factor``, ``conversion``.
ENTRIES, REUSE, CONVERSION = " entries", " reuse_factor", "conversion"
#: How a configuration becomes a network: formats set exactly, or hls4ml's conversion again, which infers 'auto' anew.
CONVERSIONS = ("retyped", "reconverted")


_UNKNOWN = "reconversion needs a model that was loaded from Keras or from an hls4ml ModelGraph"


def divided(changes: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Formats by ``layer.slot``, and everything else."""
    types = {key: value for key, value in changes.items() if " " not in key and key != CONVERSION}
    return types, {key: value for key, value in changes.items() if key not in types}


def is_reconverted(changes: Mapping[str, str]) -> bool:
    """Whether hls4ml is to convert the network again."""
    return changes.get(CONVERSION) == CONVERSIONS[1]


def retyped(graph: Graph, changes: Mapping[str, str]) -> Graph:
    """The network with exactly these changes.

    Raises
    ------
    FormatError, UnsupportedError
        For what the network does not have, such as a reuse factor that is not legal.
    """
    types, others = divided(changes)
    entries = {key.removesuffix(ENTRIES): int(value) for key, value in others.items() if key.endswith(ENTRIES)}
    reuse = {key.removesuffix(REUSE): int(value) for key, value in others.items() if key.endswith(REUSE)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constants that narrow formats change are what a sweep is about
        graph = graph.with_types(types)
    ops = []
    for op in graph.ops:
        mine = {slot: count for slot in op.resizable if (count := entries.get(f"{op.name}.{slot}")) is not None}
        changed = op.with_entries(mine) if mine else op
        factor: dict[str, Any] = {"reuse_factor": reuse[op.name]} if op.name in reuse and op.multiplication else {}
        ops.append(replace(changed, **factor) if factor else changed)
    facts = {f"{layer}.reuse_factor": str(factor) for layer, factor in reuse.items()}
    return replace(graph, ops=tuple(ops), metadata={**graph.metadata, **facts})


def reconverted(model: Network, changes: Mapping[str, str]) -> tuple[Graph, dict[str, str]]:
    """The network that hls4ml makes of the changed configuration, and what it has otherwise than asked for.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it from Keras or from a ``ModelGraph``.
    changes
        What is set; the rest of the configuration stays, and formats that are 'auto' there are inferred anew.

    Returns
    -------
    The network; and formats, entries and reuse factors that are neither the model's nor those that were asked for.

    Raises
    ------
    UnsupportedError
        If the Keras model is not known, or hls4ml refuses the configuration.
    """
    convert = getattr(model, "reconvert", None)
    config = configuration_of(model, changes)
    if convert is None:
        raise UnsupportedError(_UNKNOWN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph: Graph = convert(config).graph
    wanted = dict(_facts(model.graph)) | {key: value for key, value in changes.items() if key != CONVERSION}
    return graph, {key: value for key, value in _facts(graph) if wanted.get(key) != value}


def _facts(graph: Graph) -> Iterator[tuple[str, str]]:
    """Formats, entries of tables and reuse factors, as changes name them."""
    yield from ((key, str(kind)) for key, kind in graph.types().items())
    for op in graph.ops:
        yield from ((f"{op.name}.{slot}{ENTRIES}", str(count)) for slot, (count, _) in op.resizable.items())
    yield from ((f"{factor.layer}{REUSE}", str(factor.reuse_factor)) for factor in reuse_factors(graph))


def configuration_of(model: Network, changes: Mapping[str, str]) -> dict[str, Any]:
    """hls4ml's configuration of a network, with changes; for :meth:`isobit.Model.reconvert`.

    Raises
    ------
    UnsupportedError
        If the network did not come from hls4ml in this session.
    """
    if model.source is None:
        raise UnsupportedError(_UNKNOWN)
    config: dict[str, Any] = copy.deepcopy(model.source.config.config["HLSConfig"])
    types, others = divided(changes)
    entries = {key.removesuffix(ENTRIES): int(value) for key, value in others.items() if key.endswith(ENTRIES)}
    layers = config.setdefault("LayerName", {})
    for layer, entry in fragment_of(types, entries, linear_layers(model.graph)).get("LayerName", {}).items():
        known = layers.setdefault(layer, {})
        before = known.get("Precision") or {}
        precision = {**(before if isinstance(before, Mapping) else {"default": before}), **entry.pop("Precision", {})}
        known |= {**entry, **({"Precision": precision} if precision else {})}
    for key, value in others.items():
        if key.endswith(REUSE):
            layers.setdefault(key.removesuffix(REUSE), {})["ReuseFactor"] = int(value)
    return config
