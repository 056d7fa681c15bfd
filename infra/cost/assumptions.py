"""Everything that is assumed about one operation and one user, a row each. Change one here and see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any


def _row(value: float, unit: str, why: str) -> Any:
    return field(default=value, metadata={"unit": unit, "why": why})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """The assumed numbers, each with its unit and its reason."""

    # People
    sign_ins_per_user: float = _row(1, "a month", "sessions last 30 idle days; a new phone, a sign-out")
    active_days: float = _row(20, "days a month", "on which an active user opens the app")
    visits_per_day: float = _row(3, "visits an active day", "further apart than an access token lives (1 h)")
    refreshes_per_visit: float = _row(
        1, "refreshes", "the access token of the last visit has expired, that of this one outlives it"
    )
    calls_per_visit: float = _row(20, "authenticated calls", "screens of an app, each with its requests")
    seconds_between_calls: float = _row(10, "s", "an even pace; a burst is cheaper, the cache sees it once")
    peak_factor: float = _row(4, "times the mean", "the busiest minute against the mean of the month")
    stored_accounts_per_user: float = _row(2, "accounts", "for each that is active, one that is not")

    # A sign-in
    bcrypt_seconds: float = _row(
        0.25, "s", "cost 12 on one vCPU, measured; doubles with each step of the cost"
    )
    sign_in_rest_seconds: float = _row(0.05, "s", "three calls of DynamoDB, one signature, the framework")
    sign_in_writes: float = _row(7, "WRU", "UpdateItem 1; TransactWriteItems of 3 items at 2 each")
    sign_in_reads: float = _row(2, "RRU", "BatchGetItem of account and epoch, strongly consistent")
    sign_in_log_bytes: float = _row(1500, "bytes", "audit line, metrics line, what Lambda adds")

    # A refresh
    refresh_seconds: float = _row(0.01, "s", "two calls of DynamoDB, no password hash")
    refresh_writes: float = _row(1, "WRU", "one conditional write of a session below 1 KB")
    refresh_reads: float = _row(3, "RRU", "BatchGetItem of session, account and epoch")
    refresh_log_bytes: float = _row(1000, "bytes", "metrics line, what Lambda adds")
    token_answer_bytes: float = _row(1500, "bytes", "both tokens and the headers, sent to the app")

    # A miss of the authorizer's cache; a hit costs nothing
    authorizer_seconds: float = _row(0.01, "s", "one signature check, one call of DynamoDB")
    authorizer_reads: float = _row(2, "RRU", "BatchGetItem of session and epoch")
    authorizer_log_bytes: float = _row(700, "bytes", "metrics line, what Lambda adds")

    # The functions
    api_memory_mb: float = _row(1769, "MB", "one full vCPU, so that bcrypt takes no longer than it must")
    authorizer_memory_mb: float = _row(512, "MB", "it waits for DynamoDB, and hashes nothing slow")
    cold_share: float = _row(0.01, "of invocations", "AWS reports below 1 % in production")
    api_init_seconds: float = _row(0.7, "s", "imports, billed since August 2025")
    authorizer_init_seconds: float = _row(0.5, "s", "fewer imports, a slower share of a vCPU")
    key_cache_seconds: float = _row(60, "s", "GetSecretValue once per warm environment in that time")

    # Yours: the function behind an authenticated call, beside the total
    own_memory_mb: float = _row(512, "MB", "a small function; put in your own")
    own_seconds: float = _row(0.05, "s", "likewise")
    own_answer_bytes: float = _row(2000, "bytes", "likewise")

    # Standing, with or without users
    secrets: float = _row(1, "secrets", "the signing key; versions of it are free")
    alarms: float = _row(12, "metrics", "that nine alarms look at; CloudWatch charges by these")
    dashboards: float = _row(1, "dashboards", "one for operators")
    metrics: float = _row(10, "custom metrics", "charged only in months with traffic")
    account_bytes: float = _row(4000, "bytes", "account, names, sessions, ended sessions, index overhead")
    access_log_bytes: float = _row(400, "bytes", "API Gateway's line, one a request, while AccessLogs is on")
    log_days: float = _row(30, "days", "retention of the logs")

    @property
    def sign_in_seconds(self) -> float:
        """The billed time of a sign-in."""
        return self.bcrypt_seconds + self.sign_in_rest_seconds

    @property
    def visits(self) -> float:
        """The visits of an active user in a month."""
        return self.active_days * self.visits_per_day

    def rows(self) -> Iterator[tuple[str, float, str, str]]:
        """Return name, value, unit and reason of each."""
        for row in fields(self):
            yield row.name, getattr(self, row.name), row.metadata["unit"], row.metadata["why"]
