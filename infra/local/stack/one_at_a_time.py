"""Allows one stack per checkout: a second one would overwrite the file and the log of the first."""

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
    """Another stack runs in this checkout. The message contains its address."""


def take_place(log: TextIO, file: Path) -> None:
    """Lock the checkout for as long as `log` is open. Raises AlreadyRunningError.

    The lock is on the log and ends with its process, so a kill releases it, and a reused process id does not
    hold it. A `file` that a killed stack has left is removed.
    """
    until = time.monotonic() + _STARTING_SECONDS
    while not _is_locked(log):
        # The stack that has the lock may still be starting; it writes its address later.
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
