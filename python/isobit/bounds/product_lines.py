"""Products of nnet_mult.h between two parallel lines in the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.bounds.dot import factors
from isobit.bounds.ranges import IntArray, Range, compact
from isobit.model.ops import Tensor
from isobit.model.products import Product
from isobit.model.weights import Weight

__all__ = ["ProductLines", "product_lines"]

#: Right shifts by powers of two that keep a slope; what is shifted further out is nearly constant.
_FINEST = 24


@dataclass(frozen=True, eq=False)
class ProductLines:
    """``factor * r + least <= 2**scale * product <= factor * r + most`` for raw data r; shaped as the weights."""

    factor: IntArray
    least: IntArray
    most: IntArray
    scale: int


def product_lines(
    tensor: Tensor, magnitude: IntArray, weight: Weight, raw: IntArray, signs: Any, products: Range | None
) -> ProductLines:
    """Enclose products, at the fraction of ``Product.exact_type``.

    Parameters
    ----------
    tensor
        The data.
    magnitude
        Largest magnitude of the raw data, in a shape that broadcasts against the weights.
    weight
        The weights' format and encoding.
    raw, signs
        The weights as they meet the data, in any shape.
    products
        Bounds of the products, which serve where no line does (a power of two that may leave its register, or shifts
        nearly everything out). None: such products get lines that say nothing useful, with ``least`` < ``most``.
    """
    kind = Product.of(tensor, weight)
    found = factors(kind, raw)
    if found is not None:
        return ProductLines(found[0], found[1], found[1], 0)
    register = kind.exact_type(tensor.type, weight.type)
    left = raw.astype(object) + (register.fraction - tensor.type.fraction)  # data << left, bits below the LSB dropped
    largest = np.broadcast_to(magnitude.astype(object), left.shape)
    room = [
        (int(most) << max(0, int(by), register.fraction - tensor.type.fraction)).bit_length() <= register.width - 2
        for most, by in zip(largest.ravel(), left.ravel(), strict=True)
    ]
    sound = np.reshape(room, left.shape) & np.asarray(left >= -_FINEST, dtype=bool)
    sound &= register.fraction >= tensor.type.fraction
    scale = max(0, -int(np.min(np.where(sound, left, 0), initial=0)))
    one = np.array(1, dtype=object)
    size = one << np.where(sound, left + scale, 0)
    positive = np.asarray(signs == 1, dtype=bool)
    factor = np.where(sound, np.where(positive, size, -size), 0)
    dropped = np.where(np.asarray(left < 0, dtype=bool), (one << scale) - 1, 0)  # floor, and then the sign
    low: Any = -1 if products is None else products.low.astype(object) << scale
    high: Any = 1 if products is None else products.high.astype(object) << scale
    least = np.where(sound, np.where(positive, -dropped, 0), low)
    most = np.where(sound, np.where(positive, 0, dropped), high)
    return ProductLines(compact(factor), compact(least), compact(most), scale)
