"""Layers beside the families: embedding, einsum, tables and casts as HGQ makes them; how hls4ml learns to read them."""

from __future__ import annotations

from typing import Any

from corpus_cases import BOTH, PARALLEL, case, keras, network


@case("other", (PARALLEL,))  # with io_stream hls4ml 1.3.0 writes code that no compiler accepts
def time_distributed() -> Any:
    return network((3, 4), lambda L, x: L.TimeDistributed(L.Dense(2, name="inner"), name="each")(x))


@case("other", BOTH, integers=(0, 6, 0))
def embedding() -> Any:
    return network((4,), lambda L, x: L.Embedding(6, 3, input_length=4, name="embed")(x))


@case("other", (PARALLEL,))
def einsum_dense() -> Any:
    return network((3, 4), lambda L, x: L.EinsumDense("nij,jk->nik", (3, 5), bias_axes="k", name="einsum")(x))


@case("other", (PARALLEL,))
def einsum() -> Any:
    class Einsum(keras().layers.Layer):  # type: ignore[misc]
        """Product of two tensors; Keras 2 has no such layer, hls4ml has."""

        def call(self, tensors: Any) -> Any:
            import tensorflow

            return tensorflow.einsum("nij,njk->nik", *tensors)

    return network([(2, 3), (3, 4)], lambda L, a, b: Einsum(name="einsum")([a, b]))


@case("other", (PARALLEL,), default="ap_fixed<8,3>")
def unary_lut() -> Any:
    class UnaryLUT(keras().layers.Layer):  # type: ignore[misc]
        """A table of 256 values by the input's 8 bits, as HGQ makes of an activation."""

        def build(self, shape: Any) -> None:
            self.table = self.add_weight("table", (256,))

        def call(self, x: Any) -> Any:
            return x + self.table[0]

        def get_config(self) -> Any:
            return {**super().get_config(), "kif_out": (1, 3, 5)}

    return network((6,), lambda L, x: UnaryLUT(name="lut")(x))


@case("other", (PARALLEL,))
def heterogeneous_quantizer() -> Any:
    class FixedPointQuantizer(keras().layers.Layer):  # type: ignore[misc]
        """A cast with a format of its own for every value, as HGQ makes it."""

        keeps_weights = True

        def build(self, shape: Any) -> None:
            formats = {"keep_negative": [1, 0, 1, 1, 0, 1], "bits": [6, 5, 8, 0, 4, 9], "integers": [3, 2, 4, 0, 4, 1]}
            for name, values in formats.items():
                start = keras().initializers.Constant([values])
                setattr(self, name, self.add_weight(name, (1, 6), "int32", start))

        def call(self, x: Any) -> Any:
            return x

        def get_config(self) -> Any:
            more = {"RND": "RND", "SAT": "SAT", "fusible": False, "overrides": {}}
            return {**super().get_config(), **more}

    return network((6,), lambda L, x: FixedPointQuantizer(name="cast")(x))


def _garnet(**settings: Any) -> Any:
    from hls4ml.contrib.garnet import GarNet

    keras()
    more = {"simplified": True, "input_format": "xn", "output_activation": None, **settings}
    return network([(4, 3), (1,)], lambda L, x, n: GarNet(2, 3, 4, **more, name="garnet")([x, n]))


@case("garnet", (PARALLEL,), default="ap_fixed<24,8>", integers=(1, 5, 1))
def garnet_mean() -> Any:
    return _garnet(collapse="mean")


@case("garnet", (PARALLEL,), default="ap_fixed<24,8>", integers=(4, 5, 1))  # others leave vertices unset
def garnet_vertices() -> Any:
    return _garnet(mean_by_nvert=True)


@case("other", BOTH)
def residual() -> Any:
    """Branches that meet again; io_stream clones the tensor."""

    def body(L: Any, x: Any) -> Any:
        x = L.Dense(4, name="fc")(x)
        a, b = L.Activation("tanh", name="tanh")(x), L.Dense(4, name="inner")(x)
        return L.Add(name="sum")([a, b])

    return network((5,), body)


def register_handlers() -> None:
    """Teach hls4ml's Keras 2 converter the layers that it otherwise only takes from Keras 3."""
    from hls4ml.converters import get_supported_keras_layers, register_keras_v2_layer_handler
    from hls4ml.converters.keras_v2_to_hls import get_weights_data, parse_default_keras_layer

    def einsum_dense_handler(layer: Any, names: Any, shapes: Any, reader: Any) -> Any:
        shape, width = tuple(shapes[0][1:]), layer["config"]["output_shape"][-1]
        out = (*shape[:-1], width)
        parsed = parse_default_keras_layer(layer, names)
        parsed["weight_data"], parsed["bias_data"] = get_weights_data(reader, parsed["name"], ["kernel", "bias"])
        parsed.update(equation="ij,jk->ik", inp_shape=shape, out_shape=out)
        return parsed, [None, *out]

    def einsum_handler(layer: Any, names: Any, shapes: Any, reader: Any) -> Any:
        parsed = parse_default_keras_layer(layer, names)
        (i, j), (_, k) = (shape[1:] for shape in shapes)
        parsed.update(equation="ij,jk->ik", inp0_shape=(i, j), inp1_shape=(j, k), out_shape=(i, k))
        return parsed, [None, i, k]

    for name, handler in (("EinsumDense", einsum_dense_handler), ("Einsum", einsum_handler)):
        if name not in get_supported_keras_layers():
            register_keras_v2_layer_handler(name, handler)
