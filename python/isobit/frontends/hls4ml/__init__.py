"""From an hls4ml ``ModelGraph`` (Vitis or Vivado back end) to a :class:`~isobit.model.Graph`.

The graph is read after hls4ml's passes, where every format, strategy and reuse factor is what the writer prints into
the firmware. Each node class has one handler, in the file of its family; anything else is refused by name.
"""

from __future__ import annotations

from isobit.frontends.hls4ml.graph import graph_from_hls4ml, is_model_graph
from isobit.frontends.hls4ml.reading import precision_to_type

__all__ = ["graph_from_hls4ml", "is_model_graph", "precision_to_type"]
