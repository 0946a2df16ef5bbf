"""Entries of an hls4ml configuration that have no effect, found by comparing it with the resulting graph.

hls4ml reads the entries that it knows and says nothing about the rest. Entries that differ from the configuration that
hls4ml generates for the model count as requests; a request had an effect if the graph fulfils it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isobit.frontends.configuration import layers as of_layers
from isobit.frontends.configuration import wide
from isobit.frontends.configuration.remark import Remark
from isobit.frontends.configuration.vocabulary import GROUPS, NEVER_APPLIED, entries
from isobit.frontends.original import original_layers
from isobit.frontends.quiet import quiet
from isobit.suggest import did_you_mean

__all__ = ["remarks_on"]


def remarks_on(model: Any, asked: Mapping[str, Any] | None = None) -> tuple[Remark, ...]:
    """Remarks on a configuration.

    Parameters
    ----------
    model
        The ``ModelGraph`` that it led to.
    asked
        The ``HLSConfig`` part as the user gave it; None takes the graph's copy, from which hls4ml has removed groups
        that it does not know.

    Returns
    -------
    In the order of the configuration; empty if everything has the effect that it states.
    """
    config = entries(model.config.config.get("HLSConfig")) if asked is None else asked
    return tuple(_remarks(model, config, read_back=asked is None))


def _remarks(model: Any, config: Mapping[str, Any], read_back: bool) -> Iterator[Remark]:
    for group in config:
        if group in NEVER_APPLIED:
            yield Remark(str(group), "", "hls4ml reads this list but does not apply it")
        elif group not in GROUPS:
            yield Remark(str(group), "", f"hls4ml knows no such group{did_you_mean(str(group), GROUPS)}")
    nodes = {node.name: node for node in model.get_layers()}
    original = original_layers(model)
    generated = _generated(model, "name")
    yield from wide.remarks(entries(config.get("Model")), "Model", list(nodes.values()), config)
    by_name, by_type = entries(config.get("LayerName")), entries(config.get("LayerType"))
    first = {str(layer["name"]) for layer in original or ()}
    for name, entry in by_name.items():
        if read_back and original is not None and name in nodes and name not in first:
            continue  # hls4ml's own entry for a layer that it made
        default = entries(entries(generated.get("LayerName")).get(name))
        yield from of_layers.remarks(str(name), entries(entry), default, nodes, original, config)
    if by_type:
        defaults = entries(_generated(model, "type").get("LayerType"))
        for kind, entry in by_type.items():
            yield from wide.of_type(
                str(kind), entries(entry), entries(defaults.get(kind)), list(nodes.values()), config
            )


def _generated(model: Any, granularity: str) -> Mapping[str, Any]:
    """The configuration that hls4ml generates for the Keras model behind a graph; empty for other models."""
    import hls4ml

    keras = model.config.config.get("KerasModel")
    if not hasattr(keras, "to_json"):
        return {}
    try:
        with quiet():
            return dict(
                hls4ml.utils.config_from_keras_model(keras, granularity=granularity, backend=model.config.backend.name)
            )
    except Exception:  # as for original_layers
        return {}
