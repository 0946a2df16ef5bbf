"""``isobit certify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from isobit.commands import BITS_DIFFER, EQUAL_OR_DONE, examples
from isobit.commands.keras_options import input_ranges
from isobit.commands.options import progress_bar
from isobit.commands.pages import PageOptions, page_options
from isobit.files import check_target


@click.command(
    "certify",
    epilog=examples(
        "isobit certify axol1tl cicada topo -o menu.json --html menu.html",
        "isobit certify axol1tl --inputs rx_summary.txt --outputs tx_summary.txt --packing packing.yml",
        "isobit certify --verify menu.json --again",
    ),
)
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, metavar="FOLDER...")
@click.option("--inputs", multiple=True, metavar="[FOLDER=]FILE",
              help="Events of a network.  [default: tb_data/tb_input_features.dat in the folder]")  # fmt: skip
@click.option(
    "--outputs", multiple=True, metavar="[FOLDER=]FILE", help="Answers to these events; several may be given."
)
@click.option("--packing", multiple=True, metavar="[FOLDER=]YAML", help="Where numbers lie in pattern files.")
@click.option("--input-range", multiple=True, metavar="[FOLDER=]NAME=LOW:HIGH",
              help="Numbers that an input never leaves; an embedding may need it.")  # fmt: skip
@click.option("--library", "libraries", type=click.Path(path_type=Path), multiple=True, metavar="SO",
              help="A further built library, looked over beside those that folders describe.")  # fmt: skip
@click.option("--events", type=click.IntRange(1), default=1000, show_default=True, help="Random events.")
@click.option("--extreme", type=click.IntRange(0), default=200, show_default=True, help="Random corners of the ranges.")
@click.option("--witness", type=click.IntRange(0), default=200, show_default=True, help="Most inputs that overflow.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of all of them.")
@click.option("--allow-foreign", is_flag=True, help="Certify networks with code that is none of hls4ml's as well.")
@click.option("--no-speed", is_flag=True, help="Measure no speed for the page.")
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads and compilers.  [default: all cores]")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="JSON", help="Write the certificate.")
@page_options()
@click.option("--overwrite", is_flag=True, help="Replace existing files of --out, --html and --plots.")
@click.option("--verify", type=click.Path(path_type=Path), metavar="CERT",
              help="Say what has changed since this certificate was made, by hashes.")  # fmt: skip
@click.option("--again", is_flag=True, help="With --verify: compute everything again as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    folders: tuple[Path, ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    packing: tuple[str, ...],
    input_range: tuple[str, ...],
    libraries: tuple[Path, ...],
    events: int,
    extreme: int,
    witness: int,
    seed: int,
    allow_foreign: bool,
    no_speed: bool,
    threads: int | None,
    out: Path | None,
    pages: PageOptions,
    overwrite: bool,
    verify: Path | None,
    again: bool,
    as_json: bool,
) -> int:
    """Certify a menu of networks in firmware: the folders of hls4ml projects. This compiles and runs their code.

    Of each FOLDER, every layer on AMD's headers, on isobit's headers and in the emulator, bit by bit, on random and
    extreme events, on inputs that overflow, and on given ones with their answers; whose code it is; lint; overflows;
    and, where FOLDER has a wrapper.yml that names one, the built emulator, alone and beside those of the others. The
    certificate has the hash of every file, and the same files give the same certificate.

    Exit status: 0 certified (with --verify: unchanged), 1 not, 2 bad input.
    """
    from isobit.certify import certify, verify_certificate
    from isobit.certify.hashes import folder_names
    from isobit.certify.reading import read_certificate

    names = folder_names(list(folders))
    if verify is not None and not folders:
        names = [one["name"] for one in read_certificate(verify)["networks"]]
    given: dict[str, Any] = {
        "inputs": _by_folder(inputs, names, "--inputs"),
        "outputs": _by_folder(outputs, names, "--outputs", several=True),
        "packing": _by_folder(packing, names, "--packing"),
        "input_ranges": _ranges(input_range, names),
        "libraries": libraries,
    }
    if verify is not None:
        if out is not None or pages:
            raise click.UsageError("--out, --html and --plots are not for --verify")
        found = verify_certificate(verify, folders, again=again, threads=threads, **given)
        click.echo(json.dumps(found.to_dict()) if as_json else str(found))
        return EQUAL_OR_DONE if found.ok else BITS_DIFFER
    if again:
        raise click.UsageError("--again needs --verify")
    if not folders:
        raise click.UsageError("Missing argument 'FOLDER...'")
    if out is not None:
        check_target(out, overwrite, inputs=folders)
    pages.check(overwrite, inputs=folders)
    with progress_bar() as progress:
        result = certify(
            folders,
            **given,
            events=events,
            extreme=extreme,
            witness=witness,
            seed=seed,
            allow_foreign=allow_foreign,
            speed=bool(pages) and not no_speed,
            threads=threads,
            progress=progress,
        )
    if out is not None:
        result.to_json(out, overwrite=overwrite)
    pages.write(result, overwrite)
    click.echo(json.dumps(result.to_dict()) if as_json else str(result))
    return EQUAL_OR_DONE if result.ok else BITS_DIFFER


def _by_folder(values: tuple[str, ...], names: list[str], option: str, several: bool = False) -> dict[str, Any] | None:
    """Values written FOLDER=VALUE; without a folder's name they are the only folder's."""
    found: dict[str, list[str]] = {}
    for value in values:
        name, _, rest = value.partition("=")
        if name not in names:
            if len(names) != 1:
                raise click.UsageError(f"{option}: write FOLDER=FILE, got {value!r}; folders: {', '.join(names)}")
            name, rest = names[0], value
        found.setdefault(name, []).append(rest)
    if not several and (twice := [name for name, one in found.items() if len(one) > 1]):
        raise click.UsageError(f"{option} is given twice for {twice[0]}")
    return {name: one if several else one[0] for name, one in found.items()} or None


def _ranges(values: tuple[str, ...], names: list[str]) -> dict[str, Any] | None:
    """Ranges of inputs by folder."""
    listed = _by_folder(values, names, "--input-range", several=True)
    return None if listed is None else {name: input_ranges(texts) for name, texts in listed.items()}
