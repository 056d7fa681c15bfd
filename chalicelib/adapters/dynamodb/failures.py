"""Failed sign-ins in DynamoDB: one item for each name, whether or not it belongs to an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import Item, integer, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Contention
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.attempts import NameCharge, SignInAttempt
from chalicelib.domain.sign_in.limits import WINDOW_SECONDS, NameFailures, SignInLimits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

_MAX_TRIES = 30
"""Writes to charge one attempt. Two suffice unless correct passwords end windows in between."""
_NAMES = {"#total": "total"}
_SAME_WINDOW = "began_at = :began AND #total > :zero"


def failures_key(failures_id: str) -> Item:
    """Return the key of the failures of a name."""
    return {"pk": {"S": f"FAILURES#{failures_id}"}, "sk": {"S": "FAILURES"}}


def failures_of(item: Item | None, network_id: str) -> NameFailures | None:
    """Read the failures of a name, from one network and in total."""
    if item is None:
        return None
    network = _network(network_id)
    return NameFailures(
        began_at=integer(item, "began_at"),
        total=integer(item, "total"),
        from_network=integer(item, network) if network in item else 0,
    )


def refuse_used_up(
    failures: NameFailures | None, now: int, limits: SignInLimits, user_id: str | None
) -> None:
    """Raise TooManyAttempts if a name has no attempts left."""
    seconds = failures.wait(now, limits) if failures else 0
    if seconds:
        raise TooManyAttempts(seconds, user_id=user_id)


def charge_name(
    table: Table, attempt: SignInAttempt, limits: SignInLimits, item: Item | None, user_id: str | None
) -> NameCharge:
    """Count one attempt on a name whose failures were last read as `item`.

    Raises TooManyAttempts if the attempts were used up meanwhile, Contention after losing every race, and
    Unavailable.
    """
    for _ in range(_MAX_TRIES):
        failures = failures_of(item, attempt.network_id)
        refuse_used_up(failures, attempt.at, limits, user_id)
        if failures is None or failures.is_over(attempt.at):
            began_at, written = attempt.at, _begin_window(table, attempt)
        else:
            began_at, written = failures.began_at, _count(table, attempt, failures.began_at, limits)
        if written[0]:
            return NameCharge(attempt.failures_id, attempt.network_id, began_at)
        item = written[1]
    raise Contention("too many sign-ins with one name at once")


def withdrawal(table: Table, charge: NameCharge) -> UpdateTypeDef:
    """Return the update that withdraws a charge, on condition that its window is still the current one.

    `began_at` identifies the window: it ends after seven days, or when it has no charges left.
    """
    return {
        "TableName": table.name,
        "Key": failures_key(charge.failures_id),
        "UpdateExpression": "SET #total = #total - :one, #network = #network - :one",
        "ConditionExpression": f"{_SAME_WINDOW} AND #network > :zero",
        "ExpressionAttributeNames": {**_NAMES, "#network": _network(charge.network_id)},
        "ExpressionAttributeValues": {
            ":one": number(1),
            ":zero": number(0),
            ":began": number(charge.began_at),
        },
    }


def _begin_window(table: Table, attempt: SignInAttempt) -> tuple[bool, Item | None]:
    item: Item = failures_key(attempt.failures_id) | {
        "began_at": number(attempt.at),
        "total": number(1),
        _network(attempt.network_id): number(1),
        "ttl": number(attempt.at + WINDOW_SECONDS),
    }
    return table.put_or_old(
        {
            "TableName": table.name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR #total <= :zero OR began_at <= :over",
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": {
                ":zero": number(0),
                ":over": number(attempt.at - WINDOW_SECONDS),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    )


def _count(
    table: Table, attempt: SignInAttempt, began_at: int, limits: SignInLimits
) -> tuple[bool, Item | None]:
    # The condition is the limit, not the counts that were read, so that parallel attempts within the limit do
    # not conflict.
    return table.update_or_old(
        {
            "TableName": table.name,
            "Key": failures_key(attempt.failures_id),
            "UpdateExpression": "SET #total = #total + :one, "
            "#network = if_not_exists(#network, :zero) + :one",
            "ConditionExpression": f"{_SAME_WINDOW} AND #total < :in_all "
            "AND (attribute_not_exists(#network) OR #network < :from_one)",
            "ExpressionAttributeNames": {**_NAMES, "#network": _network(attempt.network_id)},
            "ExpressionAttributeValues": {
                ":one": number(1),
                ":zero": number(0),
                ":began": number(began_at),
                ":in_all": number(limits.name_failures),
                ":from_one": number(limits.network_failures),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    )


def _network(network_id: str) -> str:
    return f"network_{network_id}"
