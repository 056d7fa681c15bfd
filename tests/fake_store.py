"""The accounts and sessions over dictionaries, by the same rules as the table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.accounts import Account
from chalicelib.domain.errors import InvalidAccount, TooManyAttempts
from chalicelib.domain.names import SignInName
from chalicelib.domain.passwords import PasswordHash
from chalicelib.domain.ports import AccountChanged, AttemptPolicy, SessionView, SignInCandidate
from chalicelib.domain.scopes import Scope
from chalicelib.domain.sessions import EndedSession, EndReason, Session, giving_way
from tests.fake_outage import Remote, remote


@dataclass
class NameEntry:
    """A sign-in name: whom it finds, if anyone, and its failures since the last success."""

    user_id: str | None
    failures: int = 0
    last_attempt_at: int = 0

    def charge(self, now: int, policy: AttemptPolicy) -> None:
        """Count one attempt. Raises TooManyAttempts, and counts nothing, where the name has to wait."""
        next_at = self.last_attempt_at + policy.wait_seconds
        if self.failures >= policy.free_failures and now < next_at:
            raise TooManyAttempts(max(1, next_at - now))
        self.failures += 1
        self.last_attempt_at = now


class FakeStore(Remote):
    """Serves `Accounts` and `Sessions`. Its dictionaries are open, so that a test may look inside."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.names: dict[SignInName, NameEntry] = {}
        self.unknown_names: dict[SignInName, NameEntry] = {}
        self.live: dict[tuple[str, str], Session] = {}
        self.past: dict[tuple[str, int, str], EndedSession] = {}
        self.epoch_of_today = 0

    @remote
    def create(self, account: Account) -> None:
        """Add an account with all its names, or nothing."""
        names = account.sign_in_names
        if account.user_id in self.accounts or any(name in self.names for name in names):
            raise InvalidAccount("name taken", description="The address or user name is already taken.")
        self.accounts[account.user_id] = account
        self.names.update({name: NameEntry(account.user_id) for name in names})

    @remote
    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        return self.accounts.get(user_id)

    @remote
    def find(self, name: SignInName) -> Account | None:
        """Return the account that a name finds."""
        entry = self.names.get(name)
        if entry is None or entry.user_id is None:
            return None
        self.round_trips += 1
        return self.accounts.get(entry.user_id)

    @remote
    def begin_sign_in(self, name: SignInName, now: int, policy: AttemptPolicy) -> SignInCandidate:
        """Charge one attempt to the name, then look it up."""
        self.round_trips += 1
        entry = self.names.get(name)
        if entry is None:
            self.unknown_names.setdefault(name, NameEntry(None)).charge(now, policy)
            return SignInCandidate(None, 0)
        entry.charge(now, policy)
        return SignInCandidate(self.accounts.get(str(entry.user_id)), self.epoch_of_today)

    @remote
    def set_permissions(self, account: Account, permissions: Scope) -> bool:
        """Replace the permissions, if nobody else has meanwhile."""
        stored = self.accounts.get(account.user_id)
        if stored is None or stored.permissions != account.permissions:
            return False
        self.accounts[account.user_id] = replace(stored, permissions=permissions)
        return True

    @remote
    def set_disabled(self, user_id: str, *, disabled: bool) -> bool:
        """Disable or enable an account."""
        if user_id not in self.accounts:
            return False
        self.accounts[user_id] = replace(self.accounts[user_id], disabled=disabled)
        return True

    @remote
    def delete(self, account: Account) -> bool:
        """Remove an account and its names."""
        names = account.sign_in_names
        found = [self.names[name].user_id if name in self.names else None for name in names]
        if account.user_id not in self.accounts or set(found) != {account.user_id}:
            return False
        del self.accounts[account.user_id]
        for name in names:
            del self.names[name]
        return True

    @remote
    def session(self, user_id: str, session_id: str) -> SessionView:
        """Return a session and the epoch."""
        return SessionView(self.live.get((user_id, session_id)), self.epoch_of_today)

    @remote
    def session_and_account(self, user_id: str, session_id: str) -> SessionView:
        """Return a session, its account and the epoch."""
        session = self.live.get((user_id, session_id))
        return SessionView(session, self.epoch_of_today, self.accounts.get(user_id))

    @remote
    def open(
        self, session: Session, account: Account, name: SignInName, rehash: PasswordHash | None, limit: int
    ) -> tuple[EndedSession, ...]:
        """Write the session, clear the name's failures, store a re-hash."""
        if (session.user_id, session.session_id) in self.live:
            return ()
        stored, entry = self.accounts.get(account.user_id), self.names.get(name)
        if stored is None or stored.disabled or stored.password_version != account.password_version:
            raise AccountChanged
        if entry is None or entry.user_id != account.user_id:
            raise AccountChanged
        evicted, count, recount = self._room_for(session, stored, limit)
        self._end(evicted)
        self.live[session.user_id, session.session_id] = session
        self.names[name] = NameEntry(account.user_id)
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
    def active(self, user_id: str) -> list[Session]:
        """Return every session that has not been ended."""
        return self._active(user_id)

    @remote
    def ended(self, user_id: str) -> list[EndedSession]:
        """Return what is known of ended sessions, the newest first."""
        mine = [one for one in self.past.values() if one.user_id == user_id]
        return sorted(mine, key=lambda one: (one.ended_at, one.session_id), reverse=True)

    @remote
    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions; return those that this call ended."""
        self.round_trips += len(sessions) - 1
        return self._end([session.ended(reason, now) for session in sessions])

    @remote
    def epoch(self) -> int:
        """Return the epoch of today."""
        return self.epoch_of_today

    @remote
    def advance_epoch(self, epoch: int, now: int) -> bool:
        """Raise the epoch; it never goes back."""
        if epoch <= self.epoch_of_today:
            return False
        self.epoch_of_today = epoch
        return True

    def _active(self, user_id: str) -> list[Session]:
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
        live = self._active(stored.user_id)
        leaving = giving_way(live, limit, session, turn=0)
        ended = [one.ended(EndReason.EVICTED, session.created_at) for one in leaving]
        return ended, len(live) - len(leaving) + 1, int(len(leaving) != 1)
