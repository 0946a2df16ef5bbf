"""Networks of the zoo against hls4ml's C-simulation: a few, drawn by the run's seed, or in a full run all of them.

tools/zoo_run.py compared all on many more events (runs/).
"""

from __future__ import annotations

from itertools import product

import pytest
from comparison import compare_roads
from zoo_networks import CONFIGS, IO_TYPES, NoBits, arguments_of, loaded

from isobit.students import zoo
from tiers import examples

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(("config", "io_type"), list(product(CONFIGS, IO_TYPES)))
@pytest.mark.parametrize("name", zoo.ZOO)
def test_every_layer_on_every_road(name: str, config: str, io_type: str) -> None:
    try:
        model = loaded(name, arguments_of(name, config, io_type))
    except NoBits as refused:
        assert io_type == "io_stream", str(refused)
        print(f"{name} {config} {io_type}: {refused.by} refuses it: {refused}")
        return
    result = compare_roads(model, zoo.inputs(name, examples(40, 200), seed=11))
    assert not result.differences, "\n".join(result.differences)
    print(f"{name} {config} {io_type}: {result.values} values in {result.layers} layers compared, 0 differ")
