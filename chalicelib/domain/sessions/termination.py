"""Termination of sessions, with an audit event for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.ports import Audit, Clock, Sessions
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session


@dataclass(frozen=True, slots=True)
class SessionTerminator:
    """Ends sessions one by one, so that after an outage the audit trail shows which have ended."""

    sessions: Sessions
    audit: Audit
    clock: Clock

    def __call__(self, sessions: Iterable[Session], reason: EndReason) -> list[EndedSession]:
        """End sessions in the order given; return those that this call ended. Raises Unavailable."""
        ended = []
        for session in sessions:
            for one in self.sessions.end([session], reason, self.clock()):
                self.audit.session_ended(one)
                ended.append(one)
        return ended
