"""hls4ml's layers of windows: convolutions and pooling."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from isobit.errors import FirmwareError
from isobit.fixed.types import FixedType
from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config, Kind
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.generated import check_unrolled, check_windows, pointwise_parts
from isobit.frontends.firmware.layers import strategy_of
from isobit.frontends.firmware.nodes import named_type
from isobit.frontends.firmware.older import POOLING, Since, release

__all__: list[str] = []

_AXES = (("height", "top", "bottom"), ("width", "left", "right"))
#: Members that belong to the kernels of one I/O type, or that hls4ml writes and no kernel reads.
_UNREAD = frozenset(
    {
        *("kernel_size", "min_width", "min_height", "pixels", "dilation", "dilation_height", "dilation_width"),
        *("scale_index", "scale_index_height", "scale_index_width", "conv_kernel", "fill_buffer", "implementation"),
        *("bias_t", "weight_t"),
    }
)

#: The kernel that took parts of the positions, as many as the reuse factor, before hls4ml 1.2.
_IN_PARTS = "nnet_conv1d_latency.h:pointwise_conv_1d_latency_cl"


def _extents(config: Config, what: str, rank: int) -> tuple[int, ...]:
    """A size along each axis of positions: ``in_height`` and ``in_width``."""
    return tuple(config.extent(f"{what}_{axis[0]}") for axis in _AXES[2 - rank :])


def _pads(b: Builder, call: Call, config: Config, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Padding along each axis, before the first position and behind the last.

    Raises
    ------
    FirmwareError
        For padding on streams. The kernels (``nnet_conv2d_stream.h``, ``nnet_pooling_stream.h``) assert that there is
        none; without assertions they give fewer positions than the next layer reads.
    """
    before, after = (tuple(config.number(f"pad_{axis[end]}") for axis in _AXES[2 - rank :]) for end in (1, 2))
    if min(*before, *after) < 0:
        config.fail("has negative padding")
    if any(before + after) and b.model.io_type == "io_stream":
        raise FirmwareError(
            f"{call.place}: {config.name} pads by {before} and {after}, but hls4ml's kernels on streams take no "
            "padding and give fewer positions than the next layer reads; a layer of its own has to pad"
        )
    return before, after


@reads("conv_1d_cl", "conv_2d_cl", "pointwise_conv_1d_cl", "pointwise_conv_2d_cl")
def _convolution(b: Builder, call: Call) -> None:
    _window_layer(b, call, "PointwiseConv" if call.kernel.startswith("pointwise") else "Conv")


@reads("depthwise_conv_1d_cl", "depthwise_conv_2d_cl")
def _depthwise(b: Builder, call: Call) -> None:
    _window_layer(b, call, "DepthwiseConv")


def _window_layer(b: Builder, call: Call, class_name: str) -> None:
    b.arguments(call, 3, 4)
    config, rank = b.config(call), int(call.kernel[-5])
    mult = b.named(call, config.text("mult_config"))
    taken, kernel, strides, given = (_extents(config, what, rank) for what in ("in", "filt", "stride", "out"))
    before, after = _pads(b, call, config, rank)
    n_chan, n_filt, depthwise = config.extent("n_chan"), config.extent("n_filt"), class_name == "DepthwiseConv"
    if config.number("dilation", 1) != 1:
        b.fail(call, f"{config.name} has the dilation {config.number('dilation')}; hls4ml's kernels have none")
    if class_name == "PointwiseConv" and prod(kernel) != 1:
        b.fail(call, f"{config.name} has windows of {kernel}")
    made = tuple(
        (extent + first + last - size) // stride + 1
        for extent, size, stride, first, last in zip(taken, kernel, strides, before, after, strict=True)
    )
    if made != given:
        b.fail(call, f"{config.name} has {given} positions; its windows make {made}")
    data = b.input(call, 0, (*taken, n_chan))
    n_in = prod(kernel) * (1 if depthwise else n_chan)
    strategy = strategy_of(call, b, mult, prod(kernel) * n_chan)
    if config.word("strategy") != strategy:
        b.fail(call, f"{config.name} has the strategy {config.word('strategy')!r}, {mult.name} {strategy!r}")
    sizes = [(prod(kernel) * n_chan, n_filt)]
    reuse = mult.extent("reuse_factor", 1)
    if strategy == "latency" and b.model.io_type == "io_parallel":  # of all positions before hls4ml 1.2, which nobody
        sizes.append((int(prod(taken) * n_chan / reuse), int(prod(given) * n_filt / reuse)))  # reads
    if (mult.number("n_in"), mult.number("n_out")) not in sizes:
        b.fail(call, f"{mult.name} has n_in {mult.number('n_in')}, n_out {mult.number('n_out')} for {config.name}")
    if mult.text("accum_t") != config.text("accum_t"):
        b.fail(call, f"{mult.name} and {config.name} have other accumulators")
    transposed = strategy in ("resource", "resource_unrolled")
    size = (prod(kernel), n_chan) if depthwise else (n_in, n_filt)
    weight = b.weight(call, 2, size[::-1] if transposed else size, xnor=b.product(call, mult, data))
    b.check_product(call, mult, data, weight.type)
    check_unrolled(b, call, mult, weight)
    weights = {"weight": weight, "bias": b.weight(call, 3, (n_filt,))}
    extra: dict[str, Any] = {"strategy": strategy, "_weights_transposed": transposed}
    extra["reuse_factor"] = reuse
    if config.number("kernel_size", prod(kernel)) != prod(kernel):
        b.fail(call, f"{config.name} has the kernel_size {config.number('kernel_size')} for windows of {kernel}")
    if b.model.io_type == "io_parallel":
        check_windows(b, call, config, taken, n_chan, kernel, strides, before, given)
    else:
        extra |= _streamed(config, rank)
    since = _releases(b, call, config, class_name, strategy, reuse if strides == (1,) and taken == given else 0)
    config.read |= _UNREAD
    mult.read |= {"bias_t", "weight_t"}
    b.add(
        call,
        f"{class_name}{rank}D",
        [data],
        (*given, n_filt),
        [config, mult],
        since=since,
        weights=weights,
        **extra,
    )


def _releases(b: Builder, call: Call, config: Config, class_name: str, strategy: str, parts: int) -> Since:
    """Which releases' functions go with a struct; parts of the positions, 0 where they are not cut into such."""
    kernel = config.template("conv_kernel", "").rpartition("::")[2]
    if re.fullmatch(r"pointwise_conv_\d+", kernel) and b.model.io_type == "io_parallel":
        _check_parts(b, call, config)
    if parts:
        pointwise_parts(b, call, kernel, parts)
    since: dict[str, tuple[str, str | None]] = {}
    if class_name.endswith("Conv") and class_name != "DepthwiseConv" and not call.kernel.endswith("2d_cl"):
        if kernel and (kernel == "Conv1DResource") == (strategy == "latency"):
            b.fail(call, f"{config.name} has the kernel {kernel!r} for the strategy {strategy!r}")
        named: tuple[str, str | None] = ("1.0.0", None) if kernel else ("0.6.0", "1.0.0")
        since = dict.fromkeys(("nnet_conv1d.h:conv_1d_cl", "nnet_conv1d.h:pointwise_conv_1d_cl"), named)
    if not parts or config.number("out_width") % parts:  # parts of the positions, as many as it says
        since[_IN_PARTS] = ("1.2.0", None)
    return since


def _check_parts(b: Builder, call: Call, config: Config) -> None:
    """Refuse positions that hls4ml leaves unwritten, of which nobody can say what they hold.

    ``nnet_conv1d_latency.h`` of hls4ml 1.0.0 and 1.1.0 computes ``out_width / reuse_factor`` positions of each part,
    rounded down. The function of a later release, or one that was mended by hand, is another matter.

    Raises
    ------
    FirmwareError
        If the reuse factor does not divide the positions.
    """
    positions, reuse = config.number("out_width"), config.extent("reuse_factor", 1)
    known = b.library.releases(_IN_PARTS)
    if positions % reuse and known and all(release(found) < (1, 2) for found in known):
        raise FirmwareError(
            f"{call.place}: pointwise_conv_1d_latency_cl as it was before hls4ml 1.2 writes "
            f"{positions // reuse * reuse} of {config.name}'s {positions} positions with a reuse factor of {reuse}, "
            "and the others are what the memory held. Take a reuse factor that divides the positions, or hls4ml 1.2.0 "
            "or newer"
        )


def _streamed(config: Config, rank: int) -> dict[str, Any]:
    """How a kernel on streams puts windows together."""
    implementation = config.word("implementation", "linebuffer")
    found: dict[str, Any] = {"implementation": implementation}
    if implementation == "encoded":
        found["instructions"] = ",".join(str(number) for number in config.array("pixels"))
        for axis, suffix in zip(_AXES[2 - rank :], ("",) if rank == 1 else ("_height", "_width"), strict=True):
            small = config.number(f"min_{axis[0]}") != config.number(f"in_{axis[0]}")
            index = config.template(f"scale_index{suffix}").rpartition("::")[2]
            if index != ("scale_index_regular" if small else "scale_index_unscaled"):
                config.fail(f"has {index} for masks of {config.number(f'min_{axis[0]}')} positions")
    return found


# -- pooling ----------------------------------------------------------------------------------------------------------


@reads("pooling1d_cl", "pooling2d_cl")
def _pooling(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config, rank = b.config(call), int(call.kernel[-5])
    n_filt = config.extent("n_filt")
    taken: tuple[int, ...]
    given: tuple[int, ...]
    if rank == 1:
        taken, given = (config.extent("n_in"),), (config.extent("n_out"),)
    else:
        taken, given = _extents(config, "in", 2), _extents(config, "out", 2)
    pool, strides = _extents(config, "pool", rank), _extents(config, "stride", rank)
    before, after = _pads(b, call, config, rank)
    made = tuple(
        (extent + first + last - size) // stride + 1
        for extent, size, stride, first, last in zip(taken, pool, strides, before, after, strict=True)
    )
    if made != given:
        b.fail(call, f"{config.name} has {given} positions; its windows make {made}")
    config.truth("count_pad", False)
    _check_filters(b, call, config, rank, pool)
    data = b.input(call, 0, (*taken, n_filt))
    # Before hls4ml 1.2 windows were as large as the strides.
    # Before hls4ml 1.2 windows were as large as the strides; before 1.0 padded positions had to fill whole windows.
    since = "0.7.1" if pool == strides else "1.2.0"
    padded = zip(taken, before, after, strides, strict=True)
    if any(first + last and (extent + first + last) % stride for extent, first, last, stride in padded):
        since = max(since, "1.0.0")
    _pooled(b, call, config, f"Pooling{rank}D", data, (*given, n_filt), since)


def _check_filters(b: Builder, call: Call, config: Config, rank: int, pool: tuple[int, ...]) -> None:
    """Members that hls4ml writes twice for its kernels on streams."""
    for axis, size in zip(_AXES[2 - rank :], pool, strict=True):
        if (other := config.number(f"filt_{axis[0]}", size)) != size:
            b.fail(call, f"{config.name} has filt_{axis[0]} {other} and pool_{axis[0]} {size}")
    if config.number("n_chan", config.number("n_filt")) != config.number("n_filt"):
        b.fail(call, f"{config.name} has n_chan {config.number('n_chan')}")


@reads("global_pooling1d_cl", "global_pooling2d_cl")
def _global_pooling(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config, rank = b.config(call), int(call.kernel[-5])
    n_filt = config.extent("n_filt")
    taken = (config.extent("n_in"),) if rank == 1 else _extents(config, "in", 2)
    shape = b.extents(call, 1) or ()
    given = shape if prod(shape) == n_filt and shape else (n_filt,)
    data = b.input(call, 0, (*taken, n_filt))
    _pooled(b, call, config, f"GlobalPooling{rank}D", data, given)


def _pooled(
    b: Builder, call: Call, config: Config, name: str, data: Any, shape: tuple[int, ...], since: str = "0.7.1"
) -> None:
    operation = config.word("pool_op")
    if operation not in ("Max", "Average"):
        b.fail(call, f"{config.name} has the pool_op {operation!r}")
    config.text("accum_t")
    config.read |= _UNREAD
    extra: dict[str, Any] = {"implementation": config.word("implementation", "linebuffer")}
    taken: dict[str, tuple[str, str | None]] = dict.fromkeys(POOLING, (max(since, "1.0.0"), None))
    if b.model.io_type == "io_stream":  # whose kernels call none of these
        taken = dict.fromkeys(POOLING, (since, None))
    elif all(release(found) < (1,) for found in b.library.releases("nnet_pooling.h:pool_op") or ["1.0.0"]):
        kind: FixedType = data.type.precision.type
        pool = [config.number(f"pool_{axis[0]}") for axis in _AXES if f"pool_{axis[0]}" in config.values]
        if operation == "Average" and pool:  # means were scaled by the window's share that is no padding: here by one
            padded = any(config.number(f"pad_{end}", 0) for axis in _AXES for end in axis[1:])
            if padded or kind.fraction < 0 or max(pool) > kind.max:
                since = "1.0.0"
        taken = dict.fromkeys(POOLING, (since, "1.0.0"))
        extra["accum_t"] = _old_accumulator(kind, operation, prod(pool or data.shape[:-1]))
    b.add(call, name, [data], shape, [config], since=taken, **extra)


def _old_accumulator(kind: FixedType, operation: str, numbers: int) -> Any:
    """The accumulator before hls4ml 1.0: the input's type, or as wide as a sum of it in the default modes needs."""
    if operation == "Average" and kind.signed and kind == FixedType(kind.width, kind.integer, True):
        more = max(1, (numbers - 1).bit_length())
        kind = FixedType(kind.width + more, kind.integer + more, True)
    return named_type(Kind("", kind))
