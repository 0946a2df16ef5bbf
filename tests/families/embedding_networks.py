"""Random networks with embeddings: indices in all kinds of formats, as wide as the vocabulary or bounded."""

from __future__ import annotations

from typing import Any

__all__ = ["embeddings"]


def embeddings(net: Any) -> None:
    """Two embeddings, each with a format of its table's own, and layers behind them."""
    from tensorflow.keras import initializers

    rng = net.rng
    net.least_integer = 0
    for _ in range(2):
        vocabulary, positions = int(rng.integers(1, 12)), int(rng.integers(1, 5))
        indices = net.input(positions)
        name = f"in{len(net.inputs) - 1}"
        bits = (vocabulary - 1).bit_length()
        kind = rng.choice(["fits", "wide", "fixed", "fixed"])
        if kind == "fits" and bits and vocabulary == 1 << bits:
            net.names[name] = {"Precision": {"result": f"ap_uint<{bits}>"}}
        else:
            whole = bits + 1 + int(rng.integers(0, 8))
            fraction = 0 if kind == "wide" else int(rng.integers(-1, 8))
            modes = str(rng.choice(["", ",RND,SAT", ",RND_CONV,SAT_SYM"]))
            net.names[name] = {"Precision": {"result": f"ap_fixed<{whole + fraction},{whole}{modes}>"}}
            if fraction <= 0 and rng.random() < 0.5:
                net.names[name] = {"Precision": {"result": f"ap_int<{whole}>"}}
            net.ranges[name] = (0.0, float(vocabulary - 1))
        values = initializers.RandomUniform(-3.0, 3.0, seed=int(rng.integers(1 << 30)))
        width = int(rng.integers(1, 5))
        slots = ("result", "embeddings")
        rows = net.put("Embedding", indices, vocabulary, width, embeddings_initializer=values, slots=slots)
        if rng.random() < 0.5:
            net.cast(rows)
        if rng.random() < 0.3 and not net.streams:
            net.cast(net.put("Permute", rows, (2, 1), slots=()))
