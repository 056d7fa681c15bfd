"""Structured logs, metrics and audit event names.

A log line never carries a password, a token, a hash, a secret or an `Authorization` value. Callers pass none;
`redact` is a second line of defence against mistakes. The logger itself applies it, and Chalice's `app.log`
is that same logger, so lines that your own functions write are redacted, too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from chalicelib import crashes
from chalicelib.domain.errors import GatehouseError
from chalicelib.lambda_environment import metrics_service

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

SERVICE = "gatehouse"
"""Name of the logger, which is that of `app.log`, too."""
MAX_FIELD_CHARACTERS = 256
API_KEY_LOGGED_CHARACTERS = 8
"""Last characters of an API key's id, by which log entries name the key: 48 random bits."""

Field = str | int | bool | None

_METRIC_LINE = (
    '{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"Gatehouse","Dimensions":[["outcome","service"]],'
    '"Metrics":[{"Name":"%s","Unit":"Count"}]}]},"outcome":"%s","service":"%s","%s":[1.0]}\n'
)

_SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a JWT, whole or cut off
    r"|gh[rdvks]_[A-Za-z0-9_-]+"  # a refresh token, a device key, a verification, id and secret of an API key
    r"|\$2[abxy]\$\d\d\$[./A-Za-z0-9]*"  # a password hash
    r"|(?i:\b(?:bearer|basic)\s+)\S+"  # an Authorization value
)
_EXCEPTION = frozenset({"exception", "exception_name", "exception_notes", "stack_trace"})
_fields: ContextVar[dict[str, Field] | None] = ContextVar("fields", default=None)


class Event(StrEnum):
    """Names of logged events. Those about a session, and `account_changed`, are the audit trail."""

    SESSION_STARTED = "session_started"
    SESSION_REFRESHED = "session_refreshed"
    REFRESH_REPEATED = "refresh_repeated"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSE = "refresh_token_reuse"  # noqa: S105 - an event's name
    KEY_ROTATED = "key_rotated"
    BREACH = "breach"
    ACCOUNT_CHANGED = "account_changed"
    CORRUPT_HASH = "corrupt_hash"
    MAIL = "mail"
    MAIL_REPORT = "mail_report"
    REFUSED = "refused"
    OUTAGE = "outage"
    CRASH = "crash"
    DENIED = "denied"
    UNDECIDED = "undecided"


class Metric(StrEnum):
    """Names of the metrics. Each has one dimension, `outcome`."""

    SIGN_IN = "SignIn"
    REFRESH = "Refresh"
    CLIENT_CREDENTIALS = "ClientCredentials"
    REVOCATION = "Revocation"
    INTROSPECTION = "Introspection"
    AUTHORIZER_DECISION = "AuthorizerDecision"
    SESSION_ENDED = "SessionEnded"
    REFRESH_TOKEN_REUSE = "RefreshTokenReuse"  # noqa: S105 - a metric's name
    CORRUPT_HASH = "CorruptHash"
    OUTAGE = "Outage"
    UNKNOWN_KEYS = "UnknownKeys"
    KEY_ROTATION = "KeyRotation"
    SIGN_UP = "SignUp"
    PASSWORD_RESET = "PasswordReset"  # noqa: S105 - a metric's name
    MAIL = "Mail"
    MAIL_REPORT = "MailReport"


def _line(entry: dict[str, Any]) -> str:
    """Return a log entry as one line of JSON: redacted, with the fields of its scope."""
    of_scope = {name: value for name, value in (_fields.get() or {}).items() if name not in entry}
    # ASCII only: no character of a value can end the line, or control the terminal that shows it.
    return json.dumps(_clean({**_without_exception_text(entry), **of_scope}), separators=(",", ":"))


@cache
def get_logger() -> Logger:
    """Return the logger of this process, created at the first call.

    Powertools takes 15 ms to import, and an authorizer that allows a request logs nothing.
    """
    from aws_lambda_powertools.logging import Logger

    # `set_log_level` sets the level from the settings, so the variables of Powertools have no effect.
    level = logging.getLogger(SERVICE).level or logging.INFO
    # No `location`: it would name a line of this module in every entry.
    return Logger(service=SERVICE, level=level, utc=True, location=None, json_serializer=_line)


def set_log_level(level: str) -> None:
    """Log entries of `level` and above, a level name of `logging`. Raises ValueError for any other text."""
    logging.getLogger(SERVICE).setLevel(level)


@contextmanager
def scope(**fields: Field) -> Iterator[None]:
    """Add fields, such as the request id, to every line that is logged inside the `with` block."""
    token = _fields.set({**(_fields.get() or {}), **_without_empty(fields)})
    try:
        yield
    finally:
        _fields.reset(token)


def bind(**fields: Field) -> None:
    """Add fields to the current scope as they become known, such as the user id."""
    current = _fields.get()
    if current is not None:
        current.update(_without_empty(fields))


def record(event: Event, *, severe: bool = False, **fields: Field) -> None:
    """Log one event as one line of JSON, with level ERROR if `severe`, else INFO."""
    logger = get_logger()
    (logger.error if severe else logger.info)(event.value, extra=_without_empty(fields))


def _without_empty(fields: dict[str, Field]) -> dict[str, Field]:
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def record_crash(error: BaseException) -> None:
    """Log an unexpected exception by type and location; its text may contain input and is left out."""
    reason = error.reason if isinstance(error, crashes.UnusableAnswer) else None
    where = crashes.where_raised(error)
    record(Event.CRASH, severe=True, error=type(error).__name__, where=where, reason=reason)
    count(Metric.OUTAGE, "crash")
    crashes.announce(error)


def _without_exception_text(entry: dict[str, Any]) -> dict[str, Any]:
    """Reduce a logged exception to type and location: no pattern can find a password in its text."""
    if "exception_name" not in entry:
        return entry
    frames = entry.get("stack_trace", {}).get("frames", [])
    kept = {name: value for name, value in entry.items() if name not in _EXCEPTION}
    where = crashes.where((frame["file"], frame["line"]) for frame in frames)
    return {**kept, "error": entry["exception_name"], "where": where}


def count(metric: Metric, outcome: str) -> None:
    """Count one occurrence under `outcome`, in CloudWatch's embedded metric format."""
    # Powertools takes 20 us for this line, as long as a signature. Words need no escaping.
    sys.stdout.write(
        _METRIC_LINE % (time.time() * 1000, metric.value, slug(outcome), metrics_service(), metric.value)
    )


@contextmanager
def counted(metric: Metric, success: str) -> Iterator[None]:
    """Count the outcome of the `with` block: `success`, or the reason of the error that it raises."""
    try:
        yield
    except GatehouseError as error:
        count(metric, error.reason)
        raise
    count(metric, success)


@lru_cache(maxsize=256)
def slug(reason: str) -> str:
    """Return a reason as one lower-case word, for dimensions of metrics and for log filters."""
    return re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")[:64] or "none"


def redact(value: Field) -> Field:
    """Replace what looks like a credential, and truncate to `MAX_FIELD_CHARACTERS`."""
    if not isinstance(value, str):
        return value
    return _SECRETS.sub("[redacted]", value)[:MAX_FIELD_CHARACTERS]


def _clean(value: Any) -> Any:
    """Redact every string of a JSON value, keys included; an object of another type becomes its `str`."""
    if isinstance(value, dict):
        return {redact(str(name)): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return value if isinstance(value, int | float | None) else redact(str(value))
