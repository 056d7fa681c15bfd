"""Sessions: opened by a sign-in, extended by a refresh."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.sessions.refresh_tokens import Family
from chalicelib.domain.tokens.scopes import Scope


class EndReason(StrEnum):
    """Why a session ended, with the values of the audit log."""

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
    """Where a session was opened, according to API Gateway. Shown to the user; no decision depends on it."""

    user_agent: str = ""
    address: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class EndedSession:
    """The record of an ended session, to explain its end."""

    session_id: str
    user_id: str
    client_id: str
    created_at: int
    ended_at: int
    reason: EndReason
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, slots=True)
class EndedSessionPage:
    """A page of ended sessions of a user, the newest first.

    `older` is the opaque cursor of the next page, or None on the last page.
    """

    sessions: tuple[EndedSession, ...]
    older: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device. Times are Unix seconds.

    `granted` is the scope requested at sign-in, or None if none was requested, which grants all permissions
    of the user; it limits every later refresh (RFC 6749 §6). `epoch` is that of the signing key at sign-in.
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
        """Return whether the session is neither expired nor of an epoch that a breach has ended.

        `epoch` is the later one of table and signing key, since a restored table may be outdated. Expiry is
        checked here because DynamoDB deletes expired items only after days.
        """
        return now < min(self.idle_expires_at, self.expires_at) and self.epoch >= epoch

    def ended(self, reason: EndReason, now: int) -> EndedSession:
        """Return the record of this session if it ends at `now`."""
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
    """Return the active sessions."""
    return [one for one in sessions if one.is_active(now, epoch)]


def least_recently_used(sessions: Iterable[Session]) -> list[Session]:
    """Return sessions ordered by last use; if used in the same second, the older one first."""
    return sorted(sessions, key=lambda one: (one.last_used_at, one.created_at, one.session_id))


def sessions_to_evict(sessions: Iterable[Session], count: int, earlier: Container[str]) -> list[Session]:
    """Return `count` sessions to evict: those in `earlier` before all others, the least recently used first.

    `earlier` are the ids of the sessions that existed when the sign-in began. A session that a concurrent
    sign-in has opened is evicted only if no earlier one is left.
    """
    ordered = least_recently_used(sessions)
    return sorted(ordered, key=lambda one: one.session_id not in earlier)[:count]
