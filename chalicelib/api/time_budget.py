"""How long a function may work on one invocation before it has to answer."""

from __future__ import annotations

from contextlib import AbstractContextManager

from chalicelib.domain.deadline import time_limit
from chalicelib.services import monotonic

BUDGET_SECONDS = 8.0
"""Where nobody says how much time there is, as in a test: two seconds below the functions' time-out."""
RESERVE_SECONDS = 2.0
"""Kept back from the time that Lambda leaves, for the log line, the metric and the answer.

An attempt can outlast the deadline by a TLS handshake (a second, as the connection), botocore's back-off by a
second, and a password hash by its own time.
"""


def time_budget(context: object) -> AbstractContextManager[None]:
    """Set the deadline of an invocation from its Lambda context."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = BUDGET_SECONDS if remaining is None else remaining() / 1000 - RESERVE_SECONDS
    return time_limit(seconds, monotonic)
