"""Pages: nothing that a stranger wrote becomes markup, the same inputs give the same bytes, what commands write."""

from __future__ import annotations

import doctest
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_networks import BAD, IMAGE, NAME, RIGHT, SCRIPT, X, dense_network

import isobit as ib
from isobit.commands import run
from isobit.errors import OverwriteError, UnsupportedError
from isobit.pages import Bar, Bars, Page, Section, config_fragment
from isobit.pages.plots import write_plots
from isobit.pages.render import html
from isobit.pages.scales import number, scale, shortened

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("answers", "check", "explain", "lint", "profile", "sweep", "tune")
TAGS = """a body button caption circle code dd details div dl dt figcaption figure h1 h2 head header html input li line
main meta nav output p path pre rect script section small span style summary svg table tbody td text th thead title tr
ul wbr"""
EMPTY = ("meta", "input", "wbr")
pytestmark = pytest.mark.xdist_group("pages")  # which share the results


class Markup(HTMLParser):
    """Tags, attributes and the text between tags; checks that tags are closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("command", (*COMMANDS, "certify"))
def test_names_are_text_and_nothing_is_fetched(command: str, results: dict[str, Any]) -> None:
    text = html(results[command].page())
    found = Markup(text)
    assert set(found.tags) <= set(TAGS.split())
    assert [found.tags.count(tag) for tag in ("script", "style", "title")][:2] == [1, 1]
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in ("src", "style", "srcset")]
    assert all(value.startswith("#section-") for name, value in found.attributes if name == "href")
    said = "".join(found.words)
    for name in (SCRIPT, NAME):
        assert name in said
    assert f"sha256 {dict(BAD.origin)['network'].rpartition(' ')[2]}" in said or command in ("certify", "sweep", "tune")
    assert ib.__version__ in said
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert len(text) < 500_000


def test_the_policy_names_this_style_and_this_script(results: dict[str, Any]) -> None:
    import base64

    text = html(results["lint"].page())
    policy = dict(re.findall(r"([a-z]+-src|base-uri|form-action) '([^']+)'", text))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "none"
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"sha256-{digest}"


def test_the_same_inputs_give_the_same_page(results: dict[str, Any]) -> None:
    for command, again in (("profile", BAD.profile(X, distributions=True)), ("lint", ib.lint(BAD, X))):
        assert html(again.page()) == html(results[command].page())


def test_a_page_says_what_was_found(results: dict[str, Any]) -> None:
    explained, tuned, swept, checked = (results[name].page() for name in ("explain", "tune", "sweep", "check"))
    first = results["explain"].causes[0]
    assert explained.verdict.startswith(f"{first.quantiser.key}, by its range, makes ")
    for page in (explained, tuned):
        (fragment,) = [p for s in page.shown for p in s.parts if p.kind == "fragment" and "paste" in p.label]
        assert yaml.safe_load(fragment.text) == results[page.command].fragment
    assert f"{results['tune'].bits:,} bits are enough" in tuned.verdict
    front = results["sweep"].pareto("rms", "bits")
    assert f"{len(front)} are not beaten in rms and bits" in swept.verdict
    (table,) = [p for s in swept.shown for p in s.parts if p.kind == "table"]
    assert [row[0] for row in table.rows] == ["yes"] * len(front) + [""] * (9 - len(front))
    points = [key for figure in swept.figures() if figure.name == "front-bits" for s in figure.series for key in s.keys]
    assert sorted(points) == sorted(table.keys)
    assert checked.verdict.startswith("DIFFERENT: ")
    assert checked.state == "bad"
    agreement = next(figure for figure in checked.figures() if figure.name == "agreement")
    assert [[cell.text for cell in row.cells] for row in agreement.rows][:2] == [
        ["equal"] * 2,
        ["0.7% differ", "equal"],
    ]


def test_wide_networks_have_small_pages() -> None:
    model = dense_network("wide", {f"layer{k}": 256 for k in range(3)}, 256, "ap_fixed<11,1>")
    profile = model.profile(np.random.default_rng(1).normal(0, 8, (60, 256)), distributions=True)
    assert sum(len(count.events) for count in profile.counts) >= 3 * 256
    assert len(html(profile.page())) < 2_000_000


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"LayerName": {"fc": {"Precision": {"accum": "ap_fixed<9,3>"}, "table_size": 4096}}},
        {
            "LayerName": {
                name: {"Precision": {"on": "a: b # c\n\"'\\"}} for name in (SCRIPT, "no", "1", "ü", "", "-", "x y")
            }
        },
    ],
)
def test_fragments_are_yaml(config: dict[str, Any]) -> None:
    fragments = config_fragment(config)
    assert len(fragments) == bool(config)
    assert [yaml.safe_load(fragment.text) for fragment in fragments] == [config][: len(fragments)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=8), st.booleans(), st.booleans())
def test_axes_have_room_for_their_numbers(values: list[float], log: bool, zero: bool) -> None:
    axis = scale(values, log=log, zero=zero)
    known = [v for v in values if np.isfinite(v) and (v > 0 or not log)]
    assert axis.low < axis.high
    room = 1e-9 * max(abs(axis.low), abs(axis.high))
    assert all(axis.low - room <= v <= axis.high + room for v in known)
    assert all(0 <= axis(v) <= 1 for v in values if np.isfinite(v))
    assert 2 <= len(axis.ticks) <= 12
    assert len(set(axis.labels)) == len(axis.labels) or min(map(abs, np.diff(axis.ticks))) < 1e-3 * abs(axis.high)


def test_words_and_numbers_are_short() -> None:
    assert [number(v) for v in (0, 0.5, 12345, 1e-7, 1e12, np.inf)] == ["0", "0.5", "12,345", "1e-07", "1e+12", "inf"]
    assert shortened("q_dense_batchnorm_17", 9) == "q_de…m_17"
    assert shortened("short", 9) == "short"


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_enough_for_text_and_pictures() -> None:
    """WCAG 2.1, 1.4.3 and 1.4.11: 4.5 for text, 3 for what a picture is made of; by day and by night."""
    css = (ROOT / "python" / "isobit" / "pages" / "page.css").read_text(encoding="utf-8")
    themes = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    ]
    assert len(themes) == 2
    for theme in themes:
        backs = [theme[name] for name in ("back", "panel")]
        assert all(_contrast(theme[name], back) >= 4.5 for name in ("fore", "dim", "link") for back in backs)
        tinted = [theme[f"{name}-back"] for name in ("good", "warn", "bad")]
        assert all(_contrast(theme["fore"], back) >= 4.5 for back in tinted)
        for name in ("blue", "orange", "red", "sky", "green", "purple", "grey"):
            assert all(_contrast(theme[name], back) >= 3 for back in backs), name


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_profile_without_distributions_says_what_it_is_of() -> None:
    assert dict(RIGHT.profile(X).page().origin) == dict(RIGHT.origin)


def test_no_file_is_replaced_without_being_asked(tmp_path: Path, results: dict[str, Any]) -> None:
    results["lint"].to_html(tmp_path / "lint.html")
    with pytest.raises(OverwriteError, match="exists"):
        results["tune"].to_html(tmp_path / "lint.html")
    results["tune"].to_html(tmp_path / "lint.html", overwrite=True)
    assert (tmp_path / "lint.html").read_text(encoding="utf-8") == html(results["tune"].page())


@pytest.mark.parametrize(("command", "format"), [("answers", "png"), ("explain", "pdf"), ("sweep", "png")])
def test_pictures_as_files(command: str, format: str, tmp_path: Path, results: dict[str, Any]) -> None:
    found = results[command]
    names = [f"{found.page().command}-{figure.name}.{format}" for figure in found.page().figures()]
    assert len(set(names)) == len(names) >= 2
    paths = found.to_plots(tmp_path / "new", format=format)
    assert [path.name for path in paths] == names
    known = {path: path.read_bytes() for path in paths}
    assert all(data.startswith({"pdf": b"%PDF-", "png": b"\x89PNG"}[format]) for data in known.values())
    with pytest.raises(OverwriteError, match="exists"):
        found.to_plots(tmp_path / "new", format=format)
    if format == "pdf":
        found.to_plots(tmp_path / "new", format=format, overwrite=True)
        assert {path: path.read_bytes() for path in paths} == known
    with pytest.raises(UnsupportedError, match="png or pdf"):
        found.to_plots(tmp_path / "new", format="gif")


def test_dollars_are_no_formulas(tmp_path: Path) -> None:
    bars = Bars("a", "$x", (("$\\y$", "blue"),), (Bar("$_$", (1.0,)), Bar("$\\frac{", (2.0,))))
    page = Page("check", "$\\bad$", "", sections=(Section("", (bars,)),))
    assert write_plots(page, tmp_path)[0].stat().st_size > 1000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file, events and the specification of a sweep."""
    folder = tmp_path_factory.mktemp("files")
    model = dense_network("net", {"one": 4, "two": 2}, 3, "ap_fixed<12,3>")
    model.save(folder / "net.isobit")
    x = np.random.default_rng(2).normal(0, 1, (50, 3))
    np.save(folder / "events.npy", x)
    np.save(folder / "answers.npy", model.predict(x))
    vary = [{"slots": ["*.weight"], "bits": [6, 9], "name": "weights"}]
    spec = {"model": "net.isobit", "data": "events.npy", "metrics": ["rms", "bits"], "vary": vary}
    (folder / "sweep.yml").write_text(yaml.safe_dump(spec))
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_write_pages(command: str, files: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model, data = str(files / "net.isobit"), str(files / "events.npy")
    typed = [command, model, "--data", data]
    more = {"check": ["--against", "cpp-strict"], "tune": ["--tolerance", "0.5"], "lint": ["--fail-on", "never"]}
    typed = (
        [command, str(files / "sweep.yml"), "--workers", "1"] if command == "sweep" else typed + more.get(command, [])
    )
    if command == "answers":
        command = "check"
        typed = [command, model, "--inputs", data, "--outputs", str(files / "answers.npy")]
    page, plots = tmp_path / "page.html", tmp_path / "plots"
    typed += ["--html", str(page)] + (["--plots", str(plots), "--format", "pdf"] if command == "lint" else [])
    assert run([*typed, "--json"]) == 0, capsys.readouterr().err
    json.loads(capsys.readouterr().out)
    text = page.read_text(encoding="utf-8")
    digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()
    assert f"<h1><small>isobit {command}</small> net.isobit (net)</h1>" in text
    assert f"sha256 {digest}" in text
    assert str(files) not in text
    if command != "check":  # which names its files, and when it was made
        assert f"<td>isobit {command} " in text
    assert not plots.exists() or sorted(path.suffix for path in plots.iterdir()) == [".pdf"] * len(
        list(plots.iterdir())
    )
    before = page.read_bytes()
    assert run(typed) == 2
    assert "exists" in capsys.readouterr().err
    assert page.read_bytes() == before
    if command == "lint":
        assert plots.exists()
        assert run([*typed[:-6], "--plots", str(plots)]) == 2
        assert run([*typed, "--overwrite"]) == 0
    capsys.readouterr()


def test_a_page_is_never_an_input(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(files / "net.isobit")
    assert run(["lint", model, "--html", model, "--overwrite"]) == 2
    assert "read by this run" in capsys.readouterr().err


def test_images_are_named_as_text_in_pictures(results: dict[str, Any]) -> None:
    said = "".join(Markup(html(results["check"].page())).words)
    assert f"relu {IMAGE}" in said


def test_the_document_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(ROOT / "docs" / "pages.md"), module_relative=False)
    assert (outcome.failed, outcome.attempted > 8) == (0, True)
    assert {path.name for path in tmp_path.iterdir()} == {"tests", "profile.html", "pictures", "study.html"}
