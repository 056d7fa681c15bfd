"""Setting, changing and removing the user name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.new_names import username
from chalicelib.domain.accounts.own_changes import OwnChanges
from chalicelib.domain.errors import TooManyAttempts, Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit, Clock
from chalicelib.domain.tokens.claims import VerifiedClaims

CHANGES_A_DAY = 5
_DAY = 86_400
_TURNS = 5


@dataclass(frozen=True, slots=True)
class UsernameChange:
    """Sets the user's own user name. User names are public, so the response may reveal that one is taken."""

    own_account: OwnAccount
    own_changes: OwnChanges
    change: ChangeFactory
    notify: Notices
    audit: Audit
    clock: Clock

    def __call__(self, claims: VerifiedClaims, new_name: str | None, languages: str) -> Account:
        """Set the user name, or remove it, and return the account.

        Raises InvalidToken, InvalidAccount for an invalid user name, Conflict if it is taken,
        TooManyAttempts after 5 changes within a day, and Unavailable.
        """
        name = username(new_name) if new_name is not None else None
        for _ in range(_TURNS):
            account, _ = self.own_account.load(claims)
            if account.username == name:
                return account
            after = self._renamed(account, name)
            change = self.change(account.user_id, ChangeKind.USERNAME_CHANGED, account.user_id)
            if self.own_changes.set_username(account, after, change):
                self.audit.account_changed(change)
                # After the change, unlike other notices: a request for a taken name must not cause a mail.
                self.notify(MailKind.USERNAME_CHANGED, account, languages)
                return after
        raise Unavailable("too many changes of one account at once")

    def _renamed(self, account: Account, name: str | None) -> Account:
        now = self.clock()
        recent = tuple(at for at in account.username_changes if at > now - _DAY)
        if len(recent) >= CHANGES_A_DAY:
            raise TooManyAttempts(recent[0] + _DAY - now, user_id=account.user_id)
        return replace(account, username=name, username_changes=(*recent, now))
