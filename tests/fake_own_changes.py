"""Changes of one's own account over dictionaries, by the same rules as the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.profiles import NO_PROFILE, Profile
from chalicelib.domain.accounts.own_changes import (
    PASSWORD_TRIES,
    RESERVED_SECONDS,
    AccountState,
    NewDevice,
)
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.verification.verification import Verification
from tests.fake_api_keys import FakeApiKeys
from tests.fake_outage import remote


class FakeOwnChanges(FakeApiKeys):
    """Serves `OwnChanges` and `Profiles`."""

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, Profile] = {}
        self.profile_times: dict[str, int] = {}
        self.former: dict[tuple[str, SignInName], tuple[str, int]] = {}
        self.password_tries: dict[str, tuple[int, int]] = {}

    @remote
    def account_state(self, user_id: str, *, with_hash: bool = True) -> AccountState | None:
        """Return the state of an account."""
        account = self.accounts.get(user_id)
        if account is None:
            return None
        keys = self._keys_of(user_id) if account.api_key_creations else []
        self.round_trips += 3 if account.api_key_creations else 2
        mine, devices = self._stored(user_id), self.devices_of(user_id)
        stored_hash = self.hashes.get(user_id) if with_hash else None
        return AccountState(account, stored_hash, mine, devices, keys)

    @remote
    def set_password(
        self,
        state: AccountState,
        password_hash: PasswordHash,
        change: AccountChange,
        *,
        ended: Sequence[EndedSession],
        only_device: NewDevice | None = None,
        spent: Verification | None = None,
    ) -> bool:
        """Set a password with everything that it ends."""
        account = state.account
        if spent is not None and not self._is_unspent(spent):
            return False
        if not self._is_as_read(account) or not self._are_live(ended):
            return False
        if spent is not None:
            del self.verifications[spent.digest]
        account = replace(
            account,
            password_version=account.password_version + 1,
            security_version=account.security_version + 1,
        )
        if only_device is not None:
            for one in state.devices:
                del self.devices[one.user_id, one.digest]
            self._add_device(only_device.key, only_device.epoch, only_device.at)
            account = replace(account, device_count=1, recounts=account.recounts + 1)
            self._end_active_keys(account.user_id, only_device.at)
        self.accounts[account.user_id] = account
        self.hashes[account.user_id] = password_hash
        self._end(list(ended))
        self._record(change)
        return True

    @remote
    def set_username(self, before: Account, after: Account, change: AccountChange) -> bool:
        """Set the user name, take its name and reserve the one before."""
        user_id, now = before.user_id, change.at
        stored = self.accounts.get(user_id)
        old = SignInName.of(before.username) if before.username is not None else None
        new = SignInName.of(after.username) if after.username is not None else None
        if new is not None and new != old and not self._is_available(new, user_id, now):
            raise Conflict("user name taken")
        seen = (before.username, before.username_changes)
        if stored is None or stored.disabled or (stored.username, stored.username_changes) != seen:
            return False
        if old is not None and old != new and before.username is not None:
            del self.names[old]
            self.reserved[old] = (user_id, now + RESERVED_SECONDS)
            self.former[user_id, old] = (before.username, now + RESERVED_SECONDS)
        if new is not None:
            self.names[new] = user_id
            self.former.pop((user_id, new), None)
            self.reserved.pop(new, None)
        self.accounts[user_id] = replace(
            stored, username=after.username, username_changes=after.username_changes
        )
        self._record(change)
        return True

    @remote
    def delete_account(self, state: AccountState, live: Sequence[Session], change: AccountChange) -> bool:
        """Delete an account."""
        account = state.account
        if self.accounts.get(account.user_id) != account:
            return False
        del self.accounts[account.user_id]
        self.hashes.pop(account.user_id, None)
        self.profiles.pop(account.user_id, None)
        for name in account.sign_in_names:
            del self.names[name]
        for device in state.devices:
            self.devices.pop((device.user_id, device.digest), None)
        for session in live:
            self.live.pop((session.user_id, session.session_id), None)
        self._end_active_keys(account.user_id, change.at)
        self._release_names(account.user_id)
        self._record(change)
        return True

    @remote
    def remove_rest(self, user_id: str, now: int) -> None:
        """Remove what is left of a deleted account."""
        self.api_keys = {key: one for key, one in self.api_keys.items() if one.user_id != user_id}
        self.live = {key: one for key, one in self.live.items() if one.user_id != user_id}
        self.past = {key: one for key, one in self.past.items() if one.user_id != user_id}

    @remote
    def profile(self, user_id: str) -> Profile:
        """Return a profile."""
        return self.profiles.get(user_id, NO_PROFILE)

    @remote
    def put_profile(self, user_id: str, profile: Profile, now: int, *, before: Profile | None) -> bool:
        """Replace a profile."""
        account = self.accounts.get(user_id)
        if account is None or account.disabled:
            raise AccountChanged
        if before is not None and self.profiles.get(user_id, NO_PROFILE) != before:
            return False
        self.profiles[user_id], self.profile_times[user_id] = profile, now
        return True

    @remote
    def charge_session(self, session_id: str, now: int, wait_seconds: int) -> None:
        """Count one try of the current password."""
        tries, last = self.password_tries.get(session_id, (0, now))
        if tries >= PASSWORD_TRIES and last > now - wait_seconds:
            raise TooManyAttempts(max(1, last + wait_seconds - now))
        self.password_tries[session_id] = (tries + 1, now)

    @remote
    def clear_session(self, session_id: str) -> None:
        """Forget the tries of a session."""
        self.password_tries.pop(session_id, None)

    def _release_names(self, user_id: str) -> None:
        self.reserved = {name: one for name, one in self.reserved.items() if one[0] != user_id}
        self.former = {key: one for key, one in self.former.items() if key[0] != user_id}

    def _is_as_read(self, account: Account) -> bool:
        return not account.disabled and self.accounts.get(account.user_id) == account

    def _are_live(self, ended: Sequence[EndedSession]) -> bool:
        return all((one.user_id, one.session_id) in self.live for one in ended)
