"""What is proven of a network's ranges, to be kept with its formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isobit.model.file import graph_digest
from isobit.model.graph import Graph

if TYPE_CHECKING:
    from isobit.plan.plan import Plan

__all__ = ["Certificate", "Proof", "certificate_of"]


@dataclass(frozen=True)
class Proof:
    """What the bounds say of one format.

    Attributes
    ----------
    slot, type
        ``layer.slot``, and its format.
    needed
        Bits that the widest of its numbers needs.
    safe
        Whether no input within the ranges overflows it.
    clips
        Whether it is made to clip, as a quantised activation is.
    """

    slot: str
    type: str
    needed: int
    safe: bool
    clips: bool


@dataclass(frozen=True)
class Certificate:
    """Proofs for a network; :meth:`isobit.Model.plan` gives them again.

    Attributes
    ----------
    network
        Digest of the network.
    ranges
        Smallest and largest number of each input for which the proofs hold.
    proofs
        One for each format that something is cast to.
    """

    network: str
    ranges: dict[str, tuple[float, float]]
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing overflows."""
        return all(proof.safe or proof.clips for proof in self.proofs)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "network": self.network,
            "holds": self.holds,
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "proofs": [vars(proof) for proof in self.proofs],
        }


def certificate_of(graph: Graph, plan: Plan) -> Certificate:
    """The certificate of a network whose plan is given."""
    ranges = {
        tensor.name: tuple(
            float(end(edge.tolist())) * float(tensor.type.lsb) for end, edge in ((min, bounds.low), (max, bounds.high))
        )
        for tensor in graph.inputs
        for bounds in (plan.bounds.inputs[tensor.name],)
    }
    proofs = (
        Proof(f"{one.layer}.{one.slot}", str(one.type), max(one.bits), one.safe, one.clips) for one in plan.verdicts
    )
    return Certificate(graph_digest(graph), {name: (low, high) for name, (low, high) in ranges.items()}, tuple(proofs))
