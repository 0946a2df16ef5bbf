"""Layers wired with arrays: a whole tensor is an argument, as with hls4ml's ``io_parallel``.

One pipeline may read an array where it likes. Layers that run side by side (DATAFLOW) may not: an array there has one
writing and one reading function, and the region holds nothing but declarations and calls (UG1399, Canonical Body). What
several read is copied by a function of its own, into an array for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from isobit.hls.emitters import Layer, block, pragma
from isobit.hls.lowered import emit
from isobit.hls.names import Names
from isobit.hls.wiring import Port, Wiring
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor

__all__ = ["ArrayWiring"]


@dataclass
class _Source:
    """What writes an array: the outside (of an input) or a layer.

    Attributes
    ----------
    tensor
        The tensor; reshapes of it are other names for its array.
    shown
        What its array is called.
    array
        The identifier of its array.
    made
        Where there is a layer: it, and the statements of its function.
    readers
        Places that it goes to: layer and number of the input, or name of an output.
    """

    tensor: Tensor
    shown: str
    array: str = ""
    made: tuple[Layer, str] | None = None
    readers: list[tuple[str, int] | str] = field(default_factory=list)


class ArrayWiring(Wiring):
    """Functions that read and write arrays; an output that nobody else reads is written by its layer."""

    io_type: ClassVar[str] = "io_parallel"
    kernel_headers: ClassVar[frozenset[str]] = frozenset({"linear.hpp", "pragma.hpp"})
    other_headers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, graph: Graph, names: Names, namespace: str) -> None:
        super().__init__(graph, names, namespace)
        self._sources: dict[str, _Source] = {}  # by tensor; a reshape has that of its input
        self._places: dict[tuple[str, int], str] = {}  # the array that a layer reads, by the number of its input

    def wire(self) -> tuple[tuple[Port, ...], tuple[Layer, ...], tuple[Port, ...]]:
        """See :meth:`Wiring.wire`."""
        graph, names = self.graph, self.names
        for tensor in graph.inputs:
            self._sources[tensor.name] = _Source(tensor, tensor.name, names.take(tensor.name))
        for tensor in graph.inputs:
            self.types[tensor.name] = names.take(f"{tensor.name}_t")
        layers = tuple(self._layer(op) for op in graph.ops)
        ports = {op.output.name: names.take(self.shown(op)) for op in graph.ops if op.output.name in graph.outputs}
        for name in graph.outputs:
            self._sources[name].readers.append(name)
        side_by_side, clocks = self.dataflow(layers), self.interval(layers)
        for source in {id(source): source for source in self._sources.values()}.values():
            self._write(source, ports, clocks)
            if side_by_side:
                self._hand_out(source, ports, clocks)
            else:
                self._share(source, ports)
        inputs = tuple(Port(self._sources[t.name].array, self.types[t.name], t) for t in graph.inputs)
        return inputs, layers, tuple(Port(ports[t.name], self.types[t.name], t) for t in graph.output_tensors)

    def interval(self, layers: tuple[Layer, ...]) -> int:
        """The slowest layer's."""
        return max(layer.interval for layer in layers)

    def dataflow(self, layers: tuple[Layer, ...]) -> bool:
        """As soon as one layer loops over several clocks."""
        return any(layer.dataflow for layer in layers)

    def aliases(self, tensor: Tensor) -> Iterator[tuple[str, str]]:
        """None."""
        yield from ()

    def argument(self, port: Port, *, written: bool) -> str:
        """An array."""
        return f"{'' if written else 'const '}{self.member(str(port))}"

    def interface(self, port: Port, *, written: bool) -> list[str]:
        """One wide port for an input, one a number for an output, each with a valid bit."""
        layout = "ARRAY_PARTITION" if written else "ARRAY_RESHAPE"
        return [
            pragma(f"INTERFACE mode = ap_vld port = {port.name}"),
            pragma(f"{layout} variable = {port.name} complete"),
        ]

    def _layer(self, op: Op) -> Layer:
        """A layer, which reads its inputs; nothing is written yet, since all layers together decide the directives."""
        name, result = self.names.take(op.name), self.names.take(f"{op.name}_result_t")
        kinds = tuple(self.types[source] for source in op.inputs)
        layer = Layer(op, self.graph.inputs_of(op), name, kinds, result, self.names)
        body = emit(layer)
        if not body:  # another name for the same array
            (source,) = op.inputs
            self.types[op.output.name] = self.types[source]
            self._sources[op.output.name] = self._sources[source]
            return layer
        layer.types[result] = op.output.type
        self.types[op.output.name] = result
        for slot, name in enumerate(op.inputs):
            self._sources[name].readers.append((op.name, slot))
        self._sources[op.output.name] = _Source(op.output, self.shown(op), made=(layer, body))
        return layer

    def _write(self, source: _Source, ports: dict[str, str], clocks: int) -> None:
        """The function and the call of a layer, and the array that it writes: an output's if only that reads it."""
        if source.made is None:
            return
        layer, body = source.made
        op = layer.op
        only = source.readers[0] if len(source.readers) == 1 else None
        if isinstance(only, str):
            source.array, source.readers = ports[only], []
        else:
            source.array = self._declared(f"{source.shown}{'_local' if source.tensor.name in ports else ''}", source)
        text = block(layer.head, "\n".join([*layer.schedule(clocks), body]))
        self.functions += [*(helper(clocks) for helper in layer.helpers), f"// {layer.what or op.tag}\n{text}"]
        arguments = [self._places[op.name, slot] for slot in range(len(op.inputs))]
        self.body.append(f"{self.member(layer.name)}({', '.join([*arguments, source.array])});")

    def _share(self, source: _Source, ports: dict[str, str]) -> None:
        """Within one pipeline all read the same array; outputs are copies of it."""
        size, kind = source.tensor.size, self.member(self.types[source.tensor.name])
        for reader in source.readers:
            if isinstance(reader, str):
                copy = f"kernels::linear(kernels::linear_arith<{kind}>(), kernels::static_vector_shape<{size}>(), "
                self.body.append(f"{copy}{source.array}, {ports[reader]});")
            else:
                self._places[reader] = source.array

    def _hand_out(self, source: _Source, ports: dict[str, str], clocks: int) -> None:
        """Side by side a single layer reads the array; several readers, or an output of an input, get copies."""
        targets = []
        for reader in source.readers:
            if isinstance(reader, str):
                targets.append(ports[reader])
            elif len(source.readers) == 1:
                self._places[reader] = source.array
            else:
                self._places[reader] = self._declared(f"{source.shown}_to_{reader[0]}", source)
                targets.append(self._places[reader])
        if not targets:
            return
        name, size, kind = self.names.take(f"{source.shown}_copies"), source.tensor.size, self.types[source.tensor.name]
        results = [f"results{k}" for k in range(len(targets))]
        lines = [
            pragma(f"PIPELINE II = {clocks}"),
            "ISOBIT_LOOP(Copy)",
            f"for (int i = 0; i < {size}; ++i) {{",
            f"    {pragma('UNROLL')}",
            *(f"    {result}[i] = data[i];" for result in results),
            "}",
        ]
        parameters = ", ".join([f"const {kind} data[{size}]", *(f"{kind} {result}[{size}]" for result in results)])
        text = block(f"static void {name}({parameters})", "\n".join(lines))
        self.functions.append(f"// {len(targets)} cop{'y' if len(targets) == 1 else 'ies'}\n{text}")
        self.body.append(f"{self.member(name)}({', '.join([source.array, *targets])});")

    def _declared(self, wanted: str, source: _Source) -> str:
        """An array of the top function, of registers, as a source writes it."""
        name = self.names.take(wanted)
        partition = pragma(f"ARRAY_PARTITION variable = {name} complete")
        self.body += [f"{self.member(self.types[source.tensor.name])} {name}[{source.tensor.size}];", partition]
        return name
