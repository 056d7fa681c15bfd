"""How many failed sign-ins an account may have (NIST SP 800-63B-4 §3.2.2, RFC 6749 §4.3.2).

Failures are counted by week. A counter carries its week's number in its name, so that nothing has to set it
back, and that of an account begins anew at the very moment at which that of a name without one does: were
one of them forgotten sooner than the other, waiting would tell which names exist.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class AttemptPolicy:
    """How many failures in a row are free in one window, and what every further attempt then waits."""

    free_failures: int
    wait_seconds: int


def window(now: int) -> int:
    """Return the number of the window in which `now` lies."""
    return now // WINDOW_SECONDS


def window_end(now: int) -> int:
    """Return when the window of `now` is over."""
    return (window(now) + 1) * WINDOW_SECONDS
