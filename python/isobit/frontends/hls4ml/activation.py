"""hls4ml's activations: those that are computed, and those that look up a table."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.hls4ml.reading import constant_of, edges_of, literal, precision_to_type, weight_of
from isobit.frontends.hls4ml.table import table_activation
from isobit.frontends.registry import register_handler
from isobit.frontends.streams import is_streamed
from isobit.model.layers.activation import Activation, PReLU, ThresholdedReLU
from isobit.model.layers.table import TableActivation, selu_slope
from isobit.model.ops import supported_activations

__all__: list[str] = []


@register_handler("Activation", "TernaryTanh", keras=("Activation", "QActivation", "ReLU"))
def _activation(node: Any) -> Activation | TableActivation:
    function = str(node.get_attr("activation")).lower()
    if function == "ternary_tanh" and is_streamed(node.model):
        raise UnsupportedError(
            f"ternary_tanh of layer {node.name!r} is not supported with io_stream: hls4ml's kernel there compares with "
            "other thresholds than with io_parallel; put a batch normalisation before it, with which it is merged"
        )
    if function == "selu" and is_streamed(node.model):
        data = precision_to_type(node.get_input_variable().type.precision, f"the input of {node.name}")
        return table_activation(node, function, selu_slope(data))
    if function in TableActivation.FUNCTIONS:
        # Without an alpha of the layer's, elu takes ap_uint<1>(1).
        one = FixedType.int_type(1, signed=False)
        return table_activation(node, function, literal("param", 1.0, one) if function == "elu" else None)
    return Activation(**edges_of(node), function=function)


@register_handler("ParametrizedActivation", keras=("ELU", "LeakyReLU", "ThresholdedReLU"))
def _parametrised(node: Any) -> Activation | TableActivation | ThresholdedReLU:
    function = node._get_act_function_name()
    if function not in ("elu", "leaky_relu", "thresholded_relu"):
        raise UnsupportedError(
            f"activation {function!r} of layer {node.name!r} is not supported; supported: "
            f"{', '.join(supported_activations())}"
        )
    param = constant_of(node, "param", node.get_attr("activ_param", 1.0), node.get_attr("param_t"))
    if function == "elu":
        return table_activation(node, function, param)
    if function == "leaky_relu":
        return Activation(**edges_of(node), function=function, param=param)
    return ThresholdedReLU(**edges_of(node), param=param)


@register_handler("PReLU", keras=("PReLU",))
def _prelu(node: Any) -> PReLU:
    param = weight_of(node, "param")
    if param.raw.size != (size := node.get_input_variable().size()):
        raise FirmwareError(
            f"layer {node.name!r} has {param.raw.size} slopes for {size} numbers; hls4ml's kernel reads one for each, "
            "beyond their end"
        )
    return PReLU(**edges_of(node), param=param)


@register_handler("HardActivation")
def _hard(node: Any) -> Activation:
    return Activation(
        **edges_of(node),
        function=str(node.get_attr("activation")).lower(),
        slope=constant_of(node, "slope", node.get_attr("slope"), node.get_attr("slope_t")),
        shift=constant_of(node, "shift", node.get_attr("shift"), node.get_attr("shift_t")),
    )
