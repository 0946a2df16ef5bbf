"""Layers wired with streams of packets, as with hls4ml's ``io_stream``: each reads packets and writes packets.

A tensor passes position by position; a packet holds the channels (the last axis) of one, as ``nnet::array`` does
(nnet_utils/nnet_types.h). Layers that work position by position loop over packets; any other one reads an event's
packets into an array first, as hls4ml's dense layer does (nnet_dense_stream.h). A stream has one reader, so that what
several read is copied (``clone_stream`` in nnet_stream.h).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from isobit.hls.emitters import EMITTERS, Layer, block, pragma
from isobit.hls.lowered import emit
from isobit.hls.names import Names
from isobit.hls.positions import position_op, primitive_at_position
from isobit.hls.wiring import Packets, Port, Wiring
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor, Tensors

__all__ = ["StreamWiring"]


@dataclass(frozen=True)
class _Source:
    """What writes a stream: an input or a layer.

    Attributes
    ----------
    tensor
        Its tensor; reshapes of it are other names for the same packets.
    shown
        The name that its streams begin with.
    layer, text
        The layer and its functions; None for an input.
    """

    tensor: Tensor
    shown: str
    layer: Layer | None = None
    text: str = ""


@dataclass(frozen=True)
class _Reader:
    """What reads a stream: an input of an op, or an output of the network."""

    op: str = ""
    slot: int = 0
    output: str = ""


class StreamWiring(Wiring):
    """Functions that read and write streams, with a stream of its own for every reader."""

    io_type: ClassVar[str] = "io_stream"
    kernel_headers: ClassVar[frozenset[str]] = frozenset({"packets.hpp", "pragma.hpp"})
    other_headers: ClassVar[frozenset[str]] = frozenset(
        {"numbers/amd/streams.hpp", "numbers/isobit/streams.hpp", "isobit/host/array_streams.hpp"}
    )
    type_includes: ClassVar[tuple[str, ...]] = ("isobit/kernels/packets.hpp",)
    top_includes: ClassVar[tuple[str, ...]] = ("streams.hpp",)

    def __init__(self, graph: Graph, names: Names, namespace: str) -> None:
        super().__init__(graph, names, namespace)
        self._packets: dict[str, Packets] = {}  # by tensor; a reshape has those of its input
        self._origin: dict[str, str] = {}  # the tensor that a layer or the outside writes, by tensor
        self._streams: dict[_Reader, str] = {}
        self._inner: list[str] = []
        self._copied = 1

    def wire(self) -> tuple[tuple[Port, ...], tuple[Layer, ...], tuple[Port, ...]]:
        """See :meth:`Wiring.wire`."""
        graph, names = self.graph, self.names
        ports = {t.name: names.take(t.name) for t in graph.inputs}
        for tensor in graph.inputs:
            self.types[tensor.name] = names.take(f"{tensor.name}_t")
            self._packets[tensor.name] = self._split(tensor)
            self._origin[tensor.name] = tensor.name
        made = [self._layer(op) for op in graph.ops]
        ports |= {op.output.name: names.take(self.shown(op)) for op in graph.ops if op.output.name in graph.outputs}
        sources = [_Source(t, ports[t.name]) for t in graph.inputs]
        sources += [_Source(layer.op.output, self.shown(layer.op), layer, text) for layer, text in made if text]
        for source in sources:
            self._connect(source, ports)
        self.body += ["", *(f'ISOBIT_SIMULATION(isobit::host::expect_empty({s}, "{s}");)' for s in self._inner)]
        inputs, outputs = (
            tuple(Port(ports[t.name], self.types[t.name], t, self._packets[t.name]) for t in tensors)
            for tensors in (graph.inputs, graph.output_tensors)
        )
        return inputs, tuple(layer for layer, _ in made), outputs

    def interval(self, layers: tuple[Layer, ...]) -> int:
        """The slowest layer's, or the longest copy's."""
        return max(self._copied, *(layer.interval for layer in layers))

    def dataflow(self, layers: tuple[Layer, ...]) -> bool:
        """Always."""
        return True

    def aliases(self, tensor: Tensor) -> Iterator[tuple[str, str]]:
        """The tensor's packet."""
        if self._origin[tensor.name] == tensor.name:
            packets = self._packets[tensor.name]
            yield packets.type, f"isobit::kernels::packet<{self.types[tensor.name]}, {packets.width}>"

    def argument(self, port: Port, *, written: bool) -> str:
        """A stream."""
        assert port.packets is not None
        return f"hls::stream<{self.member(port.packets.type)}>& {port.name}"

    def interface(self, port: Port, *, written: bool) -> list[str]:
        """AXI4-Stream."""
        return [pragma(f"INTERFACE mode = axis port = {port.name}")]

    def adapter(self, top: str, inputs: Sequence[Port], outputs: Sequence[Port]) -> str:
        """See :meth:`Wiring.adapter`: for those who work on whole tensors."""
        declared, before, after, arguments = [], [], [], []
        for port in (*inputs, *outputs):
            assert port.packets is not None
            stream = self.names.take(f"{port.name}_stream")
            arguments.append(stream)
            declared.append(f'hls::stream<{self.member(port.packets.type)}> {stream}("{port.name}");')
            sizes = f"<{port.packets.count}, {port.packets.width}>"
            if port in inputs:
                before.append(f"isobit::kernels::write_packets{sizes}({port.name}, {stream});")
                after.append(f'isobit::host::expect_empty({stream}, "{port.name}");')
            else:
                after.append(f'isobit::host::take_packets{sizes}({stream}, {port.name}, "{port.name}");')
        taken = [f"const {self.member(str(port))}" for port in inputs] + [self.member(str(port)) for port in outputs]
        body = "\n".join([*declared, *before, f"{top}({', '.join(arguments)});", *after])
        return (
            f'#include <isobit/host/array_streams.hpp>\n\n#include "{top}.hpp"\n\n'
            "// One event. Throws std::runtime_error if a stream ends too early, or is left with packets.\n"
            + block(f"inline void {top}_arrays({', '.join(taken)})", body)
        )

    # -- layers -------------------------------------------------------------------------------------------------------

    def _split(self, tensor: Tensor) -> Packets:
        width = tensor.shape[-1] if tensor.shape else 1
        return Packets(self.names.take(f"{tensor.name}_packet"), tensor.size // width, width)

    def _layer(self, op: Op) -> tuple[Layer, str]:
        """A layer, and the text of its functions, empty where its output is another name for its input."""
        inputs = self.graph.inputs_of(op)
        packets = [self._packets[tensor.name] for tensor in inputs]
        name, result = self.names.take(op.name), self.names.take(f"{op.name}_result_t")
        position = _at_one_position(op, inputs, packets)
        seen = inputs
        if position is not None:
            seen = tuple(Tensor(t.name, (p.width,), t.type, t.xnor) for t, p in zip(inputs, packets, strict=True))
        kinds = tuple(self.types[tensor.name] for tensor in inputs)
        layer = Layer(position or op, seen, name, kinds, result, self.names, what=op.tag)
        body = emit(layer)
        layer.op = op
        if not body:
            (source,) = op.inputs
            self.types[op.output.name] = self.types[source]
            self._packets[op.output.name] = self._packets[source]
            self._origin[op.output.name] = self._origin[source]
            return layer, ""
        layer.types[result] = op.output.type
        self.types[op.output.name] = result
        self._packets[op.output.name] = given = self._split(op.output)
        self._origin[op.output.name] = op.output.name
        passing = layer.packets
        if passing is not None and (passing.taken, passing.given) == (packets[0].width, given.width):
            layer.include(passing.header)
            return layer, self._taken(layer, passing.statements, packets[0], given)
        if position is not None or all(p.count == 1 for p in (*packets, given)):
            return layer, self._passed(layer, body, packets, given)
        return layer, self._gathered(layer, body, inputs, given)

    def _passed(self, layer: Layer, body: str, taken: Sequence[Packets], given: Packets) -> str:
        """A packet in from every input, a packet out, for every position."""
        inner, numbered, count = self.names.take(f"{layer.name}_numbers"), _numbered(taken), given.count
        parameters = [f"const {t} data{k}[{p.width}]" for t, p, k in zip(layer.kinds, taken, numbered, strict=True)]
        head = f"static void {inner}({', '.join([*parameters, f'{layer.result} results[{given.width}]'])})"
        # A layer that loops by itself is pipelined there. A pipeline over events must be flushable: one that stalls
        # keeps an event's result until the next event comes.
        style = " style = flp" if count == 1 else ""
        lines = [] if layer.dataflow else [pragma(f"PIPELINE II = {layer.interval}{style}")]
        if not layer.dataflow:  # inlined, so that what limits multipliers stands where they are
            body = f"{pragma('INLINE')}\n{body}"
        lines += [
            *(
                f"const {p.type} taken{k} = kernels::read_packet(from{k});"
                for p, k in zip(taken, numbered, strict=True)
            ),
            f"{given.type} given;",
            f"{inner}({', '.join([*(f'taken{k}.data' for k in numbered), 'given.data'])});",
            "to.write(given);",
        ]
        what = layer.what or layer.op.tag
        helpers = [helper(layer.interval) for helper in layer.helpers]
        if count > 1:
            lines = _loop("Position", count, lines)
            layer.what = f"{what} at each of {count} positions"
        lines = [*layer.limits(layer.interval), *lines]
        layer.interval, layer.dataflow = count * layer.interval, True
        streams = [f"hls::stream<{p.type}>& from{k}" for p, k in zip(taken, numbered, strict=True)]
        outer = f"static void {layer.name}({', '.join([*streams, f'hls::stream<{given.type}>& to'])})"
        return "\n".join([*helpers, _functions(what, block(head, body), block(outer, "\n".join(lines)))])

    def _taken(self, layer: Layer, body: str, taken: Packets, given: Packets) -> str:
        """Packets one after the other, as the layer itself reads and writes them."""
        helpers = [helper(layer.interval) for helper in layer.helpers]
        streams = f"hls::stream<{taken.type}>& from, hls::stream<{given.type}>& to"
        text = block(f"static void {layer.name}({streams})", body)
        return "\n".join([*helpers, _functions(layer.what, text)])

    def _gathered(self, layer: Layer, body: str, inputs: Tensors, given: Packets) -> str:
        """All packets read, the layer of the whole tensor, all packets written: one after the other."""
        inner = self.names.take(f"{layer.name}_numbers")
        numbered = _numbered(inputs)
        parameters, streams, lines = [], [], []
        size, clocks = layer.op.output.size, layer.interval + given.count
        for tensor, k in zip(inputs, numbered, strict=True):
            packets, kind = self._packets[tensor.name], self.types[tensor.name]
            parameters.append(f"const {kind} data{k}[{tensor.size}]")
            streams.append(f"hls::stream<{packets.type}>& from{k}")
            lines += [
                f"{kind} data{k}[{tensor.size}];",
                pragma(f"ARRAY_PARTITION variable = data{k} complete"),
                f"kernels::read_packets<{packets.count}, {packets.width}>(from{k}, data{k});",
            ]
            clocks += packets.count
        lines += [
            f"{layer.result} results[{size}];",
            pragma("ARRAY_PARTITION variable = results complete"),
            f"{inner}({', '.join(f'data{k}' for k in numbered)}, results);",
            f"kernels::write_packets<{given.count}, {given.width}>(results, to);",
        ]
        body = "\n".join([*layer.schedule(layer.interval), body])
        helpers = [helper(layer.interval) for helper in layer.helpers]
        layer.interval, layer.dataflow = clocks, True
        head = f"static void {inner}({', '.join([*parameters, f'{layer.result} results[{size}]'])})"
        outer = f"static void {layer.name}({', '.join([*streams, f'hls::stream<{given.type}>& to'])})"
        text = _functions(layer.what or layer.op.tag, block(head, body), block(outer, "\n".join(lines)))
        return "\n".join([*helpers, text])

    # -- streams ------------------------------------------------------------------------------------------------------

    def _connect(self, source: _Source, ports: dict[str, str]) -> None:
        """The function and the call of what writes a tensor, and the streams that lead from there to its readers."""
        packets, layer = self._packets[source.tensor.name], source.layer
        readers = list(self._readers(source.tensor.name))
        # One layer reads what another writes, or the outside takes it; an input that is an output must be handed on.
        direct = len(readers) == 1 and (layer is not None or not readers[0].output)
        if layer is None:
            written = ports[source.tensor.name]
        elif direct:
            written = self._leading_to(readers[0], source.shown, packets, ports)
        else:
            written = self._declared(f"{source.shown}{'_local' if source.tensor.name in ports else ''}", packets)
        if layer is not None:
            arguments = [self._streams[_Reader(layer.op.name, slot)] for slot in range(len(layer.op.inputs))]
            self.functions.append(source.text)
            self.body.append(f"{self.member(layer.name)}({', '.join([*arguments, written])});")
        if direct:
            self._streams[readers[0]] = written
            return
        for reader in readers:
            self._streams[reader] = self._leading_to(reader, f"{source.shown}_to_{reader.op}", packets, ports)
        self._copies(source.shown, packets, written, [self._streams[reader] for reader in readers])

    def _readers(self, origin: str) -> Iterator[_Reader]:
        """Who reads a tensor's packets, by that or another name."""
        for op in self.graph.ops:
            if self._origin[op.output.name] == op.output.name:  # no reshape
                yield from (_Reader(op.name, k) for k, name in enumerate(op.inputs) if self._origin[name] == origin)
        yield from (_Reader(output=name) for name in self.graph.outputs if self._origin[name] == origin)

    def _leading_to(self, reader: _Reader, wanted: str, packets: Packets, ports: dict[str, str]) -> str:
        """The stream of a reader: an output's argument, or an inner one."""
        return ports[reader.output] if reader.output else self._declared(wanted, packets)

    def _declared(self, wanted: str, packets: Packets) -> str:
        name = self.names.take(wanted)
        self._inner.append(name)
        depth = pragma(f"STREAM variable = {name} depth = {packets.count}")
        self.body += [f'hls::stream<{self.member(packets.type)}> {name}("{name}");', depth]
        return name

    def _copies(self, shown: str, packets: Packets, written: str, copies: list[str]) -> None:
        """A function that hands every packet to each of several readers; packets without a reader must be drained."""
        name = self.names.take(f"{shown}_copies")
        targets = [f"to{k}" for k in range(len(copies))]
        lines = [pragma("PIPELINE II = 1"), f"const {packets.type} taken = kernels::read_packet(from);"]
        lines += [f"{target}.write(taken);" for target in targets] or ["static_cast<void>(taken);"]
        parameters = ", ".join(f"hls::stream<{packets.type}>& {stream}" for stream in ["from", *targets])
        what = f"Every packet to {len(copies)} reader{'' if len(copies) == 1 else 's'}"
        loop = "\n".join(_loop("Copy", packets.count, lines))
        self.functions.append(_functions(what, block(f"static void {name}({parameters})", loop)))
        self.body.append(f"{self.member(name)}({', '.join([written, *copies])});")
        self._copied = max(self._copied, packets.count)


def _at_one_position(op: Op, inputs: Tensors, packets: Sequence[Packets]) -> Op | None:
    """The op of one packet of every input, where a layer works position by position."""
    count, widths = packets[0].count, [p.width for p in packets]
    if count == 1 or any(p.count != count for p in packets):
        return None
    position = position_op(op, widths[0]) if len(packets) == 1 else None
    if position is None and type(op) not in EMITTERS:
        return primitive_at_position(op, inputs, widths, count)
    return position if position is not None and position.output.size * count == op.output.size else None


def _numbered(inputs: Sequence[object]) -> list[str]:
    """What ends the names of every input's data and stream: a number, if there are several."""
    return [""] if len(inputs) == 1 else [str(k) for k in range(len(inputs))]


def _loop(label: str, count: int, lines: list[str]) -> list[str]:
    return [f"ISOBIT_LOOP({label})", f"for (int p = 0; p < {count}; ++p) {{", *(f"    {line}" for line in lines), "}"]


def _functions(what: str, *functions: str) -> str:
    return "\n".join([f"// {what}", functions[0], *functions[1:]])
