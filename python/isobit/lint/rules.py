"""What a rule of the linter is, what it finds, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from isobit.bounds.constants import op_constants
from isobit.data import in_order
from isobit.errors import FormatError, RangeError, RegistrationError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.tensor import layer_of
from isobit.suggest import did_you_mean

if TYPE_CHECKING:
    from isobit.bounds.ranges import Range
    from isobit.network import Network
    from isobit.plan.plan import Plan
    from isobit.profile.counts import Profile

__all__ = ["RULES", "SEVERITIES", "Context", "Finding", "Rule", "chosen_rules", "find_rule", "fragment_of", "rule"]

#: From the gravest on. Errors: wrong numbers for certain; warnings: wrong or worse numbers for some inputs; notes: bits
#: that could be saved, and what is worth knowing.
SEVERITIES = ("error", "warning", "note")

#: Slots whose formats hls4ml reads under ``Precision``; those of tables stand beside it, with ``_t``.
_IN_PRECISION = ("result", "accum", "weight", "bias", "scale", "param")


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found.

    Attributes
    ----------
    rule
        Its identifier, ``IB101``.
    severity
        One of :data:`SEVERITIES`.
    layer, slot
        Where; both empty for the whole network, the slot for a whole layer.
    message
        What is the matter, in one sentence.
    evidence
        The numbers behind it, as plain Python objects.
    types
        Formats that mend it, by ``layer.slot``, for :meth:`isobit.Model.with_types`.
    fix
        What to do, in one sentence.
    linear
        Layers whose linear activation is one of hls4ml's layers, see :func:`isobit.model.requested.linear_layers`.
    """

    rule: str
    severity: str
    layer: str
    slot: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    fix: str = ""
    linear: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``layer.slot``, a layer alone, or nothing."""
        return f"{self.layer}.{self.slot}" if self.slot else self.layer

    @property
    def fragment(self) -> dict[str, Any]:
        """The part of an hls4ml configuration that gives these formats; empty if there are none."""
        return fragment_of(self.types, linear=self.linear)

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.severity} {self.rule} {place}{self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "rule": self.rule,
            "name": RULES[self.rule].name,
            "severity": self.severity,
            "layer": self.layer,
            "slot": self.slot,
            "message": self.message,
            "evidence": dict(self.evidence),
            "fix": self.fix,
            "types": dict(self.types),
            "hls_config": self.fragment,
        }


def fragment_of(
    types: Mapping[str, str], entries: Mapping[str, int] | None = None, linear: Collection[str] = ()
) -> dict[str, Any]:
    """Part of an hls4ml configuration that gives formats, and tables so many entries, by ``layer.slot``.

    hls4ml reads those of tables and of a softmax's inner numbers beside ``Precision``, as ``exp_table_t``, and ignores
    them inside it (docs/semantics.md). ``linear`` names layers whose linear activation is a layer for hls4ml
    (:func:`isobit.model.requested.linear_layers`): it gets the result's format as well, or it would cast.
    """
    layers: dict[str, Any] = {}
    for key, kind in types.items():
        layer, _, slot = key.rpartition(".")
        entry = layers.setdefault(layer, {})
        if slot in _IN_PRECISION:
            entry.setdefault("Precision", {})[slot] = kind
            if slot == "result" and layer in linear:
                layers[f"{layer}_linear"] = {"Precision": {"result": kind}}
        else:
            entry[f"{slot}_t"] = kind
    for key, count in (entries or {}).items():
        layer, _, slot = key.rpartition(".")
        layers.setdefault(layer, {})["table_size" if slot == "table" else f"{slot}_size"] = count
    return {"LayerName": layers} if layers else {}


def weights_note(types: Mapping[str, str]) -> str:
    """What a configuration does not reach: formats that QKeras quantisers give; empty if no weights are among them."""
    weights = [key for key in types if key.rpartition(".")[2] in ("weight", "bias", "recurrent_weight")]
    if not weights:
        return ""
    return (
        f"where a QKeras quantiser gives weights their format, hls4ml ignores the entry (here perhaps {weights[0]}"
        f"{' and others' if len(weights) > 1 else ''}): give the quantiser the new format instead"
    )


class Context:
    """What rules look at; proofs and counts are made when a rule first asks for them.

    Parameters
    ----------
    model
        The network.
    data
        Events, as for :meth:`isobit.Model.predict`; None if there are none.
    witnesses
        Whether an input is searched for each overflow that may happen.
    """

    def __init__(self, model: Network, data: Any = None, *, witnesses: bool = False) -> None:
        self.model = model
        self.data = data
        self.witnesses = witnesses

    @property
    def graph(self) -> Graph:
        """The network as data."""
        return self.model.graph

    @cached_property
    def plan(self) -> Plan:
        """Proofs for every input that the formats, and ranges that the user gave, allow."""
        return self.model.plan(witnesses=self.witnesses)

    def changed(self, types: Mapping[str, str | FixedType]) -> Graph | None:
        """The network with these formats; None where a layer ties them to others (thresholds, tables, LSTM states)."""
        try:
            return self.graph.with_types(types)
        except (FormatError, UnsupportedError):
            return None

    def keeps_constants(self, types: Mapping[str, str | FixedType]) -> bool:
        """Whether these formats can be given, and no table or constant is another one with them."""
        changed = self.changed(types)
        return changed is not None and all(
            np.array_equal(new.raw, old.raw)
            for before, after in zip(self.graph.ops, changed.ops, strict=True)
            for old, new in zip(op_constants(before), op_constants(after), strict=True)
        )

    @cached_property
    def profile(self) -> Profile | None:
        """Counts on the events; None if there are none."""
        return None if self.data is None else self.model.profile(self.data)

    @cached_property
    def values(self) -> dict[str, npt.NDArray[np.float64]]:
        """For every input the numbers that it is given: the events', or the ends of its range, where one is given."""
        found = {t.name: np.asarray(t.limits, np.float64) for t in self.graph.inputs if t.limits is not None}
        if self.data is None:
            return found
        for tensor, array in zip(self.graph.inputs, in_order(self.graph.inputs, self.data), strict=True):
            numbers = np.asarray(array.to_float() if isinstance(array, FixedArray) else array, dtype=np.float64)
            if not np.isfinite(numbers).all():
                raise RangeError(f"the data of input {tensor.name!r} is not finite")
            found[tensor.name] = numbers
        return found

    @cached_property
    def followers(self) -> frozenset[str]:
        """Layers whose format is that of their input: what is to be said is said of that."""
        return frozenset(op.name for op in self.graph.ops if op.follows)

    def ranges(self) -> Iterator[tuple[str, Range]]:
        """For every layer of numbers the bounds of what it casts into its result, rounded, before overflow."""
        for op in self.graph.lowered.ops:
            if layer_of(op.name) == op.name and not op.output.xnor and op.name not in self.followers:
                yield op.name, self.plan.bounds.ops[op.name].rounded


#: What a rule computes: the findings, of a :class:`Context`, or of what libraries have instead.
Check = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes
    ----------
    id, name
        Identifier and name: ``IB101``, ``accumulator-overflow``.
    severity
        The gravest that its findings have.
    summary
        What it finds, in one line.
    text
        Why that matters, what the evidence is, and what to do: paragraphs.
    check
        Computes the findings.
    about
        What it looks at: a ``network``, or built ``libraries``.
    """

    id: str
    name: str
    severity: str
    summary: str
    text: str
    check: Check
    about: str = "network"


AnyCheck = TypeVar("AnyCheck", bound=Check)

#: All rules, by identifier, in the order in which they run.
RULES: dict[str, Rule] = {}


def rule(id: str, name: str, severity: str, about: str = "network") -> Callable[[AnyCheck], AnyCheck]:
    """Register a function as a rule; its docstring is the rule's summary (the first line) and text.

    Raises
    ------
    RegistrationError
        If the identifier or the name is taken, or the severity unknown.
    """
    if id in RULES or name in (known.name for known in RULES.values()):
        raise RegistrationError(f"there is a rule {id} or {name!r} already")
    if severity not in SEVERITIES:
        raise RegistrationError(f"severity {severity!r} of rule {id} is unknown; known: {', '.join(SEVERITIES)}")

    def register(check: AnyCheck) -> AnyCheck:
        summary, _, rest = (check.__doc__ or "").partition("\n")
        text = "\n".join(line.removeprefix("    ") for line in rest.strip("\n").splitlines())
        RULES[id] = Rule(id, name, severity, summary, text.strip(), check, about)
        return check

    return register


def find_rule(name: str) -> Rule:
    """A rule by its identifier or name.

    Raises
    ------
    UnsupportedError
        If there is none; the message names those that there are.
    """
    for known in RULES.values():
        if name in (known.id, known.name):
            return known
    names = [text for known in RULES.values() for text in (known.id, known.name)]
    raise UnsupportedError(f"no rule {name!r}{did_you_mean(name, names)}; rules: {', '.join(sorted(RULES))}")


def chosen_rules(about: str, select: Collection[str], ignore: Collection[str]) -> set[str]:
    """Identifiers of the rules that run.

    Parameters
    ----------
    about
        What they look at: ``network`` or ``libraries``.
    select, ignore
        Rules that run, and rules that do not, by identifier or name; none are all.

    Raises
    ------
    UnsupportedError
        For a rule that is not known, or that looks at something else.
    """
    for name in (*select, *ignore):
        if (known := find_rule(name)).about != about:
            raise UnsupportedError(f"rule {known.id} {known.name} is about {known.about}, not about {about}")
    chosen = {find_rule(name).id for name in select} or {id for id, known in RULES.items() if known.about == about}
    return chosen - {find_rule(name).id for name in ignore}
