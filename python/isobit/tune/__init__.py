"""Tune: the cheapest precisions that keep a metric, proven free of overflow."""

from isobit.tune.certificate import Certificate, Proof
from isobit.tune.report import Step, Tuned
from isobit.tune.tuning import tune

__all__ = ["Certificate", "Proof", "Step", "Tuned", "tune"]
