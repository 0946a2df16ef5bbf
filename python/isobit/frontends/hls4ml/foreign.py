"""Layers of a project's folder whose functions are none of hls4ml's (:mod:`isobit.frontends.firmware`)."""

from __future__ import annotations

from typing import Any

from isobit.frontends.hls4ml.reading import edges_of
from isobit.frontends.registry import register_handler
from isobit.model.layers.foreign import ForeignLayer

__all__: list[str] = []


@register_handler("Foreign")
def _foreign(node: Any) -> ForeignLayer:
    call, reason, key = (str(node.get_attr(name)) for name in ("function_cpp", "reason", "key"))
    return ForeignLayer(**edges_of(node), call=call, reason=reason, key=key)
