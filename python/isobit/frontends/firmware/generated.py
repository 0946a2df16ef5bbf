"""Code that hls4ml generates for a layer (``nnet_code_gen.h``): what it does, which must be what the layer says."""

from __future__ import annotations

import hashlib
import re
from math import prod
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from isobit.frontends.firmware.building import Builder
    from isobit.frontends.firmware.cpp.structs import Config
    from isobit.frontends.firmware.cpp.top import Call
    from isobit.frontends.firmware.nodes import WeightVariable

__all__ = ["check_unrolled", "check_windows", "filled", "pointwise_parts", "tree_of", "window_view"]

#: Of a class ``pointwise_conv_N`` without its calls of the kernel.
_PARTS = "58bfabfa355b7557"
#: Of a class ``dense_resource_unrolled_N`` without its products.
_UNROLLED = "73aa958dd01607c4"
#: One product of it, a turn, and all turns.
_PRODUCT = (
    r"acc\[(\d+)\] \+= static_cast<typename CONFIG_T::accum_t>\(CONFIG_T::template product<data_T, typename "
    r"CONFIG_T::weight_t>::product\(data\[(\d+)\], weights\[(\d+)\]\)\);\s*"
)
_TURN = r"M(\d+): \{\s*((?:" + _PRODUCT.replace(r"(\d+)", r"\d+") + r")*)\}\s*"
_TURNS = re.compile(r"MULT: \{\s*((?:" + _TURN.replace(r"(\d+)", r"\d+") + r")*)\}")
_TEMPLATE = r"\ntemplate<class data_T, class res_T, typename CONFIG_T>\n"
_STATEMENT = re.compile(r"buffer\[(\d+)\]\[(\d+)\] = *(?:data\[(\d+)\]|0);\s*")
_PARTITION = re.compile(r"if \(partition == *(\d+)\) \{\s*((?:buffer\[\d+\]\[\d+\] = *(?:data\[\d+\]|0);\s*)*)\}\s*")
_BUFFER = (
    r"template<class data_T, typename CONFIG_T>\s*class %s : public (?:nnet::)?FillConv[12]DBuffer<data_T, CONFIG_T> \{"
    r"\s*public:\s*static void fill_buffer\(\s*data_T data\[[\w:* ]+\],\s*data_T buffer\[[\w:* ]+\]\[[\w:* ]+\],\s*"
    r"const unsigned partition\s*\) \{\s*((?:%s)*)\}\s*\};"
)


def window_view(
    taken: tuple[int, ...],
    n_chan: int,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    before: tuple[int, ...],
    given: tuple[int, ...],
) -> Any:
    """Which number of the input is where in each window, -1 for padding; shape (windows, taps * channels)."""
    grid = np.arange(prod(taken) * n_chan).reshape(*taken, n_chan)
    rows = []
    for position in np.ndindex(*given):
        for tap in np.ndindex(*kernel):
            place = [p * s + t - f for p, s, t, f in zip(position, strides, tap, before, strict=True)]
            inside = all(0 <= at < extent for at, extent in zip(place, taken, strict=True))
            rows.append(grid[tuple(place)] if inside else np.full(n_chan, -1))
    return np.array(rows).reshape(prod(given), prod(kernel) * n_chan)


def filled(b: Builder, call: Call, config: Config, windows: int, size: int) -> Any:
    """What a class ``fill_buffer_N`` puts into each window, as :func:`window_view` gives it.

    Raises
    ------
    UnsupportedError
        If its code does anything but that.
    """
    code, name = b.generated, config.template("fill_buffer").rpartition("::")[2]
    found = re.search(_BUFFER % (re.escape(name), _PARTITION.pattern.replace("(\\d+)", "\\d+", 1)), code)
    if found is None or len(re.findall(rf"\b(?:class|struct)\s+{re.escape(name)}\b", code)) != 1:
        b.fail(call, f"the code of {name} is not what hls4ml generates")
    body, place, table = found[1], 0, list[int]()
    parts, at_once = config.number("n_partitions"), config.number("n_pixels")
    for partition, part in enumerate(_PARTITION.finditer(body)):
        statements = [(int(row), int(column), source) for row, column, source in _STATEMENT.findall(part[2])]
        expected = [(row, column) for row in range(at_once) for column in range(size)]
        if part.start() != place or int(part[1]) != partition or [item[:2] for item in statements] != expected:
            b.fail(call, f"the code of {name} is not what hls4ml generates")
        table += [int(source) if source else -1 for *_, source in statements]
        place = part.end()
    if parts * at_once != windows:
        b.fail(call, f"{config.name} has {parts} times {at_once} windows of {windows}")
    if len(table) != windows * size:
        b.fail(call, f"{name} fills {len(table)} numbers; expected {windows} windows of {size}")
    b.vouch(name)
    return np.array(table).reshape(windows, size)


def tree_of(b: Builder, call: Call, name: str) -> dict[str, Any]:
    """What the handlers of distributed arithmetic read: the function that da4ml wrote, which stands once in the code.

    The handler follows it as linear forms of its inputs and checks every format, so that weights and bias are proven.
    """
    found = re.findall(
        rf"template <typename inp_t, typename out_t>\nvoid {re.escape(name)}\(.*?\n\}}\n", b.generated, re.DOTALL
    )
    if len(found) != 1 or len(re.findall(rf"\bvoid {re.escape(name)}\b", b.generated)) != 1:
        b.fail(call, f"nnet_code_gen.h defines {name} {len(found)} times as da4ml writes it; expected once")
    b.vouch(name)
    return {"strategy": "distributed_arithmetic", "da_codegen": SimpleNamespace(code=found[0])}


def _class(b: Builder, call: Call, name: str) -> str:
    """The class of this name, which stands once in the code, without pragmas that end with their line."""
    found = re.findall(rf"{_TEMPLATE}(class {name} : public .*?\n}};\n)", b.generated, re.DOTALL)
    if len(found) != 1 or len(re.findall(rf"\b{name}\b", b.generated)) != 1:
        b.fail(call, f"nnet_code_gen.h has {len(found)} classes {name}; expected one")
    return re.sub(r"#pragma[^\n\\?]*", "", found[0])


def _digest(code: str) -> str:
    return hashlib.sha256("".join(code.split()).encode()).hexdigest()[:16]


def check_unrolled(b: Builder, call: Call, config: Config, weight: WeightVariable) -> None:
    """Check the class that hls4ml generates for a product of the strategy ``resource_unrolled``, if a struct names one.

    In each turn it adds the products of every so many weights, in the order in which they are stored, and leaves out
    those of weights that are written as zero.
    """
    name = config.template("kernel", "").rpartition("::")[2]
    if not name.startswith("dense_resource_unrolled_"):
        return
    code, n_in, reuse = _class(b, call, name), config.extent("n_in"), config.extent("reuse_factor", 1)
    kept = weight.data.ravel() != 0
    turns = [
        (turn, [(place // n_in, place % n_in, place) for place in range(turn, kept.size, reuse) if kept[place]])
        for turn in range(reuse)
    ]
    products = [found[1] for found in _TURNS.finditer(code)]
    written = [
        (int(turn), [tuple(int(number) for number in product) for product in re.findall(_PRODUCT, part)])
        for turn, part in re.findall(_TURN, "".join(products))
    ]
    digest = _digest(_TURNS.sub("TURNS", code.replace(name, "NAME")))
    if len(products) != 1 or digest != _UNROLLED or written != turns:
        b.fail(call, f"the code of {name} is not what hls4ml generates for these weights and the reuse factor {reuse}")
    b.vouch(name)


def pointwise_parts(b: Builder, call: Call, name: str, parts: int) -> None:
    """Check the class that hls4ml 1.0.0 and 1.1.0 generate for a pointwise convolution, if a struct names one.

    It cuts the positions into as many parts as the reuse factor and calls one kernel for each of them.
    """
    if not re.fullmatch(r"pointwise_conv_\d+", name):
        return
    code = _class(b, call, name)
    calls = re.findall(
        r"(pointwise_conv_1d_latency_cl[^;(]*)\(data_tmp\[(\d+)\], res_tmp\[\2\], weights, biases\);", code
    )
    rest = re.sub(r"pointwise_conv_1d_latency_cl[^;]*;\s*", "", code.replace(name, "NAME"))
    kernel = "pointwise_conv_1d_latency_cl<data_T, res_T, CONFIG_T>"
    if _digest(rest) != _PARTS or calls != [(kernel, str(place)) for place in range(parts)]:
        b.fail(call, f"the code of {name} is not what hls4ml generates for the reuse factor {parts}")
    b.vouch(name)


def check_windows(b: Builder, call: Call, config: Config, *geometry: Any) -> None:
    """Check that generated windows are those of the struct, where the kernel has such code."""
    name = config.template("fill_buffer", "").rpartition("::")[2]
    if not name or name in ("FillConv1DBuffer", "FillConv2DBuffer"):
        return
    view = window_view(*geometry)
    if not np.array_equal(filled(b, call, config, *view.shape), view):
        b.fail(call, f"{name} does not fill the windows that {config.name} describes")
