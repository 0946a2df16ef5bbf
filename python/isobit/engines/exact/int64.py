"""Which primitives stay within int64: a cheap proof from formats and magnitudes, registered beside the exact kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from isobit.errors import RegistrationError
from isobit.fixed.law import int64_domain
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensors

__all__ = ["PROOFS", "cast_fits", "fits_int64", "in_lane", "register_int64"]

#: (op, input tensors) -> whether every number on the way is within the law's int64 domain, whatever the inputs.
Proof = Callable[[Any, Tensors], bool]
ProofT = TypeVar("ProofT", bound=Proof)

#: By primitive; :mod:`isobit.engines.exact.vector` imports all files that register one.
PROOFS: dict[type[Op], Proof] = {}


def register_int64(op: type[Op]) -> Callable[[ProofT], ProofT]:
    """Register how it is proven that a primitive's exact kernel may compute with int64 (decorator).

    A primitive without a proof is computed with Python's integers.

    Raises
    ------
    RegistrationError
        If it has a proof already.
    """

    def register(proof: ProofT) -> ProofT:
        if op in PROOFS:
            raise RegistrationError(
                f"op {op.tag!r} has a proof for int64 already, {PROOFS[op].__qualname__}; allowed is one"
            )
        PROOFS[op] = proof
        return proof

    return register


def cast_fits(bits: int, fraction: int, target: FixedType) -> bool:
    """Whether the law casts integers of so many magnitude bits, at a fraction, into a format with int64."""
    return int64_domain(bits, fraction - target.fraction, target.width)


def fits_int64(op: Op, tensors: Tensors) -> bool:
    """Tell whether every intermediate of an op provably stays within the law's int64 domain."""
    proof = PROOFS.get(type(op))
    return proof is not None and proof(op, tensors)


def in_lane(op: Op, tensors: Tensors, raws: Sequence[Any]) -> tuple[Any, ...]:
    """Raw integers of an op's inputs for :mod:`isobit.engines.exact.vector`: int64 if that is exact, else Python's."""
    narrow = all(raw.dtype == np.int64 for raw in raws) and fits_int64(op, tensors)
    return tuple(raws) if narrow else tuple(raw.astype(object) for raw in raws)
