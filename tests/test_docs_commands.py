"""README.md and docs/: their commands exist, their links lead somewhere, and what README says to type works."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from isobit.commands import _COMMANDS, run
from isobit.commands.keras_options import _OPTIONS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")
WORDS = ["road", "engine", "layer", "slot", "kernel", "port", "stage", "step", "lane", "plan", "verdict", "witness"]
WORDS += ["profile", "view", "primitive"]


def commands(text: str) -> list[list[str]]:
    """The words of every ``$ isobit ...`` of a page, without comments."""
    lines = re.findall(r"^\$ (?:.* && )?(isobit .*)$", text, flags=re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_the_documents_exist(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: Path(value))
    for _, name, *arguments in commands(page.read_text(encoding="utf-8")):
        command: click.Command = importlib.import_module(f"isobit.commands.{name}").command
        command.make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_the_documents_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], link


def test_the_tables_of_commands_and_options_are_complete() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `isobit (\w+)` \| (.*) \|$", text, flags=re.MULTILINE)
    assert rows == list(_COMMANDS.items())
    assert set(re.findall(r"`(--[\w-]+)", text)) >= {option for option, _ in _OPTIONS.values()}


def test_the_glossary_has_each_word_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \*\*(\w+)\*\* \|", text.partition("Other words")[0], flags=re.MULTILINE)) == sorted(
        WORDS
    )
    assert "docs/glossary.md" in README


def test_the_index_lists_every_page() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\((\w+\.md)\)", text)) == pages
    studies = (ROOT / "docs" / "studies" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs" / "studies").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\((\w+\.md)\)", studies)) == pages
    assert "docs/README.md" in README


@pytest.mark.full
@pytest.mark.hls4ml
@pytest.mark.csim
def test_what_readme_says_to_type_works(tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """In an empty folder: the demo's student, the first commands, those of 'Check your own student', Python."""
    monkeypatch.chdir(tmp_path)
    section, _, after = README.partition("## Check your own student")[2].partition("## From Python")
    (make,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    exec(compile(make, "README.md", "exec"), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.npy", "hls4ml_config.yml", "student.h5"]
    first = commands(README.partition("## Install")[0])
    assert [words[1] for words in first] == ["check", "check", "explain", "tune"]
    typed = [*first[1:], *commands(section)]
    assert len(typed) == 3 + 7
    for _, *arguments in typed:
        assert run(arguments) == 0, (arguments, capsys.readouterr())
    names: dict[str, Any] = {"x": np.load("events.npy")}
    exec(compile(re.findall(r"```python\n(.*?)```", after, flags=re.DOTALL)[0], "README.md", "exec"), names)
    assert np.array_equal(names["y"], np.load("predictions.npy"))
    with np.load("layers.npz") as layers:
        assert np.array_equal(layers["output"], names["d"]["output"].raw)
    assert (tmp_path / "narrower.isobit").exists()
