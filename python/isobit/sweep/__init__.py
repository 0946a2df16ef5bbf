"""Sweep: the figures of many configurations of a network."""

from isobit.sweep.space import PARAMETERS, Axis, Space
from isobit.sweep.store import Record
from isobit.sweep.sweeping import METHODS, Sweep, sweep

__all__ = ["METHODS", "PARAMETERS", "Axis", "Record", "Space", "Sweep", "sweep"]
