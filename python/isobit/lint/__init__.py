"""Lint: what is wrong with a network or with built libraries, and which bits are wasted, before any run."""

from isobit.lint.libraries import lint_libraries
from isobit.lint.linting import lint
from isobit.lint.report import LintReport
from isobit.lint.rules import RULES, SEVERITIES, Finding, Rule, find_rule, fragment_of

__all__ = [
    "RULES",
    "SEVERITIES",
    "Finding",
    "LintReport",
    "Rule",
    "find_rule",
    "fragment_of",
    "lint",
    "lint_libraries",
]
