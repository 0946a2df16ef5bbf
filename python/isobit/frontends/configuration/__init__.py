"""What a user asked of hls4ml: options and configuration, checked before the conversion, and what had no effect."""

from __future__ import annotations

from isobit.frontends.configuration.conversion import converted
from isobit.frontends.configuration.remark import Remark, warned
from isobit.frontends.configuration.unused import remarks_on

__all__ = ["Remark", "converted", "remarks_on", "warned"]
