"""Accounts: who can sign in, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a person or a service. `user_id` is permanent; every other field can change.

    A service account has no address (`email` is empty) and no password: it owns API keys and cannot sign in.

    The password hash is stored separately. `password_version` counts password changes, not re-hashes: a
    password change must make concurrent sign-ins with the old password fail, and a re-hash must not.
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
    metadata: Metadata = field(default_factory=Metadata)
    """What administrators have written for the user and the app to read."""
    session_count: int = 0
    """At least the number of active sessions. Only a sign-in at the limit corrects it downwards."""
    device_count: int = 0
    """At least the number of known devices."""
    api_key_creations: int = 0
    """Number of API keys that were ever created, to detect a concurrent creation."""
    recounts: int = 0
    """Number of corrections of either counter, to detect a concurrent correction to the same value."""

    @property
    def sign_in_names(self) -> tuple[SignInName, ...]:
        """The names with which the user can sign in."""
        names = (self.email, self.username)
        return tuple(dict.fromkeys(SignInName.of(name) for name in names if name))
