"""One stack in a checkout: a second would take over the file and the log of the first."""

from __future__ import annotations

import fcntl
import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

_STARTING_SECONDS = 15
_PAUSE_SECONDS = 0.1


class AlreadyRunningError(Exception):
    """Another stack runs here; the text tells a developer where."""


def take_place(log: TextIO, file: Path) -> None:
    """Take the only place of a checkout for as long as `log` is open. Raises AlreadyRunningError.

    The lock is on the log and dies with its process, so neither a kill nor a process id that is used again
    leaves the place taken. What a killed stack left of `file` is removed.
    """
    until = time.monotonic() + _STARTING_SECONDS
    while not _is_locked(log):
        # Whoever has the place may still be starting, and writes its address when it has one.
        address = _address(file)
        if address or time.monotonic() > until:
            where = f"at {address}" if address else "and is still starting"
            raise AlreadyRunningError(f"A local stack runs in this checkout already, {where}: stop it first.")
        time.sleep(_PAUSE_SECONDS)
    file.unlink(missing_ok=True)


def _is_locked(log: TextIO) -> bool:
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _address(file: Path) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["api_url"])
    except (OSError, ValueError, KeyError):
        return ""
