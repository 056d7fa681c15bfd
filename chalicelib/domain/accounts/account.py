"""Accounts: who can sign in, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account. `user_id` is permanent; every other field can change.

    The password hash is stored apart from it. `password_version` counts password changes, not re-hashes: a
    sign-in that began with the old password must fail at its last step, and one that races a mere re-hash
    must not.
    """

    user_id: str
    email: str
    username: str | None
    permissions: Scope
    created_at: int
    disabled: bool = False
    password_version: int = 1
    security_version: int = 1
    """Counts changes of password, address and `disabled`: each voids the codes that were mailed before."""
    username_changes: tuple[int, ...] = ()
    """When the user name was changed within the last day before its last change, in Unix seconds."""
    session_count: int = 0
    """At least the number of active sessions: an end does not lower it, a sign-in at the limit does."""
    device_count: int = 0
    """At least the number of known devices."""
    recounts: int = 0
    """How often either number was lowered: tells apart two that are equal."""

    @property
    def sign_in_names(self) -> tuple[SignInName, ...]:
        """Every name that finds this account."""
        names = [self.email] if self.username is None else [self.email, self.username]
        return tuple(dict.fromkeys(SignInName.of(name) for name in names))
