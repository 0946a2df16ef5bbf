"""hls4ml's activations that look up a table."""

from __future__ import annotations

from typing import Any

from isobit.frontends.hls4ml.reading import edges_of, precision_to_type
from isobit.frontends.written import written_config
from isobit.model.layers.table import TableActivation
from isobit.model.tables import function_table
from isobit.model.weights import Weight

__all__ = ["table_activation"]


def table_activation(node: Any, function: str, param: Weight | None) -> TableActivation:
    """The layer of a node whose function is looked up, with the table that the firmware has."""
    type = precision_to_type(node.get_attr("table_t").precision, f"{node.name}.table")
    table = function_table("table", function, int(written_config(node)["table_size"]), type)
    return TableActivation(**edges_of(node), function=function, table=table, param=param)
