"""Pruning while a network learns: the smallest weights are set to zero, more of them from epoch to epoch.

The share follows the polynomial decay of M. Zhu and S. Gupta, arXiv:1710.01878, s (1 - (1 - t)^3), where t runs from 0
to 1 over the first half of the epochs; after it the network learns with the weights that are left. What is zero in an
epoch depends on the weights at its beginning and on nothing else, so that a training that was killed can go on.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAST", "masks", "share"]

#: Share of the epochs after which no more is pruned.
LAST: Final = 0.5


def share(sparsity: float, epoch: int, epochs: int) -> float:
    """Share of the weights that are zero during an epoch (counted from 0), on the way to `sparsity`."""
    past = min(1.0, (epoch + 1) / max(1.0, LAST * epochs))
    return sparsity * (1.0 - (1.0 - past) ** 3)


def masks(kernels: list[NDArray[Any]], part: float) -> list[NDArray[np.float32]]:
    """For each kernel 0 where one of its `part` smallest weights stands, and 1 elsewhere."""
    found = []
    for kernel in kernels:
        mask = np.ones(kernel.size, np.float32)
        mask[np.argsort(np.abs(kernel).ravel(), kind="stable")[: round(part * kernel.size)]] = 0.0
        found.append(mask.reshape(kernel.shape))
    return found
