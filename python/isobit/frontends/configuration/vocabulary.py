"""What hls4ml 1.3.0 reads from a configuration: keys by group and by class of layer.

``HLSConfig`` (model/graph.py) reads the keys below; everything else in a layer's entry becomes an attribute of the
layer, which has an effect if the layer's class expects such an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "GROUPS",
    "LAYER_KEYS",
    "MODEL_KEYS",
    "NEVER_APPLIED",
    "SOLVED",
    "STRATEGIES",
    "class_defaults",
    "entries",
    "expected",
    "has_strategy",
    "layer_class",
    "snake",
    "type_names",
]

GROUPS = ("Model", "LayerName", "LayerType", "Flows")
#: Read into ``HLSConfig`` and used nowhere.
NEVER_APPLIED = ("Optimizers", "SkipOptimizers")
MODEL_KEYS = (
    *("Precision", "ReuseFactor", "Strategy", "TargetCycles", "ConvImplementation", "Compression", "BramFactor"),
    *("PipelineStyle", "PipelineInterval", "ParallelizationFactor", "ChannelsLastConversion", "TransposeOutputs"),
    *("BitExact", "AllowDAFallback", "AllowV2Fallback"),
)
#: Keys of one layer that are not attributes of its class.
LAYER_KEYS = ("Precision", "ReuseFactor", "Strategy", "TargetCycles", "ConvImplementation", "Compression", "Trace")
#: Names of distributed arithmetic, whose adder trees a solver finds.
SOLVED = ("distributed_arithmetic", "da")
STRATEGIES = ("latency", "resource", "resource_unrolled", *SOLVED)


def snake(key: str) -> str:
    """The attribute that a key becomes, in hls4ml's way."""
    from hls4ml.utils.string_utils import convert_to_snake_case

    return str(convert_to_snake_case(key))


def layer_class(name: str) -> Any:
    """hls4ml's class for a Keras or hls4ml class name; None if hls4ml does not know the name."""
    from hls4ml.model.layers import layer_map

    return layer_map.get(name)


def expected(cls: Any) -> dict[str, str]:
    """Attributes that a class of layers expects: by the attribute's name, the configuration's word for it."""
    return {attribute.name: attribute.config_name for attribute in cls.expected_attributes}


def class_defaults(node: Any) -> dict[str, Any]:
    """What hls4ml generates for a layer of this class, which does not count as a request."""
    from hls4ml.model.attributes import TypeAttribute

    found: dict[str, Any] = {"Precision": {}}
    for attribute in type(node).expected_attributes:
        if isinstance(attribute, TypeAttribute):
            found["Precision"][attribute.name.removesuffix("_t")] = str(attribute.default)
        elif attribute.configurable and attribute.default is not None:
            found[attribute.config_name] = attribute.default
    return found


def type_names(node: Any) -> list[str]:
    """What a layer's ``Precision`` may name."""
    from hls4ml.model.attributes import TypeAttribute, WeightAttribute

    names = [name.removesuffix("_t") for name in node.types] + list(node.weights)
    names += [
        attribute.name.removesuffix("_t")
        for attribute in type(node).expected_attributes
        if isinstance(attribute, (TypeAttribute, WeightAttribute))
    ]
    return list(dict.fromkeys((*names, "result", "default")))


def has_strategy(node: Any) -> bool:
    """Whether hls4ml asks for a strategy of this layer: those that multiply weights, and einsum.

    A layer that wraps others has their weights under their names: ``forward_weight`` of Bidirectional.
    """
    solved = node.get_attr("da_codegen") is not None  # distributed arithmetic, which keeps no weights
    multiplies = any(name == "weight" or name.endswith("_weight") for name in node.weights)
    return solved or multiplies or node.class_name in ("Einsum", "SeparableConv1D", "SeparableConv2D")


def entries(group: Any) -> Mapping[str, Any]:
    """A group of the configuration, empty if it is missing."""
    return group if isinstance(group, Mapping) else {}
