"""Hooks of mkdocs.yml: the site shows pages from outside docs/, and its links lead where they lead in the repository.

No page is written twice. `SHOWN` takes pages from elsewhere into the site; a link to another file of the repository
becomes a link to its host, if the address is known (`ISOBIT_REPOSITORY`, or what GitHub's runners set), and plain text
otherwise. A link that leads nowhere is left to MkDocs, which reports it.

    mkdocs build --strict        # into build/site
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]

#: Pages of the site by their files in the repository; every other page has the name that it has in docs/.
SHOWN: Final = {
    "README.md": "index.md",
    "docs/README.md": "questions.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "tests/fuzz/files.md": "fuzzed-files.md",
}
#: Code first, where nothing is a link; then a link, whose label may have code in it.
_LINK: Final = re.compile(
    r"(?:^```.*?^```$)|\[((?:[^\[\]`]|`[^`]*`)*)\]\(([^)\s]+)\)|`[^`\n]+`", re.MULTILINE | re.DOTALL
)


def address() -> str | None:
    """Of the repository, for links to its files."""
    if given := os.environ.get("ISOBIT_REPOSITORY"):
        return given.rstrip("/")
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")
    return "/".join(os.environ[name] for name in names) if all(map(os.environ.get, names)) else None


def slug(title: str, separator: str) -> str:
    """The anchor of a title, as hosts of repositories make it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", separator)


def navigation(nav: list[Any]) -> list[Any]:
    """With a folder's pages in the place of ``folder/*.md``: its README.md, then those that it links to, in order."""
    return [
        {title: pages(held) if isinstance(held, str) and "*" in held else held for title, held in entry.items()}
        if isinstance(entry, dict)
        else entry
        for entry in nav
    ]


def pages(pattern: str) -> list[str]:
    folder = ROOT / "docs" / posixpath.dirname(pattern)
    listed = re.findall(r"\]\((\w+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    names = dict.fromkeys(["README.md", *listed, *sorted(path.name for path in folder.glob("*.md"))])
    return [f"{folder.name}/{name}" for name in names if (folder / name).exists()]


def moved(text: str, page: str) -> str:
    """The text of a page of the site, with its links moved from the file's place in the repository to the site's."""
    source = next((path for path, shown in SHOWN.items() if shown == page), f"docs/{page}")

    def link(match: re.Match[str]) -> str:
        label, target = match[1], match[2]
        if target is None or re.match(r"\w+:|#", target):
            return match[0]
        path, mark, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (ROOT / path).exists():
            return match[0]
        if path.startswith("docs") and (ROOT / path / "README.md").exists():
            path += "/README.md"
        if path in SHOWN or path.startswith("docs/"):
            new = posixpath.relpath(SHOWN.get(path, path.removeprefix("docs/")), posixpath.dirname(page) or ".")
            return f"[{label}]({new}{mark}{anchor})"
        if host := address():
            return f"[{label}]({host}/{'tree' if (ROOT / path).is_dir() else 'blob'}/main/{path}{mark}{anchor})"
        return label

    return _LINK.sub(link, text)


def on_config(config: Any) -> Any:
    config.nav = navigation(config.nav)
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug
    if host := address():
        config.extra["social"] = [{"icon": "material/source-repository", "link": host, "name": "The repository"}]
    return config


def on_files(files: Any, config: Any) -> Any:
    from mkdocs.structure.files import File

    files.remove(files.get_file_from_path("README.md"))  # MkDocs would make it the front page
    for path, page in SHOWN.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    return moved(markdown, page.file.src_uri)
