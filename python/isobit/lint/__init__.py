"""Lint: what is wrong with a network, and which bits are wasted, before any run."""

from isobit.lint.linting import find_rule, lint
from isobit.lint.report import LintReport
from isobit.lint.rules import RULES, SEVERITIES, Finding, Rule, fragment_of

__all__ = ["RULES", "SEVERITIES", "Finding", "LintReport", "Rule", "find_rule", "fragment_of", "lint"]
