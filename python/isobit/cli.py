"""The command line. Exit status: 0 equal or done, 1 bits differ, 2 bad usage or unreadable input."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the ``isobit`` command."""
    try:
        from isobit.commands import BAD_INPUT, run
        from isobit.commands.output import flush, quiet_pipes
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("click", "rich"):
            raise
        print(f"error: the command line needs click and rich: pip install 'isobit[cli]' ({error})", file=sys.stderr)
        sys.exit(2)
    quiet_pipes()
    status = run()
    if (failed := flush()) is not None:
        print(f"error: {failed}", file=sys.stderr)
        status = BAD_INPUT
    sys.exit(status)
