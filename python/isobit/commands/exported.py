"""What ``isobit csim`` does with a folder that isobit exported."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE
from isobit.commands.data import DataOptions
from isobit.commands.options import save_arrays
from isobit.files import atomic_path
from isobit.fixed.array import FixedArray
from isobit.hls.folder import HlsProject, read_folder

__all__ = ["simulate_exported"]


def simulate_exported(
    folder: Path, data: DataOptions, headers: str, out: Path | None, threads: int | None, as_json: bool, overwrite: bool
) -> int:
    """Run the test bench of an exported folder, or events through its core; returns the exit status."""
    project = read_folder(folder)
    changed = project.changed()
    if not data:
        if out is not None:
            raise click.UsageError(f"--out needs --data: without it, the test bench of {folder} runs")
        return _test(project, headers, changed, as_json)
    if out is not None and len(project.outputs) > 1 and out.suffix != ".npz":
        raise click.UsageError(f"{folder} has {len(project.outputs)} outputs; --out must end in .npz, got {out}")
    began = time.perf_counter()
    project.compiled(headers)
    compiled = time.perf_counter()
    found = project.predict_raw(data.read(project.inputs), headers, threads)
    done = time.perf_counter()
    results = found if isinstance(found, list) else [found]
    values = {port.name: array.to_float() for port, array in zip(project.outputs, results, strict=True)}
    if out is not None:
        with atomic_path(out, overwrite=overwrite) as path:
            save_arrays(path, values if out.suffix == ".npz" else next(iter(values.values())))
    facts = {
        "events": len(results[0]),
        "headers": headers,
        "outputs": {port.name: str(port.type) for port in project.outputs},
        "changed": changed,
        "out": None if out is None else str(out),
        "seconds": {"compile": compiled - began, "simulate": done - compiled},
    }
    if as_json:
        click.echo(json.dumps(facts))
        return EQUAL_OR_DONE
    _say_changed(changed)
    click.echo(f"{facts['events']} events through {project.top} with {headers} headers in {done - compiled:.3g} s")
    for port, array in zip(project.outputs, results, strict=True):
        assert isinstance(array, FixedArray)
        click.echo(f"  {port.name}: {port.type}")
    if out is not None:
        click.echo(f"outputs written to {out}")
    return EQUAL_OR_DONE


def _test(project: HlsProject, headers: str, changed: list[str], as_json: bool) -> int:
    run = project.run_test_bench(headers)
    if as_json:
        click.echo(json.dumps({"ok": run.ok, "headers": headers, "said": run.text, "changed": changed}))
    else:
        _say_changed(changed)
        click.echo(run.text, nl=False)
        click.echo(f"{'EQUAL' if run.ok else 'DIFFERENT'}: test bench of {project.top} on {headers} headers")
    return EQUAL_OR_DONE if run.ok else BITS_DIFFER


def _say_changed(changed: list[str]) -> None:
    for path in changed:
        click.echo(f"changed since the export: {path}")
