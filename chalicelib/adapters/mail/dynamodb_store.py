"""Messages that have been dealt with, and addresses that are not mailed any more, in DynamoDB."""

from __future__ import annotations

from chalicelib.adapters.aws_errors import translate_aws_errors
from chalicelib.adapters.dynamodb.items import DAY, Item, integer, name_key, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail_delivery import CLAIM_SECONDS, Claim
from chalicelib.domain.mail_messages import Report

OUTBOX_DAYS = 14
"""SQS keeps a message for no longer."""
UNDELIVERABLE_DAYS = 365
"""Time after which an address is mailed again: it may belong to somebody else."""


def message_key(message_id: str) -> Item:
    """Return the key of what is remembered about a message."""
    return {"pk": {"S": f"OUTBOX#{message_id}"}, "sk": {"S": "MESSAGE"}}


def address_key(address: SignInName) -> Item:
    """Return the key of an address that is not mailed."""
    digest = name_key(address)["pk"]["S"].removeprefix("NAME#")
    return {"pk": {"S": f"ADDRESS#{digest}"}, "sk": {"S": "ADDRESS"}}


class DynamoDBOutbox:
    """Serves `Outbox`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, message_id: str, now: int) -> Claim:
        """Write the claim if the message is not done and no earlier claim still holds."""
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
        """Write the mark, whatever there is: it is also right where the claim has run out."""
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
    """Serves `UndeliverableAddresses`.

    The key is a plain digest, as that of a name: the mail function holds no key. A copy of the table tells
    whether a given address bounced, and nothing that could be read back into an address nobody thought of.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def contains(self, address: SignInName, now: int) -> bool:
        """Return whether an address is stopped. Expired items may still be there."""
        item = self._table.get(address_key(address))
        with translate_aws_errors():
            return item is not None and now < integer(item, "ttl")

    def add(self, address: SignInName, report: Report, now: int) -> None:
        """Write or renew the item; a late report does not shorten what a newer one wrote."""
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
        """Delete the item, if there is one."""
        return self._table.remove(address_key(address)) is not None
