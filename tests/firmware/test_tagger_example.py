"""The committed firmware repository, followed as docs/firmware.md says by someone who has nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import isobit as ib
from isobit.errors import DataFileError, ModelFileError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "firmware"
TEXT = (ROOT / "docs" / "firmware.md").read_text().partition("## An example")[2].partition("\n## ")[0]

pytestmark = pytest.mark.hls4ml  # for its headers


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A copy without what may have been built in it."""
    ignored = shutil.ignore_patterns("nnet_utils", "ap_types", "*.so", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "firmware", ignore=ignored))


def get_headers(here: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "get_headers.py", *more]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)


def steps() -> list[tuple[str, list[str]]]:
    """Commands of the page, each with the lines that are shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:].partition("  #")[0].strip(), []))
            else:
                found[-1][1].append(line)
    return found


def test_without_headers_it_says_which_are_missing(here: Path) -> None:
    with pytest.raises(
        ModelFileError, match=r"tagger/firmware/nnet_utils/\w+\.h is missing: the project's sources inc"
    ):
        ib.load(here / "tagger")


def test_headers_are_copied_once(here: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"tagger: \d+ headers copied, 0 were there\n", get_headers(here, "tagger").stdout)
    own = here / "tagger" / "firmware" / "nnet_utils" / "nnet_dense.h"
    own.write_text("// mine\n")
    again = get_headers(here, "tagger")
    assert re.fullmatch(r"tagger: 0 headers copied, \d+ were there\n", again.stdout)
    assert own.read_text() == "// mine\n"
    assert "nothing has no folder firmware/" in get_headers(here, "nothing").stderr


def test_headers_of_a_wheel_are_those_of_the_package(here: Path, tmp_path: Path) -> None:
    import hls4ml

    package = Path(hls4ml.__file__).parent
    shutil.copytree(package / "templates", tmp_path / "wheel" / "hls4ml" / "templates")
    wheel = shutil.make_archive(str(tmp_path / "hls4ml-1.3.0-py3-none-any"), "zip", tmp_path / "wheel")
    shutil.copytree(here / "tagger", here / "other")
    assert get_headers(here, "tagger").returncode == get_headers(here, "other", "--hls4ml", wheel).returncode == 0
    one, two = (
        {path.relative_to(here / name): path.read_bytes() for path in (here / name).rglob("*.h")}
        for name in ("tagger", "other")
    )
    assert {str(path): content for path, content in one.items()} == {str(path): two[path] for path in one}


def test_the_network_and_its_answers(here: Path) -> None:
    assert get_headers(here, "tagger").returncode == 0
    tagger = here / "tagger"
    model = ib.load(tagger)
    assert model.layers == ["centred", "scaled", "jet", "fc1", "relu1", "fc2", "scores", "best"]
    assert "foreign" not in {op.tag for op in model.graph.ops}
    network = ib.load(tagger, wrapper=False)
    files = [tagger / "tb_data" / name for name in ("tb_input_features.dat", "csim_results.log")]
    report = ib.compare_answers(network, *files)
    assert (report.ok, report.events) == (True, 24)
    around = r"3 numbers; expected 1 .*; read with the wrapper that .*wrapper\.yml describes: .*--wrapper none takes"
    with pytest.raises(DataFileError, match=around):
        ib.compare_answers(model, *files)
    text = (tagger / "emulator.cpp").read_text()  # and the description has the numbers of the class
    for name, step in (("offsets", "constants"), ("shifts", "by")):
        (numbers,) = re.findall(rf"{name}\[6\] = \{{(.*?)\}}", text)
        assert f"{step}: [{numbers}]" in (tagger / "wrapper.yml").read_text()


@pytest.mark.turn(10)
def test_generated_again_it_is_the_same(tmp_path: Path) -> None:
    """By the installed hls4ml, its answers by hls4ml's own test bench."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "make_firmware_example.py", "--check"], check=False)
    assert done.returncode == 0, "run python tools/make_firmware_example.py"


@pytest.mark.csim
@pytest.mark.turn(5)
def test_the_commands_of_the_page(here: Path, tmp_path: Path) -> None:
    """Every command that is shown, with fewer events, and what it prints."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "isobit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m isobit "$@"\n')
    (tools / "isobit").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command, shown in steps():
        if command.startswith("cd "):
            continue
        done = subprocess.run(
            command, shell=True, cwd=here, env=environment, capture_output=True, text=True, check=False
        )
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode == 0, f"{command}: {said}"
        # How many inputs that overflow are found depends on the processor's floating point.
        counted = [re.sub(r"[\d,]+ numbers", "N numbers", text) for text in (said, *shown)]
        for line in counted[1:]:
            assert line in counted[0].splitlines(), f"{command}: {line!r} is not in\n{said}"
    certificate = json.loads((here / "menu.json").read_text())
    (network,) = certificate["networks"]
    roads = {one["road"] for one in network["compared"]}
    assert certificate["certified"] and {"vendor", "answers", "library"} <= roads, roads
