"""Built libraries, descriptions of their interfaces, and certificates: read or refused by name."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path

from mutating import as_json, changed_bytes, changed_document
from targets import TESTS, Finding, Target
from wrapper_files import edited

import isobit as ib

sys.path[:0] = [str(TESTS), str(TESTS / "libraries"), str(TESTS / "firmware")]


class LibraryFiles(Target):
    """Bytes of a shared library, more often of its headers and tables; it is linted beside one that is whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from library_networks import FIRST, SECOND, compiled

        self.base = compiled(folder, "first", FIRST).read_bytes()
        self.other = compiled(folder, "second", SECOND)

    def make(self, rng: random.Random) -> Path:
        path = self.folder / "case.so"
        path.write_bytes(changed_bytes(self.base, rng))
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        report = ib.lint_libraries([path, self.other] if rng.random() < 0.5 else [path])
        json.dumps(report.to_dict()), str(report)


class InterfaceFiles(Target):
    """Words, characters and lines of the description of a library's interface."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from library_networks import DESCRIPTION

        text = DESCRIPTION.format(library="first.so")
        self.texts = [text, text.replace("[4]", "[57]").replace("std::pair<std::array<ap_fixed<16,6>, 1>, ", "(")]
        self.texts.append(text.replace("ap_fixed<16,6>[4]", "std::pair<ap_uint<9>[3], std::array<ap_int<2>, 7>>"))

    def make(self, rng: random.Random) -> Path:
        path, text = self.folder / "case.yml", rng.choice(self.texts)
        for _ in range(rng.randint(1, 2)):
            text = edited(text, rng)
        path.write_bytes(text.encode() if rng.random() < 0.9 else changed_bytes(text.encode(), rng))
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        from isobit.libraries.interface import read_interface

        found = read_interface(path)
        if found.headers not in ("vendor", "isobit") or not all(p.size > 0 for p in (*found.inputs, *found.results)):
            raise Finding(f"an interface that is none: {found}")


class CertificateFiles(Target):
    """Values of a certificate, held against a folder in which something has changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from firmware_projects import projects

        from isobit.certify.hashes import folder_files
        from isobit.certify.report import FORMAT, VERSION, Settings, sealed
        from isobit.model.canonical import canonical

        base = projects() / "jet_mlp.golden.io_parallel"
        self.project = folder / "jets"
        if not self.project.is_dir():
            shutil.copytree(base, self.project)
        files = folder_files(self.project)
        weights = self.project / "firmware" / "weights" / "b2.txt"
        self.kept = weights.read_bytes()
        self.weights = weights
        network = {"name": "jets", "files": files, "model": canonical(ib.load(self.project).graph), "certified": True}
        settings = {key: getattr(Settings(), key) for key in Settings.__dataclass_fields__}
        document = {
            "format": FORMAT,
            "version": VERSION,
            "settings": settings,
            "made_with": {"isobit": "1"},
            "certified": True,
        }
        self.document = json.loads(json.dumps(sealed({**document, "networks": [network]})))

    def make(self, rng: random.Random) -> Path:
        path = self.folder / "case.json"
        document = changed_document(self.document, rng)
        path.write_bytes(as_json(document, rng) if rng.random() < 0.9 else changed_bytes(as_json(document, rng), rng))
        self.weights.write_bytes(self.kept if rng.random() < 0.5 else self.kept.replace(b".", b".0", 1))
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        from isobit.certify.verifying import verify_certificate

        found = verify_certificate(path, [self.project])
        if found.ok and not self._unchanged(path):
            raise Finding("a changed certificate is taken for what was written")
        json.dumps(found.to_dict()), str(found)

    def _unchanged(self, path: Path) -> bool:
        """Whether a change left everything as it was: a text that was put in the place of itself, say."""
        same: bool = json.loads(path.read_bytes()) == self.document and self.weights.read_bytes() == self.kept
        return same
