"""Changes of accounts as tests make them, where who did it does not matter."""

from __future__ import annotations

import itertools

from chalicelib.domain.accounts.changes import AccountChange, ChangeKind

ACTOR = "arn:aws:sts::123456789012:assumed-role/Operator/test"
AT = 1_700_000_000
_NUMBERS = itertools.count()


def changed(user_id: str, kind: ChangeKind = ChangeKind.DISABLED, at: int = AT) -> AccountChange:
    """Return a change that no other one is equal to."""
    return AccountChange(f"{next(_NUMBERS):032x}", user_id, kind, ACTOR, at)
