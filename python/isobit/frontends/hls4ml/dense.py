"""hls4ml's Dense layer, in every strategy."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.distributed import distributed_dense, is_distributed
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import register_handler
from isobit.model.accumulation import kept_weights
from isobit.model.layers.dense import Dense
from isobit.model.layers.distributed import DistributedDense

__all__: list[str] = []


@register_handler("Dense", keras=("Dense", "QDense"))
def _dense(node: Any) -> Dense | DistributedDense:
    if len(shape := node.get_input_variable().shape) != 1:
        raise UnsupportedError(
            f"Dense layer {node.name!r} on an input of shape {tuple(shape)} is not supported; flatten it first"
        )
    if is_distributed(node):
        return distributed_dense(node)
    op = Dense(
        **edges_of(node),
        weight=weight_of(node, "weight", transposed=bool(node.get_attr("_weights_transposed", False))),
        bias=weight_of(node, "bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        strategy=str(node.get_attr("strategy")).lower(),
        reuse_factor=int(node.get_attr("reuse_factor")),
    )
    if op.strategy == "compressed":
        _check_stored(op, node.weights["weight"])
    return op


def _check_stored(op: Dense, variable: Any) -> None:
    """Check that hls4ml stored the weights that its kernel reads.

    It pads them before it replaces an illegal reuse factor (``CompressedWeightVariable``, ``init_dense``); then its
    kernel reads past them, or takes them in an order that :func:`turns_of` does not know.
    """
    stored = [(int(neuron), int(source)) for neuron, source, _ in variable.data]
    wanted = [(int(neuron), int(source)) for neuron, source in np.argwhere(kept_weights(op).T)]
    if stored != wanted:
        raise FirmwareError(
            f"layer {op.name!r} stores {len(stored)} compressed weights, expected {len(wanted)} for the reuse factor "
            f"{op.reuse_factor}: hls4ml padded them for another one; ask for a legal reuse factor"
        )
