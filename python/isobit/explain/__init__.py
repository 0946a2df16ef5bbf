"""Explain: which quantisers make the bits differ, and which bits mend it."""

from isobit.explain.explaining import explain
from isobit.explain.lifting import CAUSES, Quantiser
from isobit.explain.outputs import METRICS
from isobit.explain.report import Cause, Explanation, Parting

__all__ = ["CAUSES", "METRICS", "Cause", "Explanation", "Parting", "Quantiser", "explain"]
