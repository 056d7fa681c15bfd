"""Calls that outlast a network which is away for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import click
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which is not the built-in one
    CredentialRetrievalError,
    HTTPClientError,
    SSOError,
)
from botocore.parsers import ResponseParserError

from chalicelib.adapters.aws import error_code
from infra.deploy.refusal import Refused
from infra.deploy.target import EXPIRED

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
                if _has_expired(error):
                    self._refuse_expired(error)
                if not _may_pass(error):
                    raise
                lost_at = self._wait(lost_at, error)
            except (CredentialRetrievalError, SSOError, RuntimeError) as error:
                # RuntimeError is botocore's for credentials that were fetched anew and are old all the same.
                self._refuse_expired(error)

    def _refuse_expired(self, error: Exception) -> NoReturn:
        raise Refused(
            "The AWS credentials have expired. CloudFormation goes on by itself; sign in again, for instance "
            f"with `aws sso login`, and to see how it ended, run `{self.resume}`."
        ) from error

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


def _has_expired(error: Exception) -> bool:
    return isinstance(error, ClientError) and error_code(error) in EXPIRED


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error_code(error) in _BUSY
