"""Unlocking sign-in names that have used up their attempts."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account, is_id
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.ports import Accounts, Keys
from chalicelib.domain.sign_in.attempts import failures_id
from chalicelib.domain.sign_in.ports import SignIns


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Whose names were unlocked: of an account, or one that finds nobody; and how many had failures."""

    account: Account | None
    had_failures: int


@dataclass(frozen=True, slots=True)
class Unlocking:
    """Forgets the failed sign-ins of names."""

    accounts: Accounts
    sign_ins: SignIns
    keys: Keys

    def __call__(self, user: str) -> Unlocked:
        """Unlock every name of an account, found by its id or by any of its names.

        What finds nobody is unlocked as a name: failures are counted for such names as well. Raises
        Unavailable.
        """
        account = self._find(user)
        names = account.sign_in_names if account else (SignInName.of(user),)
        key = self.keys.current().name_key
        return Unlocked(account, self.sign_ins.unlock(failures_id(name, key) for name in names))

    def _find(self, user: str) -> Account | None:
        by_id = self.accounts.account(user) if is_id(user) else None
        return by_id or self.accounts.find(SignInName.of(user))
