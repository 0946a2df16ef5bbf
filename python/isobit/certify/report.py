"""What a certification found: networks, comparisons, faults; as a certificate, which is data, and as text."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from isobit.cost.report import Cost
from isobit.files import atomic_path
from isobit.pages.paged import Paged

__all__ = [
    "FORMAT",
    "VERSION",
    "Certification",
    "Compared",
    "Fault",
    "Libraries",
    "NetworkResult",
    "Settings",
    "sealed",
]

FORMAT, VERSION = "isobit-certificate", 1


@dataclass(frozen=True)
class Settings:
    """What a certification does; in the certificate, and used again by a later one.

    Attributes
    ----------
    events, extreme, witness
        Random events, random corners, and most witnesses of overflows.
    seed
        Of all of them.
    rounds
        Rounds of the search for witnesses.
    reference
        Events of each kind that the reference computes, at most.
    library
        Random events for each built library.
    allow_foreign
        Whether code that is none of hls4ml's may be in a certified network.
    """

    events: int = 1000
    extreme: int = 200
    witness: int = 200
    seed: int = 1
    rounds: int = 8
    reference: int = 20
    library: int = 200
    allow_foreign: bool = False


@dataclass(frozen=True)
class Fault:
    """Why a network is not certified.

    Attributes
    ----------
    kind
        ``refused`` (isobit does not read the folder), ``foreign`` (code that is none of hls4ml's), ``build``, ``run``,
        ``bits``, ``inputs``, ``answers``, ``library``, ``symbols`` or ``loading``.
    place
        A layer, a file or a library; empty for the whole network.
    message
        What was found, in one sentence.
    """

    kind: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {f'{self.place}: ' if self.place else ''}{self.message}"


@dataclass(frozen=True)
class Compared:
    """One road against the emulator, on events of one kind.

    Attributes
    ----------
    road
        ``vendor`` (the folder's own C-simulation with AMD's headers), ``isobit`` (the same with isobit's headers),
        ``cpp``, ``reference``, ``library`` or ``answers``.
    kind
        Of the events.
    events, values, differ
        Events, numbers that were compared (every layer's), and those that differ.
    """

    road: str
    kind: str
    events: int
    values: int
    differ: int


@dataclass(frozen=True)
class NetworkResult:
    """What was found of one folder.

    Attributes
    ----------
    name, network
        The folder's name, and the network's own.
    files
        The sha256 of every file in the folder, by its path there.
    model
        The network as :func:`isobit.model.canonical.canonical` gives it; empty if the folder was refused.
    facts
        Back end, part, clock period.
    given
        The sha256 of given files, by name.
    events
        For each kind: how many, where from, and the digest of the raw inputs.
    outputs
        Digest of the emulator's outputs, by kind.
    compared
        Every road on every kind of events.
    overflows
        What is proven, or found, of each format: place, type, verdict, bits that are needed.
    lint
        Findings: rule, severity, place, message.
    cost
        The estimate; None if there is none.
    wrapper
        Steps of the class around it, as canonical layers by name; None if there is none.
    faults
        Why it is not certified.
    speeds
        Events a second by road; on the page only.
    """

    name: str
    network: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    compared: tuple[Compared, ...] = ()
    overflows: tuple[Mapping[str, Any], ...] = ()
    lint: tuple[Mapping[str, str], ...] = ()
    cost: Cost | None = None
    wrapper: Mapping[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)

    @property
    def certified(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.faults

    @property
    def values(self) -> int:
        """Numbers that were compared, on all roads."""
        return sum(one.values for one in self.compared)

    @property
    def differ(self) -> int:
        """Those of them that differ."""
        return sum(one.differ for one in self.compared)

    def count(self, verdict: str) -> int:
        """Formats with a verdict."""
        return sum(one["verdict"] == verdict for one in self.overflows)

    def to_dict(self) -> dict[str, Any]:
        """For the certificate: everything except speeds."""
        found = {key: value for key, value in asdict(self).items() if key not in ("speeds", "cost")}
        cost = None if self.cost is None else {k: v for k, v in self.cost.to_dict().items() if k != "layers"}
        return {**found, "cost": cost, "certified": self.certified}

    def road(self, name: str) -> tuple[Compared, ...]:
        """The comparisons of one road."""
        return tuple(one for one in self.compared if one.road == name)


@dataclass(frozen=True)
class Libraries:
    """Built libraries side by side.

    Attributes
    ----------
    names
        Of the libraries, in order.
    lint
        Findings of the rules for libraries.
    runs, events
        Comparisons of the loader test, each library in each order and with each flag, and events of each.
    faults
        Symbols that clash, and libraries that give other bits in company.
    """

    names: tuple[str, ...]
    lint: tuple[Mapping[str, str], ...] = ()
    runs: int = 0
    events: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Certification(Paged):
    """What :func:`isobit.certify` found.

    Attributes
    ----------
    networks
        Each folder, in the order given.
    libraries
        Their built libraries side by side; None if there are none.
    settings
        What was done.
    versions
        Of isobit, what it stands on, and the compiler.
    """

    PAGE: ClassVar[str] = "isobit.certify.page"

    networks: tuple[NetworkResult, ...]
    libraries: Libraries | None
    settings: Settings
    versions: Mapping[str, str]

    @property
    def faults(self) -> tuple[tuple[str, Fault], ...]:
        """Every fault with the network's name, or ``libraries``."""
        menu = () if self.libraries is None else self.libraries.faults
        return (*((n.name, f) for n in self.networks for f in n.faults), *(("libraries", f) for f in menu))

    @property
    def ok(self) -> bool:
        """Whether every network is certified, and so are the libraries side by side."""
        return not self.faults

    def __getitem__(self, name: str) -> NetworkResult:
        """The network of a folder's name.

        Raises
        ------
        KeyError
            If there is none; the message names those that there are.
        """
        for network in self.networks:
            if network.name == name:
                return network
        raise KeyError(f"no network {name!r}; networks: {', '.join(n.name for n in self.networks)}")

    def headline(self) -> str:
        """The result in one sentence."""
        good = sum(network.certified for network in self.networks)
        values = sum(network.values for network in self.networks)
        differ = sum(network.differ for network in self.networks)
        bits = f"{values:,} numbers compared, {differ:,} differ"
        if self.ok:
            return f"CERTIFIED: {good} network{'s' * (good != 1)}, {bits}"
        where, fault = self.faults[0]
        return f"NOT CERTIFIED: {good} of {len(self.networks)} networks pass, {bits}; first: {where}: {fault}"

    def __str__(self) -> str:
        lines = [self.headline()]
        for network in self.networks:
            counts = Counter(one["severity"] for one in network.lint)
            lint = ", ".join(f"{n} {s}{'s' * (n != 1)}" for s, n in sorted(counts.items())) or "nothing"
            may = network.count("overflows") + network.count("may overflow")
            state = "certified" if network.certified else "NOT CERTIFIED"
            lines.append(
                f"  {network.name}: {state}, {network.values:,} numbers, {network.differ:,} differ; lint: {lint}; "
                f"{may} of {len(network.overflows)} formats may overflow"
            )
            lines += [f"    {fault}" for fault in network.faults]
        if self.libraries is not None:
            lines.append(f"  libraries side by side: {len(self.libraries.names)}, {self.libraries.runs} comparisons")
            lines += [f"    {fault}" for fault in self.libraries.faults]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The certificate: the same for the same files, settings and versions; no time, no speed, no path."""
        body = {
            "format": FORMAT,
            "version": VERSION,
            "certified": self.ok,
            "made_with": dict(self.versions),
            "settings": asdict(self.settings),
            "networks": [network.to_dict() for network in self.networks],
            "libraries": None if self.libraries is None else asdict(self.libraries),
        }
        return sealed(body)

    def to_json(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the certificate.

        Raises
        ------
        OverwriteError
            If the file exists and ``overwrite`` is false.
        """
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """A certificate with the digest of everything else in it, which shows that a file was changed by accident."""
    content = {key: value for key, value in body.items() if key != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {**json.loads(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
