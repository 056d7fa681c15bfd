"""Time budget of an invocation."""

from __future__ import annotations

from contextlib import AbstractContextManager

from chalicelib.domain.deadline import time_limit
from chalicelib.services import monotonic

BUDGET_SECONDS = 8.0
"""Budget without a Lambda context, as in tests: two seconds below the functions' time-out."""
RESERVE_SECONDS = 2.0
"""Reserved from the remaining time of the invocation for the log entry, the metric and the response.

A call that began before the deadline can exceed it: a TLS handshake or a back-off of botocore by one second
each, a password hash by its own duration.
"""


def time_budget(context: object) -> AbstractContextManager[None]:
    """Set the deadline of an invocation from its Lambda context."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = BUDGET_SECONDS if remaining is None else remaining() / 1000 - RESERVE_SECONDS
    return time_limit(seconds, monotonic)
