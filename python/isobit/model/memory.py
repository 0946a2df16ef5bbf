"""How much memory the windows of a layer may take: said before anything is made of them."""

from __future__ import annotations

from isobit.errors import UnsupportedError

__all__ = ["MAX_PLACES", "check_places"]

#: Numbers that all windows of a layer may read, counted as often as they are read; each takes 8 bytes of an index map.
MAX_PLACES = 1 << 28


def check_places(places: int, name: str, what: str) -> None:
    """Refuse a layer whose index map would need more than :data:`MAX_PLACES` entries.

    Parameters
    ----------
    places
        Numbers that it reads, counted as often as they are read.
    name
        The layer.
    what
        What it reads, in words.

    Raises
    ------
    UnsupportedError
        If there are more.
    """
    if places > MAX_PLACES:
        raise UnsupportedError(
            f"layer {name!r} reads {places} numbers in {what}: its index map would need {places / 2**27:.1f} GiB of "
            f"memory, at most {MAX_PLACES / 2**27:.0f} GiB ({MAX_PLACES} numbers) are supported"
        )
