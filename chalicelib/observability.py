"""What the services says about itself: JSON lines, metrics, and the names of the audit events.

A log line never carries a password, a token, a hash, a secret or an `Authorization` value. That is so
because nothing here is given one; `redact` is the second lock, for the day on which something is. It sits in
the logger itself, which is Chalice's `app.log` as well: whoever writes a line there, it passes.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.errors import GatehouseError
from chalicelib.domain.sessions.session import EndedSession, Session

NAMESPACE = "Gatehouse"
MAX_FIELD_CHARACTERS = 256

Field = str | int | bool | None

_SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a JWT, whole or cut off
    r"|gh[rdv]_[A-Za-z0-9_-]+"  # a refresh token, a device key, a verification
    r"|\$2[abxy]\$\d\d\$[./A-Za-z0-9]*"  # a password hash
    r"|(?i:\b(?:bearer|basic)\s+)\S+"  # an Authorization value
)
_EXCEPTION = frozenset({"exception", "exception_name", "exception_notes", "stack_trace"})
_fields: ContextVar[dict[str, Field] | None] = ContextVar("fields", default=None)


class Event(StrEnum):
    """The events that are logged; the audit trail is made of the ones that name a session."""

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
    """The metrics that are counted, each with the one dimension that `count` is given."""

    SIGN_IN = "SignIn"
    REFRESH = "Refresh"
    REVOCATION = "Revocation"
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


def _line(said: dict[str, Any]) -> str:
    """Return one line of the log, whoever wrote it: with the fields of its scope, and nothing secret."""
    of_scope = {name: value for name, value in (_fields.get() or {}).items() if name not in said}
    # ASCII, so that no character of a value ends a line or moves a cursor wherever the log is read.
    return json.dumps(_clean({**_without_exception_text(said), **of_scope}), separators=(",", ":"))


# The level is a setting, and `log_from` tells it; the variables that Powertools looks for are not asked.
# The line of code is always one of this module's, and so is left out.
logger = Logger(service="gatehouse", level="INFO", utc=True, location=None, json_serializer=_line)


def log_from(level: str) -> None:
    """Log what is at least as severe as `level`, a name of Python's. Raises ValueError for another."""
    logging.getLogger(logger.name).setLevel(level)


@contextmanager
def scope(**fields: Field) -> Iterator[None]:
    """Add fields, such as the request's id, to every line that is logged inside."""
    token = _fields.set({**(_fields.get() or {}), **_given(fields)})
    try:
        yield
    finally:
        _fields.reset(token)


def bind(**fields: Field) -> None:
    """Add fields to the rest of the scope: what becomes known on the way, such as whose request it is."""
    inside = _fields.get()
    if inside is not None:
        inside.update(_given(fields))


def record(event: Event, *, severe: bool = False, **fields: Field) -> None:
    """Log one event as one line of JSON. `severe` marks what somebody should look at."""
    (logger.error if severe else logger.info)(event.value, extra=_given(fields))


def _given(fields: dict[str, Field]) -> dict[str, Field]:
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def record_crash(error: BaseException) -> None:
    """Log an exception that nobody foresaw: its type and where it was, not its text, which may hold input."""
    frames = traceback.extract_tb(error.__traceback__)
    where = _where((frame.filename, frame.lineno) for frame in frames)
    record(Event.CRASH, severe=True, error=type(error).__name__, where=where)
    count(Metric.OUTAGE, "crash")


def _without_exception_text(said: dict[str, Any]) -> dict[str, Any]:
    """Tell an exception that was logged with a line as `record_crash` does: a pattern knows no password."""
    if "exception_name" not in said:
        return said
    frames = said.get("stack_trace", {}).get("frames", [])
    kept = {name: value for name, value in said.items() if name not in _EXCEPTION}
    where = _where((frame["file"], frame["line"]) for frame in frames)
    return {**kept, "error": said["exception_name"], "where": where}


def _where(frames: Iterable[tuple[str, int | None]]) -> str:
    return " > ".join(f"{file.rpartition('/')[2]}:{line}" for file, line in list(frames)[-6:])


def count(metric: Metric, outcome: str) -> None:
    """Count one occurrence under `outcome`, in CloudWatch's embedded metric format."""
    with single_metric(metric.value, MetricUnit.Count, 1, namespace=NAMESPACE) as one:
        one.add_dimension("outcome", slug(outcome))


@contextmanager
def counted(metric: Metric, success: str) -> Iterator[None]:
    """Count what the body comes to: `success`, or the reason of the refusal that it raises."""
    try:
        yield
    except GatehouseError as error:
        count(metric, error.reason)
        raise
    count(metric, success)


def slug(reason: str) -> str:
    """Return a reason as one word, as a metric's dimension and a filter want it."""
    return re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")[:64] or "none"


def redact(value: Field) -> Field:
    """Cut a value to a sane length, and blot out what looks like a credential. JSON escapes its newlines."""
    if not isinstance(value, str):
        return value
    return _SECRETS.sub("[redacted]", value)[:MAX_FIELD_CHARACTERS]


def _clean(value: Any) -> Any:
    """Redact every text in what is to become JSON; an object of another kind is told by its text."""
    if isinstance(value, dict):
        return {redact(str(name)): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return value if isinstance(value, int | float | None) else redact(str(value))


class LogAudit:
    """The audit trail as log lines and metrics."""

    def session_started(self, session: Session) -> None:
        """Record a sign-in."""
        _record_session(Event.SESSION_STARTED, session, outcome="success")

    def session_refreshed(self, session: Session) -> None:
        """Record a rotation."""
        _record_session(Event.SESSION_REFRESHED, session)

    def refresh_repeated(self, session: Session) -> None:
        """Record a retry. The caller's address is in the scope of the request."""
        _record_session(Event.REFRESH_REPEATED, session)

    def session_ended(self, session: EndedSession) -> None:
        """Record an end, with its reason."""
        _record_session(Event.SESSION_ENDED, session, reason=session.reason.value)
        count(Metric.SESSION_ENDED, session.reason.value)

    def refresh_token_reuse(self, session: Session) -> None:
        """Record that a spent token came back."""
        _record_session(Event.REFRESH_TOKEN_REUSE, session, severe=True)
        count(Metric.REFRESH_TOKEN_REUSE, session.client_id)

    def corrupt_hash(self, user_id: str) -> None:
        """Record that a stored hash is unreadable."""
        record(Event.CORRUPT_HASH, severe=True, user_id=user_id)
        count(Metric.CORRUPT_HASH, "corrupt")

    def account_changed(self, change: AccountChange) -> None:
        """Record a change of an account."""
        record(
            Event.ACCOUNT_CHANGED,
            user_id=change.user_id,
            change=change.kind.value,
            actor=change.actor,
            granted=str(change.granted),
            withdrawn=str(change.withdrawn),
        )


def _record_session(
    event: Event,
    session: Session | EndedSession,
    *,
    severe: bool = False,
    reason: str | None = None,
    outcome: str | None = None,
) -> None:
    record(
        event,
        severe=severe,
        user_id=session.user_id,
        session_id=session.session_id,
        client_id=session.client_id,
        reason=reason,
        outcome=outcome,
    )
