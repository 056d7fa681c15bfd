"""Account creation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.new_names import email_address, username
from chalicelib.domain.accounts.password_rules import PasswordRules
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.ports import Accounts, Audit, Clock, Entropy, PasswordHasher
from chalicelib.domain.sessions.refresh_tokens import ID_BYTES
from chalicelib.domain.tokens.scopes import Scope, check_permissions


@dataclass(frozen=True, slots=True)
class AccountCreation:
    """Creates accounts."""

    accounts: Accounts
    hasher: PasswordHasher
    clock: Clock
    entropy: Entropy
    password_rules: PasswordRules
    change: ChangeFactory
    audit: Audit

    def __call__(
        self,
        *,
        email: str,
        password: Password | PasswordHash | None,
        username_: str | None = None,
        permissions: Iterable[str] = (),
        actor: str | None = None,
    ) -> Account:
        """Create an account with a password, with a hash from another system, or with neither.

        Nobody can sign in to an account without a password until it is reset. `actor` is the id of the
        creator, by default the new user. Raises InvalidAccount for a malformed name, malformed permissions,
        or a hash that is unreadable or costs more than `FAILED_SIGN_IN_COST`; NameTaken for a taken name;
        InvalidPassword or InvalidRequest for a password that is not accepted; and Unavailable.
        """
        held = Scope.of(permissions)
        check_permissions(held)
        address = email_address(email)
        name = username(username_) if username_ is not None else None
        password_hash = self._hash_of(password, [address] if name is None else [address, name])
        account = Account(
            user_id=self.entropy(ID_BYTES).hex(),
            email=address,
            username=name,
            permissions=held,
            created_at=self.clock(),
        )
        user_id = account.user_id
        change = self.change(user_id, ChangeKind.CREATED, actor or user_id, after=held)
        self.accounts.create(account, password_hash, change)
        self.audit.account_changed(change)
        return account

    def _hash_of(self, password: Password | PasswordHash | None, names: Sequence[str]) -> PasswordHash | None:
        if password is None:
            return None
        if isinstance(password, Password):
            self.password_rules.accept(password.reveal(), names)
            return self.hasher.hash(password)
        if not self.hasher.accepts(password):
            raise InvalidAccount(
                description="The password hash is not a bcrypt hash, or costs more than FAILED_SIGN_IN_COST."
            )
        return password
