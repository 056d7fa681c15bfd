"""The accounts, sessions and system's state over dictionaries, by the same rules as the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import InvalidAccount, TooManyAttempts
from chalicelib.domain.ports import AccountChanged, SessionView, SignInCandidate
from chalicelib.domain.sessions.attempts import AttemptPolicy, window
from chalicelib.domain.sessions.session import (
    EndedSession,
    EndedSessionPage,
    EndReason,
    Session,
    active,
    sessions_to_evict,
)
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.system_state import SystemState
from tests.fake_outage import Remote, remote


@dataclass
class Failures:
    """The failed sign-ins of an account, or of a name that finds nobody, by window."""

    counted: dict[int, int] = field(default_factory=dict)
    last_attempt_at: int = 0

    def charge(self, now: int, policy: AttemptPolicy, user_id: str | None) -> None:
        """Count one attempt. Raises TooManyAttempts, and counts nothing, where there is a wait."""
        next_at = self.last_attempt_at + policy.wait_seconds
        if self.counted.get(window(now), 0) >= policy.free_failures and now < next_at:
            raise TooManyAttempts(max(1, next_at - now), user_id=user_id)
        self.counted[window(now)] = self.counted.get(window(now), 0) + 1
        self.last_attempt_at = now


class FakeStore(Remote):
    """Serves `Accounts`, `Sessions` and `System`. A test may look into its dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.names: dict[SignInName, str] = {}
        self.failures: dict[str | SignInName, Failures] = {}
        self.live: dict[tuple[str, str], Session] = {}
        self.past: dict[tuple[str, int, str], EndedSession] = {}
        self.system_state = SystemState()
        self.recorded: list[AccountChange] = []

    @remote
    def create(self, account: Account, change: AccountChange) -> None:
        """Add an account with all its names, or nothing."""
        names = account.sign_in_names
        if account.user_id in self.accounts or any(name in self.names for name in names):
            raise InvalidAccount("name taken", description="The address or user name is already taken.")
        self.accounts[account.user_id] = account
        self.names.update(dict.fromkeys(names, account.user_id))
        self._record(change)

    @remote
    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        return self.accounts.get(user_id)

    @remote
    def find(self, name: SignInName) -> Account | None:
        """Return the account that a name finds."""
        if name not in self.names:
            return None
        self.round_trips += 1
        return self.accounts.get(self.names[name])

    @remote
    def begin_sign_in(self, name: SignInName, now: int, policy: AttemptPolicy) -> SignInCandidate:
        """Find who has a name, and charge one attempt."""
        self.round_trips += 1
        user_id = self.names.get(name)
        self.failures.setdefault(user_id or name, Failures()).charge(now, policy, user_id)
        return SignInCandidate(self.accounts.get(user_id or ""), self.system_state.epoch)

    @remote
    def reset_failures(self, user_id: str, now: int) -> None:
        """Clear the failures of an account."""
        self.failures.pop(user_id, None)

    @remote
    def set_permissions(self, account: Account, permissions: Scope, change: AccountChange) -> bool:
        """Replace the permissions, if nobody else has meanwhile."""
        stored = self.accounts.get(account.user_id)
        if stored is None or stored.permissions != account.permissions:
            return False
        self.accounts[account.user_id] = replace(stored, permissions=permissions)
        self._record(change)
        return True

    @remote
    def set_disabled(self, user_id: str, change: AccountChange, *, disabled: bool) -> bool:
        """Disable or enable an account."""
        if user_id not in self.accounts:
            return False
        self.accounts[user_id] = replace(self.accounts[user_id], disabled=disabled)
        self._record(change)
        return True

    @remote
    def delete(self, account: Account, change: AccountChange) -> bool:
        """Remove an account and its names."""
        names = account.sign_in_names
        found = [self.names.get(name) for name in names]
        if account.user_id not in self.accounts or set(found) != {account.user_id}:
            return False
        del self.accounts[account.user_id]
        self.failures.pop(account.user_id, None)
        for name in names:
            del self.names[name]
        self._record(change)
        return True

    @remote
    def record(self, change: AccountChange) -> None:
        """Write an audit item alone."""
        self._record(change)

    @remote
    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return the newest changes of an account."""
        mine = [one for one in self.recorded if one.user_id == user_id]
        return sorted(mine, key=lambda one: (one.at, one.change_id), reverse=True)[:limit]

    @remote
    def session(self, user_id: str, session_id: str) -> SessionView:
        """Return a session and the state of the system."""
        return SessionView(self.live.get((user_id, session_id)), self.system_state)

    @remote
    def session_and_account(self, user_id: str, session_id: str) -> SessionView:
        """Return a session, its account and the epoch."""
        session = self.live.get((user_id, session_id))
        return SessionView(session, self.system_state, self.accounts.get(user_id))

    @remote
    def open(
        self, session: Session, account: Account, rehash: PasswordHash | None, limit: int
    ) -> tuple[EndedSession, ...]:
        """Write the session, clear the account's failures, store a re-hash."""
        if (session.user_id, session.session_id) in self.live:
            return ()
        stored = self.accounts.get(account.user_id)
        if stored is None or stored.disabled or stored.password_version != account.password_version:
            raise AccountChanged
        evicted, count, recount = self._room_for(session, stored, limit)
        self._end(evicted)
        self.live[session.user_id, session.session_id] = session
        self.failures.pop(account.user_id, None)
        self.accounts[account.user_id] = replace(
            stored,
            session_count=count,
            session_recounts=stored.session_recounts + recount,
            password_hash=rehash or stored.password_hash,
        )
        return tuple(evicted)

    @remote
    def rotate(self, before: Session, after: Session) -> Session | None:
        """Write `after` if the family still is that of `before`."""
        at = (after.user_id, after.session_id)
        stored = self.live.get(at)
        if stored is None:
            return None
        old, new = before.family, stored.family
        if (old.generation, old.current) != (new.generation, new.current):
            return stored
        self.live[at] = after
        return after

    @remote
    def stored(self, user_id: str) -> list[Session]:
        """Return every session that has not been ended."""
        return self._stored(user_id)

    @remote
    def ended(self, user_id: str, *, limit: int, before: str | None = None) -> EndedSessionPage:
        """Return a page of what is known of ended sessions, the newest first."""
        mine = {f"{at:012d}#{one}": past for (owner, at, one), past in self.past.items() if owner == user_id}
        cursors = sorted((one for one in mine if before is None or one < before), reverse=True)
        page = cursors[:limit]
        older = page[-1] if len(cursors) > limit else None
        return EndedSessionPage(tuple(mine[one] for one in page), older)

    @remote
    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions; return those that this call ended."""
        self.round_trips += len(sessions) - 1
        return self._end([session.ended(reason, now) for session in sessions])

    def all_stored(self) -> Iterator[Session]:
        """Return the sessions of every user."""
        return iter(sorted(self.live.values(), key=lambda one: one.session_id))

    @remote
    def state(self) -> SystemState:
        """Return the state of the system."""
        return self.system_state

    @remote
    def epoch(self, user_id: str) -> int:
        """Return the epoch."""
        return self.system_state.epoch

    @remote
    def advance_epoch(self, epoch: int) -> bool:
        """Raise the epoch; it never goes back."""
        before, self.system_state = self.system_state, self.system_state.with_epoch(epoch)
        return self.system_state != before

    @remote
    def record_replaced(self, kids: Iterable[str], now: int) -> None:
        """Record replaced keys; the first time of each stays."""
        self.system_state = self.system_state.with_replaced(kids, now)

    def _record(self, change: AccountChange) -> None:
        self.recorded.append(change)

    def _stored(self, user_id: str) -> list[Session]:
        mine = [one for one in self.live.values() if one.user_id == user_id]
        return sorted(mine, key=lambda one: one.session_id)

    def _end(self, sessions: list[EndedSession]) -> list[EndedSession]:
        gone = [one for one in sessions if self.live.pop((one.user_id, one.session_id), None) is not None]
        self.past.update({(one.user_id, one.ended_at, one.session_id): one for one in gone})
        return gone

    def _room_for(self, session: Session, stored: Account, limit: int) -> tuple[list[EndedSession], int, int]:
        if stored.session_count < limit:
            return [], stored.session_count + 1, 0
        self.round_trips += 1
        live = active(self._stored(stored.user_id), session.created_at, session.epoch)
        leaving = sessions_to_evict(live, limit, session, turn=0)
        ended = [one.ended(EndReason.EVICTED, session.created_at) for one in leaving]
        return ended, len(live) - len(leaving) + 1, int(len(leaving) != 1)
