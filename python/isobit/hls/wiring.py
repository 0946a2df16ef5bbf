"""How the layers of an exported core are connected: with arrays (arrays.py) or with streams (streams.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from isobit.hls.emitters import Layer
from isobit.hls.names import Names
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor

__all__ = ["Packets", "Port", "Wiring"]


@dataclass(frozen=True)
class Packets:
    """How a tensor passes through a stream: position by position, each with its channels.

    Attributes
    ----------
    type
        C++ name of a packet.
    count
        Packets an event.
    width
        Numbers in each.
    """

    type: str
    count: int
    width: int


@dataclass(frozen=True)
class Port:
    """An argument of the top function: its name, the C++ type of its numbers, the tensor behind it, and its packets."""

    name: str
    type: str
    tensor: Tensor
    packets: Packets | None = None

    def __str__(self) -> str:
        """Its declaration as an array."""
        return f"{self.type} {self.name}[{self.tensor.size}]"


class Wiring(ABC):
    """The layers' functions and the body of the top function, while they are written.

    Attributes
    ----------
    graph
        The network.
    names
        Hands out identifiers.
    namespace
        Of layers and types.
    types
        C++ type of the numbers of every tensor.
    functions
        Text of every layer's function, in order.
    body
        Statements of the top function, which is outside the namespace, in order.
    """

    #: hls4ml's name for it.
    io_type: ClassVar[str]
    #: Headers that its texts need: of the kernels, and others below the include folder.
    kernel_headers: ClassVar[frozenset[str]]
    other_headers: ClassVar[frozenset[str]]
    #: What ``types.hpp`` and the top function's header include.
    type_includes: ClassVar[tuple[str, ...]] = ()
    top_includes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, graph: Graph, names: Names, namespace: str) -> None:
        self.graph, self.names, self.namespace = graph, names, namespace
        self.types: dict[str, str] = {}
        self.functions: list[str] = []
        self.body: list[str] = []

    @abstractmethod
    def wire(self) -> tuple[tuple[Port, ...], tuple[Layer, ...], tuple[Port, ...]]:
        """Write everything; returns inputs, layers and outputs.

        Raises
        ------
        UnsupportedError
            For an op without an emitter.
        """

    @abstractmethod
    def interval(self, layers: tuple[Layer, ...]) -> int:
        """Clocks between two events, at best."""

    @abstractmethod
    def dataflow(self, layers: tuple[Layer, ...]) -> bool:
        """Whether the layers run side by side."""

    @abstractmethod
    def aliases(self, tensor: Tensor) -> Iterator[tuple[str, str]]:
        """Further types of a tensor: name and definition."""

    @abstractmethod
    def argument(self, port: Port, *, written: bool) -> str:
        """A port as an argument of the top function."""

    @abstractmethod
    def interface(self, port: Port, *, written: bool) -> list[str]:
        """Directives of a port."""

    def adapter(self, top: str, inputs: Sequence[Port], outputs: Sequence[Port]) -> str:
        """A header with ``TOP_arrays``, which calls the top function with arrays; empty where that takes arrays."""
        return ""

    def member(self, name: str) -> str:
        """A layer or type as the top function writes it.

        A using-directive would make it ambiguous wherever a library declares the same name (a layer ``signgam``, an
        input ``size`` with its ``size_t``).
        """
        return f"{self.namespace}::{name}"

    def shown(self, op: Op) -> str:
        """What an op's output is called: layers of hls4ml often give it their own name, which the function has."""
        return op.output.name if op.output.name != op.name else f"{op.name}_out"
