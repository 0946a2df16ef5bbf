"""hls4ml's Einstein sums: of a tensor with weights, and of two tensors."""

from __future__ import annotations

from math import prod
from typing import Any

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.layers import strategy_of
from isobit.frontends.firmware.moves import transposition
from isobit.frontends.firmware.nodes import Variable

__all__: list[str] = []


def _turned(b: Builder, call: Call, config: Config, slot: str, sums: tuple[int, ...]) -> tuple[Any, Any]:
    """Shape and permutation of a tensor that the kernel transposes, which has as many numbers as the sums say."""
    struct = b.named(call, config.text(slot))
    shape, perm = transposition(b, call, struct)
    if struct.base or prod(shape) != prod(sums):
        b.fail(call, f"{struct.name} transposes {prod(shape)} numbers; the sums of {config.name} have {prod(sums)}")
    return shape, perm


def _input(b: Builder, call: Call, side: int, shape: tuple[int, ...]) -> Variable:
    """A tensor of this shape, which from PyTorch may have an axis of one batch before those of the tensor."""
    data = b.input(call, side, template=side)
    return data if (1, *data.shape) == shape else b.input(call, side, shape, template=side)


@reads("einsum")
def _einsum(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    config = b.config(call)
    place, contracted, *free = (config.extent(f"n_{name}") for name in ("inplace", "contract", "free0", "free1"))
    inputs, found = [], dict[str, Any]()
    for side in (0, 1):
        shape, perm = _turned(b, call, config, f"tpose_inp{side}_config", (place, free[side], contracted))
        inputs.append(_input(b, call, side, shape))
        found |= {f"inp{side}_shape": shape, f"inp{side}_tpose_idxs": perm}
    before, after = _turned(b, call, config, "tpose_out_conf", (place, *free))
    if b.product(call, config, inputs[0]):
        b.fail(call, f"{config.name} has the product of binary weights")
    b.check_product(call, config, inputs[0], inputs[1].type)
    config.text("accum_t")
    found |= {"out_interpert_shape": before, "out_tpose_idxs": after}
    given = tuple(before[axis] for axis in after)
    b.add(call, "Einsum", inputs, given, [config], template=2, strategy=config.word("strategy"), **found)


@reads("einsum_dense")
def _einsum_dense(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 4)
    config = b.config(call)
    place, free_data, contracted, free = (
        config.extent(f"n_{name}") for name in ("inplace", "free_data", "contract", "free_kernel")
    )
    dense = b.named(call, config.text("dense_conf"))
    if (dense.extent("n_in"), dense.extent("n_out")) != (contracted, free):
        b.fail(call, f"{dense.name} has n_in {dense.number('n_in')}, n_out {dense.number('n_out')} for {config.name}")
    strategy = strategy_of(call, b, dense, contracted)
    if (config.word("strategy"), strategy) != ("latency", "latency"):
        b.fail(call, f"{config.name} has the strategy {config.word('strategy')!r}, {dense.name} {strategy!r}")
    for slot in ("accum_t", "bias_t"):
        if dense.text(slot) != config.text(slot):
            b.fail(call, f"{dense.name} and {config.name} have another {slot}")
    shape, perm = _turned(b, call, config, "tpose_inp_conf", (place, free_data, contracted))
    before, after = _turned(b, call, config, "tpose_out_conf", (place, free_data, free))
    data = _input(b, call, 0, shape)
    weight = b.weight(call, 2, (place, contracted, free), xnor=b.product(call, dense, data))
    b.check_product(call, dense, data, weight.type)
    weights = {"weight": weight, "bias": b.weight(call, 3, before)}
    b.add(
        call,
        "EinsumDense",
        [data],
        tuple(before[axis] for axis in after),
        [config, dense],
        weights=weights,
        strategy=strategy,
        inp_shape=shape,
        inp_tpose_idxs=perm,
        out_interpert_shape=before,
        out_tpose_idxs=after,
    )
