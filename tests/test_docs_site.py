"""The site of the documentation: every page is in its navigation, and its links lead where the repository's lead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from docs_site import SHOWN, moved, navigation, slug  # noqa: E402

CONFIGURATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def named(nav: Any) -> Iterator[str]:
    """Every page of a navigation, in order."""
    if isinstance(nav, str):
        yield nav
    for part in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from named(part)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ISOBIT_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)


def test_every_page_is_in_the_navigation_once() -> None:
    found = list(named(navigation(CONFIGURATION["nav"])))
    docs = {f"docs/{path.relative_to(ROOT / 'docs')}" for path in (ROOT / "docs").rglob("*.md")}
    expected = {SHOWN.get(path, path.removeprefix("docs/")) for path in docs | SHOWN.keys()}
    assert sorted(found) == sorted(expected), "the pages of mkdocs.yml, and of docs/ and tools/docs_site.py"
    assert [title for part in CONFIGURATION["nav"] for title in part] == [
        "Getting started",
        "Commands",
        "Checking",
        "Firmware",
        "Studies",
        "Reference",
        "Development",
    ]


def test_studies_come_in_the_order_of_their_index() -> None:
    (studies,) = (part["Studies"] for part in navigation(CONFIGURATION["nav"]) if "Studies" in part)
    text = (ROOT / "docs" / "studies" / "README.md").read_text(encoding="utf-8")
    assert studies[0] == "studies/README.md"
    assert len(studies) > 1
    places = [text.index(f"]({page.removeprefix('studies/')})") for page in studies[1:]]
    assert places == sorted(places)


def test_nothing_is_fetched_and_a_broken_link_is_a_warning() -> None:
    assert CONFIGURATION["theme"]["font"] is False
    assert CONFIGURATION["plugins"] == ["search"]
    assert "://" not in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert {kind for part in CONFIGURATION["validation"].values() for kind in part.values()} == {"warn"}
    assert "bash .ci/run install docs" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "mkdocs build --strict" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("index.md", "[a](docs/cost.md)", "[a](cost.md)"),
        ("index.md", "[a](docs/hls.md#a-layer-of-your-own)", "[a](hls.md#a-layer-of-your-own)"),
        ("index.md", "[a](docs/README.md), [b](CONTRIBUTING.md)", "[a](questions.md), [b](contributing.md)"),
        ("questions.md", "[a](../README.md), [b](studies/README.md)", "[a](index.md), [b](studies/README.md)"),
        ("contributing.md", "[`a`](docs/studies/README.md)", "[`a`](studies/README.md)"),
        ("contributing.md", "[a](docs/studies)", "[a](studies/README.md)"),
        ("studies/README.md", "[a](../zoo.md), [b](../../README.md)", "[a](../zoo.md), [b](../index.md)"),
        ("security.md", "[a](../tests/fuzz/files.md)", "[a](fuzzed-files.md)"),
        ("pages.md", "![a](profile-page.png)", "![a](profile-page.png)"),
        ("pages.md", "[a](#b), [c](https://d.ch/e.md)", "[a](#b), [c](https://d.ch/e.md)"),
        ("pages.md", "[a](missing.md), [b](../missing.py)", "[a](missing.md), [b](../missing.py)"),
        ("hls.md", "[`a b`](../hls/examples/mugmt_student)", "`a b`"),
        ("hls.md", "`[a](../README.md)` [b](../README.md)", "`[a](../README.md)` [b](index.md)"),
        (
            "hls.md",
            "```cpp\n[a](../README.md)\n```\n[b](../README.md)",
            "```cpp\n[a](../README.md)\n```\n[b](index.md)",
        ),
    ],
)
def test_links_of_the_site(page: str, link: str, expected: str) -> None:
    assert moved(link, page) == expected


def test_links_to_other_files_lead_to_the_repository_if_its_address_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[a](../hls/examples/mugmt_student), [b](../.ci/run#L3)"
    assert moved(text, "hls.md") == "a, b"
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "some/one")
    host = "https://github.com/some/one"
    assert (
        moved(text, "hls.md") == f"[a]({host}/tree/main/hls/examples/mugmt_student), [b]({host}/blob/main/.ci/run#L3)"
    )
    monkeypatch.setenv("ISOBIT_REPOSITORY", "https://gitlab.cern.ch/some/one/")
    assert "(https://gitlab.cern.ch/some/one/blob/main/.ci/run#L3)" in moved(text, "hls.md")


def test_anchors_are_those_of_the_repositorys_host() -> None:
    assert slug("What `a: b` does, and _why_", "-") == "what-a-b-does-and-_why_"
