"""The audit trail as log lines and metrics."""

from __future__ import annotations

from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.observability import API_KEY_LOGGED_CHARACTERS, Event, Metric, count, record


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
        """Record the reuse of a spent refresh token."""
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
            # The end of its id: what looks like a key is redacted.
            api_key=change.api_key[-API_KEY_LOGGED_CHARACTERS:],
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
