"""hls4ml's layers of one element or one product each: Dense, normalisations, activations, softmax, merges."""

from __future__ import annotations

from typing import Any

from isobit.fixed.array import quantise_floats
from isobit.frontends.firmware.building import Builder, reads
from isobit.frontends.firmware.cpp.structs import Config
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.generated import check_unrolled, tree_of
from isobit.frontends.firmware.nodes import WeightVariable, named_type, product_of
from isobit.frontends.firmware.older import SOFTMAX, Since

__all__ = ["strategy_of"]

#: Kernels of products, and the strategy that has them.
_KERNELS = {
    "DenseLatency": "latency",
    "DenseResource_rf_leq_nin": "resource",
    "DenseResource_rf_gt_nin_rem0": "resource",
    "DenseResource_rf_gt_nin": "resource",
    "DepthwiseDenseLatency": "latency",
}

#: Of the enumeration in nnet_common.h, those of products that this module reads. No release has ``compressed`` there:
#: what hls4ml writes for compressed weights does not compile.
_STRATEGIES = ("latency", "resource", "resource_unrolled")


def strategy_of(call: Call, builder: Builder, config: Config, n_in: int) -> str:
    """The strategy of a product, by its kernel where it has one; the kernel must be one for the reuse factor."""
    word = config.word("strategy", "latency")
    kernel = config.template("kernel", "")
    name, reuse = kernel.rpartition("::")[2], config.extent("reuse_factor", 1)
    if not kernel:
        strategy = word
    elif name.startswith("dense_resource_unrolled_"):
        strategy = "resource_unrolled"
    else:
        strategy = _KERNELS.get(name, "")
    if strategy not in _STRATEGIES or word not in ("latency", strategy):
        builder.fail(call, f"{config.name} has the strategy {word!r} and the kernel {kernel!r}, which is not known")
    if name.startswith("DenseResource") and (name == "DenseResource_rf_leq_nin") != (reuse <= n_in):
        builder.fail(call, f"{config.name} has the kernel {kernel!r} for the reuse factor {reuse} and {n_in} inputs")
    return strategy


@reads("dense")
def _dense(b: Builder, call: Call) -> None:
    if len(call.arguments) == 2:
        _tree(b, call)
        return
    b.arguments(call, 3, 4)
    config = b.config(call)
    n_in, n_out = config.extent("n_in"), config.extent("n_out")
    data = b.input(call, 0, (n_in,))
    strategy = strategy_of(call, b, config, n_in)
    transposed = strategy in ("resource", "resource_unrolled")
    weight = b.weight(call, 2, (n_out, n_in) if transposed else (n_in, n_out), xnor=b.product(call, config, data))
    b.check_product(call, config, data, weight.type)
    check_unrolled(b, call, config, weight)
    config.text("accum_t")
    weights = {"weight": weight, "bias": b.weight(call, 3, (n_out,))}
    extra: dict[str, Any] = {"strategy": strategy, "_weights_transposed": transposed}
    extra["reuse_factor"] = config.extent("reuse_factor", 1)
    since = _binary_sums(config, weights["bias"]) if product_of(config) == "both_binary" else {}
    b.add(call, "Dense", [data], (n_out,), [config], since=since, weights=weights, **extra)


def _binary_sums(config: Config, bias: WeightVariable) -> Since:
    """Older releases that double sums of binary products as hls4ml does, for an even count and a whole bias.

    Until 1.2.0 the kernels subtracted half of the count before they doubled the sum.
    """
    kind, count = bias.type.precision.type, config.number("n_in")
    raw = quantise_floats(bias.data, kind)
    if count % 2 == 0 and (kind.fraction <= 0 or not (raw % (1 << kind.fraction)).any()):
        return {"nnet_mult.h:cast": ("0.7.1", None)}
    return {}


def _tree(b: Builder, call: Call) -> None:
    """A product on streams that is an adder tree."""
    b.arguments(call, 3, 2)
    config = b.config(call)
    data = b.input(call, 0, (config.number("n_in"),))
    name = config.function("dense_da").partition("<")[0].rpartition("::")[2]
    tree = tree_of(b, call, name)
    b.add(call, "Dense", [data], (config.number("n_out"),), [config], used=("bit_shift",), **tree)


@reads("normalize")
def _normalize(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 4)
    config = b.config(call)
    data = b.input(call, 0, b.extents(call, 1))
    channels = _channels(b, call, config, data.size())
    weights = {"scale": b.weight(call, 2, (channels,)), "bias": b.weight(call, 3, (channels,))}
    b.check_product(call, config, data, weights["scale"].type)
    since: dict[str, tuple[str, str | None]] = {}
    kind = b.declared.format_of(call.templates[1].removesuffix("::value_type"), call.place).type
    modes = (kind.rounding.name, kind.overflow.name, kind.saturation_bits)
    # hls4ml 0.6.0 cast the product to the result before it added the bias; whole LSBs that wrap are the same after it.
    if modes == ("TRN", "WRAP", 0) and weights["bias"].type.precision.type.fraction <= kind.fraction:
        since = dict.fromkeys(("nnet_batchnorm.h:normalize", "nnet_batchnorm_stream.h:normalize"), ("0.6.0", None))
    ignored = frozenset({"scale_t"})
    b.add(call, "BatchNormalization", [data], data.shape, [config], ignored=ignored, since=since, weights=weights)


def _channels(b: Builder, call: Call, config: Config, size: int) -> int:
    """How many scales there are: one for each number, or for each channel."""
    n_in, n_filt = config.extent("n_in"), config.number("n_filt", -1)
    found = n_in if n_filt == -1 else config.extent("n_filt")
    if n_in != size or config.number("n_scale_bias", found) != found or size % found:
        b.fail(call, f"{config.name} has n_in {n_in}, n_filt {n_filt} for {size} numbers")
    return found


@reads("normalize_binary_tanh", "normalize_ternary_tanh")
def _threshold(b: Builder, call: Call) -> None:
    binary = call.kernel == "normalize_binary_tanh"
    b.arguments(call, 2, 3 if binary else 4)
    config = b.config(call)
    data = b.input(call, 0, b.extents(call, 1))
    channels = _channels(b, call, config, data.size())
    slots = ("threshold",) if binary else ("threshold_hi", "threshold_lo")
    weights = {slot: b.weight(call, 2 + place, (channels,)) for place, slot in enumerate(slots)}
    extra: dict[str, Any] = {"weights": weights, "quantize": 2 if binary else 3}
    b.add(call, "BatchNormalizationQuantizedTanh", [data], data.shape, [config], template=None, **extra)


# -- activations ------------------------------------------------------------------------------------------------------


#: Activations with a table; for the others hls4ml writes a size as well, which may be in the millions.
_LOOKED_UP = frozenset({"sigmoid", "tanh", "softplus", "softsign", "selu", "elu"})


def _activation(b: Builder, call: Call, class_name: str, arguments: int = 2, **extra: Any) -> None:
    """An activation of one argument, or of two of which the first is a parameter."""
    b.arguments(call, arguments + 1, arguments)
    config = b.config(call)
    data = b.input(call, 0, b.extents(call, arguments - 1))
    size = data.size()
    if config.number("n_in") != size:
        b.fail(call, f"{config.name} has n_in {config.number('n_in')} for {size} numbers")
    entries = (config.entries if call.kernel in _LOOKED_UP else config.number)("table_size", 1024)
    table: dict[str, Any] = {"table_size": entries, "activation": call.kernel}
    config.text("table_t", "ap_fixed<18,8>")
    b.add(call, class_name, [data], data.shape, [config], place=arguments - 1, template=arguments - 1, **table, **extra)


@reads("linear", "relu", "sigmoid", "tanh", "softplus", "softsign", "selu", "binary_tanh", "ternary_tanh")
def _plain(b: Builder, call: Call) -> None:
    _activation(b, call, "TernaryTanh" if call.kernel == "ternary_tanh" else "Activation")


@reads("leaky_relu", "thresholded_relu", "elu")
def _parametrised(b: Builder, call: Call) -> None:
    if len(call.arguments) == 2:
        _activation(b, call, "Activation")
        return
    b.arguments(call, 4, 3)
    config = b.config(call)
    try:
        value = float(call.arguments[1])
    except ValueError:
        b.fail(call, f"the parameter {call.arguments[1]!r} is no number")
    if not abs(value) < 1 << 31:
        b.fail(call, f"the parameter is {value!r}")
    if config.text("param_t") != call.templates[1]:
        b.fail(call, f"the parameter is of {call.templates[1]!r}, in {config.name} of {config.text('param_t')!r}")
    _activation(b, call, "ParametrizedActivation", 3, activ_param=value)


@reads("prelu")
def _prelu(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    b.config(call).text("param_t")
    _activation(b, call, "PReLU", 3, weights={"param": b.weight(call, 1)})


@reads("unary_lut")
def _unary_lut(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 3)
    config = b.config(call)
    data, table = b.input(call, 0, b.extents(call, 1)), b.weight(call, 2, (config.entries("table_size"),))
    kind = b.declared.format_of(config.text("table_t"), config.place)
    if config.number("n_in") != data.size() or kind.type != table.type.precision.type:
        b.fail(call, f"{config.name} has n_in {config.number('n_in')} and {kind.name!r} for {data.size()} numbers")
    b.add(call, "UnaryLUT", [data], data.shape, [config], weights={"table": table})


@reads("hard_sigmoid", "hard_tanh")
def _hard(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config = b.config(call)
    data = b.input(call, 0, b.extents(call, 1))
    if config.number("n_in") != data.size():
        b.fail(call, f"{config.name} has n_in {config.number('n_in')} for {data.size()} numbers")
    extra: dict[str, Any] = {"activation": call.kernel}
    for slot in ("slope", "shift"):
        config.read.add(slot)
        if slot not in config.values or slot not in config.kinds:
            config.fail(f"has no {slot} with a value")
        kind = b.declared.format_of(config.kinds[slot], config.place)
        extra |= {slot: config.values[slot], f"{slot}_t": named_type(kind)}
    b.add(call, "HardActivation", [data], data.shape, [config], **extra)


@reads("softmax", "softmax_multidim")
def _softmax(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 2)
    config = b.config(call)
    data = b.input(call, 0, b.extents(call, 1))
    parallel, newer = b.model.io_type == "io_parallel", "exp_table_size" in config.values
    known = newer and b.unknown_functions(call, [config]) is None  # else structs of which not all is read
    least = None if parallel and known else 1
    inner, outer = (config.extent(name, least) for name in ("n_inner", "n_outer"))
    size = config.extent("n_slice" if newer else "n_in", least)
    if config.number("n_in") != data.size() or (parallel and size * inner * outer != data.size()):
        b.fail(call, f"{config.name} normalises {outer} x {size} x {inner} numbers of {data.size()}")
    if call.kernel == "softmax" and parallel and (inner, outer) != (1, 1):
        b.fail(call, f"{config.name} has {outer} x {inner} slices, of which {call.function} computes one")
    if known:
        _check_softmax(config, parallel)
    config.read |= {"axis", "implementation", "exp_table_t", "inv_table_t"}
    if newer:
        config.read |= {"exp_table_size", "inv_table_size", "exp_scale", "accum_t", "inv_inp_t", "inp_norm_t"}
        taken: tuple[str, str | None] = ("1.2.0", None)
    else:
        config.number("table_size")
        taken = ("0.6.0", "1.2.0")
        if config.word("implementation") == "stable" and not data.type.precision.signed:
            taken = ("1.2.0", None)  # differences of numbers without a sign would address a table of theirs
    b.add(call, "Softmax", [data], data.shape, [config], since=dict.fromkeys(SOFTMAX, taken))


def _check_softmax(config: Config, parallel: bool) -> None:
    """Check that a softmax has every member that its kernel reads."""
    implementation = config.word("implementation")
    if implementation != "legacy" or parallel:
        config.entries("exp_table_size")
        config.entries("inv_table_size")
    if implementation != "legacy":
        config.real("exp_scale")
        if (kind := config.kinds["exp_scale"]) != "float":  # in which the kernel multiplies by it
            config.fail(f"has the exp_scale of the type {kind!r}; expected float")
        for slot in ("accum_t", "inv_inp_t", "exp_table_t", "inv_table_t"):
            config.text(slot)
    if implementation == "stable":
        config.text("inp_norm_t")
    if not parallel:
        config.number("axis")


@reads("layernormalize")
def _layernorm(b: Builder, call: Call) -> None:
    b.arguments(call, 3, 4)
    config = b.config(call)
    positions, size = config.extent("seq_len"), config.extent("n_in")
    if size % positions:
        b.fail(call, f"{config.name} has n_in {size} for {positions} positions")
    data = b.input(call, 0, (positions, channels := size // positions))
    config.entries("table_size")
    for name in ("epsilon_power_of_10", "table_range_power2"):
        config.number(name)
    for slot in ("accum_t", "table_t"):
        config.text(slot)
    weights = {"scale": b.weight(call, 2, (channels,)), "bias": b.weight(call, 3, (channels,))}
    b.check_product(call, config, data, weights["scale"].type)
    config.read |= {"axis", "scale_t"}
    b.add(call, "LayerNormalization", [data], data.shape, [config], weights=weights)


# -- two tensors ------------------------------------------------------------------------------------------------------


@reads("add", "subtract", "multiply", "average", "maximum", "minimum")
def _merge(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    config = b.config(call)
    one, two = (b.input(call, place, template=place) for place in (0, 1))
    declared = b.extents(call, 2)
    if declared is not None and declared != one.shape and one.size() == two.size():
        one, two = b.input(call, 0, declared), b.input(call, 1, declared, template=1)
    shape = declared or max(one.shape, two.shape, key=lambda shape: _size(shape))
    sizes = [config.number("n_elem1", -1), config.number("n_elem2", -1)]
    if config.number("n_elem") != _size(shape) or sizes not in ([one.size(), two.size()], [-1, -1]):
        b.fail(call, f"{config.name} merges {config.number('n_elem')} numbers of {one.shape} and {two.shape}")
    since: dict[str, tuple[str, str | None]] = {}
    if one.type.precision.type != two.type.precision.type:  # a choice of two formats was one of neither until then
        headers = ("nnet_merge.h", "nnet_merge_stream.h")
        since = {f"{header}:{name}": ("1.2.0", None) for header in headers for name in ("maximum", "minimum")}
    b.add(call, "Merge", [one, two], shape, [config], template=2, since=since, op=call.kernel)


def _size(shape: tuple[int, ...]) -> int:
    found = 1
    for extent in shape:
        found *= extent
    return found


@reads("dot1d")
def _dot(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    config = b.config(call)
    n_in = config.number("n_in")
    one, two = b.input(call, 0, (n_in,)), b.input(call, 1, (n_in,), template=1)
    if config.number("n_out", 1) != 1:
        b.fail(call, f"{config.name} has n_out {config.number('n_out')}")
    if b.product(call, config, one):
        b.fail(call, f"{config.name} has the product of binary weights")
    b.check_product(call, config, one, two.type)
    config.text("accum_t")
    b.add(call, "Dot", [one, two], (1,), [config], template=2)


@reads("concatenate1d", "concatenate2d", "concatenate3d")
def _concatenate(b: Builder, call: Call) -> None:
    b.arguments(call, 4, 3)
    config, rank = b.config(call), int(call.kernel[-2])
    shapes = [tuple(config.number(f"n_elem{side}_{axis}") for axis in range(rank)) for side in (1, 2)]
    rest = [config.number(f"n_elem{side}_{axis}", 0) for side in (1, 2) for axis in range(rank, 3)]
    axis = config.number("axis", least=-rank)
    place = axis - 1 if axis > 0 else axis + rank
    others = [shape[:place] + shape[place + 1 :] for shape in shapes]
    if any(rest) or not 0 <= place < rank or others[0] != others[1]:
        b.fail(call, f"{config.name} joins {shapes} along the axis {axis}")
    inputs = [b.input(call, side, shape, template=side) for side, shape in enumerate(shapes)]
    joined = list(shapes[0])
    joined[place] += shapes[1][place]
    since: dict[str, tuple[str, str | None]] = {}
    if rank == 3 and shapes[0][2] != shapes[1][2]:  # joined along the last axis, as much was taken of both until then
        since = {"nnet_merge.h:concatenate3d_2": ("1.2.0", None)}
    b.add(call, "Concatenate", inputs, tuple(joined), [config], template=2, since=since, axis=axis)
