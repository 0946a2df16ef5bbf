"""How numbers are moved: a call of ``select.hpp`` with an array of indices, or of ``linear.hpp`` where none moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isobit.fixed.types import FixedType
from isobit.hls.emitters import Layer, pragma
from isobit.model.primitives import View, identity_view

__all__ = ["moved"]


def moved(
    layer: Layer, view: View, sizes: Sequence[int], arrays: Sequence[str], results: str, kind: str, head: list[str]
) -> str:
    """The statement that writes an array of numbers from others.

    Parameters
    ----------
    layer
        Where the indices are declared.
    view
        Which number each output takes, see :data:`isobit.model.primitives.View`.
    sizes, arrays
        Of the arrays that are read, one after the other.
    results, kind
        The array that is written, and the C++ type of its numbers.
    head
        Directives at the head of the function, to which that of the indices is added.
    """
    shape = f"kernels::static_vector_shape<{view.size}>"
    if len(sizes) == 1 and np.array_equal(view, identity_view(sizes[0])):
        layer.include("linear.hpp")
        return f"kernels::linear(kernels::linear_arith<{kind}>(), {shape}(), {arrays[0]}, {results});"
    layer.include("select.hpp")
    zeros = bool((view < 0).any())
    bits = max(1, (sum(sizes) - 1).bit_length())
    index = FixedType.int_type(bits + zeros, signed=zeros)
    what = f"input of every output{', one array after the other' * (len(sizes) > 1)}{', -1 is zero' * zeros}"
    sources = layer.array("sources", view, index, what)
    head.append(pragma(f"ARRAY_PARTITION variable = {sources} complete"))
    arguments = [f"kernels::select_arith<{kind}>()", f"{shape}()", sources, results, *arrays]
    return f"kernels::select<{', '.join(map(str, sizes))}>({', '.join(arguments)});"
