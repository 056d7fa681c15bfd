"""Administration of accounts over HTTP, limited by the administrator's own permissions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from chalicelib.accounts.administration import Administration
from chalicelib.accounts.creation import AccountCreation
from chalicelib.accounts.notices import Notices
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import Conflict, NameTaken, PreconditionFailed
from chalicelib.domain.administration.authority import Authority
from chalicelib.domain.administration.patch import AccountPatch, entity_tag
from chalicelib.domain.errors import NotFound, TooManyAttempts, Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.preconditions import Precondition
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.verification.mail_budget import HOUR

HOURLY_RESETS = 5
"""Resets an hour that administrators can have mailed to one user: a leaked key must not fill a mailbox."""
_RECENT_CHANGES = 100


@dataclass(frozen=True, slots=True)
class UserAdministration:
    """Changes of accounts by users with the permission `users:write`, which the caller has verified.

    - Nobody grants a permission that they do not hold.
    - An account with `users:write` is changed only by those who hold all of its permissions.
    - Nobody disables or deletes their own account here: `/me/delete` asks for the password.

    `languages` are those of a mail, as `requested_languages` returns them. Every method raises NotFound for
    an unknown user, InsufficientScope if these rules forbid the change, and Unavailable.
    """

    administration: Administration
    create: AccountCreation
    notify: Notices

    def invite(self, authority: Authority, email: str, permissions: Scope, languages: str) -> Account:
        """Create an account without a password, and mail its user how to set one.

        The mail is queued last, because a mail to an account that does not exist yet would be dropped. If it
        cannot be queued, the account is deleted again, so that the request can be repeated. If that fails,
        too, `request_reset` mails the user. Raises InvalidAccount for a malformed address or permission, and
        Conflict for an address that is taken.
        """
        authority.require(permissions)
        try:
            account = self.create(
                email=email, password=None, permissions=permissions.permissions, actor=authority.user_id
            )
        except NameTaken as error:
            raise Conflict("address taken") from error
        try:
            self.notify(MailKind.INVITED, account, languages)
        except Unavailable:
            with suppress(Unavailable, NotFound):
                self.administration.delete(account.user_id, authority.user_id)
            raise
        return account

    def change(
        self, authority: Authority, user_id: str, patch: AccountPatch, precondition: Precondition
    ) -> Account:
        """Change an account, and end its sessions if it is disabled. Return the account.

        Raises PreconditionFailed, InvalidAccount for malformed permissions, and Conflict for the disabling of
        the caller's own account.
        """

        def edit(before: Account) -> Account:
            authority.require_over(before)
            if not precondition.admits(entity_tag(before)):
                raise PreconditionFailed
            after = patch(before)
            authority.require(Scope(after.permissions.permissions - before.permissions.permissions))
            if patch.disabled:
                authority.refuse_self(before)
            return after

        account = self.administration.edit(user_id, edit, authority.user_id)
        if patch.disabled:
            # Also if it was disabled before: the request that did so may have been interrupted.
            self.administration.end_sessions_of_disabled(user_id)
        return account

    def delete(self, authority: Authority, user_id: str, languages: str) -> None:
        """Delete an account and notify its user by mail. Raises Conflict for the caller's own account."""

        def check(account: Account) -> None:
            authority.require_over(account)

        def notify(account: Account) -> None:
            authority.refuse_self(account)
            check(account)
            self.notify(MailKind.ACCOUNT_DELETED, account, languages, to_address=True)

        self.administration.delete(user_id, authority.user_id, before=notify, check=check)

    def end_sessions(self, authority: Authority, user_id: str) -> None:
        """End every session of a user."""
        self._require_over(authority, user_id)
        self.administration.end_sessions(user_id, authority.user_id)

    def request_reset(self, authority: Authority, user_id: str, languages: str) -> None:
        """Mail a user, at the stored address, how to set a new password. The current one stays valid.

        The mail has no code: a code works only with the token that the app gets when it requests the code,
        so access to the mailbox alone is not enough. Raises Conflict for a disabled account, which cannot be
        reset, and for a service account, which has no address; TooManyAttempts after `HOURLY_RESETS` within
        an hour.
        """
        account = self._require_over(authority, user_id)
        if account.disabled or not account.email:
            raise Conflict("disabled user" if account.disabled else "service account", user_id=user_id)
        self._limit_resets(user_id)
        # The audit item is written first: no mail may be sent unaudited.
        self.administration.record(user_id, ChangeKind.RESET_REQUESTED, authority.user_id)
        self.notify(MailKind.RESET_REQUESTED, account, languages)

    def _limit_resets(self, user_id: str) -> None:
        now = self.administration.clock()
        changes = self.administration.changes(user_id, _RECENT_CHANGES)
        recent = [one.at for one in changes if one.kind is ChangeKind.RESET_REQUESTED and one.at > now - HOUR]
        if len(recent) >= HOURLY_RESETS:
            raise TooManyAttempts(recent[HOURLY_RESETS - 1] + HOUR - now, user_id=user_id)

    def _require_over(self, authority: Authority, user_id: str) -> Account:
        account = self.administration.account(user_id)
        authority.require_over(account)
        return account
