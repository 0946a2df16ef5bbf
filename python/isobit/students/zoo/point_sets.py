"""Networks on points and their pairs: deep sets on clusters, interaction networks on jets and on tracks.

The product with a constant matrix is a pointwise convolution of the transpose, which hls4ml can convert. So the
incidence matrices of a graph, and the column of ones that sums over a set, are convolutions without a bias that are not
trained. They copy a node's numbers to the edges that begin or end there, or add numbers of edges to the node where they
end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from isobit.students.zoo import events
from isobit.students.zoo.entry import Floats, Recipe, keras_package, qkeras_package
from isobit.students.zoo.sheet import Sheet

_BIT: Final = "ap_fixed<2,2>"  # of the constant matrices' zeros and ones

# pion_deepsets: not quantised in training; the sum over a cluster needs more integer bits than all else.
_CELLS: Final = 24
_PION_NUMBER: Final = "ap_fixed<16,6>"
_PION_SUM: Final = "ap_fixed<32,14>"
_PION_F_NUMBER: Final = "ap_fixed<22,12>"
_PION_PHI: Final = (16, 16, 8)
_PION_F: Final = (16, 8)

# jet_interaction_network: 8 bits; weights within +-1, activations 0..8. All ordered pairs of constituents are edges.
_NODES: Final = 8
_PAIRS: Final = tuple((i, j) for i in range(_NODES) for j in range(_NODES) if i != j)
_NUMBER: Final = "ap_fixed<16,6>"
_WEIGHT: Final = "ap_fixed<8,1>"
_RELU: Final = "ap_ufixed<8,3,RND_CONV,SAT>"
_EDGE: Final = (16, 8)
_NODE: Final = (16, 8)
_SUM: Final = "ap_fixed<18,8>"

# track_gnn: a graph of the same form for every event, as hls4ml's constants need it.
_TRACK_NUMBER: Final = "ap_fixed<14,7>"
_TRACK_REUSE: Final = 8
_TRACK_STEPS: Final = (("edge", (8, 8, 4), "relu"), ("score", (8, 8, 1), "sigmoid"))
_TRACK_NODE: Final = (8, 8, 3)


def _times(tensor: Any, matrix: Floats, name: str) -> Any:
    """The transpose of (n, features) times a constant matrix (n, m): (features, m)."""
    layers, initializers = keras_package().layers, keras_package().initializers
    kernel = initializers.Constant(matrix.reshape(1, *matrix.shape).tolist())
    turned = layers.Permute((2, 1), name=f"{name}_columns")(tensor)
    product = layers.Conv1D(matrix.shape[1], 1, use_bias=False, kernel_initializer=kernel, trainable=False, name=name)
    return product(turned)


def _moved(tensor: Any, matrix: Floats, name: str) -> Any:
    """As `_times`, turned back: (m, features)."""
    return keras_package().layers.Permute((2, 1), name=f"{name}_rows")(_times(tensor, matrix, name))


def _total(tensor: Any, points: int, name: str) -> Any:
    """The sum over all points."""
    return keras_package().layers.Flatten(name=f"{name}_flat")(_times(tensor, np.ones((points, 1)), name))


def _moved_sheet(sheet: Sheet, name: str, number: str | None = None, total: str | None = None) -> Sheet:
    """Layers of `_moved`: the type of the numbers, and of their sums if it is another."""
    sheet.shape(f"{name}_columns", number=number).matrix(name, _BIT, total or number)
    return sheet.shape(f"{name}_rows", number=total or number)


def _total_sheet(sheet: Sheet, name: str, number: str, total: str) -> Sheet:
    """Layers of `_total`: the type of the numbers, and of their sum."""
    return sheet.shape(f"{name}_columns", number=number).matrix(name, _BIT, total).shape(f"{name}_flat", number=total)


def _incidence(nodes: int, edges: Sequence[tuple[int, int]], end: int) -> Floats:
    """Matrix (nodes, edges) with a one where an edge has that node at its first (0) or second end (1)."""
    matrix = np.zeros((nodes, len(edges)))
    matrix[[edge[end] for edge in edges], np.arange(len(edges))] = 1.0
    return matrix


def _mlp(tensor: Any, widths: Sequence[int], name: str, last: str | None = "relu") -> Any:
    """Pointwise convolutions, each with a ReLU, the last with `last`."""
    layers = keras_package().layers
    for index, width in enumerate(widths, start=1):
        tensor = layers.Conv1D(width, 1, name=f"{name}{index}")(tensor)
        function = "relu" if index < len(widths) else last
        if function:
            tensor = layers.Activation(function, name=f"{name}_{function}{index}")(tensor)
    return tensor


def _mlp_sheet(sheet: Sheet, count: int, name: str, last: str | None = "relu", result: str | None = None) -> Sheet:
    for index in range(1, count + 1):
        sheet.conv(f"{name}{index}")
        function = "relu" if index < count else last
        if function:
            sheet.activation(f"{name}_{function}{index}", result)
    return sheet


def _pion_deepsets(tensor: Any) -> Any:
    layers = keras_package().layers
    tensor = _total(_mlp(tensor, _PION_PHI, "phi"), _CELLS, "sum")
    for index, width in enumerate(_PION_F, start=1):
        tensor = layers.Activation("relu", name=f"relu{index}")(layers.Dense(width, name=f"fc{index}")(tensor))
    return layers.Dense(1, name="energy")(tensor)


def _pion_deepsets_sheet() -> Sheet:
    sheet = _mlp_sheet(Sheet(_PION_NUMBER).shape("inputs"), len(_PION_PHI), "phi")
    _total_sheet(sheet, "sum", _PION_NUMBER, _PION_SUM)
    number, weight = _PION_F_NUMBER, _PION_NUMBER
    precision = {"result": number, "accum": number, "weight": weight, "bias": weight}
    for name in (*(f"fc{index}" for index in range(1, len(_PION_F) + 1)), "energy"):
        sheet.dense(name, Precision=precision).activation(f"{name}_linear", number)
        if name != "energy":
            sheet.activation(name.replace("fc", "relu"), number)
    return sheet


def _quantised_mlp(tensor: Any, widths: Sequence[int], name: str) -> Any:
    qkeras = qkeras_package()
    bits = qkeras.quantized_bits(8, 0, alpha=1)
    for index, width in enumerate(widths, start=1):
        tensor = qkeras.QConv1D(width, 1, kernel_quantizer=bits, bias_quantizer=bits, name=f"{name}{index}")(tensor)
        tensor = qkeras.QActivation(qkeras.quantized_relu(8, 3), name=f"{name}_relu{index}")(tensor)
    return tensor


def _jet_interaction_network(tensor: Any) -> Any:
    qkeras, layers = qkeras_package(), keras_package().layers
    ends = [_incidence(_NODES, _PAIRS, end) for end in (0, 1)]
    pair = [_moved(tensor, matrix, name) for matrix, name in zip(ends, ("receiver", "sender"), strict=True)]
    edges = _quantised_mlp(layers.Concatenate(name="pairs")(pair), _EDGE, "edge")
    seen = _moved(edges, ends[0].T, "incoming")
    nodes = _quantised_mlp(layers.Concatenate(name="nodes")([tensor, seen]), _NODE, "node")
    bits = qkeras.quantized_bits(8, 0, alpha=1)
    return qkeras.QDense(5, kernel_quantizer=bits, bias_quantizer=bits, name="output")(_total(nodes, _NODES, "sum"))


def _jet_interaction_network_sheet() -> Sheet:
    sheet = Sheet(_NUMBER, weight=_WEIGHT, bias=_WEIGHT).shape("inputs")
    for name in ("receiver", "sender"):
        _moved_sheet(sheet, name)
    _mlp_sheet(sheet.merge("pairs"), len(_EDGE), "edge", result=_RELU)
    _moved_sheet(sheet, "incoming", _RELU, _SUM)
    _mlp_sheet(sheet.merge("nodes", _SUM), len(_NODE), "node", result=_RELU)
    return _total_sheet(sheet, "sum", _RELU, _SUM).dense("output")


def _track_gnn(nodes: Any, edges: Any) -> Any:
    layers = keras_package().layers
    begin, end = (_incidence(events.HITS, events.SEGMENTS, place) for place in (0, 1))
    for step, (name, widths, last) in enumerate(_TRACK_STEPS, start=1):
        pair = [_moved(nodes, matrix, f"{which}{step}") for matrix, which in ((begin, "begin"), (end, "end"))]
        joined = layers.Concatenate(name=f"pairs{step}")(pair)
        edges = _mlp(layers.Concatenate(name=f"edges{step}")([joined, edges]), widths, name, last)
        if step == 1:
            seen = _moved(edges, end.T, "incoming")
            nodes = _mlp(layers.Concatenate(name="nodes")([nodes, seen]), _TRACK_NODE, "node", None)
    return edges


def _track_gnn_sheet() -> Sheet:
    sheet = Sheet(_TRACK_NUMBER, reuse=_TRACK_REUSE).shape("inputs", "segments")
    for step, (name, widths, last) in enumerate(_TRACK_STEPS, start=1):
        for which in ("begin", "end"):
            _moved_sheet(sheet, f"{which}{step}")
        _mlp_sheet(sheet.merge(f"pairs{step}").merge(f"edges{step}"), len(widths), name, last)
        if step == 1:
            _moved_sheet(sheet, "incoming")
            _mlp_sheet(sheet.merge("nodes"), len(_TRACK_NODE), "node", None)
    return sheet


ENTRIES: Final = (
    Recipe(
        name="pion_deepsets",
        summary="measures the energy of a pion by 24 cells of its cluster as a set, their sum with 14 integer bits",
        shape=(_CELLS, 4),
        outputs=1,
        task="regression",
        sparsity=0.0,
        layers=_pion_deepsets,
        events=lambda n, seed: events.cluster_cells(n, seed, _CELLS),
        config=_pion_deepsets_sheet,
    ),
    Recipe(
        name="jet_interaction_network",
        summary="tells five kinds of jets by 8 constituents and all their pairs, 8-bit weights, five logits",
        shape=(_NODES, 3),
        outputs=5,
        task="classification",
        sparsity=0.0,
        layers=_jet_interaction_network,
        events=lambda n, seed: events.particles(n, seed, _NODES, 3),
        config=_jet_interaction_network_sheet,
    ),
    Recipe(
        name="track_gnn",
        summary="finds the segments of tracks: an interaction network on 28 hits, a probability for each of 56 edges",
        shape=(events.HITS, 3),
        others=(("segments", (len(events.SEGMENTS), 4)),),
        outputs=len(events.SEGMENTS),
        task="classification",
        sparsity=0.0,
        layers=_track_gnn,
        events=events.hit_graphs,
        config=_track_gnn_sheet,
    ),
)
