"""Entries of single layers (``LayerName``) that have no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isobit.frontends.configuration.precisions import is_format, precision_of, same, same_text, unread
from isobit.frontends.configuration.remark import Remark
from isobit.frontends.configuration.vocabulary import (
    LAYER_KEYS,
    SOLVED,
    STRATEGIES,
    class_defaults,
    entries,
    expected,
    has_strategy,
    layer_class,
    snake,
    type_names,
)
from isobit.model.layers.distributed import UNUSED
from isobit.model.layers.softmax import Softmax
from isobit.model.layers.table import TableActivation
from isobit.suggest import did_you_mean, nearest

__all__ = ["key_remark", "remarks"]

Nodes = Mapping[str, Any]
#: Keys that ``HLSConfig`` reads by these names; as attributes they are overwritten.
_READ = ("precision", "reuse_factor", "strategy", "target_cycles", "conv_implementation", "compression")
#: Functions that read a table; others ignore its size and type.
_TABLED = (*TableActivation.activations, *Softmax.activations)
#: Types that hls4ml reads only where it writes a layer's struct (``garnet_templates.py``), by the layer's class.
_OF_STRUCTS = {"GarNet": ("edge_weight", "edge_weight_aggr", "aggr")}


def remarks(
    name: str,
    entry: Mapping[str, Any],
    default: Mapping[str, Any],
    nodes: Nodes,
    original: list[dict[str, Any]] | None,
    config: Mapping[str, Any],
) -> Iterator[Remark]:
    """Remarks on one layer's entry.

    Parameters
    ----------
    name, entry
        The layer's name and what is asked of it.
    default
        What hls4ml generates for it, which does not count as a request.
    nodes
        The layers that the firmware has, by name.
    original
        The layers that the network began with; None if that is not known.
    config
        The whole configuration.
    """
    first = {str(layer["name"]): layer for layer in original or ()}
    where = f"LayerName.{name}"
    node = nodes.get(name)
    if node is None and name not in first:
        node = next((other for other in nodes.values() if other.name.lower() == name.lower()), None)
    if not default and node is not None:
        default = class_defaults(node)
    asked = {key: value for key, value in entry.items() if _asked(value, default.get(key))}
    if node is not None:
        for key, value in asked.items():
            yield from key_remark(where, key, value, default.get(key), node, first.get(name, {}))
    elif name in first:
        yield from _merged(where, asked, default, name, first, nodes, config)
    elif original is not None or nearest(name, nodes, 0.8) is not None:
        if original is None and not _told(entry):
            return
        if asked and not _only_auto(entry):
            yield Remark(where, "", f"hls4ml's network has no such layer{did_you_mean(name, {**first, **nodes})}")


def _asked(value: Any, default: Any) -> bool:
    return value is not None and str(value) != str(default)


def _told(entry: Mapping[str, Any]) -> bool:
    return any(key != "Trace" for key in entry)


def _only_auto(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is one that hls4ml's own passes add for layers that they make."""
    return set(entry) == {"Precision"} and entry["Precision"] == "auto"


def key_remark(where: str, key: str, value: Any, default: Any, node: Any, read: Mapping[str, Any]) -> Iterator[Remark]:
    """Remarks on one key of a layer that the firmware has.

    Parameters
    ----------
    where
        The entry's place in the configuration.
    key, value, default
        What is asked, and what hls4ml generates.
    node
        The layer.
    read
        What hls4ml's front end read from the layer: attributes that the configuration may change.
    """
    attributes = expected(type(node))
    if key == "Precision":
        yield from _precisions(where, value, default, node)
    elif key == "ReuseFactor":
        if "reuse_factor" not in attributes:
            yield _no_effect(where, key, value, f"a layer of class {node.class_name} has no reuse factor")
        elif node.class_name != "Dense" and str(node.get_attr("reuse_factor")) != str(value):
            yield _no_effect(where, key, value, f"hls4ml took {node.get_attr('reuse_factor')}")
    elif key == "Strategy":
        yield from _strategy(where, value, node, attributes)
    elif key == "Compression" and not (has_strategy(node) or not value):
        yield _no_effect(where, key, value, f"a layer of class {node.class_name} has no weights to compress")
    elif key == "TargetCycles" and not str(node.get_attr("strategy", "")).startswith("resource"):
        yield _no_effect(where, key, value, "hls4ml reads it only with the strategy 'resource'")
    elif key == "ConvImplementation" and "conv_implementation" not in attributes:
        yield _no_effect(where, key, value, f"a layer of class {node.class_name} is not a convolution")
    elif key == "TableSize" and not _reads_a_table(node):
        yield _no_effect(where, key, value, f"{node.get_attr('activation')!r} reads no table")
    elif key not in LAYER_KEYS and (snake(key) in _READ or snake(key) not in {*attributes, *read}):
        known = (*LAYER_KEYS, *attributes.values())
        yield Remark(where, "", f"hls4ml reads no {key!r} there{did_you_mean(key, known)}")


def _no_effect(where: str, key: str, value: Any, why: str) -> Remark:
    return Remark(f"{where}.{key}", str(value), f"no effect: {why}")


def _strategy(where: str, value: Any, node: Any, attributes: Mapping[str, str]) -> Iterator[Remark]:
    choice = str(value).lower()
    if not has_strategy(node) and choice != STRATEGIES[0]:  # hls4ml's default, that is, nothing
        why = f"hls4ml reads strategies of layers with weights, and {node.name!r} is of class {node.class_name}"
        if "implementation" in attributes:
            why += f"; did you mean Implementation: {choice}?"
        yield _no_effect(where, "Strategy", value, why)
    elif has_strategy(node) and snake(str(value)) not in STRATEGIES:
        why = f"this strategy does not exist, hls4ml took {node.get_attr('strategy')!r}"
        yield _no_effect(where, "Strategy", value, why + did_you_mean(str(value), STRATEGIES))
    elif has_strategy(node) and snake(str(value)) in SOLVED and str(node.get_attr("strategy")) == STRATEGIES[0]:
        why = f"hls4ml has no distributed arithmetic for class {node.class_name}, and took {STRATEGIES[0]!r}"
        yield _no_effect(where, "Strategy", value, why)


def _reads_a_table(node: Any) -> bool:
    function = str(node.get_attr("activation", "")).lower()
    return function in _TABLED or not any(cls.__name__ == "Activation" for cls in type(node).__mro__)


def _precisions(where: str, value: Any, default: Any, node: Any) -> Iterator[Remark]:
    """Remarks on a layer's ``Precision``: one type for everything, or one by slot."""
    by_slot = value if isinstance(value, Mapping) else {"default": value}
    defaults = entries(default)
    place = f"{where}.Precision"
    for slot, asked in by_slot.items():
        if not _asked(asked, defaults.get(slot)) or same_text(asked, defaults.get(slot), node):
            continue
        key = f"{place}.{slot}" if isinstance(value, Mapping) else place
        if str(node.get_attr("strategy")).lower() == "distributed_arithmetic" and slot in UNUSED:
            yield Remark(key, str(asked), f"no effect: {UNUSED[slot]}")
        elif slot in _OF_STRUCTS.get(node.class_name, ()):
            continue
        elif slot not in (known := type_names(node)):
            yield Remark(key, str(asked), f"{node.name!r} has no such type{did_you_mean(slot, known, 0.5)}")
        elif not is_format(asked, node):
            continue
        elif slot == "table" and not _reads_a_table(node):
            yield Remark(key, str(asked), f"no effect: {node.get_attr('activation')!r} reads no table")
        elif slot == "default":
            if not any(same(asked, node, name) for name in known):
                yield Remark(key, str(asked), f"no effect: every type of {node.name!r} is decided elsewhere")
        elif not same(asked, node, slot):
            yield Remark(key, str(asked), f"no effect: {unread(node, slot)} {precision_of(node, slot)}")


def _merged(
    where: str,
    asked: Mapping[str, Any],
    default: Mapping[str, Any],
    name: str,
    first: Mapping[str, Mapping[str, Any]],
    nodes: Nodes,
    config: Mapping[str, Any],
) -> Iterator[Remark]:
    """Remarks on a layer that the network began with and the firmware does not have."""
    layer = first[name]
    cls = layer_class(str(layer["class_name"]))
    if cls is None or cls.__name__.startswith("Separable") or asked.get("Skip"):
        return  # its entries went to what it was split into, or it was left out as asked
    if f"repack_{name}" in nodes:
        return  # a Reshape of a stream, which hls4ml gives another name and the same formats
    order = list(first)
    before = [*(layer.get("inputs") or ()), *reversed(order[: order.index(name)])]
    into = next((nodes[other] for other in before if other in nodes), None)
    told = []
    for key, value in asked.items():
        if key == "Precision":
            told += [f"Precision.{slot} {kind}" for slot, kind in _wishes(value, default, into)]
        elif key not in ("Trace", "TableSize") and not _is_wide(key, value, config):
            told.append(f"{key} {value}")
    if told:
        whose = f" into {into.name!r}, whose own entry holds" if into is not None else ""
        yield Remark(where, ", ".join(told), f"no effect: hls4ml merged this layer{whose}")


def _wishes(value: Any, default: Mapping[str, Any], into: Any) -> Iterator[tuple[str, Any]]:
    """Precisions that were asked for and that the layer before does not have anyway."""
    by_slot = value if isinstance(value, Mapping) else {"default": value}
    defaults = entries(default.get("Precision"))
    for slot, asked in by_slot.items():
        if into is None or not is_format(asked, into) or slot == "table":
            continue
        taken = slot in ("result", "default") and same(asked, into, "result")
        if not taken and not same_text(asked, defaults.get(slot), into):
            yield slot, asked


def _is_wide(key: str, value: Any, config: Mapping[str, Any]) -> bool:
    """Whether an entry repeats what the whole model's entry says, or what hls4ml generates."""
    wide = entries(config.get("Model")).get(key, {"ReuseFactor": 1, "Strategy": "Latency"}.get(key))
    return str(value).lower() in (str(wide).lower(), "latency")
