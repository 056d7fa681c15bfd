"""The accounts, sessions and system's state over dictionaries, by the same rules as the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.errors import NameTaken
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.ports import AccountPage, SessionView
from chalicelib.domain.sessions.session import EndedSession, EndedSessionPage, EndReason, Session
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.system_state import SystemState
from tests.fake_outage import remote
from tests.fake_personal_data import FakePersonalData


class FakeStore(FakePersonalData):
    """Serves `Accounts`, `Sessions` and `System`, and with its bases every port of accounts."""

    @remote
    def create(self, account: Account, password_hash: PasswordHash | None, change: AccountChange) -> None:
        """Add an account with its hash and all its names, or nothing."""
        names = account.sign_in_names
        now, user_id = account.created_at, account.user_id
        if user_id in self.accounts or not all(self._is_available(one, user_id, now) for one in names):
            raise NameTaken("name taken")
        self.accounts[account.user_id] = account
        if password_hash is not None:
            self.hashes[account.user_id] = password_hash
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
    def page(self, after: str | None, limit: int) -> AccountPage:
        """Return accounts by the order of their ids."""
        rest = sorted(user_id for user_id in self.accounts if user_id > (after or ""))
        page = rest[:limit]
        more = page[-1] if len(rest) > limit else None
        return AccountPage(tuple(self.accounts[user_id] for user_id in page), more)

    @remote
    def administer(self, before: Account, after: Account, changes: Sequence[AccountChange]) -> bool:
        """Write what administrators change, if nobody else has meanwhile."""
        stored = self.accounts.get(before.user_id)
        if stored is None or _administered(stored) != _administered(before):
            return False
        permissions, disabled, metadata = _administered(after)
        self.accounts[before.user_id] = replace(
            stored,
            permissions=permissions,
            disabled=disabled,
            metadata=metadata,
            security_version=stored.security_version + (disabled != before.disabled),
        )
        for change in changes:
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
    def advance_epoch(self, epoch: int, *, api_keys: bool = False) -> bool:
        """Raise the epoch; it never goes back."""
        before, after = self.system_state, self.system_state.with_epoch(epoch, api_keys=api_keys)
        self.system_state = after
        return self.system_state != before

    @remote
    def record_issuer(self, issuer: str) -> bool:
        """Record the URL of the API."""
        before, self.system_state = self.system_state, replace(self.system_state, issuer=issuer)
        return before.issuer != issuer

    @remote
    def record_replaced(self, kids: Iterable[str], now: int) -> SystemState:
        """Record replaced keys; the first time of each stays."""
        self.system_state = self.system_state.with_replaced(kids, now)
        return self.system_state


def _administered(account: Account) -> tuple[Scope, bool, Metadata]:
    return account.permissions, account.disabled, account.metadata
