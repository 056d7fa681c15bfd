"""Unlocking sign-in names that have used up their attempts."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.ports import Accounts, Audit, Keys
from chalicelib.domain.sign_in.attempts import failures_id
from chalicelib.domain.sign_in.ports import SignIns


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The account whose names were unlocked, or None for a name without one; and how many had failures."""

    account: Account | None
    had_failures: int


@dataclass(frozen=True, slots=True)
class Unlocking:
    """Resets the failed sign-ins of names."""

    accounts: Accounts
    sign_ins: SignIns
    keys: Keys
    audit: Audit
    change: ChangeFactory

    def __call__(self, user: str, actor: str) -> Unlocked:
        """Unlock every name of an account, given by its id or by any of its names.

        If there is no such account, unlock `user` as a name: failures are counted for such names, too.
        Raises Unavailable.
        """
        key = self.keys.current().name_key
        account = self._find(user)
        if account is None:
            names: tuple[SignInName, ...] = (SignInName.of(user),)
        else:
            names = account.sign_in_names
            # The audit item is written first: each count is deleted separately, and none may go unaudited.
            change = self.change(account.user_id, ChangeKind.UNLOCKED, actor)
            self.accounts.record(change)
            self.audit.account_changed(change)
        return Unlocked(account, self.sign_ins.unlock(failures_id(name, key) for name in names))

    def _find(self, user: str) -> Account | None:
        """Return an account. Text of the form of an id is an id: no user name may have that form."""
        user_id = user.lower()
        return self.accounts.account(user_id) if is_id(user_id) else self.accounts.find(SignInName.of(user))
