"""What a user asked of hls4ml: options and configuration checked before the conversion, and what of it had no effect."""

from __future__ import annotations

from isobit.frontends.configuration.remark import Remark, warn_of
from isobit.frontends.configuration.request import Request, read_request
from isobit.frontends.configuration.unused import remarks_on

__all__ = ["Remark", "Request", "read_request", "remarks_on", "warn_of"]
