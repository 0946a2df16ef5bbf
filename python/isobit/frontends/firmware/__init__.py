"""Models from firmware: the folder of an hls4ml project is read as C++, and nothing of it is run."""

from __future__ import annotations

from isobit.frontends.firmware.loading import graph_from_folder, load_folder

__all__ = ["graph_from_folder", "load_folder"]
