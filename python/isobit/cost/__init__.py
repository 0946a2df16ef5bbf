"""``isobit.cost``: what a network takes on the FPGA."""

from isobit.cost.estimate import cost
from isobit.cost.report import Cost, Estimate, LayerCost

__all__ = ["Cost", "Estimate", "LayerCost", "cost"]
