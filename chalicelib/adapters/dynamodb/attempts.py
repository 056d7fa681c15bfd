"""Failed sign-ins in DynamoDB: a counter a window, on the account, or on a name that finds nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import DAY, Item, integer, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.attempts import AttemptPolicy, window, window_end

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateItemInputTypeDef

_OLD_WINDOWS = 4
"""Counters of as many windows before are cleared away; an older one is a few bytes that count for nothing."""


def charge(
    table: Table, key: Item, now: int, policy: AttemptPolicy, *, is_account: bool
) -> tuple[bool, Item | None]:
    """Count one attempt, if it may be made; return whether it was, and the item after or before that.

    An account that is not there is not made. What is counted for a name that finds nobody expires.
    """
    counter = _counter(window(now))
    expires, there = ("", "attribute_exists(pk) AND ") if is_account else (", #ttl = :ttl", "")
    values: Item = {
        ":one": number(1),
        ":now": number(now),
        ":free": number(policy.free_failures),
        ":waited": number(now - policy.wait_seconds),
    }
    request: UpdateItemInputTypeDef = {
        "TableName": table.name,
        "Key": key,
        "UpdateExpression": f"ADD {counter} :one SET last_attempt_at = :now{expires} "
        f"REMOVE {', '.join(_old_counters(now))}",
        "ConditionExpression": f"{there}(attribute_not_exists({counter}) OR {counter} < :free "
        "OR last_attempt_at <= :waited)",
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if not is_account:
        request["ExpressionAttributeNames"] = {"#ttl": "ttl"}
        values[":ttl"] = number(window_end(now) + DAY)
    return table.update_or_old(request)


def without_failures(now: int) -> str:
    """Return the part of an update expression that clears an account's failures."""
    return f"REMOVE last_attempt_at, {', '.join([_counter(window(now)), *_old_counters(now)])}"


def too_many(item: Item | None, now: int, policy: AttemptPolicy) -> TooManyAttempts:
    """Return the refusal of an attempt, with the time until the next one."""
    last = integer(item, "last_attempt_at") if item and "last_attempt_at" in item else now
    user_id = item["user_id"]["S"] if item and "user_id" in item else None
    return TooManyAttempts(max(1, last + policy.wait_seconds - now), user_id=user_id)


def _counter(number_of_window: int) -> str:
    return f"failures_{number_of_window}"


def _old_counters(now: int) -> list[str]:
    this = window(now)
    return [_counter(one) for one in range(this - _OLD_WINDOWS, this)]
