"""Errors: each derives from :class:`IsobitError` and the matching builtin, and names the value and what is allowed."""

from __future__ import annotations

__all__ = [
    "CSimError",
    "CompilerError",
    "ConfigurationWarning",
    "DataFileError",
    "DivisionByZeroError",
    "FirmwareError",
    "FormatError",
    "IsobitError",
    "MissingDependencyError",
    "ModelFileError",
    "OverwriteError",
    "PrecisionWarning",
    "RangeError",
    "RegistrationError",
    "ResumeError",
    "ShapeError",
    "TypeMismatchError",
    "UnsupportedError",
    "WriteError",
]


class IsobitError(Exception):
    """Base of all errors that isobit raises on purpose."""


class FormatError(IsobitError, ValueError):
    """A number format, mode or type name that does not exist or cannot be built."""


class RangeError(IsobitError, ValueError):
    """A value outside of what the operation accepts: NaN, infinity, a raw integer that the format cannot hold."""


class DivisionByZeroError(IsobitError, ZeroDivisionError):
    """A fixed-point division by zero; the message names the index."""


class ShapeError(IsobitError, ValueError):
    """An array of the wrong shape."""


class TypeMismatchError(IsobitError, TypeError):
    """An array or argument of the wrong type."""


class UnsupportedError(IsobitError, NotImplementedError):
    """A layer, strategy, quantiser, mode or back end that isobit does not support."""


class RegistrationError(IsobitError, ValueError):
    """A layer of the user's, or a part of one, that is registered twice or in a form that isobit cannot use."""


class MissingDependencyError(IsobitError, ImportError):
    """An optional package or a tool that this call needs is not installed."""


class ModelFileError(IsobitError, ValueError):
    """A model file that is corrupt, truncated, of a newer version, or not a model file."""


class DataFileError(IsobitError, ValueError):
    """A file of events that is missing, truncated, damaged, or holds something other than numbers."""


class ResumeError(IsobitError, ValueError):
    """A run cannot resume what an earlier one left: that had another model, other data or other options."""


class OverwriteError(IsobitError, FileExistsError):
    """A file of the user's would be overwritten without permission."""


class WriteError(IsobitError, OSError):
    """A file that cannot be written: its folder is missing or read-only, or the disk is full."""


class CompilerError(IsobitError, RuntimeError):
    """The C++ compiler is missing or refused the project."""


class FirmwareError(UnsupportedError, CompilerError):
    """A network whose firmware cannot work: hls4ml's sources do not compile, or their result is undefined.

    This is found out without a compiler.
    """


class CSimError(IsobitError, RuntimeError):
    """The C-simulation's worker process aborted, exited or broke the protocol."""


class PrecisionWarning(UserWarning):
    """A requested precision was accepted, but changes constants by more than rounding."""


class ConfigurationWarning(UserWarning):
    """Parts of an hls4ml configuration that have no effect; see :attr:`isobit.Model.remarks`."""
