"""Emitters of activations by table and of softmax: tables are constants, raw integers that become numbers once read."""

from __future__ import annotations

from isobit.errors import UnsupportedError
from isobit.hls.emitters import Layer, register_emitter, register_primitive
from isobit.model.layers.softmax import Softmax
from isobit.model.layers.table import TableActivation
from isobit.model.lookup import Lookup
from isobit.model.table_index import AroundZero, Counted, FromZero, Itself
from isobit.model.tensor import layer_of

__all__ = ["lookup", "softmax", "table_activation"]


@register_emitter(TableActivation)
def table_activation(op: TableActivation, layer: Layer) -> str:
    """A look-up for every element; of elu and selu, whose table is one side, with the constant of the other."""
    layer.include("table.hpp", "raw_constants.hpp")
    layer.what = f"{op.function} of {op.output.size} by a table of {op.entries}"
    table_type, table = layer.type("table", op.table.type), layer.constant(op.table)
    if op.centred:
        numbers, kernel = f"centred_table_arith<{layer.result}, {op.entries}, {op.span}>", "table_activation"
    else:
        numbers, kernel = f"negative_table_arith<{layer.result}, {op.entries}>", op.function
    factor = [] if op.factor is None else [layer.literal("factor", *op.factor)]
    raw = "raw_elu_arith" if op.function == "elu" else "raw_table_arith"
    arguments = ["arith()", f"kernels::static_vector_shape<{op.output.size}>()", "data", *factor, table, "results"]
    return f"""using numbers = kernels::{numbers};
using arith = kernels::{raw}<numbers, {table_type}>;
kernels::{kernel}({", ".join(arguments)});"""


@register_primitive(Lookup)
def lookup(op: Lookup, layer: Layer) -> str:
    """A row or an entry of a table for every number."""
    size, index = layer.tensor.size, op.index
    layer.what = f"look-up of {size} in {op.entries} {f'rows of {op.row}' if op.row > 1 else 'entries'}"
    if isinstance(index, Itself):
        numbers, kernel = f"row_arith<{{}}, {index.times}, {op.stride or op.row}>", f"lookup_rows<{op.row}>"
    elif op.row == 1 and op.stride is None and isinstance(index, AroundZero):
        numbers, kernel = f"centred_table_arith<{{}}, {op.entries}, {index.span}>", "table_activation"
    elif op.row == 1 and op.stride is None and isinstance(index, FromZero) and op.entries << index.power < 1 << 32:
        numbers, kernel = f"first_table_arith<{{}}, {op.entries}, {index.power}>", "table_activation"
    elif op.row == 1 and op.stride is None and isinstance(index, Counted):
        numbers, kernel = f"counted_table_arith<{{}}, {index.least}>", "table_activation"
    else:
        numbers = kernel = ""
    if not kernel or op.entry_factor is not None:
        raise UnsupportedError(
            f"layer {layer_of(op.name)!r} cannot be exported: it looks up {op.row} entries by {index}, or multiplies "
            "them, as emitters alone write; exported are indices, numbers counted from the least, and intervals from "
            "zero or around it"
        )
    layer.include("raw_constants.hpp", "table.hpp" if kernel == "table_activation" else "lookup.hpp")
    if isinstance(index, FromZero | Counted):
        layer.include("lookup.hpp")
    table_type, table = layer.type("table", op.table.type), layer.constant(op.table)
    return f"""using numbers = kernels::{numbers.format(layer.result)};
using arith = kernels::raw_table_arith<numbers, {table_type}>;
kernels::{kernel}(arith(), kernels::static_vector_shape<{size}>(), data, {table}, results);"""


@register_emitter(Softmax)
def softmax(op: Softmax, layer: Layer) -> str:
    """Every slice by the implementation's kernel, all of them at once."""
    if op.implementation in op.OLDER:
        raise UnsupportedError(
            f"layer {op.name!r} cannot be exported: it is a softmax as hls4ml had it before 1.2.0 "
            f"({op.implementation}); exported are {', '.join(op.IMPLEMENTATIONS)}"
        )
    layer.include("softmax_layer.hpp", "raw_constants.hpp")
    slices = f" in {op.outer * op.inner} slices" if op.outer * op.inner > 1 else ""
    layer.what = f"softmax of {op.size}{slices}, {op.implementation}"
    tables: list[str] = []
    raw: list[str] = []
    types: list[str] = []
    entries: list[int] = []
    for table in (op.exp_table, op.inv_table):
        if table is not None:
            types.append(layer.type(table.name, table.type))
            tables.append(layer.constant(table))
            raw.append(layer.raw_type(table))
            entries.append(int(table.raw.size))
    lines: list[str] = []
    if op.implementation == "argmax":
        lines.append(f"using arith = kernels::argmax_arith<{layer.result}>;")
    elif op.implementation == "legacy":
        sizes = ", ".join(map(str, entries))
        lines += [
            f"using numbers = kernels::softmax_legacy_arith<{types[0]}, {layer.result}, {sizes}>;",
            f"using arith = kernels::raw_legacy_arith<numbers, {types[0]}, {types[1]}>;",
        ]
    else:
        assert op.accum is not None
        assert op.inv_inp is not None
        accum, total = layer.type("accum", op.accum), layer.type("inv_inp", op.inv_inp)
        # Only `stable` forms distances.
        distance = layer.data if op.inp_norm is None else layer.type("inp_norm", op.inp_norm)
        bits = ", ".join(str(count.bit_length() - 1) for count in entries)
        lines += [
            f"using numbers = kernels::softmax_arith<{accum}, {total}, {layer.result}, {distance}, {bits}>;",
            f"using arith = kernels::raw_softmax_arith<numbers, {', '.join(types)}>;",
        ]
    arguments = ", ".join(["arith", "shape", *raw])
    return "\n".join(
        [
            *lines,
            f"using shape = kernels::static_softmax_shape<{op.size}, {op.outer}, {op.inner}>;",
            f"using slice = kernels::softmax_{op.implementation}_slice<{arguments}>;",
            f"kernels::softmax_layer(shape(), data, results, slice{{{', '.join(tables)}}});",
        ]
    )
