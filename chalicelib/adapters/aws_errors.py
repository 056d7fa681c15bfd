"""Failures of AWS calls as `Unavailable`, and the time that an attempt may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.deadline import require_time, seconds_left
from chalicelib.domain.errors import Unavailable

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
ATTEMPTS = 2
"""The worst case of one call is about 7 s with back-off. The request's deadline limits all of its calls."""
SHORTEST_READ_SECONDS = 0.25
"""Minimum read time-out: with less time left, no attempt is made."""


def read_timeout() -> float:
    """Return the read time-out of the next attempt, in seconds: shorter if the request has less time left.

    Raises Unavailable if too little is left for an attempt.
    """
    require_time(CONNECT_TIMEOUT_SECONDS + SHORTEST_READ_SECONDS)
    left = seconds_left()
    return READ_TIMEOUT_SECONDS if left is None else min(READ_TIMEOUT_SECONDS, left - CONNECT_TIMEOUT_SECONDS)


class UnreadableResponse(BotoCoreError):
    """AWS responded with what is no JSON object."""

    fmt = "The response of AWS cannot be read"


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Raise Unavailable for every failure of a call except a failed condition.

    Failures are throttled, denied, timed-out and unreadable calls, and responses without an expected member
    (KeyError): read those members inside the `with` block. A failed condition stays a ClientError.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) in {"ConditionalCheckFailedException", "TransactionCanceledException"}:
            raise
        raise Unavailable(f"aws {error_code(error)}") from error
    except (BotoCoreError, KeyError) as error:
        raise Unavailable(f"aws {type(error).__name__}") from error


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
