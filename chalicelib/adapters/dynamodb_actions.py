"""Builds the actions of DynamoDB transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        DeleteTypeDef,
        PutTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
    )

    from chalicelib.adapters.dynamodb.items import Item


class TransactionActions:
    """Builds the actions of a transaction on one table."""

    name: str

    def put(self, item: Item, condition: str, values: Item | None = None) -> TransactWriteItemTypeDef:
        """Return a put, as part of a transaction."""
        put: PutTypeDef = {"TableName": self.name, "Item": item, "ConditionExpression": condition}
        if values:
            put["ExpressionAttributeValues"] = values
        return {"Put": put}

    def update_action(
        self,
        key: Item,
        expression: str,
        *,
        condition: str,
        values: Item,
        names: Mapping[str, str] | None = None,
    ) -> TransactWriteItemTypeDef:
        """Return an update, as part of a transaction. `names` are aliases for reserved words."""
        update: UpdateTypeDef = {
            "TableName": self.name,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        if names:
            update["ExpressionAttributeNames"] = names
        return {"Update": update}

    def delete(
        self,
        key: Item,
        condition: str,
        values: Item | None = None,
        names: Mapping[str, str] | None = None,
    ) -> TransactWriteItemTypeDef:
        """Return a deletion, as part of a transaction. `names` are aliases for reserved words."""
        deletion: DeleteTypeDef = {"TableName": self.name, "Key": key, "ConditionExpression": condition}
        if values:
            deletion["ExpressionAttributeValues"] = values
        if names:
            deletion["ExpressionAttributeNames"] = names
        return {"Delete": deletion}

    def put_always(self, item: Item) -> TransactWriteItemTypeDef:
        """Return a put without a condition, as part of a transaction."""
        return {"Put": {"TableName": self.name, "Item": item}}

    def delete_if_any(self, key: Item) -> TransactWriteItemTypeDef:
        """Return the deletion of an item that may not exist, as part of a transaction."""
        return {"Delete": {"TableName": self.name, "Key": key}}

    def check(self, key: Item, condition: str, values: Item) -> TransactWriteItemTypeDef:
        """Return a condition on an item that is not written, as part of a transaction."""
        return {
            "ConditionCheck": {
                "TableName": self.name,
                "Key": key,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }
