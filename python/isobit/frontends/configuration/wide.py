"""Entries for the whole model (``Model``) and for classes of layers (``LayerType``) that reach no layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isobit.frontends.configuration.layers import key_remark
from isobit.frontends.configuration.precisions import is_format, same
from isobit.frontends.configuration.remark import Remark
from isobit.frontends.configuration.vocabulary import (
    MODEL_KEYS,
    STRATEGIES,
    entries,
    expected,
    has_strategy,
    layer_class,
    snake,
    type_names,
)
from isobit.suggest import did_you_mean

__all__ = ["of_type", "overridden", "remarks"]

#: What hls4ml takes, and generates, by default.
_DEFAULTS = {"ReuseFactor": "1", "Strategy": "latency", "Compression": "False"}
_DEFAULT_PRECISIONS = ("fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<16, 6>")


def remarks(group: Mapping[str, Any], where: str, nodes: Sequence[Any], config: Mapping[str, Any]) -> Iterator[Remark]:
    """Remarks on the ``Model`` group.

    Parameters
    ----------
    group, where
        The group, and its place.
    nodes
        The layers that the firmware has.
    config
        The whole configuration.
    """
    for key, value in group.items():
        if key == "Precision":
            yield from _precisions(value, where, nodes)
        elif key in ("ReuseFactor", "Strategy"):
            if key == "Strategy" and snake(str(value)) not in STRATEGIES:
                why = f"this strategy does not exist{did_you_mean(str(value), STRATEGIES)}"
                yield Remark(f"{where}.{key}", str(value), f"no effect: {why}")
            elif own := overridden(key, value, nodes, config):
                yield Remark(f"{where}.{key}", str(value), f"reaches no layer, each has its own: {own}")
        elif key == "TraceOutput":
            if value:
                yield Remark(f"{where}.{key}", str(value), "hls4ml does not read it here; set Trace for each layer")
        elif key not in MODEL_KEYS:
            yield Remark(where, "", f"hls4ml reads no {key!r} there{did_you_mean(str(key), MODEL_KEYS)}")


def overridden(key: str, value: Any, nodes: Sequence[Any], config: Mapping[str, Any]) -> str:
    """The layers' own values of a key, as text, if they leave nothing to the whole model's; else empty.

    Parameters
    ----------
    key
        ``ReuseFactor`` or ``Strategy``.
    value
        The whole model's.
    nodes, config
        The layers and the configuration.
    """
    if value is None or str(value).lower() == _DEFAULTS[key].lower():
        return ""
    concerned = [node for node in nodes if has_strategy(node)]
    if key == "ReuseFactor" and not concerned:
        concerned = [node for node in nodes if "reuse_factor" in expected(type(node))]
    own = {node.name: _own(node, key, config) for node in concerned}
    if not own or any(found is None or str(found).lower() == str(value).lower() for found in own.values()):
        return ""
    shown = [f"{name} {found}" for name, found in own.items()]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")


def _own(node: Any, key: str, config: Mapping[str, Any]) -> Any:
    """A layer's own value: by its name, then by its class."""
    for group, name in (("LayerName", node.name), ("LayerType", node.class_name)):
        for other, entry in entries(config.get(group)).items():
            if str(other).lower() == name.lower() and entries(entry).get(key) is not None:
                return entries(entry)[key]
    return None


def _precisions(value: Any, where: str, nodes: Sequence[Any]) -> Iterator[Remark]:
    by_slot = value if isinstance(value, Mapping) else {"default": value}
    known = list(dict.fromkeys(name for node in nodes for name in type_names(node)))
    for slot, asked in by_slot.items():
        key = f"{where}.Precision.{slot}" if isinstance(value, Mapping) else f"{where}.Precision"
        if slot == "maximum":
            continue
        if slot not in known:
            hint = did_you_mean(slot, (*known, "maximum"), 0.5)
            yield Remark(key, str(asked), f"no layer has such a type{hint}")
        elif str(asked) in _DEFAULT_PRECISIONS and slot == "default":
            continue
        elif nodes and is_format(asked, nodes[0]):
            slots = known if slot == "default" else [slot]
            if not any(same(asked, node, name) for node in nodes for name in slots):
                yield Remark(key, str(asked), "reaches no layer: every type has its own entry, or is inferred")


def of_type(
    kind: str, entry: Mapping[str, Any], default: Mapping[str, Any], nodes: Sequence[Any], config: Mapping[str, Any]
) -> Iterator[Remark]:
    """Remarks on the entry of a class of layers.

    Parameters
    ----------
    kind, entry, default
        The class, what is asked of it, and what hls4ml generates.
    nodes, config
        The layers and the configuration.
    """
    where = f"LayerType.{kind}"
    asked = {key: value for key, value in entry.items() if value is not None and str(value) != str(default.get(key))}
    if not asked:
        return
    concerned = [node for node in nodes if node.class_name.lower() == kind.lower()]
    if not concerned:
        yield from _no_such_class(kind, asked, nodes, config)
        return
    for key, value in asked.items():
        if key in ("TargetCycles", "ConvImplementation"):
            yield Remark(f"{where}.{key}", str(value), "hls4ml reads it only under LayerName and Model")
            continue
        if key in ("ReuseFactor", "Strategy"):
            by_name = {**config, "LayerType": {}}
            if own := overridden(key, value, concerned, by_name):
                yield Remark(f"{where}.{key}", str(value), f"reaches no layer, each has its own: {own}")
            continue
        found = [list(key_remark(where, key, value, default.get(key), node, {})) for node in concerned]
        if all(found):  # what reaches one layer has an effect
            yield from found[0]


def _no_such_class(
    kind: str, asked: Mapping[str, Any], nodes: Sequence[Any], config: Mapping[str, Any]
) -> Iterator[Remark]:
    """Remark on a class that no layer of the firmware has, unless its layers have what it says anyway."""
    cls = layer_class(kind)
    name = cls.__name__ if cls is not None else kind
    anyway = dict(entries(config.get("Model")))
    if name != kind:
        anyway |= entries(entries(config.get("LayerType")).get(name))
    asked = {key: value for key, value in asked.items() if str(anyway.get(key)) != str(value)}
    if not asked:
        return
    classes = sorted({node.class_name for node in nodes})
    why = f"the firmware has no layer of this class{did_you_mean(kind, classes)}"
    if name != kind and name in classes:
        why = f"hls4ml looks for its own class, which is {name!r} for {kind} layers"
    yield Remark(f"LayerType.{kind}", ", ".join(map(str, asked)), f"no effect: {why}")
