"""isobit: know before synthesis that a neural network in firmware computes exactly the bits it should."""

from isobit.errors import IsobitError
from isobit.fixed import FixedArray, FixedType, Overflow, Rounding
__version__ = "0.1.0"
__all__ = ["FixedArray", "FixedType", "IsobitError", "Overflow", "Rounding", "__version__"]
