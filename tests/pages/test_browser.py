"""Pages in headless Chromium, from file://: no console message, no request, nothing cut off, sorting, filters, copying.

Chromium is no Python package: where it is not installed (Debian: apt-get install chromium), these tests say so and are
skipped; .ci/run tries to install it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from isobit.pages.render import html

COMMANDS = ("answers", "certify", "check", "explain", "lint", "profile", "sweep", "tune")
pytestmark = pytest.mark.xdist_group("pages")  # which share the results
#: What a page looks like on a screen and on a phone.
WIDTHS = (1280, 390)
#: Texts of shown pictures that stick out of them, and those that overlap another one.
CUT = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const boxes = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [words, box] of boxes)
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.bottom > frame.bottom + 2)
        found.push(`${svg.ariaLabel}: ${words} sticks out`);
    boxes.forEach(([words, a], k) => boxes.slice(k + 1).forEach(([others, b]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      if (across > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
        found.push(`${svg.ariaLabel}: ${words} overlaps ${others}`);
    }));
  }
  return found;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, started once."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        reason = "Chromium is not installed (apt-get install chromium): no page is opened in a browser"
        print(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page in a browser window of a width, and everything that it said or asked for."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.failed: dict[str, str] = {}
        self.page.on("requestfailed", lambda request: self.failed.update({request.url: request.failure}))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *error: Any) -> None:
        self.context.close()

    def column(self, table: str, place: int) -> list[str]:
        """Texts of a column, as far as its rows are shown."""
        rows = f"[...document.querySelectorAll('{table} tbody tr')].filter((row) => !row.hidden)"
        found: list[str] = self.page.evaluate(f"{rows}.map((row) => row.cells[{place}].textContent)")
        return found


@pytest.fixture(scope="module")
def folder(results: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page as a file."""
    folder = tmp_path_factory.mktemp("pages")
    for command in COMMANDS:
        (folder / f"{command}.html").write_text(html(results[command].page()), encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_silent_whole_and_alone(width: int, chromium: Any, folder: Path) -> None:
    for command in COMMANDS:
        path = folder / f"{command}.html"
        with Opened(chromium, path, width) as opened:
            opened.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, command
            assert opened.page.evaluate(CUT) == [], command
            drawn = opened.page.evaluate("[...document.querySelectorAll('svg')].filter((s) => s.clientWidth).length")
            assert drawn == opened.page.evaluate("document.querySelectorAll('figure').length") >= 2, command
            name = {"answers": "check"}.get(command, command)
            assert opened.page.locator("h1").inner_text().startswith(f"isobit {name}")
            assert (opened.said, opened.asked) == ([], [path.as_uri()]), command


def test_tables_are_sorted_by_mouse_and_keyboard(chromium: Any, folder: Path, results: dict[str, Any]) -> None:
    wanted = sorted(record.metrics["bits"] for record in results["sweep"])
    with Opened(chromium, folder / "sweep.html", 1280) as opened:
        head = opened.page.locator("table.sortable th").nth(1)
        assert head.inner_text().startswith("bits")
        head.locator("button").click()
        assert [float(text.replace(",", "")) for text in opened.column("table.sortable", 1)] == wanted
        assert head.get_attribute("aria-sort") == "ascending"
        head.locator("button").press("Enter")
        assert [float(text.replace(",", "")) for text in opened.column("table.sortable", 1)] == wanted[::-1]
        assert head.get_attribute("aria-sort") == "descending"
        opened.page.locator("table.sortable th button").first.press("Space")
        front = [text for text in opened.column("table.sortable", 0) if text]
        assert opened.column("table.sortable", 0)[: len(front)] == front  # empty cells are last
        assert opened.page.locator("th[aria-sort=none]").count() == 5
        assert opened.said == []


def test_tables_are_filtered_and_charts_with_them(chromium: Any, folder: Path, results: dict[str, Any]) -> None:
    bits = sorted(record.metrics["bits"] for record in results["sweep"])
    with Opened(chromium, folder / "sweep.html", 390) as opened:
        box = opened.page.locator(".filter input")
        box.fill(f"bits < {bits[4]}")
        assert sorted(float(text.replace(",", "")) for text in opened.column("table.sortable", 1)) == bits[:4]
        assert opened.page.locator(".filter output").inner_text() == "4 of 9 rows"
        shown = opened.page.locator("svg.narrow circle[data-k]:not(.off)").count()
        assert shown == 4
        box.fill(f"bits<{bits[4]} yes")
        assert set(opened.column("table.sortable", 0)) <= {"yes"}
        box.fill("nothing like this")
        assert opened.column("table.sortable", 0) == []
        box.fill("")
        assert len(opened.column("table.sortable", 0)) == 9
        point = opened.page.locator("svg.narrow circle[data-k]").last
        point.click(force=True)
        assert opened.page.locator("tr.hit").get_attribute("data-k") == point.get_attribute("data-k")
        assert opened.said == []


def test_fragments_are_copied(chromium: Any, folder: Path) -> None:
    with Opened(chromium, folder / "explain.html", 1280) as opened:
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.page.locator(".copy").first.click()
        opened.page.locator(".copy", has_text="copied").first.wait_for(timeout=3000)
        text = opened.page.locator(".fragment pre").first.inner_text()
        assert opened.page.evaluate("navigator.clipboard.readText()") == text
        assert "LayerName:" in text
        assert opened.said == []


def test_places_of_pictures_say_what_they_are(chromium: Any, folder: Path) -> None:
    with Opened(chromium, folder / "profile.html", 390) as opened:
        place = opened.page.locator("svg.narrow rect:has(title)").first
        title = place.locator("title").text_content()
        place.hover(force=True)
        assert opened.page.locator("#tip").inner_text() == title != ""
        box = opened.page.locator("#tip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        opened.page.keyboard.press("Escape")
        assert opened.page.locator("#tip").is_hidden()


def test_the_policy_keeps_the_network_out(chromium: Any, folder: Path) -> None:
    """Whatever ran in a page could neither fetch nor run what is not its own."""
    with Opened(chromium, folder / "lint.html", 1280) as opened:
        refused = opened.page.evaluate("""() => new Promise((done) => {
          const found = [];
          document.addEventListener("securitypolicyviolation", (event) => {
            found.push(event.effectiveDirective);
            if (found.length === 3) done(found.sort());
          });
          const image = document.createElement("img");
          image.src = "https://example.invalid/x.png";
          const script = document.createElement("script");
          script.textContent = "document.title = 'run'";
          document.body.append(image, script);
          fetch("https://example.invalid/").catch(() => {});
        })""")
        assert refused == ["connect-src", "img-src", "script-src-elem"]
        assert opened.page.title() != "run"
        others = [url for url in opened.asked if not url.startswith("file:")]
        assert [opened.failed[url] for url in others] == ["csp"] * len(others)  # never left the browser


def test_the_page_is_dark_at_night(chromium: Any, folder: Path) -> None:
    backs = []
    for scheme in ("light", "dark"):
        with Opened(chromium, folder / "tune.html", 1280, scheme) as opened:
            backs.append(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backs == ["rgb(255, 255, 255)", "rgb(18, 22, 27)"]
