"""The layers of a wrapper's steps while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries
from isobit.frontends.wrapper.entries import name_of, names_of
from isobit.model.layers.shape import Copy
from isobit.model.ops import Op, Tensor
from isobit.suggest import did_you_mean

__all__ = ["STEPS", "Building", "Make", "register_step"]

#: Gives a layer of a name and an output.
Make = Callable[[str, Tensor], Op]


class Building:
    """The tensors that steps may read, and the layers so far.

    Parameters
    ----------
    path
        The description.
    tensors
        What there is before the first step, by the names that steps use.
    last
        What the first step reads unless it says so; None if it has to.
    taken
        Names of layers and tensors that no step may have.
    """

    def __init__(self, path: Path, tensors: dict[str, Tensor], last: str | None, taken: Iterable[str]) -> None:
        self.path, self.tensors, self.last = path, tensors, last
        self.taken = {*taken, *tensors}
        self.ops: list[Op] = []
        #: Step and kind of step of every layer.
        self.kinds: dict[str, tuple[str, str]] = {}

    def tensor(self, entries: Entries, name: str) -> Tensor:
        """What a name stands for."""
        if name not in self.tensors:
            raise entries.wrong(
                f"there is no {name!r} here{did_you_mean(name, self.tensors)}; there are: {', '.join(self.tensors)}"
            )
        return self.tensors[name]

    def sources(self, entries: Entries) -> list[Tensor]:
        """What a step reads: ``from``, a name or several, or what the step before it gives."""
        if entries.has("from"):
            return [self.tensor(entries, name) for name in names_of(entries, "from")]
        if self.last is None:
            raise entries.wrong(f"says not what it reads: from is missing; there are: {', '.join(self.tensors)}")
        return [self.tensors[self.last]]

    def source(self, entries: Entries) -> Tensor:
        """The only tensor that a step reads."""
        sources = self.sources(entries)
        if len(sources) != 1:
            raise entries.wrong(f"from names {len(sources)} tensors; expected one")
        return sources[0]

    def free(self, entries: Entries, name: str) -> str:
        """The name, if nothing has it."""
        if name in self.taken:
            raise entries.wrong(f"the name {name!r} is taken, by another step, an input or a layer of the network")
        self.taken.add(name)
        return name

    def put(
        self, entries: Entries, exact: FixedType, shape: tuple[int, ...], make: Make, type: FixedType | None = None
    ) -> None:
        """Add the layer of a step: its exact result and, if it has a type of its own, the cast into that.

        Parameters
        ----------
        entries
            Those of the step.
        exact
            The format that C++ gives its result.
        shape
            Of the result.
        make
            Gives the layer.
        type
            The format of the variable that holds it; None: that of C++.
        """
        name = self.free(entries, name_of(entries))
        if type is None or type == exact:
            self.ops.append(make(name, Tensor(name, shape, exact)))
        else:
            inner = self.free(entries, f"{name}_exact")
            self.ops.append(make(inner, Tensor(inner, shape, exact)))
            self.ops.append(Copy(name, (inner,), Tensor(name, shape, type)))
        known = {op.name for op in self.ops} - self.kinds.keys()
        self.kinds |= dict.fromkeys(known, (name, entries.text("step")))
        self.tensors[name] = self.ops[-1].output
        self.last = name


#: What reads each kind of step.
STEPS: dict[str, Callable[[Building, Entries], None]] = {}


def register_step(*kinds: str) -> Callable[[Callable[[Building, Entries], None]], Callable[[Building, Entries], None]]:
    """Register a function that reads steps of these kinds (decorator)."""

    def register(function: Callable[[Building, Entries], None]) -> Callable[[Building, Entries], None]:
        STEPS.update(dict.fromkeys(kinds, function))
        return function

    return register
