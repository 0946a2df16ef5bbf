"""Simulation by compiling C++: an hls4ml project or one HLS function, in worker processes."""

from __future__ import annotations

from isobit.csim.program import CSimProgram, Tensors

__all__ = ["CSimProgram", "Tensors"]
