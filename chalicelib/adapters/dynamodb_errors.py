"""What DynamoDB says of a write whose condition did not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code
from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.items import Item

_CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Refused(Exception):
    """Conditions of a transaction did not hold: `items` are what stood in their place, by position."""

    def __init__(self, items: dict[int, Item]) -> None:
        super().__init__(sorted(items))
        self.items = items


class Contention(Unavailable):
    """Other requests held the items at each attempt. Nothing was written."""


def refused_item(error: ClientError) -> Item | None:
    """Return the item that a failed condition was about, where the request asked for it."""
    item: Item | None = error.response.get("Item")  # type: ignore[assignment]
    return item or None


def refusal_of(error: ClientError) -> Refused | None:
    """Return the refusal of a transaction whose conditions failed, or None for a conflict with another one.

    Raises the error itself where it is of another kind, and Unavailable for any other cancellation.
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
