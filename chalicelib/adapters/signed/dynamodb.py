"""The operations of DynamoDB that `Table` uses, with the arguments and results of boto3's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.adapters.signed.client import JsonService, SignedClient
from chalicelib.domain.ports import Entropy

DYNAMODB = JsonService("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
_TOKEN_BYTES = 16

_Operation = Callable[..., dict[str, Any]]


class SignedDynamoDB:
    """DynamoDB through signed requests."""

    def __init__(self, client: SignedClient, entropy: Entropy) -> None:
        self.client = client
        self._entropy = entropy

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Read an item."""
        return self.client.call("GetItem", request)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Read items by their keys."""
        return self.client.call("BatchGetItem", request)

    def query(self, **request: Any) -> dict[str, Any]:
        """Read items of a partition."""
        return self.client.call("Query", request)

    def scan(self, **request: Any) -> dict[str, Any]:
        """Read items of the table."""
        return self.client.call("Scan", request)

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write an item."""
        return self.client.call("PutItem", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change an item."""
        return self.client.call("UpdateItem", request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Delete an item."""
        return self.client.call("DeleteItem", request)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """Write several items or none."""
        # Without a token, a second attempt after a lost response would write twice.
        request.setdefault("ClientRequestToken", self._entropy(_TOKEN_BYTES).hex())
        return self.client.call("TransactWriteItems", request)
