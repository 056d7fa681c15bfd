"""Changes of accounts as tests make them, where who did it does not matter."""

from __future__ import annotations

import itertools
from dataclasses import replace

from chalicelib.domain.accounts.changes import AccountChange, ChangeKind
from chalicelib.domain.ports import Accounts

ACTOR = "arn:aws:sts::123456789012:assumed-role/Operator/test"
AT = 1_700_000_000
_NUMBERS = itertools.count()


def changed(user_id: str, kind: ChangeKind = ChangeKind.DISABLED, at: int = AT) -> AccountChange:
    """Return a change that no other one is equal to."""
    return AccountChange(f"{next(_NUMBERS):032x}", user_id, kind, ACTOR, at)


def set_disabled(
    accounts: Accounts, user_id: str, change: AccountChange | None = None, *, disabled: bool
) -> bool:
    """Disable or enable an account without ending its sessions. Return whether the account exists."""
    before = accounts.account(user_id)
    return before is not None and accounts.administer(
        before, replace(before, disabled=disabled), [change or changed(user_id)]
    )
