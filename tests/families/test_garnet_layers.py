"""GarNet: what is read, what its kernel gets wrong, and other formats."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_family_frontend import converted

import isobit as ib
from isobit.errors import FirmwareError, UnsupportedError
from isobit.fixed import FixedType
from isobit.model import GarNet
from isobit.model.layers.garnet import edge_weights

pytestmark = pytest.mark.hls4ml

KIND = FixedType.parse


def a_network(count: str = "ap_uint<3>", sizes: Any = (2, 3, 2), entry: Any = None, **options: Any) -> Any:
    """Four vertices of two features; a stack where sizes are lists; ``entry`` is what the configuration says of it."""

    def network(k: Any, x: Any, n: Any) -> Any:
        from hls4ml.contrib import garnet

        settings = {"collapse": "mean", "simplified": True, "output_activation": None, **options}
        layer = garnet.GarNetStack if isinstance(sizes[0], list) else garnet.GarNet
        return layer(*sizes, input_format="xn", quantize_transforms=None, name="gar", **settings)([x, n])

    entries = {"gar": entry} if entry else None
    return converted(network, (4, 2), (1,), entries=entries, in0="ap_fixed<12,2>", in1=count)


def test_what_is_read_files_and_formats(tmp_path: Path) -> None:
    model = ib.load(a_network())
    (op,) = model.graph.ops
    assert isinstance(op, GarNet)
    assert (op.aggregators, op.n_in, op.vertices, op.log2_reuse) == (2, 2, 4, 0)
    rng = np.random.default_rng(0)
    x = [rng.uniform(-2.0, 2.0, (50, 4, 2)), rng.integers(0, 6, (50, 1)).astype(float)]
    wanted = model.predict_raw(x).raw
    for engine in ("cpp", "numba", "cpp-strict", "reference"):
        assert np.array_equal(model.predict(x, engine=engine), model.predict(x))
    model.save(tmp_path / "m.isobit")
    assert np.array_equal(ib.load(tmp_path / "m.isobit").predict_raw(x).raw, wanted)
    other = model.with_types({"gar.edge_weight": "ap_ufixed<8,0>"}).graph.by_name["gar"]
    assert other.edge_weight == edge_weights(op.distance, KIND("ap_ufixed<8,0>"))  # type: ignore[attr-defined]
    model.profile(x)
    model.plan()


def test_formats_of_its_sums_are_read_without_a_remark() -> None:
    formats = {
        "aggr": "ap_fixed<12,3,AP_RND_CONV,AP_SAT_SYM>",
        "edge_weight": "ap_ufixed<9,0,AP_RND>",
        "edge_weight_aggr": "ap_ufixed<11,2,AP_TRN_ZERO,AP_SAT>",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        op = ib.load(a_network(entry={"Precision": {"result": "ap_fixed<16,6>", **formats}})).graph.by_name["gar"]
    assert isinstance(op, GarNet)
    found = {"aggr": op.aggr, "edge_weight": op.edge_weight.type, "edge_weight_aggr": op.edge_weight_aggr}
    assert found == {slot: KIND(text) for slot, text in formats.items()}
    with pytest.warns(UserWarning, match="'gar' has no such type; did you mean"):
        ib.load(a_network(entry={"Precision": {"aggregate": "ap_fixed<12,3>"}}))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"collapse": None}, FirmwareError, "'gar' gives a result for each vertex; hls4ml's firmware leaves those"),
        ({"mean_by_nvert": True}, FirmwareError, "'gar' has mean_by_nvert, for which hls4ml divides whole numbers"),
        ({"count": "ap_fixed<8,4>"}, UnsupportedError, "counts its vertices by 'in1', .* may be negative"),
        (
            {"sizes": ([2, 2], [3, 2], [2, 1])},
            UnsupportedError,
            "'gar' is a GarNetStack of 2 sublayers; isobit computes",
        ),
    ],
)
def test_what_hls4ml_computes_wrongly_is_refused(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ib.load(a_network(**options))
