"""Verifications and mail budgets in DynamoDB."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.devices import device_key_of, device_of
from chalicelib.adapters.dynamodb.items import Item, account_key, account_of, name_key, number, owner_of
from chalicelib.adapters.dynamodb.system_items import system_key, system_state_of
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.verification.items import (
    budget_item,
    budget_key,
    budget_of,
    verification_item,
    verification_key,
    verification_of,
)
from chalicelib.domain.verification.mail_budget import MailBudget
from chalicelib.domain.verification.ports import AddressQuery, AddressView
from chalicelib.domain.verification.verification import MAX_TRIES, Purpose, Verification

_FREE = "attribute_not_exists(pk)"


class DynamoDBVerifications:
    """Implements `Verifications` with the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def look_up(self, query: AddressQuery) -> AddressView:
        """Read budget, name, epoch and device, then the account."""
        keys = [budget_key(query.budget_id), name_key(query.name), system_key(query.budget_id)]
        if query.device_key is not None:
            keys.append(device_key_of(query.device_key.user_id, query.device_key.digest()))
        budget, name, system, *devices = self._table.batch_get(*keys)
        user_id, epoch = owner_of(name), system_state_of(system).epoch
        account = self._table.get(account_key(user_id or query.placeholder_id))
        device = device_of(devices[0]) if devices and devices[0] else None
        return AddressView(
            budget=budget_of(budget),
            account=account_of(account) if account and user_id else None,
            is_known_device=device is not None and device.user_id == user_id and device.epoch >= epoch,
            epoch=epoch,
        )

    def find_verification(self, digest: str) -> Verification | None:
        """Return a verification."""
        item = self._table.get(verification_key(digest))
        return verification_of(item) if item else None

    def write(
        self, budget_id: str, budget: MailBudget, verification: Verification, before: Verification | None
    ) -> bool:
        """Write a budget and a verification in one transaction."""
        table = self._table
        counted = budget_item(budget_id, budget)
        last = number(budget.revision - 1)
        actions = [
            table.put(counted, _FREE)
            if budget.revision == 1
            else table.put(counted, "revision = :last", {":last": last})
        ]
        item = verification_item(verification)
        if before is None:
            actions.append(table.put(item, _FREE))
        else:
            unchanged: Item = {":mac": {"B": before.code_mac}, ":tries": number(before.tries)}
            actions.append(table.put(item, "code_mac = :mac AND tries = :tries", unchanged))
        return table.transact(actions)

    def charge(self, digest: str, purpose: Purpose, now: int) -> Verification | None:
        """Count one try by a condition, so that parallel tries are all counted.

        If AWS's response is lost, the client sends the update again, which counts two tries. That costs the
        holder of the token one of five tries, and never adds one.
        """
        is_charged, item = self._table.update_or_old(
            {
                "TableName": self._table.name,
                "Key": verification_key(digest),
                "UpdateExpression": "SET tries = tries + :one",
                "ConditionExpression": "purpose = :purpose AND tries < :most AND expires_at > :now",
                "ExpressionAttributeValues": {
                    ":one": number(1),
                    ":purpose": {"S": purpose.value},
                    ":most": number(MAX_TRIES),
                    ":now": number(now),
                },
                "ReturnValues": "ALL_NEW",
            }
        )
        return verification_of(item) if is_charged and item else None

    def refund(self, digest: str) -> None:
        """Withdraw one try, in a transaction: AWS executes it once, even if the client sends it again."""
        refund = self._table.update_action(
            verification_key(digest),
            "SET tries = tries - :one",
            condition="tries > :zero",
            values={":one": number(1), ":zero": number(0)},
        )
        self._table.transact([refund])
