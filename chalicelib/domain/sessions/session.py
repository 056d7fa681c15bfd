"""Sessions: what a sign-in opens, a refresh keeps alive, and several things end."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.sessions.refresh_tokens import Family
from chalicelib.domain.tokens.scopes import Scope


class EndReason(StrEnum):
    """Why a session ended, in the words of the audit log."""

    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SIGNED_OUT_ELSEWHERE = "signed_out_from_another_device"
    REVOKED = "revoked_by_client"
    REUSE = "refresh_token_reuse"
    EVICTED = "too_many_sessions"
    DISABLED = "account_disabled"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
    PASSWORD_RESET = "password_reset"  # noqa: S105
    DELETED = "account_deleted"
    ADMINISTRATOR = "ended_by_administrator"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session was opened, as the gateway tells it; for its owner's eyes, decides nothing."""

    user_agent: str = ""
    address: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class EndedSession:
    """What is kept of a session that was ended, so that its end can be explained."""

    session_id: str
    user_id: str
    client_id: str
    created_at: int
    ended_at: int
    reason: EndReason
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, slots=True)
class EndedSessionPage:
    """Some ended sessions of a user, the newest first.

    `older` is the cursor of the page after this one, an opaque text, or None on the last page.
    """

    sessions: tuple[EndedSession, ...]
    older: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device. Times are Unix seconds.

    `granted` is the scope that the app asked for at sign-in, or None where it asked for all that the user
    holds; it bounds every later refresh (RFC 6749 §6). `epoch` is that of the signing key at sign-in.
    """

    session_id: str
    user_id: str
    client_id: str
    granted: Scope | None
    epoch: int
    created_at: int
    last_used_at: int
    idle_expires_at: int
    expires_at: int
    family: Family
    device: Device = field(default_factory=Device)

    def is_active(self, now: int, epoch: int) -> bool:
        """Tell whether the session is neither expired nor of an epoch that a breach has ended.

        `epoch` is the later one of the table and the signing key: a table that was restored may be behind.
        Compared here to the second, since DynamoDB's TTL sweeps expired items days later.
        """
        return now < min(self.idle_expires_at, self.expires_at) and self.epoch >= epoch

    def ended(self, reason: EndReason, now: int) -> EndedSession:
        """Return what is kept of this session if it ends now."""
        return EndedSession(
            session_id=self.session_id,
            user_id=self.user_id,
            client_id=self.client_id,
            created_at=self.created_at,
            ended_at=now,
            reason=reason,
            device=self.device,
        )


def active(sessions: Iterable[Session], now: int, epoch: int) -> list[Session]:
    """Return the sessions that are active."""
    return [one for one in sessions if one.is_active(now, epoch)]


def least_recently_used(sessions: Iterable[Session]) -> list[Session]:
    """Return sessions ordered by their last use; of two used in one second, the older one first."""
    return sorted(sessions, key=lambda one: (one.last_used_at, one.created_at, one.session_id))


def sessions_to_evict(sessions: Iterable[Session], count: int, earlier: Container[str]) -> list[Session]:
    """Return `count` sessions to end: the least recently used of those whose ids are in `earlier` first.

    `earlier` are the sessions that there were when the sign-in began. One that was opened meanwhile, by a
    sign-in at the same time, ends only where none of them is left.
    """
    ordered = least_recently_used(sessions)
    return sorted(ordered, key=lambda one: one.session_id not in earlier)[:count]
