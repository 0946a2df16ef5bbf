"""hls4ml's Einstein sums, which its front end for Keras 3 makes of EinsumDense, einsum layers and attention."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError, UnsupportedError
from isobit.frontends.hls4ml.reading import edges_of, precision_to_type, weight_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.einsum import Einsum, EinsumDense

__all__: list[str] = []


def _numbers(node: Any, *names: str) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in node.get_attr(name)) for name in names]


def _check_strategy(node: Any) -> None:
    strategy = str(node.get_attr("strategy")).lower()
    if strategy == "distributed_arithmetic":
        raise UnsupportedError(
            f"layer {node.name!r} of class {node.class_name!r} has the strategy {strategy!r}; supported: latency"
        )
    if strategy != "latency":
        raise FirmwareError(
            f"layer {node.name!r} of class {node.class_name!r} has the strategy {strategy!r}, for which hls4ml writes "
            "no firmware; use 'latency'"
        )


def _transposed(node: Any, name: str, shape: tuple[int, ...], perm: tuple[int, ...]) -> tuple[int, ...]:
    """How the axes of an input are transposed, without the axis of one batch that PyTorch's equations have."""
    given = tuple(int(n) for n in node.get_input_variable(name).shape)
    if shape == (1, *given) and given:
        return tuple(axis - 1 for axis in perm if axis)
    if given != shape:
        raise UnsupportedError(f"layer {node.name!r} reads {name!r} of the shape {given} as {shape}; not supported")
    return perm


@register_handler("EinsumDense", keras=("EinsumDense", "QEinsumDense"))
def _einsum_dense(node: Any) -> EinsumDense:
    _check_strategy(node)
    sizes = tuple(int(node.get_attr(f"n_{name}")) for name in ("inplace", "contract", "free_kernel"))
    shape, perm, before, after = _numbers(node, "inp_shape", "inp_tpose_idxs", "out_interpert_shape", "out_tpose_idxs")
    perm = _transposed(node, node.inputs[0], shape, perm)
    return EinsumDense(
        **edges_of(node),
        weight=weight_of(node, "weight", shape=sizes),
        bias=weight_of(node, "bias"),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        perm=perm,
        before=before,
        after=after,
    )


@register_handler("Einsum", keras=("QEinsum", "QMultiHeadAttention"))
def _einsum(node: Any) -> Einsum:
    _check_strategy(node)
    shapes, perms = _numbers(node, "inp0_shape", "inp1_shape"), _numbers(node, "inp0_tpose_idxs", "inp1_tpose_idxs")
    before, after = _numbers(node, "out_interpert_shape", "out_tpose_idxs")
    perms = [_transposed(node, *given) for given in zip(node.inputs, shapes, perms, strict=True)]
    return Einsum(
        **edges_of(node),
        accum=precision_to_type(node.get_attr("accum_t").precision, f"{node.name}.accum"),
        place=int(node.get_attr("n_inplace")),
        free=(int(node.get_attr("n_free0")), int(node.get_attr("n_free1"))),
        contracted=int(node.get_attr("n_contract")),
        perms=perms[0] + perms[1],
        before=before,
        after=after,
    )
