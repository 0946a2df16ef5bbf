"""Losses of single events, by task: against the truth (hard) and against the teacher (soft).

================ ============================== ==========================================================
task             hard                           soft
================ ============================== ==========================================================
regression       LogCosh                        mean squared error
squares          mean squared error             mean squared error
variational      that, and KL / 50 (see below)  mean squared error
classification   binary cross-entropy, logits   T^2 Kullback-Leibler divergence of logits / T
categories       cross-entropy, logits          T^2 Kullback-Leibler divergence of logits / T
================ ============================== ==========================================================

'squares' is for autoencoders and for students of their loss, 'categories' for one kind out of several (targets are
one-hot). 'variational' is for variational autoencoders: predictions are the reconstruction, then k means and k log
variances, and KL is the Kullback-Leibler divergence of that normal distribution from the standard one, summed over k.
T is the temperature; T^2 keeps the soft loss as large as the hard one, as G. Hinton, O. Vinyals and J. Dean,
arXiv:1503.02531, advise and Keras's recipe does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

__all__ = ["DIVERGENCE", "TASKS", "Loss", "losses"]

Loss = Callable[[Any, Any], Any]
"""From predictions and what they should be, both (n, outputs), to losses (n,)."""

TASKS: Final = ("regression", "squares", "variational", "classification", "categories")

#: Weight of the Kullback-Leibler divergence of variational autoencoders, beside a mean squared error.
DIVERGENCE: Final = 0.02


def losses(tensorflow: Any, task: str, temperature: float) -> tuple[Loss, Loss]:
    """The hard and the soft loss of a task."""
    nn, mean = tensorflow.nn, tensorflow.reduce_mean

    def squares(predictions: Any, wanted: Any) -> Any:
        axes = list(range(1, len(predictions.shape)))
        return mean(tensorflow.square(predictions - wanted), axis=axes)

    def variational(predictions: Any, wanted: Any) -> Any:
        outputs, size = wanted.shape[-1], (predictions.shape[-1] - wanted.shape[-1]) // 2
        centre, spread = predictions[:, outputs : outputs + size], predictions[:, outputs + size :]
        divergence = tensorflow.reduce_sum(tensorflow.square(centre) + tensorflow.exp(spread) - spread - 1.0, axis=-1)
        return squares(predictions[:, :outputs], wanted) + DIVERGENCE * divergence / 2.0

    def log_cosh(predictions: Any, wanted: Any) -> Any:
        return tensorflow.keras.losses.log_cosh(wanted, predictions)

    def binary(predictions: Any, wanted: Any) -> Any:
        return mean(nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=predictions), axis=-1)

    def binary_divergence(predictions: Any, teacher: Any) -> Any:
        # of two Bernoulli distributions: cross-entropy minus the teacher's own entropy, from logits throughout
        probability = tensorflow.sigmoid(teacher / temperature)
        cross = binary(predictions / temperature, probability)
        return temperature**2 * (cross - binary(teacher / temperature, probability))

    def categorical(predictions: Any, wanted: Any) -> Any:
        return nn.softmax_cross_entropy_with_logits(labels=wanted, logits=predictions)

    def categorical_divergence(predictions: Any, teacher: Any) -> Any:
        probability = nn.softmax(teacher / temperature)
        cross = categorical(predictions / temperature, probability)
        return temperature**2 * (cross - categorical(teacher / temperature, probability))

    return {
        "regression": (log_cosh, squares),
        "squares": (squares, squares),
        "variational": (variational, squares),
        "classification": (binary, binary_divergence),
        "categories": (categorical, categorical_divergence),
    }[task]
