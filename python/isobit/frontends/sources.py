"""An hls4ml project as sources: what must be known to compile it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isobit.model.requested import ReuseFactor

__all__ = ["Parameter", "Project"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a project's top function.

    Attributes
    ----------
    name
        Its name in C++.
    direction
        ``in``, ``out``, ``weight`` for weights that the test bench hands over (block RAM), or ``size`` for a number of
        elements that the function of hls4ml 0.6.0 writes.
    type
        Type of an element, in C++.
    shape
        Shape of one event, as the Keras model knows it; () for weights.
    stream
        Whether it is an ``hls::stream``.
    """

    name: str
    direction: str
    type: str
    shape: tuple[int, ...]
    stream: bool

    @property
    def size(self) -> int:
        """Numbers in one event."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size


@dataclass(frozen=True)
class Project:
    """An hls4ml project: its files in memory, so that what is hashed is what is compiled.

    Attributes
    ----------
    name
        Name of the top function and of its source.
    namespace
        Namespace of the generated code, if it has one.
    parameters
        Those of the top function, in order.
    files
        Content by path; all under ``firmware/``.
    traced
        Whether the source hands any layer to ``nnet::save_layer_output``.
    reuse
        Requested and effective reuse factors of the Dense layers, as far as the sources say.
    """

    name: str
    namespace: str | None
    parameters: tuple[Parameter, ...]
    files: Mapping[str, bytes]
    traced: bool
    reuse: tuple[ReuseFactor, ...] = ()

    def directed(self, direction: str) -> tuple[Parameter, ...]:
        """The parameters of one direction."""
        return tuple(p for p in self.parameters if p.direction == direction)
