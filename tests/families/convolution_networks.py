"""Random networks of convolutions: every kind, padding, strides, strategy and inner format, pooling between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed import FixedType

__all__ = ["convolutions"]


def _extents(tensor: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in tensor.shape[1:])


def _sides(rng: np.random.Generator, axes: int) -> Any:
    """Zeros at both ends of every axis, as Keras takes them."""
    sides = tuple(tuple(int(n) for n in rng.integers(0, 3, 2)) for _ in range(axes))
    return sides[0] if axes == 1 else sides


class _Layers:
    """Those of Keras and, by their names with a Q, of QKeras."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras

    def __getattr__(self, name: str) -> Any:
        import qkeras

        return getattr(qkeras if name.startswith("Q") else self.keras, name)


def _quantiser(rng: np.random.Generator, scaled: bool) -> tuple[str, bool]:
    """A quantiser of weights, at times with a scale, and whether zeros among what it gives are zero."""
    alpha = str(rng.choice(["1", "1", "'auto'", "'auto_po2'"])) if scaled else "1"
    bits = f"quantized_bits({int(rng.integers(3, 9))},{int(rng.integers(0, 2))},alpha={alpha})"
    kinds = {bits: True, f"ternary(alpha={alpha})": True, f"binary(alpha={alpha})": False, "quantized_po2(4)": False}
    found = str(rng.choice(list(kinds)))
    return found, kinds[found]


def convolutions(net: Any, backend: str) -> None:
    """Convolutions of every kind on sequences or images, with pooling, padding and activations between them."""
    net.layers = _Layers(net.layers)
    rng = net.rng
    axes = int(rng.choice([1, 2]))
    most = 9 if axes == 1 else 6
    net.cast(net.input(*(int(n) for n in rng.integers(3, most, axes)), int(rng.integers(1, 4))))
    for kind in rng.permutation(["Conv", "Conv", "DepthwiseConv", "SeparableConv", "pool", "pad", "cast"])[:5]:
        tensor = net.live[-1]
        if kind == "cast":
            net.cast(tensor)
        elif kind == "pad":
            net.put(f"ZeroPadding{axes}D", tensor, _sides(rng, axes), slots=())
        elif kind == "pool":
            size = int(rng.integers(1, 3))
            if min(_extents(tensor)[:-1]) >= size:
                name = f"{rng.choice(['Average', 'Max'])}Pooling{axes}D"
                net.put(name, tensor, size)
                # Where a maximum's accumulator is not of its input's format, hls4ml's firmware does not compile.
                net.names[f"{name.lower()}{len(net.kinds) - 1}"]["Precision"]["accum"] = "auto"
        else:
            _convolve(net, str(kind), tensor, backend)
    if not any("Conv" in kind for kind in net.kinds):
        _convolve(net, "Conv", net.live[-1], backend)


def _convolve(net: Any, kind: str, tensor: Any, backend: str) -> None:
    """A convolution with everything that hls4ml takes: kernel, strides, padding, strategy, reuse, partitions."""
    from tensorflow.keras import initializers

    rng, (*extents, channels) = net.rng, _extents(tensor)
    axes, filters = len(extents), int(rng.integers(1, 5))
    kernel = [int(rng.integers(1, min(extent, 3) + 1)) for extent in extents]
    strides = [int(n) for n in rng.choice([1, 1, 2, 3], axes)]
    if axes == 2 and net.streams and kernel[0] == 1:
        strides[0] = 1  # hls4ml leaves no row out
    if axes == 2 and kind != "Conv":
        strides[1] = strides[0]  # Keras takes no others
    steps = [f"{step}_" for step in ("depthwise", "pointwise")] if kind == "SeparableConv" else [""]
    weights = [step.rstrip("_") or ("kernel" if kind == "Conv" else "depthwise") for step in steps]
    uniform = {
        f"{name}_initializer": initializers.RandomUniform(-1.2, 1.2, seed=int(rng.integers(1 << 30)))
        for name in (*weights, "bias")
    }
    plain = True
    name = f"{kind}{axes}D"
    if rng.random() < 0.35 and name != "DepthwiseConv1D":
        name = f"Q{name}"
        for weight in weights:
            # hls4ml fails to convert a separable convolution with a scale.
            uniform[f"{weight}_quantizer"], zeros = _quantiser(rng, kind != "SeparableConv")
            plain = plain and zeros
        uniform["bias_quantizer"] = "quantized_bits(8,1,alpha=1)"
    net.put(
        name,
        tensor,
        *([] if kind == "DepthwiseConv" else [filters]),
        kernel_size=kernel,
        strides=strides,
        padding=str(rng.choice(["valid", "same", "causal"][: 3 if axes == 1 and kind == "Conv" else 2])),
        use_bias=bool(rng.random() < 0.8),
        slots=("bias", *(f"{step}{slot}" for step in steps for slot in ("accum", "result"))),
        **uniform,
    )
    config = net.names[f"{name.lower()}{len(net.kinds) - 1}"]
    precisions = config["Precision"]
    precisions |= dict.fromkeys(weights if len(steps) > 1 else ["weight"], str(net.format()))
    for slot in precisions:
        if slot.endswith("accum") and precisions[slot] != "auto" and rng.random() < 0.7:
            precisions[slot] = str(_an_accumulator(rng))
    if kind == "Conv" or net.streams:
        unrolled = ["Resource_unrolled"] if kind == "Conv" and net.streams and plain else []
        config["Strategy"] = str(rng.choice(["Latency", "Resource", "Resource", *unrolled]))
        size = int(np.prod(kernel)) * channels
        # With io_parallel and more than the size, hls4ml's kernel reads past its buffer. It replaces other factors that
        # are not legal, but not those of pointwise convolutions.
        factors = [1, 2, int(rng.integers(1, size + 1)), size, *([size * filters] if net.streams else [])]
        if kind == "SeparableConv" or set(kernel) == {1}:
            factors = [n for n in range(1, channels + 1) if channels % n == 0]
        config["ReuseFactor"] = int(rng.choice(factors))
    config["ParallelizationFactor"] = int(rng.integers(1, 5))
    if len(set(kernel)) == 1 and set(strides) == {1} and backend == "Vivado" and rng.random() < 0.4:
        config["ConvImplementation"] = "Encoded"


def _an_accumulator(rng: np.random.Generator) -> FixedType:
    """A format that holds most sums, but not all."""
    overflow = str(rng.choice(["WRAP", "SAT", "SAT_SYM", "SAT_ZERO"]))
    rounding = str(rng.choice(["TRN", "TRN", "RND", "RND_CONV"]))
    return FixedType(int(rng.integers(10, 25)), int(rng.integers(2, 8)), True, rounding, overflow)
