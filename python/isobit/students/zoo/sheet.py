"""A golden config under construction: every layer that hls4ml will make, with every type written out."""

from __future__ import annotations

from typing import Any, Final

HLS4ML_VERSION: Final = "1.3.0"
BACKEND: Final = "Vitis"
PART: Final = "xcvu9p-flga2104-2L-e"
CLOCK_NS: Final = 5

_TABLE: Final = "ap_fixed<18,8>"  # hls4ml's default for the tables of activations
_SOFTMAX_TABLE: Final = "ap_fixed<18,8,RND,SAT>"  # and for those of softmax
_TABLE_SIZE: Final = 1024
_NO_BIAS: Final = "ap_uint<1>"  # hls4ml's type of a bias that there is none of


class Sheet:
    """The arguments of hls4ml's converter, filled in layer by layer.

    Parameters
    ----------
    number
        Type of whatever is not given another: results, accumulators, weights, biases, scales.
    reuse
        Reuse factor of all layers.
    strategy
        'Latency', 'Resource' or 'distributed_arithmetic'.
    weight, bias
        Types of the kernels and biases of all dense and convolution layers, if they are not `number`.
    """

    def __init__(
        self,
        number: str,
        *,
        reuse: int = 1,
        strategy: str = "Latency",
        weight: str | None = None,
        bias: str | None = None,
    ) -> None:
        self.number = number
        self._parameters = {"weight": weight or number, "bias": bias or number}
        self._weighted: dict[str, Any] = {"Strategy": strategy, "ReuseFactor": reuse}
        # hls4ml refuses the strategy of adder trees for layers without weights
        others = "Latency" if strategy == "distributed_arithmetic" else strategy
        self._common: dict[str, Any] = {**self._weighted, "Strategy": others}
        self._layers: dict[str, Any] = {}

    def shape(self, *names: str, number: str | None = None) -> Sheet:
        """Layers that move numbers: inputs, flatten, reshape, padding."""
        for name in names:
            self._layers[name] = {"Precision": {"result": number or self.number}}
        return self

    def upsampling(self, name: str, number: str) -> Sheet:
        """Repetition of the nearest value."""
        self._layers[name] = {"Precision": {"result": number}, "Algorithm": "nearest"}
        return self

    def dense(self, name: str, result: str | None = None, accum: str | None = None, **more: Any) -> Sheet:
        """Dense, and the linear activation that hls4ml makes of it and then removes; `more` is set over the common."""
        precision = {"result": result or self.number, "accum": accum or self.number, **self._parameters}
        self._layers[name] = {"Precision": precision, **self._weighted, **more}
        return self.activation(f"{name}_linear", result)

    def conv(self, name: str, **more: Any) -> Sheet:
        """One- or two-dimensional convolution."""
        return self.dense(name, ParallelizationFactor=1, ConvImplementation="LineBuffer", **more)

    def matrix(self, name: str, weight: str, number: str | None = None) -> Sheet:
        """Pointwise convolution by a constant matrix, one multiplier for each product."""
        result = number or self.number
        precision = {"result": result, "accum": result, "weight": weight, "bias": _NO_BIAS}
        self.conv(name, Precision=precision, ReuseFactor=1)
        return self.activation(f"{name}_linear", result)

    def recurrent(self, name: str) -> Sheet:
        """LSTM or GRU with its state in registers ('static'), both products at the common reuse factor."""
        slots = ("result", "accum", "weight", "bias", "recurrent_weight", "recurrent_bias")
        self._layers[name] = {
            "Precision": {**dict.fromkeys(slots, self.number), "table": _TABLE},
            "TableSize": _TABLE_SIZE,
            "Static": True,
            "RecurrentReuseFactor": self._common["ReuseFactor"],
            **self._common,
        }
        return self

    def dot(self, name: str, accum: str) -> Sheet:
        """Scalar product of two vectors."""
        self._layers[name] = {"Precision": {"result": self.number, "accum": accum}, **self._common}
        return self

    def merge(self, name: str, number: str | None = None) -> Sheet:
        """Sum, difference or product of two tensors, or one behind the other."""
        self._layers[name] = {"Precision": {"result": number or self.number}, **self._common}
        return self

    def embedding(self, name: str) -> Sheet:
        """Rows of a table."""
        slots = ("result", "embeddings")
        self._layers[name] = {"Precision": dict.fromkeys(slots, self.number), **self._common}
        return self

    def batchnorm(self, name: str, result: str | None = None) -> Sheet:
        """Batch normalisation that stays a layer of its own."""
        slots = ("scale", "bias")
        precision = {"result": result or self.number, **dict.fromkeys(slots, self.number)}
        self._layers[name] = {"Precision": precision, **self._common}
        return self

    def activation(self, name: str, result: str | None = None) -> Sheet:
        """ReLU, linear, tanh, sigmoid; only the last two look at their table."""
        precision = {"result": result or self.number, "table": _TABLE}
        self._layers[name] = {"Precision": precision, "TableSize": _TABLE_SIZE, **self._common}
        return self

    def softmax(self, name: str) -> Sheet:
        """Softmax that subtracts the largest input first ('stable')."""
        tables = dict.fromkeys(("exp_table", "inv_table", "inv_inp", "accum"), _SOFTMAX_TABLE)
        self._layers[name] = {
            "Precision": {"result": self.number, "table": _TABLE, **tables},
            "TableSize": _TABLE_SIZE,
            "Implementation": "stable",
            "Skip": False,
            **self._common,
        }
        return self

    def pooling(self, name: str, number: str | None = None) -> Sheet:
        """Average or maximum pooling."""
        slots = ("result", "accum")
        self._layers[name] = {
            "Precision": dict.fromkeys(slots, number or self.number),
            "ConvImplementation": "LineBuffer",
            **self._common,
        }
        return self

    def arguments(self) -> dict[str, Any]:
        """What `hls4ml.converters.convert_from_keras_model` takes beside the model and the output folder."""
        return {
            "backend": BACKEND,
            "part": PART,
            "clock_period": CLOCK_NS,
            "clock_uncertainty": "27%",
            "io_type": "io_parallel",
            "hls_config": {
                "Model": {"Precision": {"default": self.number}, **self._weighted},
                "LayerName": self._layers,
            },
        }
