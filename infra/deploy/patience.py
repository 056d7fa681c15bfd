"""Calls that outlast a network which is away for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import click
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which is not the built-in one
    HTTPClientError,
)
from botocore.parsers import ResponseParserError

from infra.deploy.refusal import Refused

GIVE_UP_AFTER_SECONDS = 600
PAUSE_SECONDS = 5
_SERVER_ERROR = 500
_BUSY = {"Throttling", "ThrottlingException", "RequestLimitExceeded"}

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Asks again for as long as AWS cannot be reached, and says so once."""

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    resume: str
    """The command that goes on where this one gives up."""

    def ask(self, call: Callable[[], T]) -> T:
        """Return what `call` returns. Raises Refused when AWS stays away."""
        lost_at: float | None = None
        while True:
            try:
                return call()
            except (ConnectionError, HTTPClientError, ResponseParserError, ClientError) as error:
                if not _may_pass(error):
                    raise
                lost_at = self._wait(lost_at, error)

    def _wait(self, lost_at: float | None, error: Exception) -> float:
        now = self.clock()
        if lost_at is None:
            click.echo("AWS cannot be reached just now; CloudFormation goes on by itself. Trying again …")
            lost_at = now
        if now - lost_at >= GIVE_UP_AFTER_SECONDS:
            minutes = GIVE_UP_AFTER_SECONDS // 60
            raise Refused(
                f"AWS has not been reachable for {minutes} minutes. CloudFormation goes on by itself; "
                f"to see how it ended, run `{self.resume}`."
            ) from error
        self.sleep(PAUSE_SECONDS)
        return lost_at


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error.response.get("Error", {}).get("Code") in _BUSY
