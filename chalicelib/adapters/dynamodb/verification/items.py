"""Verifications and mail budgets as items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import Item, integer, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.verification.mail_budget import DAY, MailBudget, SentMail
from chalicelib.domain.verification.verification import KEEP_SECONDS, Purpose, Verification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def verification_key(digest: str) -> Item:
    """Return the key of a verification."""
    return {"pk": {"S": f"VERIFICATION#{digest}"}, "sk": {"S": "VERIFICATION"}}


def verification_item(verification: Verification) -> Item:
    """Return a verification as an item."""
    return verification_key(verification.digest) | {
        "digest": {"S": verification.digest},
        "purpose": {"S": verification.purpose.value},
        "address": {"S": verification.address},
        "user_id": {"S": verification.user_id},
        "security_version": number(verification.security_version),
        "epoch": number(verification.epoch),
        "code_mac": {"B": verification.code_mac},
        "created_at": number(verification.created_at),
        "expires_at": number(verification.expires_at),
        "tries": number(verification.tries),
        "ttl": number(verification.expires_at + KEEP_SECONDS),
    }


def verification_of(item: Item) -> Verification:
    """Read a verification."""
    return Verification(
        digest=item["digest"]["S"],
        purpose=Purpose(item["purpose"]["S"]),
        address=item["address"]["S"],
        user_id=item["user_id"]["S"],
        security_version=integer(item, "security_version"),
        epoch=integer(item, "epoch"),
        code_mac=bytes(item["code_mac"]["B"]),
        created_at=integer(item, "created_at"),
        expires_at=integer(item, "expires_at"),
        tries=integer(item, "tries"),
    )


def spent_code(table: Table, verification: Verification) -> TransactWriteItemTypeDef:
    """Return the deletion of a verification, on condition that its code is still the one that was checked."""
    mac: Item = {":mac": {"B": verification.code_mac}}
    return table.delete(verification_key(verification.digest), "code_mac = :mac", mac)


def budget_key(budget_id: str) -> Item:
    """Return the key of the budget of an address."""
    return {"pk": {"S": f"BUDGET#{budget_id}"}, "sk": {"S": "BUDGET"}}


def budget_item(budget_id: str, budget: MailBudget) -> Item:
    """Return a budget as an item."""
    return budget_key(budget_id) | {
        "revision": number(budget.revision),
        "mails": {"L": [{"S": f"{one.at} {one.source}"} for one in budget.mails]},
        "ttl": number(max(one.at for one in budget.mails) + DAY),
    }


def budget_of(item: Item | None) -> MailBudget:
    """Read a budget. Without an item it is empty."""
    if item is None:
        return MailBudget()
    parts = (one["S"].partition(" ") for one in item["mails"]["L"])
    return MailBudget(tuple(SentMail(int(at), source) for at, _, source in parts), integer(item, "revision"))
