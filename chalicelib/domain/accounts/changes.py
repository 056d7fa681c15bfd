"""Changes of accounts, for the audit trail: who did what, to which account, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain.tokens.scopes import Scope

if TYPE_CHECKING:
    from chalicelib.domain.ports import Clock, Entropy

AUDIT_DAYS = 400
"""Days for which a change is kept, even if its account is deleted."""
_CHANGE_ID_BYTES = 16


class ChangeKind(StrEnum):
    """What was done to an account."""

    CREATED = "account_created"
    PERMISSIONS = "permissions_changed"
    DISABLED = "account_disabled"
    ENABLED = "account_enabled"
    DELETED = "account_deleted"
    SESSIONS_ENDED = "sessions_ended"
    EMAIL_CHANGED = "email_changed"
    USERNAME_CHANGED = "username_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of change
    PASSWORD_RESET = "password_reset"  # noqa: S105
    UNLOCKED = "sign_in_unlocked"
    API_KEY_CREATED = "api_key_created"
    API_KEY_EXPIRY = "api_key_expiry_set"
    API_KEY_REVOKED = "api_key_revoked"
    METADATA = "metadata_changed"
    RESET_REQUESTED = "password_reset_requested"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One change. It outlives its account, so it holds ids and permissions, no address and no user name.

    `actor` is the ARN of an operator's AWS identity, or the id of a user; `at` is in Unix seconds. `granted`
    and `withdrawn` are the permissions that the change added and removed, to the account or to `api_key`, the
    id of an API key.
    """

    change_id: str
    user_id: str
    kind: ChangeKind
    actor: str
    at: int
    granted: Scope = field(default_factory=lambda: Scope.of(()))
    withdrawn: Scope = field(default_factory=lambda: Scope.of(()))
    api_key: str = ""

    @property
    def details(self) -> Mapping[str, str]:
        """Return the API key and the granted and withdrawn permissions by name, without empty ones."""
        found = {"api_key": self.api_key, "granted": str(self.granted), "withdrawn": str(self.withdrawn)}
        return {name: text for name, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class ChangeFactory:
    """Creates the record of a change, which the store writes in the same transaction."""

    clock: Clock
    entropy: Entropy

    def __call__(
        self,
        user_id: str,
        kind: ChangeKind,
        actor: str,
        *,
        before: Scope | None = None,
        after: Scope | None = None,
        api_key: str = "",
    ) -> AccountChange:
        """Return a change made now, with the difference between the permissions `before` and `after`."""
        had = before.permissions if before else frozenset[str]()
        has = after.permissions if after else frozenset[str]()
        return AccountChange(
            change_id=self.entropy(_CHANGE_ID_BYTES).hex(),
            user_id=user_id,
            kind=kind,
            actor=actor,
            at=self.clock(),
            granted=Scope(has - had),
            withdrawn=Scope(had - has),
            api_key=api_key,
        )
