"""Errors of conditional writes in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code
from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.items import Item

_CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Refused(Exception):
    """Conditions of a transaction failed. `items` are the current items of these actions, by position."""

    def __init__(self, items: dict[int, Item]) -> None:
        super().__init__(sorted(items))
        self.items = items


class Contention(Unavailable):
    """Every attempt conflicted with other requests. Nothing was written."""


def refused_item(error: ClientError) -> Item | None:
    """Return the item whose condition failed, if it exists and the request asks for it."""
    item: Item | None = error.response.get("Item")  # type: ignore[assignment]
    return item or None


def refusal_of(error: ClientError) -> Refused | None:
    """Return Refused for failed conditions of a transaction, or None for a conflict with another transaction.

    Raises Unavailable for any other cancellation, and `error` itself if it is of another kind.
    """
    if error_code(error) != "TransactionCanceledException":
        raise error
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    failed = {at: reason for at, reason in enumerate(reasons) if reason["Code"] == "ConditionalCheckFailed"}
    if failed:
        return Refused({at: reason.get("Item", {}) for at, reason in failed.items()})
    if any(reason["Code"] in _CONFLICTS for reason in reasons):
        return None
    raise Unavailable("aws transaction canceled") from error
