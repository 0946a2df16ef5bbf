"""One entry of a configuration that does not have the effect that it states."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from isobit.errors import ConfigurationWarning

__all__ = ["Remark", "warned"]


@dataclass(frozen=True)
class Remark:
    """An entry of an hls4ml configuration that has no effect, or another effect than it states.

    Attributes
    ----------
    key
        Its place, with dots: ``LayerName.fc1.Precision.acum``.
    value
        Its value, as text; empty for whole groups of entries.
    reason
        Why it has no effect, and what was meant, as far as that can be guessed.
    """

    key: str
    value: str
    reason: str

    @property
    def layer(self) -> str:
        """The layer that it is about; empty for the whole model or a class of layers."""
        group, _, rest = self.key.partition(".")
        return rest.partition(".")[0] if group == "LayerName" else ""

    def __str__(self) -> str:
        return f"{self.key}{f' = {self.value}' if self.value else ''}: {self.reason}"


def warned(remarks: Sequence[Remark], stacklevel: int = 3) -> tuple[Remark, ...]:
    """Issue one :class:`~isobit.errors.ConfigurationWarning` for all remarks, if there are any; give them back."""
    if remarks:
        entries = "an entry" if len(remarks) == 1 else f"{len(remarks)} entries"
        lines = [f"the configuration has {entries} without the effect that it states:", *map(str, remarks)]
        warnings.warn("\n  ".join(lines), ConfigurationWarning, stacklevel=stacklevel)
    return tuple(remarks)
