"""The class around a network: its own arithmetic, described in a YAML file, as layers of the same graph."""

from __future__ import annotations

from isobit.frontends.wrapper.elementwise import SHIFTS, constant
from isobit.frontends.wrapper.finding import find_wrapper
from isobit.frontends.wrapper.wrapping import Wrapper, input_names, part_of, wrapped

__all__ = ["SHIFTS", "Wrapper", "constant", "find_wrapper", "input_names", "part_of", "wrapped"]
