"""Finished messages, and addresses that get no more mail, in DynamoDB."""

from __future__ import annotations

from chalicelib.adapters.aws_errors import translate_aws_errors
from chalicelib.adapters.dynamodb.items import DAY, Item, integer, name_key, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail_delivery import CLAIM_SECONDS, Claim
from chalicelib.domain.mail_messages import Report

OUTBOX_DAYS = 14
"""The longest time for which SQS keeps a message."""
UNDELIVERABLE_DAYS = 365
"""Days after which an address gets mail again: it may belong to somebody else by then."""


def message_key(message_id: str) -> Item:
    """Return the key of the item of a message."""
    return {"pk": {"S": f"OUTBOX#{message_id}"}, "sk": {"S": "MESSAGE"}}


def address_key(address: SignInName) -> Item:
    """Return the key of the item of an address."""
    digest = name_key(address)["pk"]["S"].removeprefix("NAME#")
    return {"pk": {"S": f"ADDRESS#{digest}"}, "sk": {"S": "ADDRESS"}}


class DynamoDBOutbox:
    """Implements `Outbox`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, message_id: str, now: int) -> Claim:
        """Write the claim, unless the message is finished or an earlier claim has not expired."""
        is_granted, found = self._table.update_or_old(
            {
                "TableName": self._table.name,
                "Key": message_key(message_id),
                "UpdateExpression": "SET claimed_until = :until, #ttl = :ttl",
                "ConditionExpression": "attribute_not_exists(done_at) AND "
                "(attribute_not_exists(claimed_until) OR claimed_until <= :now)",
                "ExpressionAttributeNames": {"#ttl": "ttl"},
                "ExpressionAttributeValues": {
                    ":now": number(now),
                    ":until": number(now + CLAIM_SECONDS),
                    ":ttl": number(now + OUTBOX_DAYS * DAY),
                },
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        if is_granted:
            return Claim.GRANTED
        return Claim.DONE if found and "done_at" in found else Claim.HELD

    def mark_done(self, message_id: str, now: int) -> None:
        """Write the mark unconditionally: it is correct even if the claim has expired."""
        self._table.update_or_old(
            {
                "TableName": self._table.name,
                "Key": message_key(message_id),
                "UpdateExpression": "SET done_at = :now, #ttl = :ttl",
                "ExpressionAttributeNames": {"#ttl": "ttl"},
                "ExpressionAttributeValues": {":now": number(now), ":ttl": number(now + OUTBOX_DAYS * DAY)},
            }
        )


class DynamoDBUndeliverableAddresses:
    """Implements `UndeliverableAddresses`.

    The partition key is a plain digest, as for names, because the mail function has no HMAC key. A copy of
    the table reveals whether a given address bounced, but not the addresses themselves.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def contains(self, address: SignInName, now: int) -> bool:
        """Return whether an address gets no mail. Expired items may still exist."""
        item = self._table.get(address_key(address))
        with translate_aws_errors():
            return item is not None and now < integer(item, "ttl")

    def add(self, address: SignInName, report: Report, now: int) -> None:
        """Write or renew the item, unless a newer report has done so."""
        self._table.update_or_old(
            {
                "TableName": self._table.name,
                "Key": address_key(address),
                "UpdateExpression": "SET reason = :reason, reported_at = :now, #ttl = :ttl",
                "ConditionExpression": "attribute_not_exists(reported_at) OR reported_at <= :now",
                "ExpressionAttributeNames": {"#ttl": "ttl"},
                "ExpressionAttributeValues": {
                    ":reason": {"S": report.value},
                    ":now": number(now),
                    ":ttl": number(now + UNDELIVERABLE_DAYS * DAY),
                },
            }
        )

    def remove(self, address: SignInName) -> bool:
        """Delete the item, if it exists."""
        return self._table.remove(address_key(address)) is not None
