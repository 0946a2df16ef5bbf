"""For users' own tests: an exact comparison that explains differences, and hypothesis strategies.

Needs the extra ``testing`` (hypothesis) for the strategies; :func:`assert_equal` needs nothing. See docs/testing.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isobit.errors import MissingDependencyError
from isobit.testing.bits import assert_bit_exact, write_tb_data
from isobit.testing.comparison import assert_equal, difference

if TYPE_CHECKING:
    from isobit.testing.networks import models, precisions
    from isobit.testing.numbers import fixed_arrays, fixed_types, fixed_values

__all__ = [
    "assert_bit_exact",
    "assert_equal",
    "difference",
    "fixed_arrays",
    "fixed_types",
    "fixed_values",
    "models",
    "precisions",
    "write_tb_data",
]

_HOMES = {
    "fixed_arrays": "numbers",
    "fixed_types": "numbers",
    "fixed_values": "numbers",
    "models": "networks",
    "precisions": "networks",
}


def __getattr__(name: str) -> Any:
    """Import strategies when they are first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'isobit.testing' has no {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise MissingDependencyError(f"isobit.testing.{name} needs hypothesis: pip install 'isobit[testing]'") from None
    return getattr(import_module(f"isobit.testing.{_HOMES[name]}"), name)
