"""``isobit cost``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobit.commands import EQUAL_OR_DONE, examples
from isobit.commands.keras_options import KerasOptions, keras_options


@click.command(
    "cost", epilog=examples("isobit cost student.isobit", "isobit cost student.h5 --config hls4ml_config.yml --json")
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(model: Path, keras: KerasOptions, as_json: bool) -> int:
    """Estimate what MODEL takes on the FPGA: DSPs, LUTs, flip-flops, block RAMs, interval, latency, bit operations.

    From layers, weights, formats, strategies and reuse factors alone; LUTs and flip-flops are ranges. Exit status: 0
    done, 2 bad input.
    """
    from isobit.cost import cost

    subject, _ = keras.load(model)
    found = cost(subject)
    click.echo(json.dumps(found.to_dict()) if as_json else str(found))
    return EQUAL_OR_DONE
