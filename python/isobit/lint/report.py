"""What the linter found, as text, as plain Python objects and as SARIF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from isobit._version import __version__
from isobit.lint.rules import RULES, SEVERITIES, Finding
from isobit.pages.paged import Paged

__all__ = ["LintReport"]

#: Where SARIF 2.1.0 is defined.
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class LintReport(Paged):
    """What :func:`isobit.lint` found.

    Attributes
    ----------
    network
        Name of the network, or the file that was refused.
    findings
        The gravest first, then in the order of rules and layers.
    events
        Events that were looked at; None if there were none.
    files
        For libraries: the file of each, by the name that findings give it.
    origin
        For the page: versions and what the network is.
    """

    PAGE: ClassVar[str] = "isobit.lint.page"

    network: str
    findings: tuple[Finding, ...]
    events: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[tuple[str, str], ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def at_least(self, severity: str) -> tuple[Finding, ...]:
        """Findings of a severity or a graver one."""
        return tuple(one for one in self.findings if SEVERITIES.index(one.severity) <= SEVERITIES.index(severity))

    def of(self, rule: str) -> tuple[Finding, ...]:
        """Findings of a rule, by its identifier or name."""
        return tuple(one for one in self.findings if rule in (one.rule, RULES[one.rule].name))

    def __str__(self) -> str:
        lines = []
        for finding in self.findings:
            lines.append(str(finding))
            if finding.fix:
                lines.append(f"    fix: {finding.fix}")
        counts = Counter(finding.severity for finding in self.findings)
        words = ", ".join(f"{counts[s]} {s}{'s' if counts[s] != 1 else ''}" for s in SEVERITIES if counts[s])
        seen = "" if self.events is None else f", with {self.events:,} events"
        return "\n".join([*lines, f"{self.network}{seen}: {words or 'nothing found'}"])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "isobit": __version__,
            "network": self.network,
            "events": self.events,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def to_sarif(self, uri: str = "") -> dict[str, Any]:
        """A log in SARIF 2.1.0, which code hosts show beside a change.

        Places are logical locations, ``layer.slot``: a network has no lines.

        Parameters
        ----------
        uri
            The model's file, relative to the repository; by default the network's name.
        """
        place = uri or self.network
        used = [RULES[id] for id in dict.fromkeys(finding.rule for finding in self.findings)]
        rules = [
            {
                "id": rule.id,
                "name": rule.name,
                "shortDescription": {"text": rule.summary},
                "fullDescription": {"text": rule.text or rule.summary},
                "defaultConfiguration": {"level": rule.severity},
            }
            for rule in used
        ]
        results = [
            {
                "ruleId": finding.rule,
                "ruleIndex": used.index(RULES[finding.rule]),
                "level": finding.severity,
                "message": {"text": finding.message + (f". Fix: {finding.fix}" if finding.fix else "")},
                "locations": [
                    {
                        "physicalLocation": {"artifactLocation": {"uri": quote(self.files.get(finding.layer, place))}},
                        "logicalLocations": [
                            {"name": finding.place or self.network, "fullyQualifiedName": finding.place or self.network}
                        ],
                    }
                ],
                "properties": {"evidence": dict(finding.evidence), "hls_config": finding.fragment},
            }
            for finding in self.findings
        ]
        driver = {"name": "isobit", "version": __version__, "rules": rules}
        return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
