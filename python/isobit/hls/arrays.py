"""Layers wired with arrays: a whole tensor is an argument, as with hls4ml's ``io_parallel``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from isobit.hls.emitters import Layer, emit, pragma
from isobit.hls.names import Names
from isobit.hls.wiring import Port, Wiring, block
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor

__all__ = ["ArrayWiring"]


class ArrayWiring(Wiring):
    """Functions that read and write arrays; an output that nobody else reads is written by its layer."""

    io_type: ClassVar[str] = "io_parallel"
    kernel_headers: ClassVar[frozenset[str]] = frozenset({"linear.hpp", "pragma.hpp"})
    other_headers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, graph: Graph, names: Names) -> None:
        super().__init__(graph, names)
        self._arrays: dict[str, str] = {}  # C++ array by tensor
        self._written: dict[str, str] = {}  # tensor by array, of arguments that a layer writes
        self._read = {name for op in graph.ops for name in op.inputs}

    def wire(self) -> tuple[tuple[Port, ...], tuple[Layer, ...], tuple[Port, ...]]:
        """See :meth:`Wiring.wire`."""
        for tensor in self.graph.inputs:
            self._arrays[tensor.name] = self.names.take(tensor.name)
        for tensor in self.graph.inputs:
            self.types[tensor.name] = self.names.take(f"{tensor.name}_t")
        layers = tuple(self._layer(op) for op in self.graph.ops)
        inputs = tuple(Port(self._arrays[t.name], self.types[t.name], t) for t in self.graph.inputs)
        return inputs, layers, tuple(self._output(tensor) for tensor in self.graph.output_tensors)

    def interval(self, layers: tuple[Layer, ...]) -> int:
        """The slowest layer's."""
        return max(layer.interval for layer in layers)

    def dataflow(self, layers: tuple[Layer, ...]) -> bool:
        """As soon as one layer loops over several clocks."""
        return any(layer.dataflow for layer in layers)

    def aliases(self, tensor: Tensor) -> Iterator[tuple[str, str]]:
        """None."""
        yield from ()

    def argument(self, port: Port, namespace: str, *, written: bool) -> str:
        """An array."""
        return f"{'' if written else 'const '}{namespace}::{port}"

    def interface(self, port: Port, *, written: bool) -> list[str]:
        """One wide port for an input, one a number for an output, each with a valid bit."""
        layout = "ARRAY_PARTITION" if written else "ARRAY_RESHAPE"
        return [
            pragma(f"INTERFACE mode = ap_vld port = {port.name}"),
            pragma(f"{layout} variable = {port.name} complete"),
        ]

    def _layer(self, op: Op) -> Layer:
        graph, types = self.graph, self.types
        tensor = graph.tensors[op.inputs[0]]
        name = self.names.take(op.name)
        result = self.names.take(f"{op.name}_result_t")
        layer = Layer(op, tensor, name, types[tensor.name], result, self.names)
        body = emit(layer)
        if not body:  # another name for the same array
            types[op.output.name] = types[tensor.name]
            self._arrays[op.output.name] = self._arrays[tensor.name]
            return layer
        layer.types[result] = op.output.type
        types[op.output.name] = result
        shown = self.shown(op)
        direct = op.output.name in graph.outputs and op.output.name not in self._read
        if op.output.name in graph.outputs and not direct:
            shown += "_local"  # the argument has the name itself
        array = self.names.take(shown)
        self._arrays[op.output.name] = array
        if direct:
            self._written[array] = op.output.name
        else:
            partition = pragma(f"ARRAY_PARTITION variable = {array} complete")
            self.body += [f"{result} {array}[{op.output.size}];", partition]
        inputs = [graph.tensors[name] for name in op.inputs]
        parameters = ["data"] if len(inputs) == 1 else [f"data{k}" for k in range(len(inputs))]
        taken = [f"const {types[t.name]} {p}[{t.size}]" for t, p in zip(inputs, parameters, strict=True)]
        arguments = ", ".join([*(self._arrays[t.name] for t in inputs), array])
        self.body.append(f"{name}({arguments});")
        head = f"static void {name}({', '.join([*taken, f'{result} results[{op.output.size}]'])})"
        self.functions.append(f"// {layer.what or op.tag}\n{block(head, body)}")
        return layer

    def _output(self, tensor: Tensor) -> Port:
        """An output: written by its layer, or copied where other layers read it, too, or where it is an alias."""
        array, kind = self._arrays[tensor.name], self.types[tensor.name]
        if self._written.get(array) == tensor.name:
            return Port(array, kind, tensor)
        name = self.names.take(tensor.name)
        copy = f"kernels::linear(kernels::linear_arith<{kind}>(), kernels::static_vector_shape<{tensor.size}>(), "
        self.body.append(f"{copy}{array}, {name});")
        return Port(name, kind, tensor)
