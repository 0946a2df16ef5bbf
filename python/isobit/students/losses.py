"""Losses of single events, by task: against the truth (hard) and against the teacher (soft).

================ ============================== ==========================================================
task             hard                           soft
================ ============================== ==========================================================
regression       LogCosh                        mean squared error
squares          mean squared error             mean squared error
classification   binary cross-entropy, logits   T^2 Kullback-Leibler divergence of logits / T
categories       cross-entropy, logits          T^2 Kullback-Leibler divergence of logits / T
================ ============================== ==========================================================

'squares' is for autoencoders and for students of their loss, 'categories' for one kind out of several (targets are
one-hot). T is the temperature; T^2 keeps the soft loss as large as the hard one, as G. Hinton, O. Vinyals and J. Dean,
arXiv:1503.02531, advise and Keras's recipe does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

__all__ = ["TASKS", "Loss", "losses"]

Loss = Callable[[Any, Any], Any]
"""From predictions and what they should be, both (n, outputs), to losses (n,)."""

TASKS: Final = ("regression", "squares", "classification", "categories")


def losses(tensorflow: Any, task: str, temperature: float) -> tuple[Loss, Loss]:
    """The hard and the soft loss of a task."""
    nn, mean = tensorflow.nn, tensorflow.reduce_mean

    def squares(predictions: Any, wanted: Any) -> Any:
        axes = list(range(1, len(predictions.shape)))
        return mean(tensorflow.square(predictions - wanted), axis=axes)

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
        "classification": (binary, binary_divergence),
        "categories": (categorical, categorical_divergence),
    }[task]
