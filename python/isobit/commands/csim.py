"""``isobit csim``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from isobit.commands.options import load_config, load_data
from isobit.engines.csim.ports import Port
from isobit.files import atomic_path, refuse_overwrite
from isobit.fixed.array import FixedArray
from isobit.frontends.keras import KERAS_SUFFIXES
from isobit.headers import HEADER_SETS
from isobit.simulation import CSim, csim


@click.command("csim")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Events: .npy, or .npz with an array for each input by its name.",
)
@click.option(
    "--config", type=click.Path(path_type=Path, exists=True), help="hls4ml configuration (YAML) for a Keras file."
)
@click.option("--headers", type=click.Choice(HEADER_SETS), default="vendor", show_default=True, help="Header set.")
@click.option("--optimisation", default="3", show_default=True, help="The compiler's -O level; no bit depends on it.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where the outputs go: .npy, or .npz for several (float64)."
)
@click.option(
    "--trace", type=click.Path(path_type=Path), help="Where every layer goes: .npz of raw integers and types."
)
@click.option("--threads", type=click.IntRange(1), default=None, help="Worker processes.  [default: all cores]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--overwrite", is_flag=True, help="Replace existing --out and --trace files.")
@click.option("--allow-lambda", is_flag=True, help="Load Keras files that carry Python code.")
def command(
    source: Path,
    data: Path,
    config: Path | None,
    headers: str,
    optimisation: str,
    out: Path | None,
    trace: Path | None,
    threads: int | None,
    as_json: bool,
    overwrite: bool,
    allow_lambda: bool,
) -> None:
    """Compile hls4ml's firmware and simulate the events in DATA with it.

    SOURCE is a folder that hls4ml wrote, which is only read, or a .keras or .h5 file, which hls4ml converts. Exit
    status: 0 done, 2 bad input.
    """
    for path in (out, trace):
        if path is not None:
            refuse_overwrite(path, overwrite)
    options: dict[str, Any] = {"allow_lambda": allow_lambda} if source.suffix in KERAS_SUFFIXES else {}
    if config is not None:
        if source.suffix not in KERAS_SUFFIXES:
            raise click.UsageError(f"--config needs a Keras file ({', '.join(KERAS_SUFFIXES)}), got {source}")
        options["hls_config"], more = load_config(config)
        options |= more
    began = time.perf_counter()
    simulation = csim(source, headers, optimisation=optimisation, **options)
    compiled = time.perf_counter()
    outputs = simulation.program.outputs
    if out is not None and len(outputs) > 1 and out.suffix != ".npz":
        raise click.UsageError(f"{source} has {len(outputs)} outputs; --out must end in .npz, got {out}")
    x = _events(simulation, data)
    prediction = simulation.predict(x, threads=threads)
    values = dict(zip([port.name for port in outputs], prediction, strict=True)) if len(outputs) > 1 else None
    layers = _with_types(simulation.trace(x, threads=threads)) if trace is not None else {}
    done = time.perf_counter()
    if out is not None:
        _save(out, prediction if values is None else values, overwrite)
    if trace is not None:
        _save(trace, layers, overwrite)
    first = prediction if values is None else prediction[0]
    facts = {
        "events": len(first),
        "headers": headers,
        "inputs": _types(simulation.program.inputs),
        "outputs": _types(outputs),
        "state": list(simulation.state),
        "layers": len(layers) // 2,
        "out": None if out is None else str(out),
        "trace": None if trace is None else str(trace),
        "seconds": {"compile": compiled - began, "simulate": done - compiled},
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(f"{facts['events']} events simulated with {headers} headers in {done - compiled:.3g} s")
    for name, kind in _types(outputs).items():
        click.echo(f"  {name}: {kind}")
    if simulation.state:
        click.echo(f"one worker process, in order: the firmware keeps {', '.join(simulation.state)}")
    for path, what in ((out, "outputs"), (trace, f"{len(layers) // 2} layers")):
        if path is not None:
            click.echo(f"{what} written to {path}")


def _events(simulation: CSim, path: Path) -> Any:
    """The data of each input."""
    loaded = load_data(path)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        return loaded
    with loaded:
        names = [port.name for port in simulation.program.inputs]
        if sorted(loaded.files) != sorted(names):
            raise click.UsageError(f"{path} holds {', '.join(loaded.files)}; expected the inputs {', '.join(names)}")
        arrays = [loaded[name] for name in names]
    return arrays if len(arrays) > 1 else arrays[0]


def _types(ports: tuple[Port, ...]) -> dict[str, str]:
    return {port.name: "floating point" if port.type is None else str(port.type) for port in ports}


def _with_types(layers: Mapping[str, Any]) -> dict[str, Any]:
    """Raw integers by layer, and each one's type; beyond 64 bits as decimal strings, which need no pickle."""
    arrays: dict[str, Any] = {}
    for name, array in layers.items():
        fixed = isinstance(array, FixedArray)
        raw = array.raw if fixed else array
        arrays[name] = raw.astype(str) if raw.dtype == object else raw
        arrays[f"{name}.type"] = np.array(str(array.type) if fixed else "floating point")
    return arrays


def _save(path: Path, arrays: Any, overwrite: bool) -> None:
    with atomic_path(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        if isinstance(arrays, dict):
            np.savez_compressed(file, **arrays)
        elif path.suffix == ".npz":
            np.savez_compressed(file, arrays)
        else:
            np.save(file, arrays, allow_pickle=False)
