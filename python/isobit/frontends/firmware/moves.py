"""hls4ml's layers that move numbers: padding, cropping, upsampling, transposition, copies, embeddings."""

from __future__ import annotations

from typing import Any

from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.nodes import Node

__all__: list[str] = []

_SIDES = (("height", "top", "bottom"), ("width", "left", "right"))


@reads(
    "zeropad1d_cl", "zeropad2d_cl", "zeropad1d_cf", "zeropad2d_cf", "cropping1d_cl", "cropping2d_cl", "cropping2d_cf"
)
def _sides(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config, rank, first = b.config(call), int(call.kernel[-5]), call.kernel.endswith("_cf")
    what, sign, name = ("pad", 1, "ZeroPadding") if call.kernel.startswith("zero") else ("crop", -1, "Cropping")
    taken, given = (tuple(config.number(f"{e}_{axis[0]}") for axis in _SIDES[2 - rank :]) for e in ("in", "out"))
    added = [sum(config.number(f"{what}_{end}") for end in axis[1:]) for axis in _SIDES[2 - rank :]]
    if [extent + sign * more for extent, more in zip(taken, added, strict=True)] != list(given):
        b.fail(call, f"{config.name} makes {given} of {taken}")
    channels = config.number("n_chan")
    shapes = [(channels, *extents) if first else (*extents, channels) for extents in (taken, given)]
    extra: dict[str, Any] = {"data_format": "channels_first"} if first else {}
    b.add(call, f"{name}{rank}D", [b.input(call, 0, shapes[0])], shapes[1], [config], **extra)


@reads("resize_nearest")
def _resize(b: Builder, call: Call) -> None:
    b.arguments(call, 2, 2)
    config = b.config(call)
    names = ("height", "width", "new_height", "new_width")
    in_height, in_width, out_height, out_width = (config.extent(name) for name in names)
    channels = config.number("n_chan")
    declared = b.extents(call, 1)
    flat = in_height == 1 and out_height == 1 and (declared is None or len(declared) < 3)
    taken, given = (in_height, in_width, channels), (out_height, out_width, channels)
    data = b.input(call, 0, taken[1:] if flat else taken)
    sizes: dict[str, Any] = {
        "in_height": in_height,
        "in_width": in_width,
        "out_height": out_height,
        "out_width": out_width,
    }
    shape = given[1:] if flat else given
    b.add(call, "Resize", [data], shape, [config], template=0, algorithm="nearest", **sizes)


@reads("transpose")
def _transpose(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config = b.config(call)
    shape, perm = transposition(b, call, config)
    data = b.input(call, 0, shape)
    given = tuple(shape[axis] for axis in perm)
    b.add(call, "Transpose", [data], given, [config], perm=perm)


@reads("transpose_2d", "transpose_3d")
def _transpose_old(b: Builder, call: Call) -> None:
    """Before hls4ml 1.1.0; on streams packets are rows of what is read, and columns become packets.

    In 0.6.0 the result has the type of what is read.
    """
    typed = len(call.templates) != 2
    b.arguments(call, 3 if typed else 2, 2)
    config = b.config(call)
    shape = tuple(config.number(axis) for axis in ("depth", "height", "width"))
    perm = tuple(int(axis) for axis in config.array("perm"))
    if call.kernel == "transpose_2d":
        if shape[0] != 1 or perm != (0, 2, 1):
            b.fail(call, f"{config.name} turns {shape} to {perm}, of which {call.function} exchanges two axes")
        shape, perm = shape[1:], (1, 0)
    elif sorted(perm) != [0, 1, 2] or b.model.io_type == "io_stream":
        b.fail(call, f"{config.name} is no transposition of {shape}")
    data = b.input(call, 0, shape)
    if b.model.io_type == "io_stream" and (data.type.n_elem, b.packet(call, 1)) != shape[::-1]:
        b.fail(call, f"packets of {data.type.n_elem} and of {b.packet(call, 1)} numbers; expected {shape[::-1]}")
    given = tuple(shape[axis] for axis in perm)
    b.add(call, "Transpose", [data], given, [config], template=int(typed), perm=perm)


def transposition(b: Builder, call: Call, config: Config) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and permutation of a transposition, which its struct says four times."""
    names = ("from_shape", "to_shape", "perm", "perm_strides")
    shape, to_shape, perm, strides = (tuple(int(n) for n in config.array(name)) for name in names)
    config.read |= {"dims", "N"}
    size, expected = 1, [0] * len(shape)
    for axis in range(len(shape) - 1, -1, -1):
        expected[axis], size = size, size * shape[axis]
    right = sorted(perm) == list(range(len(shape))) and size == config.number("N")
    right = right and config.number("dims") == len(shape) and to_shape == tuple(shape[axis] for axis in perm)
    if not right or strides != tuple(expected[axis] for axis in perm):
        b.fail(call, f"{config.name} is no transposition of {shape}")
    return shape, perm


@reads("embedding")
def _embedding(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 3)
    config = b.config(call)
    n_in, n_out, words = (config.extent(name) for name in ("n_in", "n_out", "vocab_size"))
    data = b.input(call, 0, (n_in,))
    weights = {"embeddings": b.weight(call, 2, (words, n_out))}
    b.add(call, "Embedding", [data], (n_in, n_out), [config], ignored=frozenset({"embeddings_t"}), weights=weights)


@reads("clone_stream")
def _clone(b: Builder, call: Call) -> None:
    """A stream that several layers read: all copies are the numbers themselves, or all of them cast alike."""
    if len(call.templates) != 3 or not 2 < len(call.arguments) <= 8 or not call.templates[2].isdigit():
        b.fail(call, "the arguments of this clone are not known")
    data = b.input(call, 0)
    if int(call.templates[2]) != data.size():
        b.fail(call, f"a clone of {call.templates[2]} numbers of {data.size()}")
    names = [f"{data.tensor}_cpy{place}" for place in range(1, len(call.arguments))]
    for place, name in enumerate(names, 1):
        b.output(call, place, data.shape, tensor=name)
    if (reason := b.unknown_functions(call)) is not None:
        b.fail(call, reason)
    layer = call.layer or f"clone_{data.tensor}"
    b.model.nodes.append(Node("Clone", layer, [data.tensor], names, {"function_cpp": call.text}, {}, b.model))


@reads("repack_stream")
def _repack(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    data = b.input(call, 0)
    if call.templates[2] != str(data.size()):
        b.fail(call, f"a repacking of {call.templates[2]} numbers of {data.size()}")
    kind = b.packet(call, 1)
    if kind < 1 or data.size() % kind:
        b.fail(call, f"packets of {kind} numbers of {data.size()}")
    shape = (data.size(),) if kind == data.size() else (data.size() // kind, kind)
    b.add(call, "Repack", [data], shape, ())


@reads("broadcast_stream")
def _broadcast(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config = b.config(call)
    taken, given = (tuple(config.number(f"{e}_{n}") for n in ("height", "width", "chan")) for e in ("in", "out"))
    b.add(call, "Broadcast", [b.input(call, 0, taken)], given, [config])
