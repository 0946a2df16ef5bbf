"""Emitters of recurrent layers: a cell, whose products are functions of their own, in a loop over the steps."""

from __future__ import annotations

from isobit.hls.emitters import Layer, Passing, block, pragma, register_emitter
from isobit.hls.layers import dense
from isobit.model.layers.dense import Dense
from isobit.model.layers.recurrent import Bidirectional, Recurrent
from isobit.model.layers.recurrent_cell import Cell
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Tensor
from isobit.model.weights import Weight

__all__ = ["bidirectional", "recurrent"]


@register_emitter(Recurrent)
def recurrent(op: Recurrent, layer: Layer) -> str:
    """From states of zero, or from those that the layer is given."""
    cell, steps = op.parts, layer.tensors[0].size // op.parts.n_in
    kernel = _cell(layer, cell, layer.type("accum", op.accum))
    _describe(layer, steps, (cell,), f"{cell.kind.upper()} of {steps} steps of {cell.n_in}, {cell.n_state} states")
    arguments = f"<{kernel}, {steps}, {str(op.sequences and steps > 1).lower()}>"
    if len(layer.tensors) == 1:
        text = f"kernels::recurrent_packets{arguments}(from, to);"
        layer.packets = Passing(text, cell.n_in, cell.n_state, "recurrent_packets.hpp")
        return f"kernels::recurrent{arguments}(data, results);"
    n = cell.n_state
    lines = [
        f"{layer.result} states[{cell.states * n}];",
        pragma("ARRAY_PARTITION variable = states complete"),
        *(
            f"kernels::copy_numbers<{n}>(data{k + 1}, {f'states + {k * n}' if k else 'states'});"
            for k in range(cell.states)
        ),
        f"kernels::recurrent_from{arguments}(data0, states, results);",
    ]
    return "\n".join(lines)


@register_emitter(Bidirectional)
def bidirectional(op: Bidirectional, layer: Layer) -> str:
    """Both directions in one loop."""
    steps = layer.tensor.size // op.cells[0].n_in
    accum = layer.type("accum", op.accum)
    directions = zip(("forward_", "backward_"), op.cells, strict=True)
    kernels = [_cell(layer, cell, accum, direction) for direction, cell in directions]
    shown = " and ".join(f"{cell.kind.upper()} of {cell.n_state} states" for cell in op.cells)
    _describe(layer, steps, op.cells, f"{shown}, forward and backward over {steps} steps of {op.cells[0].n_in}")
    arguments = ", ".join([*kernels, str(steps), str(op.sequences).lower()])
    return f"kernels::bidirectional<{arguments}>(data, results);"


def _describe(layer: Layer, steps: int, cells: tuple[Cell, ...], what: str) -> None:
    """In words, and how many clocks it needs: a step waits for its products, and the next one for the step."""
    reuse = [factor for cell in cells for factor in (cell.reuse_factor, cell.recurrent_reuse_factor)]
    layer.interval, layer.dataflow = steps * max(reuse), True
    layer.what = f"{what}, {cells[0].strategy}, reuse factors {', '.join(map(str, reuse))}"


def _cell(layer: Layer, cell: Cell, accum: str, direction: str = "") -> str:
    """Functions of both products, and the structure that names them and the activations; returns the kernel's cell."""
    data, state = layer.tensors[0].type, layer.op.output.type
    inputs = Tensor("data", (cell.n_in,), data), layer.kinds[0]
    before = Tensor("state", (cell.n_state,), state), layer.result
    of_input = _product(layer, f"{direction}input", cell, accum, inputs, recurrent=False)
    of_state = _product(layer, f"{direction}state", cell, accum, before, recurrent=True)
    layer.include("recurrent.hpp", f"{cell.kind}.hpp")
    name = layer.names.take(f"{layer.name}_{direction}parts")
    lines = [
        f"using data_type = {layer.kinds[0]};",
        f"using accum_type = {accum};",
        f"using result_type = {layer.result};",
        f"static constexpr int n_in() {{ return {cell.n_in}; }}",
        f"static constexpr int n_state() {{ return {cell.n_state}; }}",
        _member("of_input(const data_type* data, accum_type* results)", f"{of_input}(data, results);"),
        _member("of_state(const result_type* data, accum_type* results)", f"{of_state}(data, results);"),
        _function(layer, "gates", cell.recurrent_activation, cell.recurrent_table, accum, direction),
        _function(layer, "activated", cell.activation, cell.table, accum, direction),
    ]
    text = block(f"struct {name}", "\n".join(lines)).rstrip("\n") + ";\n"
    layer.helpers.append(lambda clocks: f"// What a step of {layer.name} consists of\n{text}")
    return f"kernels::{cell.kind}<{name}{', true' * cell.pytorch}>"


def _product(layer: Layer, slot: str, cell: Cell, accum: str, read: tuple[Tensor, str], *, recurrent: bool) -> str:
    """The function of a product, a dense layer whose results are accumulators; returns its name."""
    tensor, kind = read
    weight, bias, reuse = (
        (cell.recurrent_weight, cell.recurrent_bias, cell.recurrent_reuse_factor)
        if recurrent
        else (cell.weight, cell.bias, cell.reuse_factor)
    )
    output = Tensor(slot, bias.shape, cell.accum)
    op = Dense(layer.op.name, (tensor.name,), output, weight, bias, cell.accum, cell.strategy, reuse)
    part = layer.part(slot, op, (tensor,), (kind,), accum)
    layer.function(part, dense(op, part))
    return part.name


def _function(layer: Layer, member: str, function: str, table: Weight | None, accum: str, direction: str) -> str:
    """An activation of so many numbers, whatever their type."""
    if table is None:
        layer.include("relu.hpp")
        lines = [
            f"using arith = kernels::relu_arith<{accum}>;",
            "kernels::relu(arith(), kernels::static_vector_shape<Count>(), data, results);",
        ]
    else:
        layer.include("table.hpp", "raw_constants.hpp")
        entries, slot = int(table.raw.size), f"{direction}{'recurrent_' * (member == 'gates')}table"
        array = layer.array(slot, table.raw, table.type, f"{function}, {entries} entries, {table.type}")
        span = TableActivation(layer.op.name, ("data",), Tensor("results", (1,), table.type), function, table).span
        lines = [
            f"using numbers = kernels::centred_table_arith<{accum}, {entries}, {span}>;",
            f"using arith = kernels::raw_table_arith<numbers, {layer.type(slot, table.type)}>;",
            f"kernels::table_activation(arith(), kernels::static_vector_shape<Count>(), data, {array}, results);",
        ]
    member = _member(f"{member}(const Data* data, accum_type* results)", "\n".join(lines))
    return f"template <int Count, class Data>\n{member}"


def _member(head: str, body: str) -> str:
    """A static function that is inlined."""
    return block(f"static void {head}", f"{pragma('INLINE')}\n{body}").rstrip("\n")
