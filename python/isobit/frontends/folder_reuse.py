"""Reuse factors of a folder that hls4ml wrote: its configuration against its firmware."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isobit.model.requested import ReuseFactor

__all__ = ["folder_reuse_factors"]

#: A Dense layer's configuration in parameters.h, with the layer's name in the comment before it.
_CONFIG = re.compile(r"^// (\S+)\nstruct config\d+ : nnet::dense_config \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)


def folder_reuse_factors(config: Mapping[str, Any], parameters: str) -> tuple[ReuseFactor, ...]:
    """Requested and effective reuse factor and strategy of every Dense layer.

    Parameters
    ----------
    config
        hls4ml_config.yml, as :func:`isobit.frontends.project.read_yaml` gives it.
    parameters
        Text of firmware/parameters.h; layers whose configuration is not written as hls4ml 1.x does are left out.
    """
    asked = _mapping(config.get("HLSConfig"))
    of_layers = {**asked, "Model": {}}
    found = []
    for name, body in _CONFIG.findall(parameters):
        numbers = dict(re.findall(r"static const unsigned (\w+) = (?:nnet::)?(\w+);", body))
        if not numbers.get("reuse_factor", "").isdigit() or "strategy" not in numbers:
            continue
        requested, strategy = _requested(asked, name, "ReuseFactor"), _requested(asked, name, "Strategy")
        if strategy is not None:  # Resource_unrolled, ResourceUnrolled
            strategy = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(strategy)).lower()
        if strategy == "resource" and _requested(asked, name, "Compression"):
            strategy = "compressed"
        number = int(requested) if str(requested).isdigit() else None
        found.append(ReuseFactor(name, numbers["strategy"], int(numbers["reuse_factor"]), strategy, number))
    return tuple(replace(factor, overridden=_overridden(asked, of_layers, found)) for factor in found)


def _overridden(asked: Mapping[str, Any], of_layers: Mapping[str, Any], found: Sequence[ReuseFactor]) -> str | None:
    """The whole model's reuse factor, if it is not hls4ml's 1 and every layer has another one of its own."""
    model = asked.get("Model") or {}
    wide = str(model.get("ReuseFactor", 1)) if isinstance(model, Mapping) else "1"
    own = [_requested(of_layers, factor.layer, "ReuseFactor") for factor in found]
    return None if wide == "1" or any(str(value) in ("None", wide) for value in own) else wide


def _mapping(part: Any) -> Mapping[str, Any]:
    """A part of a configuration, which says nothing where it is no mapping."""
    return part if isinstance(part, Mapping) else {}


def _requested(config: Mapping[str, Any], layer: str, key: str) -> Any:
    """What the configuration says for a layer: by its name, its class, or for the model (``HLSConfig`` in graph.py)."""
    groups = [_mapping(config.get(group)) for group in ("LayerName", "LayerType")]
    for entries, names in zip(groups, ({layer.lower()}, {"dense", "qdense"}), strict=True):
        for name, entry in entries.items():
            if str(name).lower() in names and isinstance(entry, Mapping) and entry.get(key) is not None:
                return entry[key]
    model = config.get("Model") or {}
    return model.get(key) if isinstance(model, Mapping) else None
