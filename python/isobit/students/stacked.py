"""Many small dense networks trained at once, as one batched network, with their quantisation.

A search tries hundreds of students of a few hundred to a few thousand weights, and a training of one such takes less
time than TensorFlow needs to compile it. So candidates are stacked: kernels are padded to the largest width and get an
axis of candidates, masks cut out what a candidate does not have, and one compiled function trains the whole stack, and
the next one. Weights and activations are rounded in the forward pass and the gradient passes straight through, so that
the weights in the end are those of the firmware.

No candidate sees another: losses are added, so each has the gradient of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, RangeError

__all__ = ["BIAS", "RELU_INTEGER", "WEIGHT_INTEGER", "Candidate", "Schedule", "Stack"]

Floats = NDArray[np.float64]

#: Integer bits (with the sign) of kernels: within +-1.
WEIGHT_INTEGER: Final = 1
#: Integer bits of activations: 0 to 8, rounded and saturated.
RELU_INTEGER: Final = 3
#: Bits and integer bits of biases.
BIAS: Final = (16, 6)
_BETA: Final = (0.9, 0.999)


@dataclass(frozen=True)
class Candidate:
    """A dense network with ReLU and one output.

    Attributes
    ----------
    widths
        Of the hidden layers.
    weight_bits
        Total bits of the kernels, one number for each layer with the output.
    relu_bits
        Total bits of the activations, one number for each hidden layer.
    """

    widths: tuple[int, ...]
    weight_bits: tuple[int, ...]
    relu_bits: tuple[int, ...]

    def __post_init__(self) -> None:
        depth = len(self.widths)
        if depth < 1 or len(self.weight_bits) != depth + 1 or len(self.relu_bits) != depth:
            raise RangeError(f"{self} has {depth} hidden layers, expected one number for each, one more weight_bits")
        if min(self.widths) < 1 or min(self.weight_bits) < 2 or min(self.relu_bits) < RELU_INTEGER:
            raise RangeError(f"{self}: widths are at least 1, weights 2 bits, activations {RELU_INTEGER} bits")


@dataclass(frozen=True)
class Schedule:
    """How a stack is trained: Adam, the learning rate falling to zero along a half cosine."""

    epochs: int
    batch: int
    learning_rate: float


class Stack:
    """Trains stacks of `count` candidates that have at most `depth` hidden layers of `width` neurons.

    Parameters
    ----------
    features, targets
        Events (n, inputs) and what they should give, (n,).
    count, depth, width
        Sizes of the stack; with fewer candidates the rest of it is left empty.
    schedule
        Of every training.
    """

    def __init__(
        self, features: Floats, targets: Floats, count: int, depth: int, width: int, schedule: Schedule
    ) -> None:
        if len(features) < schedule.batch:
            raise RangeError(f"{len(features)} events are fewer than one batch of {schedule.batch}")
        self.features, self.targets, self.schedule = features, targets, schedule
        self.count, self.depth, self.width = count, depth, width

    def train(
        self, candidates: Sequence[Candidate], seeds: Sequence[int | tuple[int, ...]]
    ) -> list[list[tuple[Floats, Floats]]]:
        """Kernels (inputs, outputs) and biases of every layer of each candidate, numbers of the firmware's formats.

        A candidate's first weights are drawn from its seed; the order of events is the same for all.
        """
        if len(candidates) > self.count:
            raise RangeError(f"{len(candidates)} candidates are more than the stack's {self.count}")
        for one in candidates:
            if len(one.widths) > self.depth or max(one.widths) > self.width:
                raise RangeError(f"{one} is larger than the stack: {self.depth} layers of {self.width}")
        tensorflow = _tensorflow()
        start, masks = self._first(candidates, seeds)
        scales = self._scales(candidates)
        found = _compiled(self.schedule)(
            *(tensorflow.constant(values, tensorflow.float32) for values in (self.features, self.targets)),
            *([tensorflow.constant(value, tensorflow.float32) for value in part] for part in (start, masks, scales)),
            tensorflow.constant(self._order(), tensorflow.int32),
        )
        return [self._cut(one, [value.numpy()[place] for value in found]) for place, one in enumerate(candidates)]

    def _order(self) -> NDArray[np.int64]:
        random = np.random.default_rng(len(self.features))
        steps = len(self.features) // self.schedule.batch
        orders = [
            random.permutation(len(self.features))[: steps * self.schedule.batch] for _ in range(self.schedule.epochs)
        ]
        found: NDArray[np.int64] = np.concatenate(orders).reshape(-1, self.schedule.batch)
        return found

    def _first(
        self, candidates: Sequence[Candidate], seeds: Sequence[int | tuple[int, ...]]
    ) -> tuple[list[Floats], list[Floats]]:
        """First kernels and biases, layer by layer; masks of neurons (count, 1, width) and of layers (count, 1, 1)."""
        inputs, width = self.features.shape[1], self.width
        sizes = [(inputs, width), *[(width, width)] * (self.depth - 1), (width, 1)]
        values = [np.zeros((self.count, *size)) for size in sizes] + [np.zeros((self.count, 1, n)) for _, n in sizes]
        neurons = [np.zeros((self.count, 1, width)) for _ in range(self.depth)]
        layers = [np.zeros((self.count, 1, 1)) for _ in range(self.depth)]
        for place, (one, seed) in enumerate(zip(candidates, seeds, strict=True)):
            random = np.random.default_rng(seed)
            for layer, (n_in, n_out) in _sizes(inputs, one):
                index = self.depth if layer == len(one.widths) else layer
                limit = min(np.sqrt(6.0 / (n_in + n_out)), 0.95)
                values[index][place, :n_in, :n_out] = random.uniform(-limit, limit, (n_in, n_out))
            for layer, n in enumerate(one.widths):
                neurons[layer][place, 0, :n] = layers[layer][place] = 1.0
                values[len(sizes) + layer][place, 0, :n] = 0.05
            values[-1][place] = float(np.median(self.targets))
        return values, [*neurons, *layers]

    def _scales(self, candidates: Sequence[Candidate]) -> list[Floats]:
        """2^fraction of the kernels, then of the activations, (count, 1, 1) each."""
        kernels = [np.ones((self.count, 1, 1)) for _ in range(self.depth + 1)]
        relus = [np.ones((self.count, 1, 1)) for _ in range(self.depth)]
        for place, one in enumerate(candidates):
            for layer, bits in enumerate(one.weight_bits):
                kernels[self.depth if layer == len(one.widths) else layer][place] = 2.0 ** (bits - WEIGHT_INTEGER)
            for layer, bits in enumerate(one.relu_bits):
                relus[layer][place] = 2.0 ** (bits - RELU_INTEGER)
        return [*kernels, *relus]

    def _cut(self, one: Candidate, values: list[Any]) -> list[tuple[Floats, Floats]]:
        """Of one candidate's padded kernels and biases those that it has."""
        found = []
        for layer, (n_in, n_out) in _sizes(self.features.shape[1], one):
            index = self.depth if layer == len(one.widths) else layer
            kernel, bias = values[index], values[self.depth + 1 + index]
            found.append((kernel[:n_in, :n_out].astype(np.float64), bias[0, :n_out].astype(np.float64)))
        return found


def _sizes(inputs: int, one: Candidate) -> list[tuple[int, tuple[int, int]]]:
    ends = (inputs, *one.widths, 1)
    return list(enumerate(pairwise(ends)))


@cache
def _compiled(schedule: Schedule) -> Any:
    """The training of a stack as one graph: (features, targets, first values, masks, scales, order) -> last values."""
    tf = _tensorflow()
    bias_scale = 2.0 ** (BIAS[0] - BIAS[1])

    def straight(value: Any, rounded: Any) -> Any:
        return value + tf.stop_gradient(rounded - value)

    def kernel_of(value: Any, scale: Any) -> Any:
        limit = 2.0 ** (WEIGHT_INTEGER - 1)
        return straight(value, tf.clip_by_value(tf.round(value * scale) / scale, -limit, limit - 1.0 / scale))

    def bias_of(value: Any) -> Any:
        return straight(value, tf.round(value * bias_scale) / bias_scale)

    def relu_of(value: Any, scale: Any) -> Any:
        clipped = tf.clip_by_value(value, 0.0, 2.0**RELU_INTEGER - 1.0 / scale)
        return straight(clipped, tf.round(clipped * scale) / scale)

    def quantised(values: list[Any], scales: list[Any]) -> list[Any]:
        half = len(values) // 2
        kernels = [kernel_of(value, scale) for value, scale in zip(values[:half], scales[:half], strict=True)]
        return [*kernels, *(bias_of(value) for value in values[half:])]

    def outputs(x: Any, values: list[Any], masks: list[Any], scales: list[Any]) -> Any:
        """(count, events)."""
        depth = len(masks) // 2
        weights = quantised(values, scales)
        kernels, biases, relus = weights[: depth + 1], weights[depth + 1 :], scales[depth + 1 :]
        hidden = None
        for layer in range(depth):
            before = x[None] if hidden is None else hidden
            after = masks[layer] * relu_of(tf.matmul(before, kernels[layer]) + biases[layer], relus[layer])
            there = masks[depth + layer]
            hidden = after if hidden is None else there * after + (1.0 - there) * hidden
        return (tf.matmul(hidden, kernels[depth]) + biases[depth])[..., 0]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def train(features: Any, targets: Any, start: list[Any], masks: list[Any], scales: list[Any], order: Any) -> Any:
        count = len(start)
        steps = tf.shape(order)[0]
        state = (*start, *(tf.zeros_like(v) for v in start), *(tf.zeros_like(v) for v in start))

        def step(number: Any, *state: Any) -> Any:
            values, first, second = (list(state[i * count : (i + 1) * count]) for i in range(3))
            x, wanted = tf.gather(features, order[number]), tf.gather(targets, order[number])
            with tf.GradientTape() as tape:
                tape.watch(values)
                gap = outputs(x, values, masks, scales) - wanted
                loss = tf.reduce_sum(tf.reduce_mean(tf.square(gap), axis=1))
            gradients = tape.gradient(loss, values)
            past = tf.cast(number, tf.float32) / tf.cast(steps, tf.float32)
            rate = schedule.learning_rate * 0.5 * (1.0 + tf.cos(np.pi * past))
            turn = tf.cast(number + 1, tf.float32)
            rate = rate * tf.sqrt(1.0 - _BETA[1] ** turn) / (1.0 - _BETA[0] ** turn)
            first = [_BETA[0] * m + (1.0 - _BETA[0]) * g for m, g in zip(first, gradients, strict=True)]
            second = [_BETA[1] * v + (1.0 - _BETA[1]) * g * g for v, g in zip(second, gradients, strict=True)]
            moved = [p - rate * m / (tf.sqrt(v) + 1e-7) for p, m, v in zip(values, first, second, strict=True)]
            half = count // 2
            limit = 2.0 ** (WEIGHT_INTEGER - 1)
            moved = [tf.clip_by_value(p, -limit, limit) if i < half else p for i, p in enumerate(moved)]
            return (number + 1, *moved, *first, *second)

        last = tf.while_loop(lambda number, *_: number < steps, step, (tf.constant(0), *state))
        return quantised(list(last[1 : 1 + count]), scales)

    return train


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError("training needs TensorFlow: pip install 'isobit[hls4ml]'") from error
    return tensorflow
