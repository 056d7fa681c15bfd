"""Changes that an administrator requests of an account."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class AccountPatch:
    """New values; None leaves a field as it is. `permissions` and `metadata` are replaced as a whole."""

    permissions: Scope | None = None
    disabled: bool | None = None
    metadata: Metadata | None = None

    def __call__(self, account: Account) -> Account:
        """Return the account with the new values."""
        return replace(
            account,
            permissions=account.permissions if self.permissions is None else self.permissions,
            disabled=account.disabled if self.disabled is None else self.disabled,
            metadata=account.metadata if self.metadata is None else self.metadata,
        )


def entity_tag(account: Account) -> str:
    """Return the entity tag of an account, which changes with each of its public fields (RFC 9110 §8.8.3)."""
    fields = [
        account.user_id,
        account.email,
        account.username,
        str(account.permissions),
        account.disabled,
        account.metadata.text,
    ]
    return f'"{hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:32]}"'
