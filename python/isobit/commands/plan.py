"""``isobit plan``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.data import DataOptions, data_options
from isobit.commands.keras_options import KerasOptions, keras_options
from isobit.commands.passes import extremes

if TYPE_CHECKING:
    from isobit.plan.plan import Plan


@click.command(
    "plan",
    epilog=examples(
        "isobit plan student.isobit",
        "isobit plan student.h5 --config hls4ml_config.yml --data events.npy --fail-on-overflow",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@keras_options()
@data_options(what="Events whose smallest and largest values bound the inputs, instead of the input formats")
@click.option("--witnesses", is_flag=True, help="Search for an input for each overflow that may happen (minutes).")
@click.option("--fail-on-overflow", is_flag=True, help="Exit with 1 if anything may overflow.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    model: Path, keras: KerasOptions, data: DataOptions, witnesses: bool, fail_on_overflow: bool, as_json: bool
) -> int:
    """Say whether each format in MODEL can overflow, and how each layer is computed exactly.

    The bounds come from the real weights and hold for every input within the formats, or within the range of DATA.
    Exit status: 0 done, 1 something may overflow (with --fail-on-overflow), 2 bad input.
    """
    subject, _ = keras.load(model)
    plan = subject.plan(extremes(subject, data.by_input(subject.graph.inputs)) if data else None, witnesses=witnesses)
    click.echo(json.dumps({"model": subject.graph.name, **_document(plan)}) if as_json else str(plan))
    return BITS_DIFFER if fail_on_overflow and not plan.safe else EQUAL_OR_DONE


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "safe": plan.safe,
        "measured": plan.measured,
        "constants": [change.to_dict() for change in plan.constants],
        "stages": [
            {
                "layers": [op.name for op in planned.stage.ops],
                "lane": planned.lane_name,
                "reason": planned.reason,
            }
            for planned in plan.stages
        ],
        "verdicts": [
            {
                "layer": verdict.layer,
                "slot": verdict.slot,
                "type": str(verdict.type),
                "safe": verdict.safe,
                "known": verdict.known,
                "width": verdict.type.width,
                "bits": list(verdict.bits),
                "overflows": list(verdict.overflows),
                "witnesses": None
                if verdict.witnesses is None
                else [
                    {
                        "neuron": witness.neuron,
                        "bits": witness.bits_needed,
                        "inputs": {name: array.raw.tolist() for name, array in witness.inputs.items()},
                    }
                    for witness in verdict.witnesses
                ],
            }
            for verdict in plan.verdicts
        ],
    }
