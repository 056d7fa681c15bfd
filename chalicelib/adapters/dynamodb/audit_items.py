"""Changes of accounts as items: partition `AUDIT#<user id>`, sorted by time, kept for 400 days."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.items import DAY, Item, integer, number
from chalicelib.domain.accounts.changes import AUDIT_DAYS, AccountChange, ChangeKind
from chalicelib.domain.tokens.scopes import Scope


def audit_partition(user_id: str) -> str:
    """Return the partition of the changes of an account."""
    return f"AUDIT#{user_id}"


def change_item(change: AccountChange) -> Item:
    """Return a change as an item. It is kept when its account is deleted."""
    item: Item = {
        "pk": {"S": audit_partition(change.user_id)},
        "sk": {"S": f"{change.at:012d}#{change.change_id}"},
        "change_id": {"S": change.change_id},
        "user_id": {"S": change.user_id},
        "event": {"S": change.kind.value},
        "actor": {"S": change.actor},
        "at": number(change.at),
        "ttl": number(change.at + AUDIT_DAYS * DAY),
    }
    return item | {name: {"S": text} for name, text in change.details.items()}


def change_of(item: Item) -> AccountChange:
    """Read a change."""
    return AccountChange(
        change_id=item["change_id"]["S"],
        user_id=item["user_id"]["S"],
        kind=ChangeKind(item["event"]["S"]),
        actor=item["actor"]["S"],
        at=integer(item, "at"),
        granted=_scope_of(item, "granted"),
        withdrawn=_scope_of(item, "withdrawn"),
        api_key=item["api_key"]["S"] if "api_key" in item else "",
    )


def _scope_of(item: Item, name: str) -> Scope:
    return Scope(frozenset(item[name]["S"].split() if name in item else ()))
