"""Tries of the current password, counted by session.

They are stored with the failed sign-ins and not in the session, since a refresh replaces the whole session.
"""

from __future__ import annotations

import hashlib

from chalicelib.adapters.dynamodb.failures import failures_key
from chalicelib.adapters.dynamodb.items import Item, integer, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.own_changes import PASSWORD_TRIES
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.limits import WINDOW_SECONDS


def tries_key(session_id: str) -> Item:
    """Return the key of the tries of a session."""
    return failures_key(hashlib.sha256(f"current password {session_id}".encode()).hexdigest())


def count_try(table: Table, session_id: str, now: int, wait_seconds: int) -> None:
    """Count one try. Raises TooManyAttempts if the session has to wait, and Unavailable."""
    is_charged, item = table.update_or_old(
        {
            "TableName": table.name,
            "Key": tries_key(session_id),
            "UpdateExpression": "SET failures = if_not_exists(failures, :zero) + :one, "
            "last_attempt_at = :now, #ttl = :ttl",
            "ConditionExpression": "attribute_not_exists(pk) OR failures < :free "
            "OR last_attempt_at <= :waited",
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": {
                ":zero": number(0),
                ":one": number(1),
                ":now": number(now),
                ":ttl": number(now + WINDOW_SECONDS),
                ":free": number(PASSWORD_TRIES),
                ":waited": number(now - wait_seconds),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    )
    if not is_charged:
        last = integer(item, "last_attempt_at") if item else now
        raise TooManyAttempts(max(1, last + wait_seconds - now))
